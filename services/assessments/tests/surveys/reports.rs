//! Figures that a counted wave states, and who may state them beside it.

use contracts::assessments::v1 as pb;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::lifecycle::cast;
use crate::sample::{DURING, WAVE};
use crate::world::{UNITS, World, eventually, repeatable};

/// An input that the sample's wave feeds.
const INPUT: &str = "attitude_good";

async fn report(
    world: &World,
    unit: &str,
    month: &str,
    value: &str,
) -> Result<pb::ReportedMeasure, Status> {
    let request = pb::ReportMeasureRequest {
        context: repeatable(),
        unit: unit.into(),
        month: month.into(),
        measure: INPUT.into(),
        value: value.into(),
        source: "báo cáo 12/BC".into(),
    };
    let answer = world.assessments.clone().report_measure(request).await?;
    Ok(answer.into_inner())
}

/// What is reported of a unit in the last month of the wave's period, and where that is from.
async fn reported(world: &World, unit: &str) -> Option<(String, String)> {
    let request = pb::ListReportedMeasuresRequest {
        unit: unit.into(),
        month: "2024-12".into(),
        ..Default::default()
    };
    let listed = world
        .assessments
        .clone()
        .list_reported_measures(request)
        .await;
    let rows = listed.expect("listed").into_inner().measures.into_iter();
    let mut of_input = rows.filter(|row| row.measure == INPUT);
    of_input.next().map(|row| (row.value, row.source))
}

async fn becomes(world: &World, unit: &str, value: &str, source: &str) {
    let wanted = Some((value.to_owned(), source.to_owned()));
    eventually("the figure is stated", async || {
        (reported(world, unit).await == wanted).then_some(())
    })
    .await;
}

async fn withhold(world: &World, unit: &str) {
    let request = pb::WithholdResultsRequest {
        context: repeatable(),
        wave: WAVE.into(),
        unit: unit.into(),
        reason: "phiếu do cơ quan điền hộ".into(),
    };
    let answer = world.surveys.clone().withhold_results(request).await;
    answer.expect("withheld");
}

#[track_caller]
fn refused(answer: Result<pb::ReportedMeasure, Status>) {
    let status = answer.expect_err("the wave states it");
    assert_eq!(status.code(), Code::FailedPrecondition, "{status:?}");
    let info = status.get_details_error_info().expect("a reason");
    assert_eq!(info.reason, "FIGURE_SURVEYED");
    assert_eq!(info.metadata["wave"], WAVE);
    for said in [WAVE, "withhold"] {
        assert!(status.message().contains(said), "{status:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_counted_wave_states_is_reported_by_nobody_else_until_it_is_withheld() {
    let world = World::start_at(DURING).await;
    world.planned().await;
    world.open().await;
    for unit in [UNITS[0], UNITS[1]] {
        cast(&world, unit, "citizen", 20).await;
    }
    // Nothing is counted yet.
    let early = report(&world, UNITS[0], "2024-12", "3").await;
    let early = early.expect("reported");
    world.close().await;
    world.counted(WAVE).await;
    let source = format!("survey {WAVE}");
    for unit in [UNITS[0], UNITS[1]] {
        becomes(&world, unit, "8", &source).await;
    }
    let head = world.head().await;
    for month in ["2024-12", "2024-03"] {
        refused(report(&world, UNITS[0], month, "3").await);
    }
    assert_eq!(world.head().await, head);
    let outside = report(&world, UNITS[0], "2025-01", "3").await;
    assert!(outside.expect("another period").version > early.version);

    withhold(&world, UNITS[0]).await;
    becomes(&world, UNITS[0], "0", &source).await;
    let by_hand = report(&world, UNITS[0], "2024-12", "3").await;
    assert_eq!(by_hand.expect("reported").value, "3");
    refused(report(&world, UNITS[1], "2024-12", "3").await);
    // What is withheld next is taken back after that: by then the figure by hand would be gone, too.
    withhold(&world, UNITS[1]).await;
    becomes(&world, UNITS[1], "0", &source).await;
    let stands = reported(&world, UNITS[0]).await.expect("a figure");
    assert_eq!(stands, ("3".to_owned(), "báo cáo 12/BC".to_owned()));

    let release = pb::ReleaseResultsRequest {
        context: repeatable(),
        wave: WAVE.into(),
        unit: UNITS[0].into(),
        reason: "kiểm tra lại".into(),
    };
    let released = world.surveys.clone().release_results(release).await;
    released.expect("released");
    becomes(&world, UNITS[0], "8", &source).await;
    refused(report(&world, UNITS[0], "2024-12", "3").await);
}
