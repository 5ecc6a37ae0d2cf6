//! Models that are gone.

use readmodel::KeptError;
use runtime::Shutdown;

use crate::counting::{HELD, PLAIN};
use crate::world::World;

/// A world whose service has counted seven events, ended, and lost its model.
async fn without_model() -> (World, i64) {
    let world = World::start().await;
    world
        .append(&[PLAIN, PLAIN, HELD, PLAIN, PLAIN, PLAIN, PLAIN])
        .await;
    world.permit(1);
    let process = world.process().await;
    process.counts(7).await;
    let told = process.own.head().await.expect("a head").position;
    process.stop().await;
    world.sql("drop schema model cascade").await;
    (world, told)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_is_gone_is_filled_again_before_it_is_shown_and_tells_nothing_anew() {
    let (world, told) = without_model().await;
    world.permit(1);
    let process = world.process().await;
    assert_eq!(process.counted().await, 7);
    world.append(&[PLAIN]).await;
    process.counts(8).await;
    let head = process.own.head().await.expect("a head").position;
    assert_eq!(head, told + 1);
    process.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_is_filled_half_is_none() {
    let (world, _) = without_model().await;
    let shutdown = Shutdown::new();
    let interrupt = async {
        world.begun(2).await;
        shutdown.cancel();
    };
    let (opened, ()) = tokio::join!(world.open(&shutdown), interrupt);
    assert!(matches!(opened.err(), Some(KeptError::Model(_))));
    assert!(!world.has_model().await);
    world.permit(1);
    let process = world.process().await;
    assert_eq!(process.counted().await, 7);
    process.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_that_find_no_model_fill_it_once() {
    let (world, _) = without_model().await;
    world.permit(1);
    let (one, other) = tokio::join!(world.process(), world.process());
    assert_eq!((one.counted().await, other.counted().await), (7, 7));
    one.stop().await;
    other.stop().await;
}
