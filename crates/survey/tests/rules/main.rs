//! The rules of surveys, given, when, then.

mod ballots;
mod feeding;
mod instruments;
mod leaving;
mod shown;
mod statistics;
mod waves;

use std::collections::{BTreeMap, BTreeSet};

use ids::UnitCode;
use survey::{Ballot, Choice, Code, Edition, Group, Hundredths, Kind, Level, Plan, Question};

fn code(text: &str) -> Code {
    text.parse().expect("a code")
}

fn unit(text: &str) -> UnitCode {
    text.parse().expect("a unit")
}

fn hundredths(text: &str) -> Hundredths {
    text.parse().expect("a number")
}

fn question(name: &str, kind: Kind) -> Question {
    Question {
        code: code(name),
        text: format!("Ông/bà thấy {name} thế nào?"),
        kind,
        required: false,
        groups: BTreeSet::new(),
        feeds: BTreeSet::new(),
    }
}

/// Five kinds of questions, one of which only officials are asked.
fn edition() -> Edition {
    let option = |name: &str, weight: &str| Choice {
        code: code(name),
        label: format!("Mức {name}"),
        weight: Some(hundredths(weight)),
    };
    let group = |name: &str| Group {
        code: code(name),
        label: format!("Nhóm {name}"),
    };
    Edition {
        instrument: code("sipas"),
        name: code("2024"),
        title: "Khảo sát mức độ hài lòng".into(),
        groups: vec![group("citizen"), group("official")],
        questions: vec![
            question(
                "attitude",
                Kind::Likert {
                    points: 5,
                    satisfied_from: 4,
                },
            ),
            question("scale", Kind::Scale { min: -2, max: 8 }),
            question(
                "grade",
                Kind::Choice(vec![
                    option("A", "100"),
                    option("B", "60"),
                    option("D", "0"),
                ]),
            ),
            Question {
                groups: BTreeSet::from([code("official")]),
                ..question("inside", Kind::YesNo)
            },
            question(
                "hours",
                Kind::Number {
                    min: hundredths("0"),
                    max: hundredths("99.5"),
                },
            ),
        ],
        level: Level::P95,
    }
}

fn plan() -> Plan {
    Plan {
        wave: code("sipas-2024"),
        title: "Đợt 1".into(),
        edition: edition(),
        period: "2024".parse().expect("a period"),
        units: BTreeSet::from([unit("H40.01"), unit("H40.02")]),
        quotas: BTreeMap::from([((unit("H40.01"), code("citizen")), 30)]),
        opens_at: "2024-10-01T00:00:00Z".parse().expect("a moment"),
        closes_at: "2024-11-01T00:00:00Z".parse().expect("a moment"),
        minimum: 15,
    }
}

/// A citizen's ballot, or an official's where only officials are asked.
fn ballot(group: &str, answers: &[(&str, &str)]) -> Ballot {
    Ballot::read(&edition(), &code(group), answers.iter().copied()).expect("a sound ballot")
}
