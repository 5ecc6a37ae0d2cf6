//! What can go wrong, by what the caller should do about it.

use contracts::problem::Problem;

use crate::event::{
    Append, Expected, MAX_APPEND_BYTES, MAX_APPEND_EVENTS, MAX_EVENT_BYTES, MAX_STREAM_BYTES,
    Receipt, Version,
};

/// PostgreSQL did not do what was asked.
#[derive(Debug, thiserror::Error)]
#[error("could not {operation}; retry when the database is back")]
pub struct StorageError {
    /// What was being done.
    pub operation: &'static str,
    /// Why it failed.
    #[source]
    pub source: sqlx::Error,
}

impl StorageError {
    /// Names the operation that failed; for `map_err`.
    pub fn during(operation: &'static str) -> impl FnOnce(sqlx::Error) -> Self {
        move |source| Self { operation, source }
    }
}

impl From<StorageError> for Problem {
    fn from(error: StorageError) -> Self {
        tracing::warn!(
            error = &error as &dyn std::error::Error,
            "the event log is unavailable"
        );
        Self::unavailable("the event log is unavailable; retry the call")
    }
}

/// The log could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The schema could not be brought up to date.
    #[error("could not migrate the schema of the event log; check the rights of the database user")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// The database did not answer.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Why an append was not made.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// Somebody else appended to the stream first.
    #[error(
        "stream {stream} is at version {actual}, not as expected ({expected}); \
         read it and decide again"
    )]
    Conflict {
        /// Which stream.
        stream: String,
        /// What the append expected.
        expected: Expected,
        /// The stream's newest version.
        actual: Version,
    },
    /// The command was obeyed before: this is what it was answered.
    #[error("request {} was answered before; use the stored answer", .0.request_id)]
    Receipt(Box<Receipt>),
    /// The append is beyond a limit.
    #[error("the append has {actual} {unit} and may have {limit}; split it")]
    TooLarge {
        /// Of what there is too much.
        unit: &'static str,
        /// How much there is.
        actual: usize,
        /// How much there may be.
        limit: usize,
    },
    /// The append makes no sense to any log.
    #[error("{subject} {why}")]
    Invalid {
        /// What is wrong: the stream's name, the event's kind.
        subject: String,
        /// What about it, and what to do.
        why: &'static str,
    },
    /// The database did not answer in time, or refused. Whether the append was made is then
    /// unknown, unless it carries a receipt: with one, the append may simply be repeated.
    #[error("could not append to the event log; repeat the call with the same request id")]
    Storage(#[source] std::sync::Arc<StorageError>),
}

impl From<StorageError> for AppendError {
    fn from(error: StorageError) -> Self {
        Self::Storage(std::sync::Arc::new(error))
    }
}

impl std::fmt::Display for Expected {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Any => f.write_str("any version"),
            Self::NoStream => f.write_str("no events"),
            Self::Version(version) => write!(f, "version {version}"),
        }
    }
}

impl From<AppendError> for Problem {
    fn from(error: AppendError) -> Self {
        match &error {
            AppendError::Conflict {
                stream,
                expected,
                actual,
            } => Self::conflict(error.to_string(), expected, actual).with("stream", stream.clone()),
            AppendError::Receipt(_) => Self::already_exists("REQUEST_ID_USED", error.to_string()),
            AppendError::TooLarge { .. } => {
                Self::resource_exhausted("APPEND_TOO_LARGE", error.to_string())
            }
            AppendError::Invalid { subject, why } => Self::invalid(subject.clone(), *why),
            AppendError::Storage(source) => {
                tracing::warn!(
                    error = source.as_ref() as &dyn std::error::Error,
                    "an append failed"
                );
                Self::unavailable(error.to_string())
            }
        }
    }
}

/// Refuses what is beyond a limit or makes no sense, before it can trouble anybody else's batch.
pub(crate) fn check_stream(name: &str) -> Result<(), AppendError> {
    let invalid = |why| {
        Err(AppendError::Invalid {
            subject: "stream".into(),
            why,
        })
    };
    if name.is_empty() {
        return invalid("must have a name");
    }
    if name.len() > MAX_STREAM_BYTES {
        return invalid("has a name of more than 500 bytes; shorten it");
    }
    if name.contains('\0') {
        return invalid("has a zero byte in its name; remove it");
    }
    Ok(())
}

/// Refuses an event of more than [`MAX_EVENT_BYTES`].
pub(crate) fn check_event_bytes(actual: usize) -> Result<(), AppendError> {
    limit("bytes in one event", actual, MAX_EVENT_BYTES)
}

/// Refuses an append of more than [`MAX_APPEND_EVENTS`] events, streams or receipts, or
/// [`MAX_APPEND_BYTES`].
pub(crate) fn check_append(
    append: &Append,
    events: usize,
    bytes: usize,
) -> Result<(), AppendError> {
    limit("events", events, MAX_APPEND_EVENTS)?;
    limit("streams", append.streams.len(), MAX_APPEND_EVENTS)?;
    limit("receipts", append.receipts.len(), MAX_APPEND_EVENTS)?;
    limit("bytes", bytes, MAX_APPEND_BYTES)
}

fn limit(unit: &'static str, actual: usize, limit: usize) -> Result<(), AppendError> {
    if actual > limit {
        return Err(AppendError::TooLarge {
            unit,
            actual,
            limit,
        });
    }
    Ok(())
}
