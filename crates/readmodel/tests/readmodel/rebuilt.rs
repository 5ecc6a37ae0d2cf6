//! Models that are rebuilt while they are served.

use tonic::Code;

use crate::counting::{HELD, PLAIN};
use crate::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_counts_every_event_also_those_that_come_in_meanwhile() {
    let world = World::start().await;
    world.append(&[PLAIN, PLAIN, HELD]).await;
    world.permit(1);
    let process = world.process().await;
    process.counts(3).await;
    let rebuild = process.rebuild();
    world.begun(2).await;
    let refused = process
        .rebuilds
        .start(|told| told)
        .expect_err("one is running");
    assert_eq!(refused.reason(), "REBUILDING");
    world.append(&[PLAIN; 4]).await;
    process.counts(7).await;
    world.permit(1);
    let mut messages = rebuild.await.expect("messages");
    let last = messages.pop().expect("a last one").expect("it went well");
    assert_eq!((last.stage, last.applied, last.total), ("swapped", 7, 7));
    assert_eq!((last.differences.len(), last.content_hash.len()), (0, 32));
    let stages: Vec<_> = messages
        .iter()
        .flatten()
        .map(|told| (told.stage, told.applied))
        .collect();
    assert_eq!(stages, [("filling", 3), ("filling", 7), ("verifying", 7)]);
    world.append(&[PLAIN]).await;
    process.counts(8).await;
    process.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_that_is_interrupted_leaves_the_live_model_as_it_was() {
    let world = World::start().await;
    world.append(&[PLAIN, HELD]).await;
    world.permit(1);
    let process = world.process().await;
    process.counts(2).await;
    let rebuild = process.rebuild();
    world.begun(2).await;
    process.stop().await;
    let messages = rebuild.await.expect("messages");
    let last = messages.last().expect("a last one");
    assert_eq!(
        last.as_ref().expect_err("interrupted").code(),
        Code::Unavailable
    );

    let process = world.process().await;
    assert_eq!(process.counted().await, 2);
    world.append(&[PLAIN]).await;
    process.counts(3).await;
    world.permit(1);
    let messages = process.rebuild().await.expect("messages");
    let last = messages
        .last()
        .expect("a last one")
        .as_ref()
        .expect("it went well");
    assert_eq!((last.stage, last.applied), ("swapped", 3));
    process.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_by_a_standby_keeps_the_batches_of_the_leader_out_and_loses_none() {
    let world = World::start().await;
    world.append(&[PLAIN]).await;
    let leader = world.process().await;
    leader.counts(1).await;
    let standby = world.process().await;
    let mut events = 1;
    for _ in 0..5 {
        let rebuild = standby.rebuild();
        while !rebuild.is_finished() {
            world.append(&[PLAIN]).await;
            events += 1;
        }
        let messages = rebuild.await.expect("messages");
        let last = messages
            .last()
            .expect("a last one")
            .as_ref()
            .expect("it went well");
        assert_eq!((last.stage, &last.differences), ("swapped", &vec![]));
    }
    leader.counts(events).await;
    standby.counts(events).await;
    let (one, other) = (leader.rebuild(), standby.rebuild());
    for messages in [one, other] {
        let messages = messages.await.expect("messages");
        match messages.last().expect("a last one") {
            Ok(last) => assert_eq!((last.stage, last.applied), ("swapped", events)),
            Err(refused) => assert_eq!(refused.code(), Code::FailedPrecondition),
        }
    }
    leader.stop().await;
    standby.stop().await;
}
