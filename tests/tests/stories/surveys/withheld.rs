//! Results of a unit are withheld: everything that shows its index says why, nothing ranks it, and release brings all back.

use cli::survey;
use contracts::assessments::v1 as pb;
use contracts::projection::v1::{ListRankingsRequest, UnitIndex};
use contracts::scoring::v1::{ExplainScoreRequest, GetScoresRequest};
use system_tests::{Province, eventually, given};

const REASON: &str = "phiếu do cơ quan điền hộ";
const UNIT: &str = given::DEPARTMENT;

/// The rankings of departments, once the unit has this total in them.
async fn ranked(province: &Province, total: &str) -> UnitIndex {
    eventually("the ranking shows it", async || {
        let request = ListRankingsRequest {
            index: "satisfaction".into(),
            period: "2024".into(),
            group: "department".into(),
            ..Default::default()
        };
        let mut projection = province.services.projection.clone();
        let found = projection.list_rankings(request).await;
        let indices = found.map_err(|status| status.to_string())?.into_inner();
        let indices = indices.indices;
        let of_unit = indices.into_iter().find(|index| index.subject == UNIT);
        match of_unit {
            Some(index) if index.total == total => Ok(index),
            other => Err(format!("{other:?}")),
        }
    })
    .await
}

/// What scoring says of the leaf that counts: its points, its reason, and why an input has no value.
async fn scored(province: &Province) -> (String, String, String) {
    let mut scoring = province.services.scoring.clone();
    let request = ExplainScoreRequest {
        index: "satisfaction".into(),
        leaf: "OVERALL".into(),
        period: "2024".into(),
        subject: UNIT.into(),
        ..Default::default()
    };
    let explained = scoring.explain_score(request).await.expect("explained");
    let explained = explained.into_inner();
    let request = GetScoresRequest {
        index: "satisfaction".into(),
        period: "2024".into(),
        subject: UNIT.into(),
        ..Default::default()
    };
    let scores = scoring.get_scores(request).await.expect("scores");
    let scores = scores.into_inner().subjects.remove(0);
    let leaf = scores
        .leaves
        .into_iter()
        .find(|leaf| leaf.leaf == "OVERALL");
    let leaf = leaf.expect("the leaf");
    assert_eq!(explained.score.as_ref(), Some(&leaf), "both say the same");
    let input = explained.inputs.into_iter().next().expect("an input");
    (leaf.points, leaf.reason, input.withheld_reason)
}

/// Withholds the results of the unit of a counted wave and releases them again.
pub(super) async fn and_released(province: &Province, wave: &str) {
    let services = &province.services;
    let before = ranked(province, "75.00").await;
    assert_eq!((before.rank, before.ranked), (1, 1));
    let scored_before = scored(province).await;
    assert_eq!(scored_before.1, "");
    let withheld = survey::withhold(services, wave, UNIT, REASON).await;
    let withheld = withheld.expect("withheld").withheld_units;
    assert_eq!((&*withheld[0].unit, &*withheld[0].reason), (UNIT, REASON));
    results_say_so(province, wave).await;

    let index = ranked(province, "").await;
    let why = format!("withheld: survey {wave}: {REASON}");
    assert_eq!((index.rank, index.ranked, index.band.as_str()), (0, 0, ""));
    assert!(index.reason.contains(&why), "{}", index.reason);
    let (points, reason, input) = scored(province).await;
    assert_eq!((points.as_str(), reason.as_str()), ("", why.as_str()));
    assert_eq!(input, format!("survey {wave}: {REASON}"));
    let reported = reported(province).await;
    assert!(!reported.is_empty());
    for measure in reported {
        assert_eq!(measure.withheld_reason, format!("survey {wave}: {REASON}"));
    }

    let released = survey::release(services, wave, UNIT, "đã kiểm tra lại").await;
    assert_eq!(released.expect("released").withheld_units, []);
    let after = ranked(province, "75.00").await;
    assert_eq!((after.rank, after.ranked), (1, 1));
    assert_eq!((after.reason.as_str(), after.band), ("", before.band));
    assert_eq!(scored(province).await, scored_before);
}

async fn results_say_so(province: &Province, wave: &str) {
    let level = pb::ConfidenceLevel::Percent95;
    let results = eventually("results say so", async || {
        let results = survey::results(&province.services, wave, "", "", level).await;
        let results = results.map_err(|failure| failure.message)?;
        match results.withheld_units.is_empty() {
            true => Err("nothing is withheld".to_owned()),
            false => Ok(results),
        }
    })
    .await;
    assert_eq!(results.total.expect("a total").ballots, 0);
}

async fn reported(province: &Province) -> Vec<pb::ReportedMeasure> {
    let mut assessments = province.services.assessments.clone();
    let request = pb::ListReportedMeasuresRequest {
        unit: UNIT.into(),
        ..Default::default()
    };
    let listed = assessments.list_reported_measures(request).await;
    listed.expect("a list").into_inner().measures
}
