//! Everything that people see can be had again from the logs.

use allinone::Service::{Projection, Scoring};
use cli::Service;
use cli::rebuild::{Model, rebuild};
use contracts::dossiers::v1::{CorrectResultRequest, HandOverDossierRequest};
use system_tests::{Province, facts, given, snapshot};

/// The figures of a made-up year, by one department and the other.
async fn figures(province: &Province) -> String {
    snapshot::figures(province, &facts::PERIODS, &["department"]).await
}

/// What was counted, and then no more: each time the live model has seen the moment between, which a rebuild, in its
/// greater batches, has not.
async fn second_thoughts(province: &Province) {
    let services = &province.services;
    let mut client = services.dossiers.clone();
    let dossier = given::dossier(services, given::DEPARTMENT).await;
    given::completed(services, &dossier.code).await;
    province.settled().await;
    let correct = CorrectResultRequest {
        code: dossier.code,
        reason: "the wrong permit".into(),
        ..Default::default()
    };
    client.correct_result(correct).await.expect("corrected");
    let dossier = given::dossier(services, given::QUIET_DEPARTMENT).await;
    province.settled().await;
    let hand_over = HandOverDossierRequest {
        code: dossier.code,
        to_unit: given::DEPARTMENT.into(),
        reason: "not competent".into(),
        ..Default::default()
    };
    client
        .hand_over_dossier(hand_over)
        .await
        .expect("handed over");
}

#[tokio::test(flavor = "multi_thread")]
async fn read_models_made_anew_say_the_same_to_the_byte() {
    let mut province = Province::start("rebuild").await;
    given::catalog(&province.services).await;
    facts::import(&province.services).await;
    facts::report(&province.services).await;
    second_thoughts(&province).await;
    let heads = province.settled().await;
    let before = figures(&province).await;
    assert!(
        before.contains("PROGRESS_ON_TIME"),
        "nothing is compared: {before}"
    );

    for model in [Model::Scoring, Model::Projection] {
        let last = rebuild(&province.services, model, |_| ())
            .await
            .expect("a rebuild");
        assert_eq!(
            (last.stage.as_str(), last.differences),
            ("swapped", vec![]),
            "{model:?}"
        );
        assert_eq!(last.content_hash.len(), 32);
        assert_eq!(figures(&province).await, before, "after {model:?}");
    }

    for (service, owner) in [
        (Scoring, Service::Scoring),
        (Projection, Service::Projection),
    ] {
        province.all().stop(service).await.expect("it ends");
        province.sql(owner, "drop schema model cascade");
        province.all().restart(service).await.expect("it starts");
        assert_eq!(
            province.settled().await,
            heads,
            "{service} told something anew"
        );
        assert_eq!(
            figures(&province).await,
            before,
            "after {service} lost its model"
        );
    }
}
