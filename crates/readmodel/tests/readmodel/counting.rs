//! The service that only counts.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, LazyLock};

use eventlog::{Expected, StreamAppend};
use jetstream::HandlerError;
use readmodel::{Batch, Fold, Own, Teller, put_source_events, source_events};
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{PgConnection, SqlSafeStr as _};
use tokio::sync::Semaphore;

/// Counts at once.
pub(crate) const PLAIN: &str = "test.Plain";
/// Counts with a permit only.
pub(crate) const HELD: &str = "test.Held";
/// Cannot be counted.
pub(crate) const POISON: &str = "test.Poison";

static MIGRATOR: LazyLock<Migrator> = LazyLock::new(|| {
    let table = "create table counts (log text primary key, events bigint not null)";
    let kind = MigrationType::Simple;
    let migration = Migration::new(1_000, "counts".into(), kind, table.into_sql_str(), false);
    Migrator::with_migrations(vec![migration])
});

/// What the service keeps.
pub(crate) fn own() -> Own {
    Own {
        name: "counting",
        migrator: &MIGRATOR,
        tables: &["counts"],
    }
}

/// Events counted; while a batch is taken in, both differ.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counted {
    pub(crate) begun: i64,
    pub(crate) done: i64,
}

/// Counts events and tells how many there are.
#[derive(Clone, Default)]
pub(crate) struct Counting {
    /// Permits to count held events.
    pub(crate) permits: Arc<Permits>,
    /// Held or poisonous events begun.
    pub(crate) begun: Arc<AtomicU32>,
}

pub(crate) struct Permits(pub(crate) Semaphore);

impl Default for Permits {
    fn default() -> Self {
        Self(Semaphore::new(0))
    }
}

impl Fold for Counting {
    type Model = Counted;
    type Changes = i64;

    async fn load(&self, tables: &mut PgConnection) -> Result<Counted, HandlerError> {
        let done: i64 = sqlx::query_scalar("select coalesce(sum(events), 0)::bigint from counts")
            .fetch_one(&mut *tables)
            .await?;
        let kept = source_events(tables).await?.len();
        assert_eq!(
            i64::try_from(kept),
            Ok(done),
            "tables are of the same moment"
        );
        Ok(Counted { begun: done, done })
    }

    async fn apply(
        &self,
        model: &mut Counted,
        tables: &mut PgConnection,
        batch: &Batch<'_>,
    ) -> Result<i64, HandlerError> {
        put_source_events(tables, batch.log, batch.events).await?;
        for event in batch.events {
            model.begun += 1;
            if event.kind != PLAIN {
                self.begun.fetch_add(1, Ordering::SeqCst);
            }
            if event.kind == HELD {
                let permit = self.permits.0.acquire().await;
                permit.expect("it is never closed").forget();
            } else if event.kind == POISON {
                return Err(HandlerError::poison("it cannot be counted"));
            }
            model.done += 1;
        }
        let events = i64::try_from(batch.events.len()).expect("few");
        sqlx::query(
            "insert into counts values ($1, $2)
             on conflict (log) do update set events = counts.events + excluded.events",
        )
        .bind(batch.log)
        .bind(events)
        .execute(tables)
        .await?;
        Ok(model.done)
    }

    fn told(&self, _model: &Counted, count: i64, teller: &Teller<'_>) -> Vec<StreamAppend> {
        vec![StreamAppend {
            stream: "count-all".into(),
            expected: Expected::Any,
            events: vec![teller.event("test.Counted", &count)],
        }]
    }
}
