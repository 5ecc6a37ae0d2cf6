//! What can go wrong with a command.

use contracts::problem::Problem;

use crate::error::{AppendError, StorageError};
use crate::event::{Position, Version};

/// An event that cannot be read back.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// This program is older than the event, or the log belongs to another service.
    #[error("no event is called {0}; use a newer version of this program")]
    UnknownKind(String),
    /// The bytes are no message of that kind.
    #[error("the stored bytes are no {kind}; verify the log")]
    Malformed {
        /// The event's kind.
        kind: String,
        /// What the decoder says.
        #[source]
        source: prost::DecodeError,
    },
    /// The message says something that cannot be.
    #[error("the stored {kind} makes no sense: {why}; verify the log")]
    Invalid {
        /// The event's kind.
        kind: String,
        /// What is wrong.
        why: String,
    },
}

/// Why an aggregate could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The database did not answer.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// A stored event cannot be read.
    #[error("cannot read the event at position {position}")]
    Decode {
        /// Where.
        position: Position,
        /// Why.
        #[source]
        source: DecodeError,
    },
}

/// Why a command was not obeyed.
#[derive(Debug, thiserror::Error)]
pub enum ExecuteError<R> {
    /// The aggregate refused.
    #[error("refused: {0}")]
    Refused(R),
    /// The stream is not at the version that the caller expected, or too many others came first.
    #[error("the version is {actual}, not {expected} as expected; read it again and decide anew")]
    Conflict {
        /// What was expected.
        expected: Version,
        /// The stream's version.
        actual: Version,
    },
    /// The request id belongs to another command.
    #[error("the request id was used for another command; draw a new one")]
    RequestIdReused,
    /// The command's events are beyond what one append may have, or carry what no log takes.
    #[error("the command's events cannot be appended")]
    Unfit(#[source] AppendError),
    /// A stored event cannot be read.
    #[error("cannot read the event at position {position}")]
    Decode {
        /// Where.
        position: Position,
        /// Why.
        #[source]
        source: DecodeError,
    },
    /// The database did not answer. With a request id the call may simply be repeated.
    #[error("the event log is unavailable; repeat the call with the same request id")]
    Storage(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl<R> ExecuteError<R> {
    /// The error for the caller; `refusal` knows the aggregate's own.
    pub fn problem(self, refusal: impl FnOnce(R) -> Problem) -> Problem {
        match self {
            Self::Refused(why) => refusal(why),
            Self::Conflict { expected, actual } => Problem::conflict(
                format!(
                    "the version is {actual}, not {expected} as expected; \
                     read it again and decide anew"
                ),
                expected,
                actual,
            ),
            Self::RequestIdReused => Problem::invalid(
                "context.request_id",
                "was used for another command; draw a new one",
            ),
            Self::Unfit(error) => error.into(),
            Self::Decode { position, source } => {
                tracing::error!(
                    position,
                    error = &source as &dyn std::error::Error,
                    "cannot read an event"
                );
                Problem::internal("a stored event cannot be read; tell the operator")
            }
            Self::Storage(source) => {
                tracing::warn!(
                    error = &*source as &dyn std::error::Error,
                    "the event log is unavailable"
                );
                Problem::unavailable(
                    "the event log is unavailable; repeat the call with the same request id",
                )
            }
        }
    }
}

impl<R> From<LoadError> for ExecuteError<R> {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Storage(error) => error.into(),
            LoadError::Decode { position, source } => Self::Decode { position, source },
        }
    }
}

impl<R> From<StorageError> for ExecuteError<R> {
    fn from(error: StorageError) -> Self {
        Self::Storage(Box::new(error))
    }
}

impl From<LoadError> for Problem {
    fn from(error: LoadError) -> Self {
        ExecuteError::<std::convert::Infallible>::from(error).problem(|never| match never {})
    }
}
