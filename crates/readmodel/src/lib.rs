//! A read model that can be filled again from the logs beside the live one, compared with it, and swapped in.
//!
//! The tables live in the SQL schema [`LIVE`]; statements name them without a schema and the connection's
//! `search_path` says which ones are meant. A rebuild fills [`NEXT`] through connections of its own, catches up while
//! no batch is applied, compares every table row by row, and gives the schema the live one's name in one transaction.
//! A model that somebody dropped is filled again before the service goes on following.
#![forbid(unsafe_code)]

mod compare;

use std::collections::BTreeMap;

use jetstream::replay::{Replay, ReplayError, ReplayProgress};
use jetstream::{BatchGate, Handler};
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, PgPool};
use tokio_util::sync::CancellationToken;
use tonic::transport::Channel;

pub use compare::Comparison;

/// The schema of the live model.
pub const LIVE: &str = "model";
/// The schema that a rebuild fills.
pub const NEXT: &str = "model_next";

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
    migrator: &'static Migrator,
    tables: &'static [&'static str],
    pool: PgPool,
    fresh: bool,
}

impl ReadModel {
    /// Opens the live model, making its tables when they are not there. `tables` are those whose content follows from
    /// the logs alone, and which a rebuild compares.
    ///
    /// # Errors
    /// When the database cannot be reached or the tables cannot be made.
    pub async fn open(
        options: PgConnectOptions,
        migrator: &'static Migrator,
        tables: &'static [&'static str],
    ) -> Result<Self, ModelError> {
        let pool = pool(&options, LIVE, CONNECTIONS)
            .await
            .map_err(during("connecting to the read model"))?;
        let known: bool = sqlx::query_scalar("select to_regnamespace($1) is not null")
            .bind(LIVE)
            .fetch_one(&pool)
            .await
            .map_err(during("looking for the read model"))?;
        let model = Self {
            options,
            migrator,
            tables,
            pool,
            fresh: !known,
        };
        model.migrate(&model.pool, LIVE).await?;
        Ok(model)
    }

    /// Connections that see the live model.
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    async fn migrate(&self, pool: &PgPool, schema: &str) -> Result<(), ModelError> {
        execute(pool, format!("create schema if not exists {schema}"))
            .await
            .map_err(during("making the read model's schema"))?;
        Ok(self.migrator.run(pool).await?)
    }

    /// Fills a live model that was not there when it was opened, up to the positions that the service had followed
    /// the logs to before. Does nothing for a model that was there.
    ///
    /// # Errors
    /// When the logs cannot be read as far as that.
    pub async fn refill<H: Handler>(
        &self,
        handler: &mut H,
        sources: &[Source],
        followed: &BTreeMap<String, i64>,
        shutdown: &CancellationToken,
    ) -> Result<(), ModelError> {
        let behind = followed.values().any(|position| *position > 0);
        if !self.fresh || !behind {
            return Ok(());
        }
        tracing::warn!(
            ?followed,
            "the read model is gone; filling it from the logs"
        );
        let replay = replay(self.pool.clone(), LIVE, sources, followed)?;
        replay.run(handler, |_| (), shutdown).await?;
        Ok(())
    }

    /// Rebuilds the model beside the live one and swaps it in when both say the same. `followed` tells how far the
    /// live one has followed each log; `gate` keeps its batches out for the last steps.
    ///
    /// # Errors
    /// When the logs cannot be replayed or the database fails; the live model is untouched then.
    pub async fn rebuild<H: Handler>(
        &self,
        handler: &mut H,
        sources: &[Source],
        followed: impl Fn() -> BTreeMap<String, i64>,
        gate: &BatchGate,
        (mut on_progress, shutdown): (impl FnMut(ReplayProgress), &CancellationToken),
    ) -> Result<Comparison, ModelError> {
        let pool = pool(&self.options, NEXT, REBUILD_CONNECTIONS)
            .await
            .map_err(during("connecting to the next read model"))?;
        execute(&pool, format!("drop schema if exists {NEXT} cascade"))
            .await
            .map_err(during("dropping an unfinished rebuild"))?;
        self.migrate(&pool, NEXT).await?;
        replay(pool.clone(), NEXT, sources, &followed())?
            .run(handler, &mut on_progress, shutdown)
            .await?;
        // What came in meanwhile, with the live model standing still.
        let _held = gate.hold().await;
        replay(pool.clone(), NEXT, sources, &followed())?
            .run(handler, &mut on_progress, shutdown)
            .await?;
        let comparison = compare::compare(&self.pool, self.tables)
            .await
            .map_err(during("comparing the read models"))?;
        pool.close().await;
        if comparison.is_same() {
            self.swap()
                .await
                .map_err(during("swapping the read models"))?;
        }
        Ok(comparison)
    }

    async fn swap(&self) -> sqlx::Result<()> {
        let mut tx = self.pool.begin().await?;
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
    schema: &str,
    sources: &[Source],
    followed: &BTreeMap<String, i64>,
) -> Result<Replay, ReplayError> {
    let mut replay = Replay::new(pool, schema)?;
    for (log, owner) in sources {
        let target = followed.get(*log).copied().unwrap_or(0);
        replay = replay.source(log, owner.clone(), target);
    }
    Ok(replay)
}
