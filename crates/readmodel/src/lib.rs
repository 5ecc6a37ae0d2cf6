//! A read model that can be filled again from the logs beside the live one, compared with it, and swapped in.
//!
//! The tables live in the SQL schema [`LIVE`]; statements name them without a schema and the connection's
//! `search_path` says which ones are meant. A rebuild fills [`NEXT`] through connections of its own, catches up while
//! no batch is applied, compares every table row by row, and gives the schema the live one's name in one transaction.
//! A model that somebody dropped is filled again, in the same way, before the service goes on following.
//!
//! A service says by a [`Fold`] what it makes of the logs; [`Kept`] does the rest: it opens the tables, follows, keeps the
//! model in memory that queries are answered from ([`Shown`]: nobody reads it half changed), and serves.
#![forbid(unsafe_code)]

mod compare;
mod keeper;
mod kept;
mod rebuild;
mod shown;
mod source_events;

use std::collections::BTreeMap;
use std::sync::Arc;

use jetstream::replay::{Replay, ReplayError, ReplayProgress};
use jetstream::{BatchGate, Handler};
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, ConnectOptions as _, PgConnection, PgPool, PgTransaction};
use tokio_util::sync::CancellationToken;
use tonic::transport::Channel;

pub use compare::Comparison;
pub use keeper::{Batch, Fold, Keeper, Teller};
pub use kept::{Kept, KeptError, Own};
pub use rebuild::{Rebuilding, Rebuilds};
pub use shown::{Heads, Shown};
pub use source_events::{SourceEvent, put_source_events, source_events};

/// The schema of the live model.
pub const LIVE: &str = "model";
/// The schema that a rebuild fills.
pub const NEXT: &str = "model_next";

/// Tables that every model has.
static COMMON: Migrator = sqlx::migrate!();
/// The one of them.
const SOURCE_EVENTS: &str = "source_events";

/// Connections of the live model: batches take one, queries the others.
const CONNECTIONS: u32 = 12;
/// Connections of a rebuild: batches take turns.
const REBUILD_CONNECTIONS: u32 = 2;

/// Why a model cannot be kept or rebuilt.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// The database did not do what was asked.
    #[error(
        "{what} failed; see that the database can be reached and that its user may make schemas"
    )]
    Database {
        /// What was done.
        what: &'static str,
        /// Why it failed.
        #[source]
        source: sqlx::Error,
    },
    /// The tables cannot be made.
    #[error("the read model's tables cannot be made")]
    Migrate(#[from] MigrateError),
    /// One model is filled at a time.
    #[error("another process fills the model anew; wait for it to end")]
    Busy,
    /// It was told to stop.
    #[error("filling the model was interrupted; it begins anew with the service")]
    Interrupted,
    /// The logs cannot be read again.
    #[error("the logs cannot be replayed")]
    Replay(#[from] ReplayError),
}

/// A log to rebuild from, and where its owner serves its feed.
pub type Source = (&'static str, Channel);

/// A service's read model.
#[derive(Debug, Clone)]
pub struct ReadModel {
    options: PgConnectOptions,
    migrator: Arc<Migrator>,
    tables: Arc<[&'static str]>,
    pool: PgPool,
}

impl ReadModel {
    /// Connects to the database of a live model, which is there once it is [prepared](Self::prepare). `migrator` makes its
    /// tables beside those that every model has; `tables` are those whose content follows from the logs alone, and which a
    /// rebuild compares.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn connect(
        options: PgConnectOptions,
        migrator: &Migrator,
        tables: &[&'static str],
    ) -> Result<Self, ModelError> {
        let pool = pool(&options, LIVE, CONNECTIONS)
            .await
            .map_err(during("connecting to the read model"))?;
        let migrations = COMMON.iter().chain(migrator.iter());
        Ok(Self {
            options,
            migrator: Arc::new(Migrator::with_migrations(migrations.cloned().collect())),
            tables: [SOURCE_EVENTS].iter().chain(tables).copied().collect(),
            pool,
        })
    }

    /// Connections that see the live model.
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// Makes the live model's tables or brings them up to date. Where they are gone although the service had `followed` the
    /// logs before, they are filled again up to there: beside the live model's place, which they take when they are whole.
    ///
    /// # Errors
    /// When the tables cannot be made, or the logs cannot be read as far as that.
    pub async fn prepare<H: Handler>(
        &self,
        handler: &mut H,
        sources: &[Source],
        followed: &BTreeMap<String, i64>,
        shutdown: &CancellationToken,
    ) -> Result<(), ModelError> {
        let begun = followed.values().any(|position| *position > 0);
        if !begun || self.is_there().await? {
            return self.migrate(&self.pool, LIVE).await;
        }
        // Another replica may be at it, and is waited for.
        let alone = shutdown.run_until_cancelled(self.alone(LOCK)).await;
        let _alone = alone.ok_or(ModelError::Interrupted)??;
        if self.is_there().await? {
            return self.migrate(&self.pool, LIVE).await;
        }
        tracing::warn!(
            ?followed,
            "the read model is gone; filling it from the logs"
        );
        let next = self.next().await?;
        let replay = replay(next.clone(), sources, followed)?;
        replay.run(handler, |_| (), shutdown).await?;
        next.close().await;
        execute(&self.pool, format!("alter schema {NEXT} rename to {LIVE}"))
            .await
            .map_err(during("putting the read model in its place"))
    }

    /// Rebuilds the model beside the live one and swaps it in when both say the same. `followed` tells how far the
    /// live one is about now; `gate` keeps its batches out for the last steps, and so do the checkpoints those of other
    /// replicas. `on_progress` is told none when the models are compared.
    ///
    /// # Errors
    /// When the logs cannot be replayed or the database fails; the live model is untouched then.
    pub async fn rebuild<H: Handler>(
        &self,
        handler: &mut H,
        sources: &[Source],
        followed: &BTreeMap<String, i64>,
        gate: &BatchGate,
        (on_progress, shutdown): (impl FnMut(Option<ReplayProgress>), &CancellationToken),
    ) -> Result<Comparison, ModelError> {
        let Some(mut alone) = self.alone(TRY_LOCK).await? else {
            return Err(ModelError::Busy);
        };
        let when = (on_progress, shutdown);
        let rebuilt = self.rebuild_alone(handler, sources, followed, gate, when);
        let rebuilt = rebuilt.await;
        // The server takes a while to notice that a connection is gone, and another rebuild may be asked for right away.
        let _ = sqlx::query(UNLOCK).execute(&mut alone).await;
        rebuilt
    }

    async fn rebuild_alone<H: Handler>(
        &self,
        handler: &mut H,
        sources: &[Source],
        followed: &BTreeMap<String, i64>,
        gate: &BatchGate,
        (mut on_progress, shutdown): (impl FnMut(Option<ReplayProgress>), &CancellationToken),
    ) -> Result<Comparison, ModelError> {
        let next = self.next().await?;
        let mut done = None;
        replay(next.clone(), sources, followed)?
            .run(
                handler,
                |progress| on_progress(Some(*done.insert(progress))),
                shutdown,
            )
            .await?;
        // What came in meanwhile, with the live model standing still.
        let _held = gate.hold().await;
        let holding = during("holding the checkpoints");
        let mut tx = self.pool.begin().await.map_err(&holding)?;
        let followed = jetstream::hold_checkpoints(&mut tx)
            .await
            .map_err(&holding)?;
        let on_rest = |rest: ReplayProgress| on_progress(Some(sum(done, rest)));
        replay(next.clone(), sources, &followed)?
            .run(handler, on_rest, shutdown)
            .await?;
        next.close().await;
        on_progress(None);
        let comparison = compare::compare(&self.pool, &self.tables)
            .await
            .map_err(during("comparing the read models"))?;
        if comparison.is_same() {
            swap(tx).await.map_err(during("swapping the read models"))?;
        }
        Ok(comparison)
    }

    async fn is_there(&self) -> Result<bool, ModelError> {
        sqlx::query_scalar("select to_regnamespace($1) is not null")
            .bind(LIVE)
            .fetch_one(&self.pool)
            .await
            .map_err(during("looking for the read model"))
    }

    /// Connections of their own to the empty tables of the next model.
    async fn next(&self) -> Result<PgPool, ModelError> {
        let pool = pool(&self.options, NEXT, REBUILD_CONNECTIONS)
            .await
            .map_err(during("connecting to the next read model"))?;
        execute(&pool, format!("drop schema if exists {NEXT} cascade"))
            .await
            .map_err(during("dropping an unfinished rebuild"))?;
        self.migrate(&pool, NEXT).await?;
        Ok(pool)
    }

    async fn migrate(&self, pool: &PgPool, schema: &str) -> Result<(), ModelError> {
        execute(pool, format!("create schema if not exists {schema}"))
            .await
            .map_err(during("making the read model's schema"))?;
        Ok(self.migrator.run(pool).await?)
    }

    /// Keeps other processes from filling a model, for as long as the connection lives; none when one of them does.
    async fn alone(&self, lock: &'static str) -> Result<Option<PgConnection>, ModelError> {
        let locking = during("asking to be the only one to fill the read model");
        let mut connection = self.options.connect().await.map_err(&locking)?;
        let locked: bool = sqlx::query_scalar(lock)
            .fetch_one(&mut connection)
            .await
            .map_err(&locking)?;
        Ok(locked.then_some(connection))
    }
}

/// Waits for its turn to fill a model.
const LOCK: &str = "select true from pg_advisory_lock(hashtextextended('chiso read model', 0))";
/// Says whether it is its turn.
const TRY_LOCK: &str = "select pg_try_advisory_lock(hashtextextended('chiso read model', 0))";

/// Ends its turn.
const UNLOCK: &str = "select pg_advisory_unlock(hashtextextended('chiso read model', 0))";

/// Both steps of a rebuild as one.
fn sum(done: Option<ReplayProgress>, rest: ReplayProgress) -> ReplayProgress {
    done.map_or(rest, |done| ReplayProgress {
        events: done.events + rest.events,
        elapsed: done.elapsed + rest.elapsed,
        ..rest
    })
}

async fn swap(mut tx: PgTransaction<'_>) -> sqlx::Result<()> {
    for statement in [
        format!("alter schema {LIVE} rename to {LIVE}_before"),
        format!("alter schema {NEXT} rename to {LIVE}"),
        format!("drop schema {LIVE}_before cascade"),
    ] {
        sqlx::raw_sql(AssertSqlSafe(statement))
            .execute(&mut *tx)
            .await?;
    }
    tx.commit().await
}

fn during(what: &'static str) -> impl Fn(sqlx::Error) -> ModelError {
    move |source| ModelError::Database { what, source }
}

async fn pool(options: &PgConnectOptions, schema: &str, size: u32) -> sqlx::Result<PgPool> {
    let options = options
        .clone()
        .options([("search_path", format!("{schema},public"))]);
    PgPoolOptions::new()
        .max_connections(size)
        .connect_with(options)
        .await
}

async fn execute(pool: &PgPool, statement: String) -> sqlx::Result<()> {
    sqlx::raw_sql(AssertSqlSafe(statement))
        .execute(pool)
        .await?;
    Ok(())
}

fn replay(
    pool: PgPool,
    sources: &[Source],
    followed: &BTreeMap<String, i64>,
) -> Result<Replay, ReplayError> {
    let mut replay = Replay::new(pool, NEXT)?;
    for (log, owner) in sources {
        let target = followed.get(*log).copied().unwrap_or(0);
        replay = replay.source(log, owner.clone(), target);
    }
    Ok(replay)
}
