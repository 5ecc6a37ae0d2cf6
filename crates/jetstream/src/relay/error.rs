//! Why a relay cannot publish.

use eventlog::{Position, StorageError};

use crate::message::BodyError;

/// Why a relay cannot publish.
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    /// The broker is away or did not answer in time.
    #[error("could not {operation}; the relay goes on when NATS is back")]
    Broker {
        /// What was being done.
        operation: &'static str,
        /// What the client says.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The server's tail is not where this relay left it: another relay is at work, or messages were lost.
    #[error(
        "the tail of the JetStream stream moved after position {position}; the relay reads it again"
    )]
    Moved {
        /// The newest position that this relay knows to be published.
        position: Position,
    },
    /// The log cannot be read.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The JetStream stream has more messages than the log has events.
    #[error(
        "JetStream stream {stream} ends at sequence {tail}, but the log at position {head}: somebody else wrote to it, \
        or the log was restored from an older copy; if the log is right, delete the JetStream stream (nats stream rm \
        {stream}) and it is filled again"
    )]
    Ahead {
        /// Name of the JetStream stream.
        stream: String,
        /// Its last sequence.
        tail: Position,
        /// The log's last position.
        head: Position,
    },
    /// The JetStream stream's last message is not the log's event.
    #[error(
        "message {position} of JetStream stream {stream} is not event {position} of the log: somebody else wrote to \
        it, or it carries another log; if the log is right, delete the JetStream stream (nats stream rm {stream}) and \
        it is filled again"
    )]
    Foreign {
        /// Name of the JetStream stream.
        stream: String,
        /// Where they differ.
        position: Position,
    },
    /// The JetStream stream does not listen to the log's subjects.
    #[error(
        "JetStream stream {stream} takes subjects {actual:?} and must take {expected}: somebody else made it; delete it \
        (nats stream rm {stream}) and it is made and filled again"
    )]
    Subjects {
        /// Name of the JetStream stream.
        stream: String,
        /// What it takes.
        actual: Vec<String>,
        /// What it must take.
        expected: String,
    },
    /// The log does not reach back to what the JetStream stream needs next.
    #[error(
        "the log has no event {position}, which JetStream stream {stream} needs next; delete the JetStream stream (nats \
        stream rm {stream}) and it is filled again from the log's first event"
    )]
    Missing {
        /// Name of the JetStream stream.
        stream: String,
        /// What is missing.
        position: Position,
    },
    /// An event cannot be turned into a message.
    #[error("event {position} cannot be turned into a message; run a version that knows it")]
    Body {
        /// Which event.
        position: Position,
        /// Why not.
        #[source]
        source: BodyError,
    },
}

impl RelayError {
    pub(crate) fn broker<E>(operation: &'static str) -> impl FnOnce(E) -> Self
    where
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        move |source| Self::Broker {
            operation,
            source: source.into(),
        }
    }

    /// Whether trying again cannot help until somebody has done something.
    pub fn is_refusal(&self) -> bool {
        match self {
            Self::Broker { .. } | Self::Moved { .. } | Self::Storage(_) => false,
            Self::Ahead { .. }
            | Self::Foreign { .. }
            | Self::Subjects { .. }
            | Self::Missing { .. }
            | Self::Body { .. } => true,
        }
    }
}
