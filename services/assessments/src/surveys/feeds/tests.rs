use super::*;

const DOCUMENT: &str = r#"
code: par-departments
edition: "2024"
name: { vi: Bộ mẫu, en: Model set }
source: a model, not a decision
groups: [department]
in_force: { from: 2024-01-01 }
rounding: { digits: 2, at: [leaf] }
total: { max: 6 }
ranking: { ties: standard, on: unrounded }
inputs:
  received: { kind: reported, vi: Tiếp nhận, en: received }
leaves:
  - code: "8.1"
    name: { vi: Thái độ, en: Attitude }
    max: 4
    source: surveyed
    inputs: { attitude_good: number, attitude_other: number, asked: yes_no }
    rule: { expression: "asked ? 4 * attitude_good / (attitude_good + attitude_other) : 0" }
  - { code: "8.2", name: { vi: Khác, en: Other }, max: 2, source: reported, rule: { linear: { of: received, from: 0, until: 2 } } }
"#;

fn feed(index: &str, leaf: &str, inputs: &[(&str, &str)]) -> Feed {
    let read = |(answer, input): &(&str, &str)| {
        let input = input.parse().expect("a name");
        ((*answer).to_owned(), input)
    };
    Feed {
        index: index.parse().expect("an index"),
        leaf: leaf.parse().expect("a leaf"),
        inputs: inputs.iter().map(read).collect(),
        shares: BTreeMap::new(),
        means: BTreeSet::new(),
    }
}

fn found(feeds: impl IntoIterator<Item = Feed>) -> Vec<String> {
    let question = survey::Question {
        code: "attitude".parse().expect("a code"),
        text: "Thái độ?".into(),
        kind: survey::Kind::YesNo,
        required: true,
        groups: BTreeSet::new(),
        feeds: feeds.into_iter().collect(),
    };
    let edition = Edition {
        instrument: "sipas".parse().expect("a code"),
        name: "2024".parse().expect("a code"),
        title: "Khảo sát".into(),
        groups: vec![],
        questions: vec![question],
        level: survey::Level::P95,
    };
    let definition = Arc::new(Definition::parse(DOCUMENT, "set").expect("a sound set"));
    let index = definition.code().clone();
    let whom = (["department".to_owned()].into(), Period::Year(2024));
    let faults = faults(&edition, &whom, &[(&index, vec![definition])].into());
    let told = faults
        .into_iter()
        .map(|it| format!("{} {}", it.what, it.why));
    told.collect()
}

#[test]
fn what_a_definition_takes_is_fed() {
    let inputs = [("yes", "attitude_good"), ("no", "attitude_other")];
    let sound = feed("par-departments", "8.1", &inputs);
    let read = feed("par-departments", "8.2", &[]);
    assert_eq!(found([sound, read]), Vec::<String>::new());
}

#[test]
fn everything_that_nothing_takes_is_named_at_once() {
    let wrong = [
        feed("par-districts", "8.1", &[]),
        feed("par-departments", "8.9", &[("yes", "attitude_good")]),
        feed(
            "par-departments",
            "8.1",
            &[("yes", "atitude_good"), ("no", "asked")],
        ),
        feed("par-departments", "8.2", &[("yes", "received")]),
    ];
    let told = found(wrong);
    let expected = [
        "question attitude feeds par-departments 8.1 asked which is no number in edition 2024: declare it a number or feed another input",
        "question attitude feeds par-departments 8.1 atitude_good which edition 2024 does not take there: probably attitude_good is meant",
        "question attitude feeds par-departments 8.2 received which edition 2024 takes as reported: declare it surveyed or feed another input",
        "question attitude feeds par-departments 8.9 which is no leaf of edition 2024: name one of a survey, such as 8.1",
        "question attitude feeds par-districts 8.1 but no edition of it in force judges department in 2024: put one in force first, or feed another index",
    ];
    assert_eq!(told, expected);
}
