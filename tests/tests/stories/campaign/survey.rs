//! A survey beside the campaign: what respondents say of a unit becomes a leaf of its sheet, which nobody claims.

use contracts::assessments::v1 as pb;
use futures::stream;
use rust_decimal::Decimal;
use system_tests::{Province, eventually};

use super::at;
use super::cast::{Cast, Person};
use super::sheets::{Sheet, rounded, value};

/// The wave.
pub(super) const WAVE: &str = "documents-2024";
/// The unit that is asked about.
pub(super) const SURVEYED: &str = "H40.03";
/// The leaf that the question feeds.
pub(super) const FED: &str = "2.3.1";
/// How often each option was chosen: an example of the set that is worth 1.42.
const CHOSEN: [(&str, usize); 4] = [("a", 10), ("b", 6), ("c", 3), ("d", 1)];
const QUESTION: &str = "documents";
pub(super) const GROUP: &str = "citizen";
const INSTRUMENT: &str = "documents";
const EDITION: &str = "2024";

/// An instrument with one question, whose options are counted in the inputs of the leaf.
pub(super) fn instrument() -> pb::PutInstrumentRequest {
    let option = |code: &str| pb::SurveyOption {
        code: code.to_owned(),
        label: format!("Phương án {}", code.to_uppercase()),
        weight: String::new(),
    };
    let input = |code: &str| pb::SurveyFeedInput {
        input: format!("survey_documents_{code}"),
        answers: vec![code.to_owned()],
        ..pb::SurveyFeedInput::default()
    };
    let codes = CHOSEN.map(|(code, _)| code);
    let question = pb::SurveyQuestion {
        code: QUESTION.to_owned(),
        text: "Văn bản của cơ quan có khả thi và kịp thời không?".to_owned(),
        kind: Some(pb::survey_question::Kind::Choice(pb::SurveyChoice {
            options: codes.map(option).to_vec(),
        })),
        required: true,
        groups: vec![],
        feeds: vec![pb::SurveyFeed {
            index: "par-departments".to_owned(),
            leaf: FED.to_owned(),
            inputs: codes.map(input).to_vec(),
        }],
    };
    pb::PutInstrumentRequest {
        context: None,
        edition: Some(pb::SurveyEdition {
            instrument: INSTRUMENT.to_owned(),
            edition: EDITION.to_owned(),
            title: "Khảo sát chất lượng văn bản".to_owned(),
            groups: vec![pb::SurveyGroup {
                code: GROUP.to_owned(),
                label: "Người dân".to_owned(),
            }],
            questions: vec![question],
            ..pb::SurveyEdition::default()
        }),
    }
}

/// The wave, as long as the self-assessment.
pub(super) fn wave() -> pb::PlanWaveRequest {
    pb::PlanWaveRequest {
        context: None,
        wave: WAVE.to_owned(),
        title: "Đợt khảo sát năm 2024".to_owned(),
        instrument: INSTRUMENT.to_owned(),
        edition: EDITION.to_owned(),
        period: "2024".to_owned(),
        units: vec![SURVEYED.to_owned()],
        quotas: vec![],
        opens_at: at("2025-01-10T01:00:00Z"),
        closes_at: at("2025-01-20T10:00:00Z"),
        minimum: 0,
    }
}

/// A ballot on paper.
pub(super) fn ballot(row: &str, group: &str, chosen: &str) -> pb::ImportBallotsRequest {
    pb::ImportBallotsRequest {
        source: "paper-box-1".to_owned(),
        source_row_id: row.to_owned(),
        wave: WAVE.to_owned(),
        unit: SURVEYED.to_owned(),
        group: group.to_owned(),
        answers: vec![pb::SurveyAnswer {
            question: QUESTION.to_owned(),
            value: chosen.to_owned(),
        }],
        ..pb::ImportBallotsRequest::default()
    }
}

/// The instrument is put and the wave is planned.
pub(super) async fn planned(cast: &Cast<'_>) {
    let mut organiser = cast.surveys(Person::Organiser);
    let put = organiser.put_instrument(instrument()).await;
    put.expect("an instrument");
    organiser.plan_wave(wave()).await.expect("a plan");
}

/// The wave takes ballots.
pub(super) async fn opened(cast: &Cast<'_>) {
    let open = pb::OpenWaveRequest {
        context: None,
        wave: WAVE.to_owned(),
    };
    let mut organiser = cast.surveys(Person::Organiser);
    organiser.open_wave(open).await.expect("open");
}

/// Respondents answer, and the wave is counted: the leaf has a value that its unit never claimed.
pub(super) async fn counted(cast: &Cast<'_>, province: &Province, sheet: &Sheet) {
    let mut organiser = cast.surveys(Person::Organiser);
    let chosen = CHOSEN
        .iter()
        .flat_map(|(code, count)| std::iter::repeat_n(*code, *count));
    let ballots: Vec<_> = (0..)
        .zip(chosen)
        .map(|(row, chosen): (usize, _)| ballot(&row.to_string(), GROUP, chosen))
        .collect();
    let came = organiser.import_ballots(stream::iter(ballots)).await;
    assert_eq!(came.expect("ballots").into_inner().accepted, 20);
    let close = pb::CloseWaveRequest {
        context: None,
        wave: WAVE.to_owned(),
    };
    organiser.close_wave(close).await.expect("closed");
    let mut assessor = cast.assessor(SURVEYED);
    eventually("the survey reaches the leaf that it feeds", async || {
        let leaf = sheet.leaf(&mut assessor, FED).await;
        assert!(leaf.claimed.is_none(), "a survey's leaf is never claimed");
        match value(leaf.measured.as_ref()) {
            Some(Some(points)) if rounded(points) == Decimal::new(142, 2) => Ok(()),
            other => Err(other),
        }
    })
    .await;
    // What has no survey has no value: it is not zero.
    let mut neighbour = cast.assessor("H40.04");
    let other = Sheet::of("H40.04", "department");
    let other = other.leaf(&mut neighbour, FED).await;
    assert_eq!(value(other.measured.as_ref()), None, "{other:?}");
    province.settled().await;
}
