//! Why a consumer cannot start or cannot go on.

use eventlog::Position;
use uuid::Uuid;

use crate::feed::FeedError;
use crate::handler::HandlerError;

/// Why a consumer cannot start.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// The schema could not be brought up to date.
    #[error(
        "could not migrate the schema of the checkpoints; check the rights of the database user"
    )]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// The checkpoints could not be read.
    #[error("could not read the checkpoints; check that the database can be reached")]
    Checkpoints(#[from] sqlx::Error),
}

/// Why the consumer of one log stopped. It stays stopped, at its checkpoint, until the service is restarted.
#[derive(Debug, thiserror::Error)]
pub enum StopCause {
    /// The owner's feed is of no use.
    #[error(transparent)]
    Feed(#[from] FeedError),
    /// The owner has another log than the one that was followed.
    #[error(
        "log {log} was replaced: {followed} was followed, and its owner now has {found}; restore the owner's database, \
        or rebuild this service from position 0"
    )]
    Replaced {
        /// Which log.
        log: &'static str,
        /// Identity of the log that was followed.
        followed: Uuid,
        /// Identity of the log that the owner has.
        found: Uuid,
    },
    /// The owner has fewer events than were followed.
    #[error(
        "log {log} ends at position {head}, but was followed up to {position}: its owner was restored from an older \
        copy; restore a newer one, or rebuild this service from position 0"
    )]
    TakenBack {
        /// Which log.
        log: &'static str,
        /// The owner's last position.
        head: Position,
        /// How far it was followed.
        position: Position,
    },
    /// An event cannot be applied.
    #[error(
        "event {position} ({kind}) of log {log} cannot be applied; run a version that can, and it goes on from there"
    )]
    Poison {
        /// Which log.
        log: &'static str,
        /// Which event.
        position: Position,
        /// What it is.
        kind: String,
        /// What the handler says.
        #[source]
        source: HandlerError,
    },
}
