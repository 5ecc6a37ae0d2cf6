//! Everything that people see can be had again from the logs.

use allinone::Service::{Projection, Scoring};
use cli::Service;
use cli::rebuild::{Model, rebuild};
use system_tests::{Province, facts, given, snapshot};

/// The figures of a made-up year, by one department and the other.
async fn figures(province: &Province) -> String {
    snapshot::figures(province, &facts::PERIODS, &["department"]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn read_models_made_anew_say_the_same_to_the_byte() {
    let mut province = Province::start("rebuild").await;
    given::catalog(&province.services).await;
    facts::import(&province.services).await;
    facts::report(&province.services).await;
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
