//! What followers do to their database.

use std::collections::BTreeMap;

use contracts::log::v1 as pb;
use eventlog::{Position, Recorded};
use jetstream::{Bus, Follower, Handler, HandlerError};
use prost::Message;
use sqlx::{PgConnection, PgPool};

use super::{Owner, Running, eventually, run};

/// A following service's database.
#[derive(Clone)]
pub(crate) struct Effects {
    pub(crate) pool: PgPool,
}

impl Effects {
    pub(crate) async fn new(pool: PgPool) -> Self {
        let table = "create table effects (log text, position bigint, times bigint not null,
            primary key (log, position))";
        sqlx::query(table).execute(&pool).await.unwrap();
        Self { pool }
    }

    pub(crate) fn follower(&self, bus: &Bus) -> Follower {
        Follower::new(self.pool.clone(), bus.clone())
    }

    /// Follows one log with a handler that only counts.
    pub(crate) fn follow(&self, owner: &Owner) -> Running {
        run(
            self.follower(&owner.bus)
                .source(owner.name, owner.channel.clone()),
            Counting,
        )
    }

    /// How often each position of a log was applied.
    pub(crate) async fn times(&self, log: &str) -> BTreeMap<Position, i64> {
        let rows: Vec<(Position, i64)> =
            sqlx::query_as("select position, times from effects where log = $1")
                .bind(log)
                .fetch_all(&self.pool)
                .await
                .unwrap();
        rows.into_iter().collect()
    }

    /// Waits until everything in the log was applied; exactly once.
    pub(crate) async fn complete(&self, owner: &Owner) {
        self.complete_to(owner.name, owner.head().await).await;
    }

    pub(crate) async fn complete_to(&self, log: &str, position: Position) {
        eventually("the checkpoint", position, || self.checkpoint(log)).await;
        let once: BTreeMap<_, _> = (1..=position).map(|position| (position, 1)).collect();
        assert_eq!(self.times(log).await, once);
    }

    pub(crate) async fn checkpoint(&self, log: &str) -> Position {
        sqlx::query_scalar("select position from jetstream.checkpoints where log = $1")
            .bind(log)
            .fetch_optional(&self.pool)
            .await
            .unwrap_or_default()
            .unwrap_or(0)
    }
}

/// Counts how often each event is applied, and that its bytes are right.
pub(crate) struct Counting;

impl Handler for Counting {
    async fn apply(
        &mut self,
        tx: &mut PgConnection,
        log: &'static str,
        batch: &[Recorded],
    ) -> Result<(), HandlerError> {
        for event in batch {
            pb::Cause::decode(event.payload.clone()).map_err(HandlerError::poison)?;
            event.metadata().map_err(HandlerError::poison)?;
        }
        let positions: Vec<Position> = batch.iter().map(|event| event.position).collect();
        sqlx::query(
            "insert into effects select $1, position, 1 from unnest($2::bigint[]) as p(position)
            on conflict (log, position) do update set times = effects.times + 1",
        )
        .bind(log)
        .bind(positions)
        .execute(tx)
        .await?;
        Ok(())
    }
}
