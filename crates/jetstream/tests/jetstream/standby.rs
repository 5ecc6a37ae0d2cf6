//! Replicas that stand by answer from memory too: it must be what the one that follows made of it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use eventlog::{Position, Recorded};
use jetstream::{Handler, HandlerError};
use sqlx::PgConnection;
use tokio::time::Instant;

use crate::support::{Counting, World, run};

/// Keeps in memory how far the tables are.
struct Mirror {
    shown: Arc<AtomicI64>,
}

impl Handler for Mirror {
    async fn apply(
        &mut self,
        tx: &mut PgConnection,
        log: &'static str,
        batch: &[Recorded],
    ) -> Result<(), HandlerError> {
        Counting.apply(tx, log, batch).await
    }

    fn committed(&mut self, _log: &'static str, position: Position) {
        self.shown.store(position, Ordering::SeqCst);
    }

    async fn refresh(
        &mut self,
        _tx: &mut PgConnection,
        positions: &BTreeMap<String, Position>,
    ) -> Result<(), HandlerError> {
        let newest = positions.values().copied().max();
        self.shown.store(newest.unwrap_or(0), Ordering::SeqCst);
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_that_stands_by_shows_what_the_other_one_applied_before_it_says_so() {
    let world = World::start("follow-standby").await;
    let (owner, effects) = (world.owner("dossiers").await, world.effects().await);
    let _relay = owner.start_relay();
    let mut replicas = Vec::new();
    for _ in 0..2 {
        let follower = effects
            .follower(&owner.bus)
            .source(owner.name, owner.channel.clone());
        let (progress, shown) = (follower.progress(), Arc::new(AtomicI64::new(0)));
        let mirror = Mirror {
            shown: Arc::clone(&shown),
        };
        replicas.push((progress, shown, run(follower, mirror)));
    }
    let in_a_minute = Instant::now() + Duration::from_secs(60);
    for target in [100, 200] {
        owner.append(100).await;
        for (progress, shown, _running) in &replicas {
            let told = progress
                .wait(owner.name, target, in_a_minute)
                .await
                .unwrap();
            assert!(shown.load(Ordering::SeqCst) >= told, "{told} told");
        }
    }
    assert_eq!(effects.times(owner.name).await.len(), 200);
}
