//! Logs reach a service interleaved differently every time; the figures must not depend on it.

use allinone::Service::{Projection, Scoring};
use system_tests::{Province, facts, given, snapshot};

async fn figures(province: &Province) -> String {
    province.settled().await;
    snapshot::figures(province, &facts::PERIODS, &["department"]).await
}

/// Everything known before the first dossier comes in.
async fn in_order() -> String {
    let province = Province::start("ordered").await;
    given::catalog(&province.services).await;
    facts::report(&province.services).await;
    facts::import(&province.services).await;
    figures(&province).await
}

/// Dossiers first, then what they are judged by.
async fn definition_last() -> String {
    let province = Province::start("late").await;
    given::registry(&province.services).await;
    facts::import(&province.services).await;
    province.settled().await;
    facts::report(&province.services).await;
    given::shipped_definition(&province.services).await;
    figures(&province).await
}

/// Whoever scores sleeps through it all, and reads three logs at once when it wakes, in turns that nobody chose.
async fn all_at_once() -> String {
    let mut province = Province::start("asleep").await;
    province.all().stop(Scoring).await.expect("it ends");
    province.all().stop(Projection).await.expect("it ends");
    given::catalog(&province.services).await;
    facts::import(&province.services).await;
    facts::report(&province.services).await;
    // Projection hears of the units before it hears of points, or the other way round.
    province.all().restart(Projection).await.expect("it starts");
    province.all().restart(Scoring).await.expect("it starts");
    figures(&province).await
}

/// Every log comes in pieces, with restarts between them.
async fn in_pieces() -> String {
    let mut province = Province::start("pieces").await;
    given::registry(&province.services).await;
    facts::report(&province.services).await;
    province.all().kill(Scoring).await;
    facts::import(&province.services).await;
    province.all().restart(Scoring).await.expect("it starts");
    province.all().kill(Projection).await;
    given::shipped_definition(&province.services).await;
    province.all().restart(Projection).await.expect("it starts");
    figures(&province).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_figures_do_not_depend_on_the_order_in_which_logs_are_read() {
    let expected = in_order().await;
    assert!(
        expected.contains("PROGRESS_ON_TIME"),
        "nothing is compared: {expected}"
    );
    assert_eq!(definition_last().await, expected);
    assert_eq!(all_at_once().await, expected);
    assert_eq!(in_pieces().await, expected);
}
