//! An instrument, a wave and ballots to try things with.

use contracts::assessments::v1 as pb;
use contracts::wire::timestamp;
use pb::survey_question::Kind;

use crate::world::{UNITS, World, repeatable};

pub(crate) const WAVE: &str = "sipas-2024";
/// A moment within the wave.
pub(crate) const DURING: &str = "2024-10-10T08:00:00Z";
pub(crate) const OPENS: &str = "2024-10-01T00:00:00Z";
pub(crate) const CLOSES: &str = "2024-11-01T00:00:00Z";

/// The set whose leaf the question about the attitude feeds.
pub(crate) const SET: &str = r#"
code: par-departments
edition: "2024"
name: { vi: Bộ mẫu, en: Model set }
source: a model, not a decision
groups: [department]
in_force: { from: 2024-01-01 }
rounding: { digits: 2, at: [leaf] }
total: { max: 4 }
ranking: { ties: standard, on: unrounded }
leaves:
  - code: "8.1"
    name: { vi: Thái độ, en: Attitude }
    max: 4
    source: surveyed
    inputs: { attitude_good: number, attitude_other: number }
    rule: { likert: { each: { attitude_good: 100%, attitude_other: 0% }, at_least: 15 } }
"#;

fn question(code: &str, kind: Kind) -> pb::SurveyQuestion {
    pb::SurveyQuestion {
        code: code.into(),
        text: format!("Ông/bà thấy {code} thế nào?"),
        kind: Some(kind),
        ..Default::default()
    }
}

fn counts(input: &str, answers: &[&str]) -> pb::SurveyFeedInput {
    pb::SurveyFeedInput {
        input: input.into(),
        answers: answers.iter().map(|answer| (*answer).into()).collect(),
        figure: 0,
    }
}

pub(crate) fn edition() -> pb::SurveyEdition {
    let group = |code: &str| pb::SurveyGroup {
        code: code.into(),
        label: format!("Nhóm {code}"),
    };
    let attitude = Kind::Likert(pb::SurveyLikert {
        points: 5,
        satisfied_from: 4,
    });
    let hours = Kind::Number(pb::SurveyNumber {
        min: "0".into(),
        max: "999".into(),
    });
    pb::SurveyEdition {
        instrument: "sipas".into(),
        edition: "2024".into(),
        title: "Khảo sát mức độ hài lòng".into(),
        groups: vec![group("citizen"), group("official")],
        questions: vec![
            pb::SurveyQuestion {
                required: true,
                feeds: vec![pb::SurveyFeed {
                    index: "par-departments".into(),
                    leaf: "8.1".into(),
                    inputs: vec![
                        counts("attitude_good", &["4", "5"]),
                        counts("attitude_other", &["1", "2", "3"]),
                    ],
                }],
                ..question("attitude", attitude)
            },
            question("hours", hours),
            pb::SurveyQuestion {
                groups: vec!["official".into()],
                ..question("inside", Kind::YesNo(pb::SurveyYesNo {}))
            },
        ],
        level: 0,
    }
}

pub(crate) fn plan() -> pb::PlanWaveRequest {
    let moment = |at: &str| Some(timestamp(at.parse().expect("a moment")));
    pb::PlanWaveRequest {
        context: repeatable(),
        wave: WAVE.into(),
        title: "Đợt 1".into(),
        instrument: "sipas".into(),
        edition: "2024".into(),
        period: "2024".into(),
        units: UNITS.map(Into::into).to_vec(),
        quotas: vec![pb::SurveyQuota {
            unit: UNITS[0].into(),
            group: "citizen".into(),
            ballots: 30,
        }],
        opens_at: moment(OPENS),
        closes_at: moment(CLOSES),
        minimum: 0,
    }
}

impl World {
    /// Puts the set in force whose leaf the survey feeds.
    pub(crate) async fn judged(&self) {
        let request = pb::PutDefinitionInForceRequest {
            document: SET.into(),
            ..Default::default()
        };
        let mut definitions = self.assessments.clone();
        let put = definitions.put_definition_in_force(request).await;
        put.expect("a definition");
    }

    /// Puts the set in force and the instrument, and plans the wave.
    pub(crate) async fn planned(&self) -> pb::Wave {
        self.judged().await;
        let put = pb::PutInstrumentRequest {
            context: repeatable(),
            edition: Some(edition()),
        };
        let mut surveys = self.surveys.clone();
        surveys.put_instrument(put).await.expect("an instrument");
        surveys
            .plan_wave(plan())
            .await
            .expect("a plan")
            .into_inner()
    }

    pub(crate) async fn open(&self) -> pb::Wave {
        let request = pb::OpenWaveRequest {
            context: repeatable(),
            wave: WAVE.into(),
        };
        let answer = self.surveys.clone().open_wave(request).await;
        answer.expect("it opens").into_inner()
    }

    pub(crate) async fn close(&self) -> pb::Wave {
        let request = pb::CloseWaveRequest {
            context: repeatable(),
            wave: WAVE.into(),
        };
        let answer = self.surveys.clone().close_wave(request).await;
        answer.expect("it closes").into_inner()
    }

    pub(crate) async fn tokens(&self, unit: &str, group: &str, count: i32) -> Vec<String> {
        let request = tokens(unit, group, count);
        let answer = self.surveys.clone().issue_tokens(request).await;
        answer.expect("tokens").into_inner().tokens
    }

    pub(crate) async fn results(&self) -> pb::SurveyResults {
        let request = pb::GetSurveyResultsRequest {
            wave: WAVE.into(),
            ..Default::default()
        };
        let answer = self.surveys.clone().get_survey_results(request).await;
        answer.expect("results").into_inner()
    }
}

pub(crate) fn tokens(unit: &str, group: &str, count: i32) -> pb::IssueTokensRequest {
    pb::IssueTokensRequest {
        context: repeatable(),
        wave: WAVE.into(),
        unit: unit.into(),
        group: group.into(),
        count,
    }
}

pub(crate) fn answers(said: &[(&str, &str)]) -> Vec<pb::SurveyAnswer> {
    said.iter()
        .map(|(question, value)| pb::SurveyAnswer {
            question: (*question).into(),
            value: (*value).into(),
        })
        .collect()
}

pub(crate) fn ballot(token: &str, said: &[(&str, &str)]) -> pb::CastBallotRequest {
    pb::CastBallotRequest {
        wave: WAVE.into(),
        token: token.into(),
        answers: answers(said),
        validate_only: false,
    }
}

/// The number of ballots that came from a group about a unit.
pub(crate) fn came(wave: &pb::Wave, unit: &str, group: &str) -> i32 {
    let found = wave
        .progress
        .iter()
        .find(|it| it.unit == unit && it.group == group);
    found.expect("a unit and group").ballots
}
