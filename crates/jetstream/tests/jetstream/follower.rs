//! The consumer: exactly once in effect, whatever happens to it, its broker and its database.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use eventlog::{Position, Recorded};
use jetstream::{Condition, Follower, Handler, HandlerError, WaitError};
use sqlx::PgConnection;
use tokio::time::Instant;

use crate::support::{Counting, World, eventually, metric, run};

#[tokio::test(flavor = "multi_thread")]
async fn what_the_broker_lost_is_read_from_its_owner() {
    let world = World::start("follow-gap").await;
    let (owner, effects) = (world.owner("dossiers").await, world.effects().await);
    let _relay = owner.start_relay();
    owner.append(300).await;
    owner.relayed().await;
    let stream = owner
        .bus
        .context()
        .get_stream(owner.bus.stream_name(owner.name))
        .await
        .unwrap();
    for sequence in [1, 50, 51, 52, 100, 299] {
        stream.delete_message(sequence).await.unwrap();
    }
    let _follower = effects.follow(&owner);
    effects.complete(&owner).await;
    assert!(metric("chiso_consumer_gaps_total", owner.name) > 0);
    assert!(metric("chiso_consumer_gap_events_total", owner.name) > 0);

    owner.append(1_000).await;
    effects.complete(&owner).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_else_put_in_place_of_an_event_is_not_applied() {
    let world = World::start("follow-foreign").await;
    let (owner, effects) = (world.owner("dossiers").await, world.effects().await);
    let relay = owner.start_relay();
    owner.append(2).await;
    owner.relayed().await;
    relay.kill().await;
    let subject = format!("chiso.H40.{}.dossier.Cause.1", owner.name);
    owner
        .bus
        .context()
        .publish(subject, "forged".into())
        .await
        .unwrap()
        .await
        .unwrap();
    owner.append(3).await;
    let _follower = effects.follow(&owner);
    effects.complete(&owner).await;
    assert!(metric("chiso_consumer_gaps_total", owner.name) > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consumer_that_crashes_again_and_again_applies_everything_once() {
    let world = World::start("follow-crash").await;
    let (owner, effects) = (world.owner("dossiers").await, world.effects().await);
    let _relay = owner.start_relay();
    let log = Arc::new(owner);
    let writing = tokio::spawn({
        let owner = log.clone();
        async move {
            for _ in 0..60 {
                owner.append(100).await;
            }
        }
    });
    let mut reached = 0;
    while reached < 6_000 {
        let follower = effects.follow(&log);
        eventually("progress", true, || async {
            effects.checkpoint(log.name).await > reached
        })
        .await;
        follower.kill().await;
        reached = effects.checkpoint(log.name).await;
    }
    writing.await.unwrap();
    effects.complete(&log).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_killed_and_wiped_under_a_consumer_changes_nothing() {
    let world = World::start("follow-wiped").await;
    let (owner, effects) = (world.owner("dossiers").await, world.effects().await);
    let _relay = owner.start_relay();
    let _follower = effects.follow(&owner);
    owner.append(3_000).await;
    eventually("a start", true, || async {
        effects.checkpoint(owner.name).await > 0
    })
    .await;
    world.stack.kill_nats().unwrap();
    owner.append(1_000).await;
    world.stack.wipe_nats().unwrap();
    world.stack.start_nats().unwrap();
    owner.append(1_000).await;
    effects.complete(&owner).await;
    owner.relayed().await;
    owner.append(1_000).await;
    effects.complete(&owner).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_is_not_there_or_says_nothing_is_done_without() {
    let world = World::start("follow-silent").await;
    let (silent, absent) = (world.owner("dossiers").await, world.owner("registry").await);
    // The first log has a JetStream stream, but nobody relays to it any more; the second never had one.
    let relay = silent.start_relay();
    silent.append(10).await;
    silent.relayed().await;
    relay.kill().await;
    let effects = world.effects().await;
    let follower = effects.follower(&silent.bus);
    let follower = follower
        .source(silent.name, silent.channel.clone())
        .source(absent.name, absent.channel.clone());
    let _follower = run(follower, Counting);
    silent.append(10).await;
    absent.append(10).await;
    effects.complete(&silent).await;
    effects.complete(&absent).await;

    world.stack.kill_nats().unwrap();
    silent.append(10).await;
    absent.append(10).await;
    effects.complete(&silent).await;
    effects.complete(&absent).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_that_is_away_is_done_without_while_the_broker_is_there() {
    let world = World::start("follow-alone").await;
    let (owner, effects) = (world.owner("dossiers").await, world.effects().await);
    let _relay = owner.start_relay();
    owner.append(10).await;
    owner.relayed().await;
    let follower = effects
        .follower(&owner.bus)
        .source(owner.name, crate::support::nobody());
    let _follower = run(follower, Counting);
    owner.append(100).await;
    effects.complete(&owner).await;
}

/// A replica took the checkpoint over while the old owner was about to commit.
#[tokio::test(flavor = "multi_thread")]
async fn a_fenced_owner_cannot_move_the_checkpoint() {
    let world = World::start("follow-fenced").await;
    let (owner, effects) = (world.owner("dossiers").await, world.effects().await);
    let _relay = owner.start_relay();
    let follower = effects
        .follower(&owner.bus)
        .source(owner.name, owner.channel.clone());
    let gate = follower.gate();
    let _follower = run(follower, Counting);
    owner.append(10).await;
    effects.complete_to(owner.name, 10).await;

    let held = gate.hold().await;
    owner.append(10).await;
    let take_over = "update jetstream.checkpoints set owner_epoch = owner_epoch + 1 where log = $1
        returning owner_epoch";
    let fence: i64 = sqlx::query_scalar(take_over)
        .bind(owner.name)
        .fetch_one(&effects.pool)
        .await
        .unwrap();
    drop(held);
    // It finds itself fenced, applies nothing, and gets its turn again as a new owner.
    effects.complete(&owner).await;
    let epoch = "select owner_epoch from jetstream.checkpoints where log = $1";
    let epoch: i64 = sqlx::query_scalar(epoch)
        .bind(owner.name)
        .fetch_one(&effects.pool)
        .await
        .unwrap();
    assert!(epoch > fence, "{epoch} after {fence}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_takes_over_from_a_consumer_that_lost_its_lock() {
    let world = World::start("follow-replica").await;
    let (owner, effects) = (world.owner("dossiers").await, world.effects().await);
    let _relay = owner.start_relay();
    let _replicas = [effects.follow(&owner), effects.follow(&owner)];
    for _ in 0..3 {
        owner.append(500).await;
        let leaders = "select pg_terminate_backend(a.pid) from pg_stat_activity a
            join pg_locks l on l.pid = a.pid and l.locktype = 'advisory' and l.granted
            where a.application_name like 'chiso follower %' and a.datname = current_database()";
        sqlx::query(leaders).execute(&effects.pool).await.unwrap();
        owner.append(500).await;
    }
    effects.complete(&owner).await;
}

/// Cannot apply some events, for a while or ever.
struct Refusing {
    /// What cannot be applied, ever.
    poison: Option<Position>,
    /// How often applying fails before it succeeds.
    failures: Arc<AtomicUsize>,
    log: &'static str,
}

impl Handler for Refusing {
    async fn apply(
        &mut self,
        tx: &mut PgConnection,
        log: &'static str,
        batch: &[Recorded],
    ) -> Result<(), HandlerError> {
        Counting.apply(tx, log, batch).await?;
        if log == self.log
            && batch
                .iter()
                .any(|event| Some(event.position) == self.poison)
        {
            return Err(HandlerError::poison("nobody knows this event"));
        }
        let fails = |left: usize| left.checked_sub(1);
        if self
            .failures
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, fails)
            .is_ok()
        {
            return Err(HandlerError::retry("the database is away"));
        }
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn poison_stops_its_own_log_at_its_position_and_no_other() {
    let world = World::start("follow-poison").await;
    let (bad, good) = (world.owner("dossiers").await, world.owner("registry").await);
    let _relays = [bad.start_relay(), good.start_relay()];
    bad.append(20).await;
    good.append(20).await;
    bad.relayed().await;
    let effects = world.effects().await;
    let follower = effects
        .follower(&bad.bus)
        .source(bad.name, bad.channel.clone())
        .source(good.name, good.channel.clone());
    let health = follower.health();
    let failures = Arc::default();
    let _follower = run(
        follower,
        Refusing {
            poison: Some(7),
            failures,
            log: bad.name,
        },
    );

    eventually("stopped", 1, || async {
        metric("chiso_consumer_stopped", bad.name)
    })
    .await;
    effects.complete_to(bad.name, 6).await;
    good.append(100).await;
    effects.complete(&good).await;
    let Some(Condition::Stopped(why)) = health.conditions().remove(bad.name) else {
        panic!("{:?}", health.conditions());
    };
    assert!(
        why.contains(&format!("event 7 (chiso.log.v1.Cause) of log {}", bad.name)),
        "{why}"
    );
    assert!(why.contains("nobody knows this event"), "{why}");
    assert_eq!(health.conditions()[good.name], Condition::Working);
    bad.append(10).await;
    effects.complete_to(bad.name, 6).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_for_a_while_is_tried_until_it_succeeds() {
    let world = World::start("follow-retry").await;
    let (owner, effects) = (world.owner("dossiers").await, world.effects().await);
    let _relay = owner.start_relay();
    let follower = effects
        .follower(&owner.bus)
        .source(owner.name, owner.channel.clone());
    let failures = Arc::new(AtomicUsize::new(3));
    let _follower = run(
        follower,
        Refusing {
            poison: None,
            failures,
            log: owner.name,
        },
    );
    owner.append(100).await;
    effects.complete(&owner).await;
    assert_eq!(metric("chiso_consumer_retries_total", owner.name), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_waits_for_the_position_that_it_asked_for() {
    let world = World::start("follow-progress").await;
    let (owner, effects) = (world.owner("dossiers").await, world.effects().await);
    let _relay = owner.start_relay();
    let follower = effects
        .follower(&owner.bus)
        .source(owner.name, owner.channel.clone());
    let (progress, gate) = (follower.progress(), follower.gate());
    let _follower: crate::support::Running = run(follower, Counting);
    owner.append(10).await;
    let in_a_minute = Instant::now() + Duration::from_secs(60);
    assert!(progress.wait(owner.name, 10, in_a_minute).await.unwrap() >= 10);
    assert_eq!(effects.times(owner.name).await.len(), 10);

    let held = gate.hold().await;
    owner.append(1).await;
    let soon = Instant::now() + Duration::from_millis(50);
    let behind = progress.wait(owner.name, 11, soon).await.unwrap_err();
    let (log, position, reached) = (owner.name.to_owned(), 11, 10);
    assert_eq!(
        behind,
        WaitError::Behind {
            log,
            position,
            reached
        }
    );
    drop(held);
    progress.wait(owner.name, 11, in_a_minute).await.unwrap();
}

/// So that a follower can be handed to a task.
#[test]
fn a_follower_and_what_it_hands_out_can_change_threads() {
    fn is_send<T: Send>() {}
    is_send::<Follower>();
    is_send::<jetstream::Progress>();
    is_send::<jetstream::BatchGate>();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_killed_in_the_middle_changes_nothing() {
    let world = World::start("follow-database").await;
    let (owner, effects) = (world.owner("dossiers").await, world.effects().await);
    let _relay = owner.start_relay();
    let _follower = effects.follow(&owner);
    owner.append(5_000).await;
    eventually("a start", true, || async {
        effects.checkpoint(owner.name).await > 0
    })
    .await;
    world.stack.kill_postgres().unwrap();
    world.stack.start_postgres().unwrap();
    eventually("the end", 5_000, || effects.checkpoint(owner.name)).await;
    owner.append(1_000).await;
    effects.complete(&owner).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_hangs_is_done_without() {
    let world = World::start("follow-hangs").await;
    let (owner, effects) = (world.owner("dossiers").await, world.effects().await);
    let _relay = owner.start_relay();
    let _follower = effects.follow(&owner);
    owner.append(100).await;
    effects.complete(&owner).await;
    world.stack.pause_nats().unwrap();
    owner.append(100).await;
    effects.complete(&owner).await;
    world.stack.resume_nats().unwrap();
    owner.append(100).await;
    effects.complete(&owner).await;
    owner.relayed().await;
    owner.assert_published().await;
}
