//! How far each log was followed, in this service's own database.

use std::collections::BTreeMap;

use eventlog::{Hash, Head, Position};
use sqlx::{PgConnection, PgExecutor, PgPool};
use uuid::Uuid;

use crate::feed::Cursor;

/// A log's checkpoint as its owner took it over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Checkpoint {
    pub(crate) cursor: Cursor,
    /// Identity of the followed log; none until its owner was first reached.
    pub(crate) log_epoch: Option<Uuid>,
    /// Fences everybody who took it over earlier.
    pub(crate) owner_epoch: i64,
}

/// What came of moving a checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moved {
    /// It is where it should be.
    Done,
    /// It was there before: the transaction that moved it was committed after all.
    Before,
    /// Somebody else owns it now, or it was reset: start over from what it says.
    Lost,
}

/// Brings the schema up to date. The bookkeeping lives in the crate's schema, apart from the service's own migrations.
pub(crate) async fn migrate(pool: &PgPool) -> Result<(), sqlx::migrate::MigrateError> {
    let mut migrator = sqlx::migrate!();
    migrator.dangerous_set_table_name("jetstream.migrations");
    migrator.create_schema("jetstream");
    migrator.run(pool).await
}

/// Takes a log's checkpoint over: whoever had it can no longer move it.
pub(crate) async fn own(pool: &PgPool, log: &str) -> Result<Checkpoint, sqlx::Error> {
    let (position, hash, log_epoch, owner_epoch): (Position, Hash, Option<Uuid>, i64) =
        sqlx::query_as(
            "insert into jetstream.checkpoints as c (log, owner_epoch) values ($1, 1)
            on conflict (log) do update
                set owner_epoch = c.owner_epoch + 1, updated_at = clock_timestamp()
            returning position, hash, log_epoch, owner_epoch",
        )
        .bind(log)
        .fetch_one(pool)
        .await?;
    Ok(Checkpoint {
        cursor: Cursor { position, hash },
        log_epoch,
        owner_epoch,
    })
}

/// Moves a checkpoint from one place to another, if it is there and still owned; locks it until the transaction ends.
pub(crate) async fn advance(
    tx: &mut PgConnection,
    log: &str,
    owner_epoch: i64,
    from: Position,
    to: Cursor,
) -> Result<Moved, sqlx::Error> {
    let moved = sqlx::query(
        "update jetstream.checkpoints set position = $4, hash = $5, updated_at = clock_timestamp()
        where log = $1 and owner_epoch = $2 and position = $3",
    )
    .bind(log)
    .bind(owner_epoch)
    .bind(from)
    .bind(to.position)
    .bind(to.hash)
    .execute(&mut *tx)
    .await?;
    if moved.rows_affected() == 1 {
        return Ok(Moved::Done);
    }
    let before: Option<bool> = sqlx::query_scalar(
        "select owner_epoch = $2 and position = $3 and hash = $4
        from jetstream.checkpoints where log = $1",
    )
    .bind(log)
    .bind(owner_epoch)
    .bind(to.position)
    .bind(to.hash)
    .fetch_optional(tx)
    .await?;
    Ok(if before == Some(true) {
        Moved::Before
    } else {
        Moved::Lost
    })
}

/// Remembers which log is followed, on first contact with its owner.
pub(crate) async fn remember_epoch(
    pool: &PgPool,
    log: &str,
    epoch: Uuid,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "update jetstream.checkpoints set log_epoch = $2 where log = $1 and log_epoch is null",
    )
    .bind(log)
    .bind(epoch)
    .execute(pool)
    .await?;
    Ok(())
}

/// How far each log was followed.
pub(crate) async fn positions(
    from: impl PgExecutor<'_>,
) -> Result<BTreeMap<String, Position>, sqlx::Error> {
    let rows: Vec<(String, Position)> =
        sqlx::query_as("select log, position from jetstream.checkpoints")
            .fetch_all(from)
            .await?;
    Ok(rows.into_iter().collect())
}

/// How far a log was followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Followed {
    /// The newest event of it that was applied.
    pub head: Head,
    /// Identity of the log; none until its owner was first reached.
    pub epoch: Option<Uuid>,
}

/// How far each log was followed, which log of that name that is, and the hash of the event there.
///
/// # Errors
/// When the database does not answer.
pub async fn followed(
    from: impl PgExecutor<'_>,
) -> Result<BTreeMap<String, Followed>, sqlx::Error> {
    let rows: Vec<(String, Position, Hash, Option<Uuid>)> =
        sqlx::query_as("select log, position, hash, log_epoch from jetstream.checkpoints")
            .fetch_all(from)
            .await?;
    let rows = rows.into_iter().map(|(log, position, hash, epoch)| {
        let head = Head { position, hash };
        (log, Followed { head, epoch })
    });
    Ok(rows.collect())
}

/// How far each log was followed, with all batches kept out, those of other replicas too, until the transaction ends: they
/// wait for their checkpoint.
///
/// # Errors
/// When the database does not answer.
pub async fn hold_checkpoints(
    tx: &mut PgConnection,
) -> Result<BTreeMap<String, Position>, sqlx::Error> {
    let rows: Vec<(String, Position)> =
        sqlx::query_as("select log, position from jetstream.checkpoints order by log for update")
            .fetch_all(tx)
            .await?;
    Ok(rows.into_iter().collect())
}
