//! Ballots from elsewhere: idempotent, row by row.

use contracts::assessments::v1 as pb;

use crate::sample::{DURING, WAVE, answers, came};
use crate::world::{UNITS, World};

fn row(id: &str, unit: &str, said: &[(&str, &str)]) -> pb::ImportBallotsRequest {
    pb::ImportBallotsRequest {
        source: "paper".into(),
        source_row_id: id.into(),
        wave: WAVE.into(),
        unit: unit.into(),
        group: "citizen".into(),
        answers: answers(said),
        weight: String::new(),
    }
}

fn rows(count: usize) -> Vec<pb::ImportBallotsRequest> {
    (0..count)
        .map(|number| {
            let attitude = (number % 5 + 1).to_string();
            row(
                &number.to_string(),
                UNITS[number % 3],
                &[("attitude", &attitude)],
            )
        })
        .collect()
}

async fn import(world: &World, rows: Vec<pb::ImportBallotsRequest>) -> pb::ImportBallotsResponse {
    let answer = world
        .surveys
        .clone()
        .import_ballots(tokio_stream::iter(rows))
        .await;
    answer.expect("imported").into_inner()
}

async fn open() -> World {
    let world = World::start_at(DURING).await;
    world.planned().await;
    world.open().await;
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn importing_twice_or_from_two_callers_at_once_counts_once() {
    let world = open().await;
    let (one, two) = tokio::join!(import(&world, rows(1_500)), import(&world, rows(1_500)));
    assert_eq!(one.accepted + two.accepted, 1_500, "{one:?} {two:?}");
    assert_eq!(one.repeated + two.repeated, 1_500);
    let again = import(&world, rows(1_500)).await;
    assert_eq!(
        (again.accepted, again.repeated, again.refused),
        (0, 1_500, 0)
    );
    assert_eq!(came(&world.wave(WAVE).await, UNITS[0], "citizen"), 500);
    world.close().await;
    let counted = world.counted(WAVE).await;
    assert_eq!(
        (came(&counted, UNITS[0], "citizen"), counted.destroyed),
        (500, 0)
    );
    let total = world.results().await.total.expect("a total");
    assert_eq!(
        (total.ballots, total.items[0].mean.as_str()),
        (1_500, "3.000000")
    );
    let late = world
        .surveys
        .clone()
        .import_ballots(tokio_stream::iter(rows(1)))
        .await;
    assert_eq!(
        late.expect_err("closed").code(),
        tonic::Code::FailedPrecondition
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_faulty_row_is_refused_alone_and_the_rest_goes_on() {
    let world = open().await;
    let good = [("attitude", "4")];
    let mut sent = vec![
        row("a", UNITS[0], &good),
        row("b", UNITS[0], &[("attitude", "6")]),
        row("c", "H40.99", &good),
        row("", UNITS[0], &good),
        row("d", UNITS[0], &[]),
        row("e", UNITS[0], &[("attitude", "1"), ("inside", "yes")]),
        row("a", UNITS[0], &good),
        row("f", UNITS[1], &good),
    ];
    sent.push(pb::ImportBallotsRequest {
        source: "other".into(),
        ..row("g", UNITS[0], &good)
    });
    sent.push(pb::ImportBallotsRequest {
        group: "nobody".into(),
        ..row("h", UNITS[0], &good)
    });
    sent.push(pb::ImportBallotsRequest {
        wave: "other".into(),
        ..row("i", UNITS[0], &good)
    });
    let answer = import(&world, sent).await;
    assert_eq!(
        (answer.accepted, answer.repeated, answer.refused),
        (2, 1, 8),
        "{answer:#?}"
    );
    let refused: Vec<i64> = answer.refusals.iter().map(|refused| refused.row).collect();
    assert_eq!(refused, [2, 3, 4, 5, 6, 9, 10, 11]);
    for (refused, part) in answer.refusals.iter().zip([
        "attitude",
        "asked",
        "source_row_id",
        "attitude",
        "inside",
        "source",
        "group",
        "wave",
    ]) {
        assert!(refused.reason.contains(part), "{part}: {}", refused.reason);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_takes_ten_thousand_rows_and_no_more() {
    let world = open().await;
    let refused = world
        .surveys
        .clone()
        .import_ballots(tokio_stream::iter(rows(10_001)))
        .await;
    assert_eq!(
        refused.expect_err("too many").code(),
        tonic::Code::ResourceExhausted
    );
    let rest = import(&world, rows(10_000)).await;
    assert_eq!((rest.accepted, rest.repeated), (0, 10_000));
}
