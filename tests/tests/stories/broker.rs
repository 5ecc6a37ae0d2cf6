//! The broker dies in the middle of it and forgets everything.

use cli::import::{Mapping, import};
use stack::{Options, Stack};
use system_tests::receipt::{self, FIGURES, Figures};
use system_tests::{Brake, CEILING, Province, eventually, skipped};

/// Where the import is held while the broker is killed: in the middle of it.
const MIDDLE: i64 = 3_000;

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_dies_and_forgets_changes_no_figure() {
    let Some(file) = receipt::file() else {
        return skipped("broker", "../shared/data/receipt.csv is not there");
    };
    // A stack of its own, whose end does not matter to other stories; it lives as long as this program.
    let stack = Stack::start(&Options::named("broker")).expect("a stack");
    let stack: &'static Stack = Box::leak(Box::new(stack));
    let province = Province::start_on(stack, "broker").await;
    receipt::given_catalog(&province.services).await;
    let detours = detours();

    let mapping = Mapping::read(&receipt::mapping()).expect("a mapping");
    let brake = Brake::at(stack, "broker_dossiers", MIDDLE);
    let importing = import(&province.services, &mapping, &file, CEILING);
    let breaking = async {
        let head = brake.held().await;
        stack.kill_nats().expect("killed");
        stack.wipe_nats().expect("wiped");
        brake.release();
        stack.start_nats().expect("started");
        head
    };
    let (imported, killed_at) = tokio::join!(importing, breaking);

    let (summary, _) = imported.expect("the import does not need the broker");
    assert_eq!((summary.accepted, summary.refused.len()), (8_577, 0));
    assert!(killed_at > 0, "the broker was killed before the import");
    receipt::overdue_told(&province).await;
    let heads = province.settled().await;
    assert_eq!(heads["dossiers"], receipt::EVENTS);
    assert_eq!(Figures::of_scoring(&province).await, FIGURES);
    receipt::projection_follows(&province).await;
    assert_eq!(Figures::of_sql(&province), FIGURES);
    assert_eq!(province.verified().await, heads);
    let log = std::fs::read_to_string(stack.folder().join("nats.log")).expect("a log");
    assert!(
        !log.contains("Violation"),
        "a service lacks a right, and helps itself with the owners' feeds: {log}"
    );
    eventually(
        "what was lost was published again, or read from its owner",
        async || {
            let now = self::detours();
            if now > detours {
                Ok(())
            } else {
                Err((detours, now))
            }
        },
    )
    .await;
}

/// Events published again, and gaps that consumers found, in this program so far.
fn detours() -> i64 {
    let names = ["chiso_relay_republished_total", "chiso_consumer_gaps_total"];
    let metrics = runtime::ops::metrics_text();
    let counted = metrics
        .lines()
        .filter(|line| names.iter().any(|name| line.starts_with(name)))
        .filter_map(|line| line.rsplit(' ').next()?.parse::<i64>().ok());
    counted.sum()
}
