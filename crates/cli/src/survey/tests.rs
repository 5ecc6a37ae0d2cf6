use contracts::assessments::v1 as pb;
use pb::survey_question::Kind;

use super::*;

const INSTRUMENT: &str = "\
instrument: sipas
edition: \"2024\"
title: Khảo sát mức độ hài lòng
groups:
  - { code: citizen, label: Người dân }
questions:
  - code: attitude
    text: Thái độ phục vụ?
    likert: { points: 5, satisfied_from: 4 }
    required: true
    feeds:
      - index: satisfaction
        leaf: STAFF
        inputs: [{ input: staff_satisfied, answers: [\"4\", \"5\"] }]
  - { code: hours, text: Số giờ?, number: { min: 0, max: 99.5 }, groups: [citizen] }
  - { code: paid, text: Có mất thêm phí?, yes_no: true }
  - code: grade
    text: Mức?
    choice:
      - { code: A, label: Tốt, weight: 100 }
      - { code: B, label: Khá, weight: 60 }
  - code: rate
    text: Điểm?
    scale: { min: 1, max: 10 }
    feeds:
      - index: papi-units
        leaf: \"6.1.6\"
        inputs:
          - { input: rate, figure: mean }
          - { input: rate_high, figure: share, answers: [\"9\", \"10\"] }
level: 90
";

#[test]
fn an_instrument_is_read_with_every_kind_of_question() {
    let edition = parsed(INSTRUMENT, "an instrument", instrument::edition).expect("sound");
    assert_eq!(edition.groups[0].label, "Người dân");
    let kinds: Vec<&str> = edition
        .questions
        .iter()
        .map(|question| match question.kind {
            Some(Kind::Scale(it)) if (it.min, it.max) == (1, 10) => "scale",
            Some(Kind::Likert(it)) if (it.points, it.satisfied_from) == (5, 4) => "likert",
            Some(Kind::Choice(ref it)) if it.options[1].weight == "60" => "choice",
            Some(Kind::YesNo(_)) => "yes_no",
            Some(Kind::Number(ref it)) if it.max == "99.5" => "number",
            _ => "something else",
        })
        .collect();
    assert_eq!(kinds, ["likert", "number", "yes_no", "choice", "scale"]);
    let first = &edition.questions[0];
    assert!(first.required);
    assert_eq!(first.feeds[0].leaf, "STAFF");
    assert_eq!(first.feeds[0].inputs[0].answers, ["4", "5"]);
    let figures = |feed: &pb::SurveyFeed| -> Vec<pb::SurveyFeedFigure> {
        feed.inputs.iter().map(|input| input.figure()).collect()
    };
    use pb::SurveyFeedFigure::{Mean, Share, Unspecified};
    assert_eq!(figures(&first.feeds[0]), [Unspecified]);
    assert_eq!(figures(&edition.questions[4].feeds[0]), [Mean, Share]);
    assert_eq!(edition.level(), pb::ConfidenceLevel::Percent90);
    for (old, new, line) in [
        (
            "figure: mean",
            "figure: median",
            "line 29: figure is count, share or mean",
        ),
        (
            "level: 90",
            "level: 80",
            "line 31: level is 90, 95 or 99, in percent",
        ),
    ] {
        let text = INSTRUMENT.replace(old, new);
        let faults = parsed(&text, "an instrument", instrument::edition).expect_err(line);
        assert_eq!(faults[0].to_string(), line);
    }
}

#[test]
fn what_is_wrong_with_an_instrument_or_a_plan_is_named_with_its_line() {
    let text = "instrument: sipas\ntitle: x\nquestions:\n  - { code: a, text: b }\n";
    let faults = parsed(text, "an instrument", instrument::edition).expect_err("wrong");
    let told: Vec<_> = faults.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "line 4: a question needs one of scale, likert, choice, yes_no and number",
            "line 1: an instrument needs edition",
        ]
    );
    let text = "wave: w\ntitle: x\ninstrument: sipas\nedition: a\nperiod: \"2024\"\n\
                opens_at: 2024-10-01\ncloses_at: 2024-11-01T00:00:00+07:00\n";
    let faults = parsed(text, "a wave", wave::plan).expect_err("no moment");
    assert_eq!(faults.len(), 1);
    let told = faults[0].to_string();
    assert!(told.starts_with("line 6: opens_at is"), "{told}");
}

#[test]
fn ballots_are_read_by_the_names_of_their_columns_and_an_empty_cell_is_no_answer() {
    let table =
        "\u{feff}unit,id,attitude,group,hours\nH40.05,7,5,citizen,\nH40.06,8, 4 ,official,1.5\n";
    let rows = ballots::rows(table, "sipas-2024", "box").expect("a table");
    let said: Vec<Vec<(&str, &str)>> = rows
        .iter()
        .map(|row| {
            let answers = row.answers.iter();
            answers
                .map(|it| (it.question.as_str(), it.value.as_str()))
                .collect()
        })
        .collect();
    assert_eq!(
        said,
        [
            vec![("attitude", "5")],
            vec![("attitude", "4"), ("hours", "1.5")]
        ]
    );
    let second = &rows[1];
    assert_eq!(
        [
            &*second.source_row_id,
            &*second.unit,
            &*second.group,
            &*second.wave
        ],
        ["8", "H40.06", "official", "sipas-2024"]
    );
    let table = "unit,id,weight,group,hours\nH40.05,7,1.25,citizen,2\n";
    let row = ballots::rows(table, "sipas-2024", "box")
        .expect("a table")
        .remove(0);
    assert_eq!((row.weight.as_str(), row.answers.len()), ("1.25", 1));
    let missing = ballots::rows("id,unit,q\n", "w", "box").expect_err("no group");
    assert!(missing.contains("\"group\""), "{missing}");
}

#[test]
fn results_say_why_there_is_no_figure() {
    let item = |question: &str, mean: &str, why: &str| pb::SurveyItem {
        question: question.to_owned(),
        answered: 1_234,
        mean: mean.to_owned(),
        no_mean_reason: why.to_owned(),
        ..pb::SurveyItem::default()
    };
    let results = pb::SurveyResults {
        wave: "sipas-2024".to_owned(),
        total: Some(pb::SurveyBlock {
            items: vec![item("attitude", "4.250000", "")],
            ..pb::SurveyBlock::default()
        }),
        units: vec![
            pb::SurveyBlock {
                unit: "H40.05".to_owned(),
                items: vec![item("attitude", "", "3 answers are too few")],
                ..pb::SurveyBlock::default()
            },
            pb::SurveyBlock {
                unit: "H40.06".to_owned(),
                withheld_reason: "tampering".to_owned(),
                ..pb::SurveyBlock::default()
            },
        ],
        ..pb::SurveyResults::default()
    };
    let shown = show::results(&results);
    for said in [
        "4.250000",
        "1,234",
        "3 answers are too few",
        "withheld: tampering",
    ] {
        assert!(shown.contains(said), "{said}: {shown}");
    }
}
