//! The read model: one row a dossier, kept by following this service's own log.
//!
//! Rows come from the same fold as decisions do, so the two cannot disagree. Any number of replicas
//! may follow: the checkpoint moves by compare-and-swap in the transaction that writes the rows, so
//! each batch counts once, and a row is never put back to an older version.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::time::Duration;

use anyhow::Context as _;
use eventlog::command::{LoadError, Loaded};
use eventlog::{EventLog, Position, Recorded, StorageError};
use futures::StreamExt;
use jiff::{SignedDuration, Timestamp};
use lru::LruCache;
use sqlx::PgPool;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::case::Case;
use crate::codes;
use crate::wire::events::{self, Codec};

mod rows;

/// Version of the rows' meaning. A service that finds another one stored fills the model anew.
const VERSION: i32 = 2;
/// The name of its checkpoint.
const NAME: &str = "dossier";
/// Folded dossiers kept in memory, about a kilobyte each; more than a batch of the tail touches.
const FOLDED_MAX: NonZeroUsize = NonZeroUsize::new(50_000).unwrap();
/// Wait before following again after the database did not answer.
const RETRY_DELAY: Duration = Duration::from_secs(1);

/// An event that happened so much earlier than the log learned of it is history that is brought in.
const HISTORY: SignedDuration = SignedDuration::from_secs(60);

/// What the rows reflect.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Reached {
    /// The log up to here.
    pub(crate) position: Position,
    /// When the log last learned of what had happened long before.
    pub(crate) history_at: Timestamp,
}

/// A dossier as of one of its versions.
#[derive(Debug, Default)]
struct Folded {
    loaded: Loaded<Case>,
    /// When its first event happened.
    opened_at: Timestamp,
    /// When its newest event was recorded.
    recorded_at: Timestamp,
}

/// Follows the log until shutdown. `reached` always holds what the rows reflect.
///
/// # Errors
/// When the log holds what cannot be decoded: it is damaged, and lists made of it would be wrong.
pub(crate) async fn run(
    log: EventLog,
    reached: watch::Sender<Reached>,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    let mut model = Model {
        log,
        folded: LruCache::new(FOLDED_MAX),
    };
    while !shutdown.is_cancelled() {
        let followed = tokio::select! {
            () = shutdown.cancelled() => break,
            followed = model.follow(&reached) => followed,
        };
        match followed {
            Ok(()) => {}
            Err(LoadError::Storage(error)) => {
                warn(&error);
                tokio::select! {
                    () = shutdown.cancelled() => {}
                    () = tokio::time::sleep(RETRY_DELAY) => {}
                }
            }
            Err(error) => return Err(error).context("filling the read model"),
        }
    }
    Ok(())
}

fn warn(error: &StorageError) {
    let error = error as &dyn std::error::Error;
    tracing::warn!(error, "the read model waits for the database");
}

struct Model {
    log: EventLog,
    folded: LruCache<String, Folded>,
}

impl Model {
    /// Applies every batch from the checkpoint on; returns when another replica moved the
    /// checkpoint.
    async fn follow(&mut self, reached: &watch::Sender<Reached>) -> Result<(), LoadError> {
        let mut position = checkpoint(&self.log).await?;
        reached.send_modify(|reached| reached.position = position);
        let mut tail = Box::pin(self.log.tail(position));
        while let Some(batch) = tail.next().await {
            let batch = batch?;
            let Some(last) = batch.last().map(|event| event.position) else {
                continue;
            };
            let touched = self.fold(&batch).await?;
            if !self.write(position, last, touched).await? {
                return Ok(());
            }
            position = last;
            metrics::gauge!("chiso_dossiers_model_position").set(metric(position));
            let history = batch.iter().rev().find(|event| is_history(event));
            reached.send_modify(|reached| {
                reached.position = position;
                reached.history_at = history.map_or(reached.history_at, |event| event.recorded_at);
            });
        }
        Ok(())
    }

    /// Folds a batch into the dossiers kept in memory and names those it touched.
    async fn fold(&mut self, batch: &[Recorded]) -> Result<BTreeSet<String>, LoadError> {
        self.load_missing(batch).await?;
        let mut touched = BTreeSet::new();
        for event in batch {
            let code = events::code(&event.stream);
            touched.insert(code.to_owned());
            let folded = self
                .folded
                .get_or_insert_mut(code.to_owned(), Folded::default);
            folded.take(event)?;
        }
        Ok(touched)
    }

    /// Loads the dossiers of a batch that are not in memory and have a past before it.
    async fn load_missing(&mut self, batch: &[Recorded]) -> Result<(), LoadError> {
        let mut first = BTreeMap::new();
        for event in batch {
            first
                .entry(event.stream.as_str())
                .or_insert((event.version, event.position));
        }
        first.retain(|stream, (version, _)| {
            *version > 1 && self.folded.get(events::code(stream)).is_none()
        });
        if first.is_empty() {
            return Ok(());
        }
        let streams: Vec<&str> = first.keys().copied().collect();
        for event in self.log.load_many(&streams).await? {
            // What the batch and later ones bring is folded when they come.
            let before = first.get(event.stream.as_str());
            if before.is_some_and(|(version, _)| event.version < *version) {
                let code = events::code(&event.stream).to_owned();
                let folded = self.folded.get_or_insert_mut(code, Folded::default);
                folded.take(&event)?;
            }
        }
        Ok(())
    }

    /// Writes the rows of `touched` and moves the checkpoint; false when somebody else moved it.
    async fn write(
        &mut self,
        from: Position,
        to: Position,
        touched: BTreeSet<String>,
    ) -> Result<bool, LoadError> {
        let mut rows = rows::Rows::default();
        let (mut series, mut numbers) = (Vec::new(), Vec::new());
        for code in &touched {
            let Some(folded) = self.folded.peek(code) else {
                continue;
            };
            rows.push(code, folded);
            if let Some((name, number)) = codes::given(code) {
                series.push(name.to_owned());
                numbers.push(number);
            }
        }
        let stored = async {
            let mut tx = self.log.pool().begin().await?;
            let moved = sqlx::query!(
                "update read_model set position = $1
                 where name = $2 and version = $3 and position = $4",
                to,
                NAME,
                VERSION,
                from,
            )
            .execute(&mut *tx)
            .await?;
            if moved.rows_affected() == 0 {
                return Ok(false);
            }
            rows.upsert(&mut tx).await?;
            codes::raise(&mut tx, &series, &numbers).await?;
            tx.commit().await?;
            Ok(true)
        };
        Ok(stored
            .await
            .map_err(StorageError::during("write the read model"))?)
    }
}

impl Folded {
    /// Folds the next event; one that is folded already is left out.
    fn take(&mut self, event: &Recorded) -> Result<(), LoadError> {
        if event.version <= self.loaded.version {
            return Ok(());
        }
        if self.loaded.version == 0 {
            self.opened_at = event.occurred_at();
        }
        self.recorded_at = event.recorded_at;
        self.loaded.apply::<Codec>(event)
    }
}

/// Whether the event tells of what happened long before, as the timer's own marks may do as well.
fn is_history(event: &Recorded) -> bool {
    event.recorded_at.duration_since(event.occurred_at()) > HISTORY && event.kind != events::OVERDUE
}

/// The position that the rows reflect. A model of another version, or one that is ahead of its log
/// (the log was restored from a copy), is emptied.
async fn checkpoint(log: &EventLog) -> Result<Position, StorageError> {
    let head = log.head().await?.position;
    let during = StorageError::during("prepare the read model");
    stored_checkpoint(log.pool(), head).await.map_err(during)
}

async fn stored_checkpoint(pool: &PgPool, head: Position) -> Result<Position, sqlx::Error> {
    let mut tx = pool.begin().await?;
    // Replicas that start together take turns here.
    sqlx::query!("lock table read_model in exclusive mode")
        .execute(&mut *tx)
        .await?;
    let stored = sqlx::query!(
        "select version, position from read_model where name = $1",
        NAME
    )
    .fetch_optional(&mut *tx)
    .await?;
    if let Some(stored) = stored
        && stored.version == VERSION
        && stored.position <= head
    {
        return Ok(stored.position);
    }
    tracing::info!(
        version = VERSION,
        head,
        "filling the read model from the log"
    );
    sqlx::query!("truncate dossier, code_counter")
        .execute(&mut *tx)
        .await?;
    sqlx::query!(
        "insert into read_model (name, version, position) values ($1, $2, 0)
         on conflict (name) do update set version = excluded.version, position = 0",
        NAME,
        VERSION,
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(0)
}

/// A position for a gauge; exact below 2^53.
#[allow(
    clippy::cast_precision_loss,
    reason = "a metric, never a figure that counts"
)]
fn metric(position: Position) -> f64 {
    position as f64
}
