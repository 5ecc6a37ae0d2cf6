//! The timer: what becomes overdue does so by itself.

use std::time::Duration;

use contracts::dossiers::v1 as pb;
use contracts::log::v1::Metadata;
use contracts::wire::instant;
use jiff::{SignedDuration, Timestamp};
use prost::Message;

use crate::catalog::{ONE_HOUR, reception};
use crate::world::{World, at, eventually};

const DUE: &str = "2025-03-03T10:00:00+07:00";

/// Receives a dossier that is due at [`DUE`].
async fn received(world: &World, code: &str) {
    let request = pb::ReceiveDossierRequest {
        context: Some(at("2025-03-03T09:00:00+07:00")),
        ..reception(code, ONE_HOUR)
    };
    world
        .dossiers
        .clone()
        .receive_dossier(request)
        .await
        .expect("received");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dossier_becomes_overdue_in_the_second_it_does_with_nobody_calling() {
    let world = World::start_at(Some("2025-03-03T10:00:00+07:00")).await;
    let begun = world.an_hour_before(SignedDuration::from_secs(2));
    let request = pb::ReceiveDossierRequest {
        context: Some(at(&begun.to_string())),
        ..reception("late-1", ONE_HOUR)
    };
    let dossier = world
        .dossiers
        .clone()
        .receive_dossier(request)
        .await
        .expect("received");
    assert_eq!(dossier.into_inner().timeliness(), pb::Timeliness::Within);

    let (event, overdue) = world.event::<pb::DossierOverdue>("late-1").await;
    let due = begun + SignedDuration::from_hours(1);
    assert_eq!(overdue.due_at.as_ref().and_then(instant), Some(due));
    let recorded = event
        .recorded_at
        .as_ref()
        .and_then(instant)
        .expect("a moment");
    assert!(recorded > due, "{recorded} {due}");
    assert!(
        recorded.duration_since(due) < SignedDuration::from_secs(1),
        "{recorded} {due}"
    );
    let metadata = Metadata::decode(event.metadata.as_ref()).expect("metadata");
    assert_eq!(metadata.occurred_at.as_ref().and_then(instant), Some(due));
    assert_eq!(metadata.actor, "timer");
    assert_eq!(
        world.get("late-1").await.timeliness(),
        pb::Timeliness::Overdue
    );
    assert_eq!(world.head().await, 2, "marked once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_due_date_that_passed_while_the_service_was_down_is_noticed_at_its_start() {
    let mut world = World::start_at(Some("2025-03-03T09:30:00+07:00")).await;
    received(&world, "down-1").await;
    world.stop().await;
    world.restart_at("2025-03-03T10:30:00+07:00").await;
    let (event, _) = world.event::<pb::DossierOverdue>("down-1").await;
    let metadata = Metadata::decode(event.metadata.as_ref()).expect("metadata");
    let due: Timestamp = DUE.parse().expect("a moment");
    assert_eq!(metadata.occurred_at.as_ref().and_then(instant), Some(due));
}

/// Old cases come in while their ends are still on the way: only what stays open is overdue.
#[tokio::test(flavor = "multi_thread")]
async fn history_settles_before_what_it_leaves_open_is_marked() {
    let world = World::start().await;
    for code in ["ended-1", "open-1"] {
        received(&world, code).await;
    }
    // As slow as a client may be between two rows of one case.
    tokio::time::sleep(Duration::from_millis(500)).await;
    let request = pb::CompleteDossierRequest {
        context: Some(at(DUE)),
        code: "ended-1".into(),
    };
    let ended = world
        .dossiers
        .clone()
        .complete_dossier(request)
        .await
        .expect("completed");
    assert_eq!(ended.into_inner().timeliness(), pb::Timeliness::OnTime);
    world.event::<pb::DossierOverdue>("open-1").await;
    assert_eq!(world.events("ended-1").await.len(), 2);
    assert_eq!(world.head().await, 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_read_models_are_filled_again_when_they_are_lost() {
    let mut world = World::start_at(Some("2025-03-03T09:30:00+07:00")).await;
    received(&world, "lost-1").await;
    world.stop().await;
    let pool = world.pool().await;
    sqlx::raw_sql("truncate dossier, read_model, code_counter")
        .execute(&pool)
        .await
        .expect("emptied");
    world.restart_at("2025-03-03T09:31:00+07:00").await;
    let dossiers = world.dossiers.clone();
    let row = eventually("the row is back", async || {
        let listed = dossiers
            .clone()
            .list_dossiers(pb::ListDossiersRequest::default())
            .await;
        listed
            .expect("listed")
            .into_inner()
            .dossiers
            .into_iter()
            .next()
    })
    .await;
    assert_eq!((row.code.as_str(), row.version), ("lost-1", 1));
}
