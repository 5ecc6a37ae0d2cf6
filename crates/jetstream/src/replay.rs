//! Reading logs again from the start, to rebuild a read model beside the live one.
//!
//! A replay reads the owners' feeds, not the broker, up to positions that the caller chose (usually the checkpoints of
//! the live model, read while the [`BatchGate`](crate::BatchGate) is held or not: the live consumer goes on from there).
//! It keeps a checkpoint table in the schema that is being filled, so that it goes on where it was when it is run
//! again. Handlers must not append events or cause other effects while they replay: what they derive exists already.

use std::collections::BTreeMap;
use std::time::Duration;

use eventlog::{Hash, Position, Recorded};
use sqlx::{AssertSqlSafe, PgPool};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tonic::transport::Channel;

use crate::feed::{Cursor, FeedError, OwnerFeed};
use crate::handler::{Handler, HandlerError};

/// Tries in a row to read a page or to apply a batch before a replay gives up: about a minute.
const MAX_TRIES: u32 = 30;

/// Pause between two of them.
const RETRY_PAUSE: Duration = Duration::from_secs(2);

/// Longest name that PostgreSQL keeps whole.
const MAX_SCHEMA_BYTES: usize = 63;

/// How far a replay is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReplayProgress {
    /// Which log is read at the moment.
    pub log: &'static str,
    /// How far it is applied.
    pub position: Position,
    /// How far it is to be applied.
    pub target: Position,
    /// Events applied by this run, over all logs.
    pub events: u64,
    /// Events that remain, over all logs.
    pub remaining: u64,
    /// Time since the run began.
    pub elapsed: Duration,
}

impl ReplayProgress {
    /// Events applied per second so far.
    pub fn rate(&self) -> u64 {
        let millis = u64::try_from(self.elapsed.as_millis())
            .unwrap_or(u64::MAX)
            .max(1);
        self.events.saturating_mul(1_000) / millis
    }

    /// Time left at that rate; none before anything was applied.
    pub fn left(&self) -> Option<Duration> {
        let millis = u64::try_from(self.elapsed.as_millis()).unwrap_or(u64::MAX);
        let left = self
            .remaining
            .saturating_mul(millis)
            .checked_div(self.events)?;
        Some(Duration::from_millis(left))
    }
}

/// Why a replay ended early. What it committed stays; running it again goes on from there.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The schema's name would not be safe in a statement.
    #[error("schema {0:?} cannot be replayed into; use lower-case letters, digits and _")]
    Schema(String),
    /// The owner's feed is of no use.
    #[error(transparent)]
    Feed(#[from] FeedError),
    /// A log ends before the position that it was to be replayed to.
    #[error("log {log} ends at position {position}, before {target}; replay to a position it has")]
    Short {
        /// Which log.
        log: &'static str,
        /// Where it ends.
        position: Position,
        /// Where it should have reached.
        target: Position,
    },
    /// An event could not be applied.
    #[error("events {first} to {last} of log {log} could not be applied")]
    Apply {
        /// Which log.
        log: &'static str,
        /// First event of the batch.
        first: Position,
        /// Last event of the batch.
        last: Position,
        /// What the handler says.
        #[source]
        source: HandlerError,
    },
    /// The checkpoints cannot be kept.
    #[error("could not keep the replay's checkpoints; check the rights of the database user")]
    Checkpoint(#[source] sqlx::Error),
    /// It was told to stop.
    #[error("the replay was interrupted; run it again to go on")]
    Interrupted,
}

/// A replay of several logs, one after the other.
pub struct Replay {
    pool: PgPool,
    schema: String,
    sources: Vec<(OwnerFeed, Position)>,
}

/// What a run has done so far.
struct Tally {
    started: Instant,
    events: u64,
    remaining: u64,
}

impl Replay {
    /// A replay into `schema`, which is made if need be; `pool`'s connections are what the handler is given, so their
    /// search path should lead there.
    ///
    /// # Errors
    /// When the schema's name is not made of lower-case letters, digits and `_`.
    pub fn new(pool: PgPool, schema: &str) -> Result<Self, ReplayError> {
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        let begins = schema.starts_with(|c: char| c.is_ascii_lowercase() || c == '_');
        if !begins || schema.len() > MAX_SCHEMA_BYTES || !schema.chars().all(allowed) {
            return Err(ReplayError::Schema(schema.to_owned()));
        }
        Ok(Self {
            pool,
            schema: schema.to_owned(),
            sources: Vec::new(),
        })
    }

    /// Replays `log` too, up to and including position `target`, from the feed of its owner.
    #[must_use]
    pub fn source(mut self, log: &'static str, owner: Channel, target: Position) -> Self {
        self.sources.push((OwnerFeed::new(log, owner), target));
        self
    }

    /// Replays all logs in the order they were given, and says where each ended: at its target. `on_progress` is told
    /// after every batch.
    ///
    /// # Errors
    /// See [`ReplayError`].
    pub async fn run<H: Handler>(
        &self,
        handler: &mut H,
        mut on_progress: impl FnMut(ReplayProgress),
        shutdown: &CancellationToken,
    ) -> Result<BTreeMap<&'static str, Position>, ReplayError> {
        self.prepare().await.map_err(ReplayError::Checkpoint)?;
        let mut cursors = Vec::new();
        let mut tally = Tally {
            started: Instant::now(),
            events: 0,
            remaining: 0,
        };
        for (feed, target) in &self.sources {
            let cursor = self.load(feed.log).await.map_err(ReplayError::Checkpoint)?;
            tally.remaining += (target - cursor.position).max(0).unsigned_abs();
            cursors.push(cursor);
        }
        let mut reached = BTreeMap::new();
        for ((feed, target), cursor) in self.sources.iter().zip(cursors) {
            let log = self.log(feed, cursor, *target, handler, &mut on_progress, &mut tally);
            let position = match shutdown.run_until_cancelled(log).await {
                Some(position) => position?,
                None => return Err(ReplayError::Interrupted),
            };
            reached.insert(feed.log, position);
        }
        Ok(reached)
    }

    /// Replays one log. The next page is read while one is applied.
    async fn log<H: Handler>(
        &self,
        feed: &OwnerFeed,
        mut cursor: Cursor,
        target: Position,
        handler: &mut H,
        on_progress: &mut impl FnMut(ReplayProgress),
        tally: &mut Tally,
    ) -> Result<Position, ReplayError> {
        let mut page = page(feed, &mut cursor, target).await?;
        let mut position = cursor.position;
        while !page.is_empty() {
            let (applied, next) = tokio::join!(self.apply(feed.log, &page, handler), async {
                self::page(feed, &mut cursor, target).await
            });
            applied?;
            position = page.last().map_or(position, |event| event.position);
            let events = page.len() as u64;
            tally.events += events;
            tally.remaining = tally.remaining.saturating_sub(events);
            on_progress(ReplayProgress {
                log: feed.log,
                position,
                target,
                events: tally.events,
                remaining: tally.remaining,
                elapsed: tally.started.elapsed(),
            });
            page = next?;
        }
        if position < target {
            return Err(ReplayError::Short {
                log: feed.log,
                position,
                target,
            });
        }
        Ok(position)
    }

    async fn apply<H: Handler>(
        &self,
        log: &'static str,
        page: &[Recorded],
        handler: &mut H,
    ) -> Result<(), ReplayError> {
        let (Some(first), Some(last)) = (page.first(), page.last()) else {
            return Ok(());
        };
        let mut tries = 1;
        loop {
            let error = match self.commit(log, page, last, handler).await {
                Ok(()) => {
                    handler.committed(log, last.position);
                    return Ok(());
                }
                Err(error) => error,
            };
            handler.discarded(log);
            if matches!(error, HandlerError::Poison(_)) || tries >= MAX_TRIES {
                let (first, last) = (first.position, last.position);
                return Err(ReplayError::Apply {
                    log,
                    first,
                    last,
                    source: error,
                });
            }
            tries += 1;
            tokio::time::sleep(RETRY_PAUSE).await;
        }
    }

    async fn commit<H: Handler>(
        &self,
        log: &'static str,
        page: &[Recorded],
        last: &Recorded,
        handler: &mut H,
    ) -> Result<(), HandlerError> {
        let mut tx = self.pool.begin().await?;
        let before = page.first().map_or(0, |event| event.position - 1);
        let moved = sqlx::query(AssertSqlSafe(format!(
            "update {}.checkpoints set position = $3, hash = $4 where log = $1 and position = $2",
            self.schema
        )))
        .bind(log)
        .bind(before)
        .bind(last.position)
        .bind(last.hash)
        .execute(&mut *tx)
        .await?;
        if moved.rows_affected() == 0 {
            // Either the lost answer of a commit that was made, or another replay into the same schema.
            let at = self.load(log).await?;
            return match at.position == last.position && at.hash == last.hash {
                true => Ok(()),
                false => Err(HandlerError::poison("another replay fills the same schema")),
            };
        }
        handler.apply(&mut tx, log, page).await?;
        Ok(tx.commit().await?)
    }

    async fn prepare(&self) -> Result<(), sqlx::Error> {
        let schema = &self.schema;
        sqlx::raw_sql(AssertSqlSafe(format!(
            "create schema if not exists {schema};
            create table if not exists {schema}.checkpoints (
                log text collate \"C\" primary key, position bigint not null, hash bytea not null
            );"
        )))
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    async fn load(&self, log: &str) -> Result<Cursor, sqlx::Error> {
        let start = Cursor::START;
        let (position, hash): (Position, Hash) = sqlx::query_as(AssertSqlSafe(format!(
            "with fresh as (
                insert into {0}.checkpoints (log, position, hash) values ($1, $2, $3)
                on conflict do nothing returning position, hash
            )
            select position, hash from fresh
            union all select position, hash from {0}.checkpoints where log = $1",
            self.schema
        )))
        .bind(log)
        .bind(start.position)
        .bind(start.hash)
        .fetch_one(&self.pool)
        .await?;
        Ok(Cursor { position, hash })
    }
}

/// The next events up to `target`; none when that is reached or the log ends.
async fn page(
    feed: &OwnerFeed,
    cursor: &mut Cursor,
    target: Position,
) -> Result<Vec<Recorded>, FeedError> {
    if cursor.position >= target {
        return Ok(Vec::new());
    }
    let mut tries = 1;
    let mut events = loop {
        let mut next = *cursor;
        match feed.read(&mut next).await {
            Ok(events) => break events,
            Err(error) if !error.is_retryable() || tries >= MAX_TRIES => return Err(error),
            Err(_) => tokio::time::sleep(RETRY_PAUSE).await,
        }
        tries += 1;
    };
    events.retain(|event| event.position <= target);
    if let Some(last) = events.last() {
        cursor.advance(last);
    }
    Ok(events)
}
