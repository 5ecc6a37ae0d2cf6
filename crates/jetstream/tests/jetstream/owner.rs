//! What the consumer does when the owner's own log is not what it was.

use jetstream::Condition;
use uuid::Uuid;

use crate::support::{Counting, World, eventually, run};

/// Follows a log to its end, lets `damage` happen while nobody follows, and returns why following it stops then.
async fn stops_after(name: &'static str, damage: &'static str) -> String {
    let world = World::start(name).await;
    let (owner, effects) = (world.owner("dossiers").await, world.effects().await);
    owner.append(10).await;
    let follower = effects.follow(&owner);
    effects.complete(&owner).await;
    follower.kill().await;
    owner.append(10).await;
    sqlx::raw_sql(damage)
        .execute(owner.log.pool())
        .await
        .unwrap();

    let follower = effects
        .follower(&owner.bus)
        .source(owner.name, owner.channel.clone());
    let health = follower.health();
    let _follower = run(follower, Counting);
    eventually("stopped", true, || async {
        matches!(
            health.conditions().get(owner.name),
            Some(Condition::Stopped(_))
        )
    })
    .await;
    effects.complete_to(owner.name, 10).await;
    match health.conditions().remove(owner.name) {
        Some(Condition::Stopped(why)) => why,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_whose_events_do_not_chain_is_not_followed() {
    let altered = "set eventlog.allow_change = 'yes';
        update eventlog.events set payload = 'forged' where position = 11";
    let why = stops_after("owner-altered", altered).await;
    assert!(why.contains("does not chain at position 11"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_that_lost_what_was_followed_is_not_followed() {
    let lost = "set eventlog.allow_change = 'yes';
        delete from eventlog.events where position > 5;
        update eventlog.head set position = 5,
            hash = (select hash from eventlog.events where position = 5)";
    let why = stops_after("owner-lost", lost).await;
    assert!(
        why.contains("ends at position 5, but was followed up to 10"),
        "{why}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn another_log_under_the_same_name_is_not_followed() {
    let world = World::start("owner-replaced").await;
    let (owner, effects) = (world.owner("dossiers").await, world.effects().await);
    owner.append(10).await;
    let follower = effects.follow(&owner);
    effects.complete(&owner).await;
    // Remembered in the background, on first contact.
    let remembered = "select log_epoch from jetstream.checkpoints where log = $1";
    eventually("the epoch", Some(owner.log.epoch()), || async {
        let epoch = sqlx::query_scalar(remembered)
            .bind(owner.name)
            .fetch_one(&effects.pool);
        epoch.await.unwrap()
    })
    .await;
    follower.kill().await;
    sqlx::query("update jetstream.checkpoints set log_epoch = $1")
        .bind(Uuid::from_u128(7))
        .execute(&effects.pool)
        .await
        .unwrap();

    let follower = effects
        .follower(&owner.bus)
        .source(owner.name, owner.channel.clone());
    let health = follower.health();
    let _follower = run(follower, Counting);
    eventually("stopped", true, || async {
        let condition = health.conditions().remove(owner.name);
        matches!(condition, Some(Condition::Stopped(why)) if why.contains("was replaced"))
    })
    .await;
}
