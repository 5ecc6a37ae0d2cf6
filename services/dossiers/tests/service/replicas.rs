//! Several processes over one database.

use contracts::dossiers::v1 as pb;
use jiff::SignedDuration;

use crate::catalog::{FIVE_DAYS, ONE_HOUR, reception};
use crate::world::{World, at, eventually};

#[tokio::test(flavor = "multi_thread")]
async fn replicas_share_the_work_and_mark_a_dossier_once() {
    let world = World::start_at(Some("2025-03-03T10:00:00+07:00")).await;
    let other = world.replica().await;
    let begun = world
        .an_hour_before(SignedDuration::from_secs(2))
        .to_string();
    for number in 0..40 {
        let request = pb::ReceiveDossierRequest {
            context: Some(at(&begun)),
            ..reception(&format!("both-{number}"), ONE_HOUR)
        };
        let mut at_either = if number % 2 == 0 {
            world.dossiers.clone()
        } else {
            other.clone()
        };
        at_either.receive_dossier(request).await.expect("received");
    }
    for number in 0..40 {
        world
            .event::<pb::DossierOverdue>(&format!("both-{number}"))
            .await;
    }
    // A later event of another dossier shows that nothing more was written in between.
    let request = pb::ReceiveDossierRequest {
        context: Some(at("2025-03-03T10:00:00+07:00")),
        ..reception("last-1", FIVE_DAYS)
    };
    let last = other
        .clone()
        .receive_dossier(request)
        .await
        .expect("received")
        .into_inner();
    assert_eq!(last.position, 81);
    eventually("both models agree on all", async || {
        let page = pb::ListDossiersRequest {
            page_size: 500,
            ..Default::default()
        };
        let listed = other
            .clone()
            .list_dossiers(page)
            .await
            .expect("listed")
            .into_inner();
        (listed.dossiers.len() == 41).then_some(())
    })
    .await;
}
