//! Rebuilding from the owners' feeds.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use eventlog::Recorded;
use jetstream::replay::{Replay, ReplayError};
use jetstream::{Handler, HandlerError};
use sqlx::PgConnection;
use sqlx::postgres::PgPoolOptions;
use tokio_util::sync::CancellationToken;

use crate::support::{Counting, Effects, World};

/// Counts, until it has seen enough.
struct Interrupting {
    left: Arc<AtomicU64>,
    shutdown: CancellationToken,
}

impl Handler for Interrupting {
    async fn apply(
        &mut self,
        tx: &mut PgConnection,
        log: &'static str,
        batch: &[Recorded],
    ) -> Result<(), HandlerError> {
        Counting.apply(tx, log, batch).await
    }

    fn committed(&mut self, _log: &'static str, _position: i64) {
        if self.left.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.shutdown.cancel();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_reads_every_log_once_up_to_its_target_even_when_interrupted() {
    let world = World::start("replay").await;
    let (registry, dossiers) = (world.owner("registry").await, world.owner("dossiers").await);
    registry.append(50).await;
    dossiers.append(9_000).await;
    let live = world.effects().await;
    sqlx::query("create schema next")
        .execute(&live.pool)
        .await
        .unwrap();
    let options = (*live.pool.connect_options())
        .clone()
        .options([("search_path", "next")]);
    let pool = PgPoolOptions::new().connect_with(options).await.unwrap();
    let next = Effects::new(pool.clone()).await;
    let replay = Replay::new(pool, "next")
        .unwrap()
        .source(registry.name, registry.channel.clone(), 50)
        .source(dossiers.name, dossiers.channel.clone(), 8_500);

    let shutdown = CancellationToken::new();
    let left = Arc::new(AtomicU64::new(3));
    let mut interrupting = Interrupting {
        left,
        shutdown: shutdown.clone(),
    };
    let interrupted = replay.run(&mut interrupting, |_| {}, &shutdown).await;
    assert!(
        matches!(interrupted, Err(ReplayError::Interrupted)),
        "{interrupted:?}"
    );

    let (mut told, fresh) = (Vec::new(), CancellationToken::new());
    let reached = replay
        .run(&mut Counting, |at| told.push(at), &fresh)
        .await
        .unwrap();
    assert_eq!(
        reached,
        [(registry.name, 50), (dossiers.name, 8_500)].into()
    );
    let all_once = |target| (1..=target).map(|position| (position, 1)).collect();
    assert_eq!(next.times(registry.name).await, all_once(50));
    assert_eq!(next.times(dossiers.name).await, all_once(8_500));
    assert!(live.times(dossiers.name).await.is_empty());
    let last = told.last().unwrap();
    assert_eq!(
        (last.position, last.target, last.remaining),
        (8_500, 8_500, 0)
    );

    let beyond = replay.source(registry.name, registry.channel.clone(), 51);
    let short = beyond.run(&mut Counting, |_| {}, &fresh).await;
    assert!(
        matches!(
            short,
            Err(ReplayError::Short {
                position: 50,
                target: 51,
                ..
            })
        ),
        "{short:?}"
    );
}

#[tokio::test]
async fn a_schema_that_is_no_plain_name_is_refused() {
    let pool = PgPoolOptions::new()
        .connect_lazy("postgres://127.0.0.1:1/none")
        .unwrap();
    for name in ["", "a b", "x; drop schema eventlog", "Große", "1st"] {
        let refused = Replay::new(pool.clone(), name);
        assert!(matches!(refused, Err(ReplayError::Schema(_))), "{name}");
    }
}
