//! The relay: the JetStream stream is the log, whatever happens to the broker.

use async_nats::jetstream::context::PublishErrorKind;
use async_nats::jetstream::message::PublishMessage;
use eventlog::{Append, Expected, StreamAppend};
use jetstream::{Body, Condition, Relay, Subject};
use tokio_util::sync::CancellationToken;

use crate::support::{Owner, Running, World, event, eventually, metric};

#[tokio::test(flavor = "multi_thread")]
async fn every_event_is_the_message_at_its_position() {
    let world = World::start("relay-all").await;
    let owner = world.owner("dossiers").await;
    let relay = owner.start_relay();
    owner.append(100).await;
    owner.relayed().await;
    relay.kill().await;
    owner.append(1_200).await;
    let _relay = owner.start_relay();
    owner.append(2_400).await;
    owner.relayed().await;
    owner.assert_published().await;

    let (_, message) = owner.messages().await.swap_remove(0);
    let expected = format!("chiso.H40.{}.dossier.Cause.000_00_00_X__0", owner.name);
    assert_eq!(message.subject.as_str(), expected);
    let headers = message.headers.unwrap();
    let header = |name: &str| headers.get(name).unwrap().to_string();
    assert_eq!(header("ce-specversion"), "1.0");
    assert_eq!(header("ce-id"), "event-0");
    assert_eq!(header("ce-source"), format!("/chiso/H40/{}", owner.name));
    assert_eq!(header("ce-type"), "chiso.log.v1.Cause");
    assert_eq!(header("ce-subject"), "dossier-000.00.00.X%C3%A3%200");
    assert!(header("ce-time").starts_with("2024-04-15T"));
    assert_eq!(header("content-type"), "application/protobuf");
    assert!(header("traceparent").starts_with("00-4bf92f"));
    assert_eq!(metric("chiso_relay_position", owner.name), 3_700);
    assert_eq!(metric("chiso_relay_republished_total", owner.name), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_public_feed_is_json() {
    let world = World::start("relay-json").await;
    let owner = world.owner("projection").await;
    owner.append(1).await;
    let relay = Relay::new(
        owner.log.clone(),
        owner.bus.clone(),
        Subject::of,
        Body::json,
    );
    let _relay = Running::new(relay.run(CancellationToken::new()));
    owner.append(1).await;
    owner.relayed().await;
    let (_, message) = owner.messages().await.swap_remove(0);
    assert_eq!(message.payload, r#"{"log":"event 0"}"#);
    assert_eq!(
        message
            .headers
            .unwrap()
            .get("content-type")
            .unwrap()
            .as_str(),
        "application/json"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_killed_and_wiped_in_the_middle_is_filled_again_with_the_same() {
    let world = World::start("relay-wiped").await;
    let owner = world.owner("dossiers").await;
    let _relay = owner.start_relay();
    owner.append(2_000).await;
    owner.relayed().await;

    world.stack.kill_nats().unwrap();
    owner.append(500).await;
    world.stack.wipe_nats().unwrap();
    world.stack.start_nats().unwrap();
    owner.append(500).await;
    owner.relayed().await;
    owner.assert_published().await;
    assert_eq!(metric("chiso_relay_republished_total", owner.name), 2_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_killed_without_loss_goes_on_where_it_was() {
    let world = World::start("relay-killed").await;
    let owner = world.owner("dossiers").await;
    let _relay = owner.start_relay();
    owner.append(1_000).await;
    owner.relayed().await;
    world.stack.kill_nats().unwrap();
    owner.append(1_000).await;
    world.stack.start_nats().unwrap();
    owner.relayed().await;
    owner.assert_published().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_wiped_while_nothing_happens_is_filled_again() {
    let world = World::start("relay-idle").await;
    let owner = world.owner("dossiers").await;
    let _relay = owner.start_relay();
    owner.append(100).await;
    owner.relayed().await;
    owner
        .bus
        .context()
        .delete_stream(owner.bus.stream_name(owner.name))
        .await
        .unwrap();
    owner.relayed().await;
    owner.assert_published().await;
    assert_eq!(metric("chiso_relay_republished_total", owner.name), 100);
}

/// Publishes what a relay would, were it still to believe that `position` is next.
async fn publish_late(owner: &Owner, position: u64) -> Result<(), PublishErrorKind> {
    let message = PublishMessage::build()
        .payload("late".into())
        .expected_last_sequence(position - 1);
    let subject = format!("chiso.H40.{}.dossier.Cause.1", owner.name);
    let sent = owner
        .bus
        .context()
        .send_publish(subject, message)
        .await
        .unwrap()
        .await;
    sent.map(|_| ()).map_err(|error| error.kind())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deposed_relay_can_neither_repeat_nor_skip_anything() {
    let world = World::start("relay-zombie").await;
    let owner = world.owner("dossiers").await;
    let _relay = owner.start_relay();
    owner.append(50).await;
    owner.relayed().await;
    for position in [1, 20, 50, 52, 1_000] {
        let refused = publish_late(&owner, position).await;
        assert_eq!(
            refused,
            Err(PublishErrorKind::WrongLastSequence),
            "{position}"
        );
    }
    owner.assert_published().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_takes_over_from_a_relay_that_lost_its_lock() {
    let world = World::start("relay-replica").await;
    let owner = world.owner("dossiers").await;
    let _relays = [owner.start_relay(), owner.start_relay()];
    for _ in 0..5 {
        owner.append(300).await;
        let leaders = "select pg_terminate_backend(a.pid) from pg_stat_activity a
            join pg_locks l on l.pid = a.pid and l.locktype = 'advisory' and l.granted
            where a.application_name like 'chiso relay %' and a.datname = current_database()";
        sqlx::query(leaders)
            .execute(owner.log.pool())
            .await
            .unwrap();
        owner.append(300).await;
    }
    owner.relayed().await;
    owner.assert_published().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_somebody_else_wrote_to_is_refused_until_it_is_deleted() {
    let world = World::start("relay-foreign").await;
    let owner = world.owner("dossiers").await;
    let relay = owner.start_relay();
    owner.append(5).await;
    owner.relayed().await;
    relay.kill().await;
    publish_late(&owner, 6).await.unwrap();

    let relay = owner.relay();
    let health = relay.health();
    let relay = Running::new(relay.run(CancellationToken::new()));
    let is_refused = |because: &'static str| {
        let health = health.clone();
        move || {
            let condition = health.conditions().remove(owner.name);
            async move { matches!(condition, Some(Condition::Stopped(why)) if why.contains(because)) }
        }
    };
    eventually("refused", true, is_refused("but the log at position 5")).await;
    assert_eq!(metric("chiso_relay_refused", owner.name), 1);
    relay.kill().await;

    owner.append(5).await;
    let relay = owner.relay();
    let health = relay.health();
    let _relay = Running::new(relay.run(CancellationToken::new()));
    eventually("refused", true, || {
        let condition = health.conditions().remove(owner.name);
        async move {
            matches!(condition, Some(Condition::Stopped(why)) if why.contains("nats stream rm"))
        }
    })
    .await;
    assert_eq!(owner.tail().await, Some(6));

    owner
        .bus
        .context()
        .delete_stream(owner.bus.stream_name(owner.name))
        .await
        .unwrap();
    owner.relayed().await;
    owner.assert_published().await;
    eventually("healthy", true, || async { health.is_healthy() }).await;
    assert_eq!(metric("chiso_relay_refused", owner.name), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_large_for_the_broker_goes_out_without_its_body() {
    let world = World::start("relay-large").await;
    let owner = world.owner("dossiers").await;
    let effects = world.effects().await;
    let _relay = owner.start_relay();
    owner.append(3).await;
    let mut large = event(4);
    let cause = contracts::log::v1::Cause {
        log: "x".repeat(1_045_000),
        position: 1,
    };
    large.payload = prost::Message::encode_to_vec(&cause).into();
    let streams = vec![StreamAppend {
        stream: "dossier-1".into(),
        expected: Expected::Any,
        events: vec![large],
    }];
    owner
        .log
        .append(Append {
            streams,
            receipts: Vec::new(),
        })
        .await
        .unwrap();
    owner.append(3).await;
    owner.relayed().await;

    let (_, message) = owner.messages().await.swap_remove(3);
    assert_eq!(
        message
            .headers
            .unwrap()
            .get("chiso-omitted")
            .unwrap()
            .as_str(),
        "too-large"
    );
    assert!(message.payload.is_empty());
    let _follower = effects.follow(&owner);
    effects.complete(&owner).await;
    assert_eq!(metric("chiso_consumer_gaps_total", owner.name), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_hangs_makes_the_relay_degraded_and_then_well_again() {
    let world = World::start("relay-hangs").await;
    let owner = world.owner("dossiers").await;
    let relay = owner.relay();
    let health = relay.health();
    let _relay = Running::new(relay.run(CancellationToken::new()));
    owner.append(100).await;
    owner.relayed().await;
    world.stack.pause_nats().unwrap();
    owner.append(100).await;
    eventually("degraded", false, || async { health.is_healthy() }).await;
    assert_eq!(metric("chiso_relay_lag_events", owner.name), 100);
    world.stack.resume_nats().unwrap();
    owner.relayed().await;
    eventually("healthy", true, || async { health.is_healthy() }).await;
    owner.assert_published().await;
}
