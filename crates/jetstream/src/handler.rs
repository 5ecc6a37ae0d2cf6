//! What a service does with the events of the logs that it follows.

use std::collections::BTreeMap;
use std::future::{self, Future};

use eventlog::{AppendError, Position, Recorded, StorageError};
use sqlx::PgConnection;

type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Applies events to a service's own database.
pub trait Handler: Send {
    /// Applies a batch of one log, in order and without a gap, within the transaction that also moves the checkpoint:
    /// both happen or neither does.
    ///
    /// The checkpoint is moved already when this is called, so what holds other callers up, such as
    /// [`append_in`](eventlog::EventLog::append_in), can come last. Logs come interleaved differently on every run, so
    /// the final state must not depend on it.
    ///
    /// After an error the batch comes again: as it was, or, after [`HandlerError::Poison`], event by event up to the
    /// one that cannot be applied.
    ///
    /// # Errors
    /// [`HandlerError`] says whether trying again may help.
    fn apply(
        &mut self,
        tx: &mut PgConnection,
        log: &'static str,
        batch: &[Recorded],
    ) -> impl Future<Output = Result<(), HandlerError>> + Send;

    /// The batch up to `position` is committed. Waiters for that position go on right after this.
    ///
    /// A handler that appended in the transaction tells its own log here
    /// ([`EventLog::committed`](eventlog::EventLog::committed)), so that nobody has to wait for the database to say so.
    fn committed(&mut self, log: &'static str, position: Position) {
        let _ = (log, position);
    }

    /// The batch of `log` that was last given to [`apply`](Self::apply) was, or may have been, rolled back: forget
    /// what was kept of it in memory.
    fn discarded(&mut self, log: &'static str) {
        let _ = log;
    }

    /// The tables are at `positions`, and another process may have brought them there: read again whatever is kept of
    /// them in memory. Called before this process follows, and, while it stands by, whenever the one that follows
    /// went on. Whoever waits for those positions goes on after this.
    ///
    /// # Errors
    /// When the tables cannot be read; it is tried again.
    fn refresh(
        &mut self,
        tx: &mut PgConnection,
        positions: &BTreeMap<String, Position>,
    ) -> impl Future<Output = Result<(), HandlerError>> + Send {
        let _ = (tx, positions);
        future::ready(Ok(()))
    }
}

/// Why a batch was not applied.
#[derive(Debug, thiserror::Error)]
pub enum HandlerError {
    /// It never will be: the event cannot be decoded, or makes no sense. Stops the consumer of that log there.
    #[error("the event can never be applied by this version")]
    Poison(#[source] Cause),
    /// It may be next time: the database is away, or somebody else came first. The batch is tried again.
    #[error("the events could not be applied now")]
    Retry(#[source] Cause),
}

impl HandlerError {
    /// For what will fail every time.
    pub fn poison(cause: impl Into<Cause>) -> Self {
        Self::Poison(cause.into())
    }

    /// For what may succeed next time.
    pub fn retry(cause: impl Into<Cause>) -> Self {
        Self::Retry(cause.into())
    }
}

/// A lost connection, a full or restarting server and a lost race are tried again; a statement or value that
/// PostgreSQL refuses is poison.
impl From<sqlx::Error> for HandlerError {
    fn from(error: sqlx::Error) -> Self {
        if is_transient(&error) {
            Self::retry(error)
        } else {
            Self::poison(error)
        }
    }
}

impl From<StorageError> for HandlerError {
    fn from(error: StorageError) -> Self {
        if is_transient(&error.source) {
            Self::retry(error)
        } else {
            Self::poison(error)
        }
    }
}

/// A conflict means that somebody else appended first: next time the handler decides on what is there then.
impl From<AppendError> for HandlerError {
    fn from(error: AppendError) -> Self {
        match error {
            AppendError::Conflict { .. } | AppendError::Storage(_) => Self::retry(error),
            AppendError::Receipt(_)
            | AppendError::TooLarge { .. }
            | AppendError::Invalid { .. } => Self::poison(error),
        }
    }
}

/// Whether PostgreSQL may accept the same next time.
pub(crate) fn is_transient(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => true,
        // Connection lost, transaction rolled back, out of resources, not in the right state, shutting down, I/O.
        sqlx::Error::Database(error) => error.code().is_some_and(|code| {
            ["08", "40", "53", "55", "57", "58"]
                .iter()
                .any(|class| code.starts_with(class))
        }),
        _ => false,
    }
}
