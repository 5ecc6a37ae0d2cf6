//! A year and a half of real cases comes in as a file.

use cli::Service;
use cli::rebuild::{Model, rebuild};
use serde_json::json;
use system_tests::receipt::{self, FIGURES, Figures};
use system_tests::{Province, skipped};

#[tokio::test(flavor = "multi_thread")]
async fn an_import_gives_the_figures_of_the_file_wherever_they_are_counted() {
    let Some(file) = receipt::file() else {
        return skipped("receipt", "../shared/data/receipt.csv is not there");
    };
    let province = Province::start("receipt").await;
    receipt::given_catalog(&province.services).await;

    let first = receipt::import(&province, &file);
    assert_eq!(counts(&first), [receipt::ROWS, receipt::ROWS, 0, 0]);
    receipt::overdue_told(&province).await;
    let heads = province.settled().await;

    assert_eq!(heads["dossiers"], receipt::EVENTS);
    assert_eq!(Figures::of_scoring(&province).await, FIGURES);
    receipt::projection_follows(&province).await;
    assert_eq!(Figures::of_sql(&province), FIGURES);
    assert_eq!(
        province.sql(Service::Dossiers, "select count(*) from eventlog.events"),
        receipt::EVENTS.to_string()
    );

    let second = receipt::import(&province, &file);
    assert_eq!(counts(&second), [receipt::ROWS, 0, receipt::ROWS, 0]);
    assert_eq!(second["position"], json!(0), "nothing was written");
    assert_eq!(province.settled().await, heads, "no log has grown");
    assert_eq!(Figures::of_scoring(&province).await, FIGURES);

    for model in [Model::Scoring, Model::Projection] {
        let last = rebuild(&province.services, model, |_| ())
            .await
            .expect("a rebuild");
        assert_eq!((last.stage.as_str(), last.differences), ("swapped", vec![]));
        assert!(
            last.applied >= receipt::DOSSIERS,
            "{model:?} read the logs again"
        );
    }
    assert_eq!(Figures::of_scoring(&province).await, FIGURES);
    receipt::projection_follows(&province).await;
    assert_eq!(
        province.heads().await,
        heads,
        "a rebuild tells nothing anew"
    );
}

/// Rows in all, accepted, repeated, refused.
fn counts(summary: &serde_json::Value) -> [i64; 4] {
    ["rows", "accepted", "repeated", "refused"].map(|count| {
        summary[count]
            .as_i64()
            .unwrap_or_else(|| panic!("{summary}"))
    })
}
