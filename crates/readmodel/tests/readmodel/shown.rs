//! What readers see of a model.

use futures::FutureExt as _;
use prost::Message as _;

use crate::counting::{HELD, PLAIN, POISON};
use crate::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_loses_its_lease_in_the_middle_is_never_seen() {
    let world = World::start().await;
    world.append(&[PLAIN]).await;
    let process = world.process().await;
    process.counts(1).await;
    world.append(&[PLAIN, HELD]).await;
    world.begun(1).await;
    assert!(process.shown.read().now_or_never().is_none());
    world
        .sql(
            "select pg_terminate_backend(pid) from pg_stat_activity
             where application_name like 'chiso follower%' and datname = current_database()",
        )
        .await;
    // Meanwhile every look asserts that what is seen is whole.
    let again = world.begun(2);
    let looking = async {
        loop {
            assert_eq!(process.counted().await, 1);
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        () = again => {}
        () = looking => {}
    }
    world.permit(2);
    process.counts(3).await;
    process.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_go_on_with_what_was_committed_after_an_event_that_stops_its_log() {
    let world = World::start().await;
    world.append(&[PLAIN, PLAIN]).await;
    let process = world.process().await;
    process.counts(2).await;
    world.append(&[POISON]).await;
    // As a batch, and then alone.
    world.begun(2).await;
    assert_eq!(process.counted().await, 2);
    process.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_ends_in_the_middle_shows_nothing_half_done() {
    let world = World::start().await;
    world.append(&[PLAIN]).await;
    let process = world.process().await;
    process.counts(1).await;
    world.append(&[HELD]).await;
    world.begun(1).await;
    let shown = process.shown.clone();
    process.stop().await;
    let read = shown.read().now_or_never().expect("nobody holds it");
    assert_eq!(read.expect_err("no model").code(), tonic::Code::Unavailable);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_standby_shows_what_the_leader_counts_and_goes_on_when_that_is_gone() {
    let world = World::start().await;
    let leader = world.process().await;
    let standby = world.process().await;
    world.append(&[PLAIN, PLAIN]).await;
    leader.counts(2).await;
    standby.counts(2).await;
    leader.stop().await;
    world.append(&[PLAIN]).await;
    standby.counts(3).await;
    let told = standby.own.read(0, 100).await.expect("a page");
    let told: Vec<i64> = told
        .into_iter()
        .map(|event| i64::decode(event.payload).expect("a count"))
        .collect();
    assert!(told.is_sorted_by(|one, next| one < next), "{told:?}");
    assert_eq!(told.last(), Some(&3));
    standby.stop().await;
}
