//! A wave from its plan to its results.

use contracts::assessments::v1 as pb;
use pb::WaveStage;

use crate::sample::{CLOSES, DURING, WAVE, ballot, came, tokens};
use crate::world::{UNITS, World, repeatable};

/// Casts ballots whose attitudes are 1, 2, 3, 4, 5, 1, 2, …
pub(crate) async fn cast(world: &World, unit: &str, group: &str, count: i32) {
    let tokens = world.tokens(unit, group, count).await;
    for (token, attitude) in tokens.iter().zip((1..=5).cycle()) {
        let request = ballot(token, &[("attitude", &attitude.to_string())]);
        world
            .surveys
            .clone()
            .cast_ballot(request)
            .await
            .expect("cast");
    }
}

fn mean<'a>(block: &'a pb::SurveyBlock, question: &str) -> &'a str {
    let item = block.items.iter().find(|item| item.question == question);
    &item.expect("a question").mean
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wave_is_planned_opened_answered_closed_and_counted() {
    let world = World::start_at(DURING).await;
    let planned = world.planned().await;
    assert_eq!((planned.stage(), planned.minimum), (WaveStage::Planned, 15));
    assert_eq!(world.open().await.stage(), WaveStage::Open);
    cast(&world, UNITS[0], "citizen", 25).await;
    cast(&world, UNITS[0], "official", 10).await;
    cast(&world, UNITS[1], "citizen", 20).await;
    cast(&world, UNITS[2], "citizen", 3).await;

    let wave = world.wave(WAVE).await;
    assert_eq!(came(&wave, UNITS[0], "citizen"), 25);
    let first = &wave.progress[0];
    assert_eq!((first.quota, first.issued), (30, 25));
    let early = pb::GetSurveyResultsRequest {
        wave: WAVE.into(),
        ..Default::default()
    };
    let refused = world.surveys.clone().get_survey_results(early).await;
    assert_eq!(
        refused.expect_err("not yet").code(),
        tonic::Code::FailedPrecondition
    );

    assert_eq!(world.close().await.stage(), WaveStage::Closed);
    let counted = world.counted(WAVE).await;
    assert_eq!(came(&counted, UNITS[0], "citizen"), 25);
    assert_eq!(
        (came(&counted, UNITS[2], "citizen"), counted.destroyed),
        (3, 3)
    );

    let results = world.results().await;
    assert_eq!((results.factor.as_str(), results.destroyed), ("1.960", 3));
    let total = results.total.as_ref().expect("a total");
    assert_eq!((total.ballots, mean(total, "attitude")), (55, "3.000000"));
    let attitude = &total.items[0];
    assert_eq!(
        (attitude.answered, attitude.satisfied.as_str()),
        (55, "0.400000")
    );
    assert_eq!(attitude.feeds[0].leaf, "8.1");
    let shares: Vec<i64> = attitude.shares.iter().map(|share| share.count).collect();
    assert_eq!(shares, [11, 11, 11, 11, 11]);
    let unit = &results.units[0].items[0];
    assert_eq!(unit.answered, 35);
    let citizens = async |unit: &str| {
        let asked = pb::GetSurveyResultsRequest {
            wave: WAVE.into(),
            unit: unit.into(),
            group: "citizen".into(),
            ..Default::default()
        };
        let answer = world.surveys.clone().get_survey_results(asked).await;
        answer
            .expect("results")
            .into_inner()
            .total
            .expect("a block")
    };
    // The unit's 35 less 25 citizens would be the 10 officials, who are too few.
    let item = &citizens(UNITS[0]).await.items[0];
    assert_eq!(
        (item.no_mean_because.as_str(), item.mean.as_str()),
        ("TELLS_OTHERS", "")
    );
    assert!(item.shares.is_empty() && item.satisfied.is_empty());
    // The deviations' squares of 20 answers add up to 40: √(40 / 19 / 20) and 1.96 times that.
    let item = &citizens(UNITS[1]).await.items[0];
    assert_eq!(item.standard_error, "0.324443");
    assert_eq!(
        (item.low.as_str(), item.high.as_str()),
        ("2.364092", "3.635908")
    );
    // Nobody answered in hours, and too few came from the third unit.
    for block in [&results.units[2], total] {
        let item = &block.items[1];
        assert_eq!(
            (item.no_mean_because.as_str(), item.mean.as_str()),
            ("TOO_FEW", "")
        );
        assert!(item.shares.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wave_closes_by_itself_at_its_end_also_after_a_restart() {
    let mut world = World::start_at(DURING).await;
    world.planned().await;
    world.open().await;
    cast(&world, UNITS[0], "citizen", 12).await;
    world.stop().await;
    world.restart_at("2024-10-31T23:59:58Z").await;
    assert_eq!(came(&world.wave(WAVE).await, UNITS[0], "citizen"), 12);
    let counted = world.counted(WAVE).await;
    assert_eq!(came(&counted, UNITS[0], "citizen"), 12);
    let closed = world.events::<pb::WaveClosed>(WAVE).await;
    let at = closed[0]
        .0
        .recorded_at
        .as_ref()
        .and_then(contracts::wire::instant);
    assert!(at >= Some(CLOSES.parse().expect("a moment")));
    let released = world.events::<pb::BallotsReleased>(WAVE).await;
    assert_eq!(
        released
            .iter()
            .map(|(_, batch)| batch.ballots.len())
            .sum::<usize>(),
        12
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_withheld_is_in_no_figure_and_says_why_until_it_is_released() {
    let world = World::start_at(DURING).await;
    world.planned().await;
    world.open().await;
    cast(&world, UNITS[0], "citizen", 15).await;
    cast(&world, UNITS[1], "citizen", 20).await;
    let withhold = |unit: &str, reason: &str| pb::WithholdResultsRequest {
        context: repeatable(),
        wave: WAVE.into(),
        unit: unit.into(),
        reason: reason.into(),
    };
    let mut surveys = world.surveys.clone();
    let request = withhold(UNITS[1], "phiếu bị can thiệp");
    surveys.withhold_results(request).await.expect("withheld");
    world.close().await;
    world.counted(WAVE).await;

    let results = world.results().await;
    assert_eq!(results.total.as_ref().expect("a total").ballots, 15);
    assert_eq!(results.withheld_units[0].unit, UNITS[1]);
    assert_eq!(results.units[1].withheld_reason, "phiếu bị can thiệp");
    assert!(results.units[1].items.is_empty());

    let release = pb::ReleaseResultsRequest {
        context: repeatable(),
        wave: WAVE.into(),
        unit: UNITS[1].into(),
        reason: "đã kiểm tra".into(),
    };
    surveys.release_results(release).await.expect("released");
    assert_eq!(world.results().await.total.expect("a total").ballots, 35);

    surveys
        .withhold_results(withhold("", "tampering"))
        .await
        .expect("withheld");
    let results = world.results().await;
    let total = results.total.expect("a total");
    assert_eq!(
        (total.withheld_reason.as_str(), total.ballots),
        ("tampering", 0)
    );
    assert!(
        results
            .units
            .iter()
            .all(|unit| unit.withheld_reason == "tampering")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instrument_may_change_until_a_wave_uses_it() {
    let world = World::start_at(DURING).await;
    let mut surveys = world.surveys.clone();
    let mut edition = crate::sample::edition();
    let put = |edition: &pb::SurveyEdition| pb::PutInstrumentRequest {
        context: repeatable(),
        edition: Some(edition.clone()),
    };
    edition.title = "draft".into();
    surveys
        .put_instrument(put(&edition))
        .await
        .expect("a draft");
    world.planned().await;
    let refused = surveys
        .put_instrument(put(&edition))
        .await
        .expect_err("in use");
    assert_eq!(refused.code(), tonic::Code::FailedPrecondition);
    let known = pb::GetInstrumentRequest {
        instrument: "sipas".into(),
        edition: String::new(),
        as_of: None,
    };
    let known = surveys
        .get_instrument(known)
        .await
        .expect("known")
        .into_inner();
    assert_eq!(known.used_by, WAVE);
    assert_eq!(known.edition, Some(crate::sample::edition()));
    edition.edition = "2025".into();
    surveys
        .put_instrument(put(&edition))
        .await
        .expect("another edition");
    let listed = surveys
        .list_instruments(pb::ListInstrumentsRequest::default())
        .await;
    assert_eq!(listed.expect("listed").into_inner().instruments.len(), 2);
    let waves = surveys.list_waves(pb::ListWavesRequest::default()).await;
    assert_eq!(waves.expect("listed").into_inner().waves[0].wave, WAVE);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_issue_shows_the_same_tokens_and_issues_no_more() {
    let world = World::start_at(DURING).await;
    world.planned().await;
    let request = tokens(UNITS[0], "citizen", 5);
    let mut surveys = world.surveys.clone();
    let first = surveys
        .issue_tokens(request.clone())
        .await
        .expect("tokens")
        .into_inner();
    let again = surveys
        .issue_tokens(request)
        .await
        .expect("tokens")
        .into_inner();
    assert_eq!(first, again);
    assert_eq!((first.tokens.len(), first.issued), (5, 5));
    let other = world.tokens(UNITS[0], "citizen", 5).await;
    assert!(other.iter().all(|token| !first.tokens.contains(token)));
    assert_eq!(world.wave(WAVE).await.progress[0].issued, 10);
}
