//! What counted waves say to indices.

use std::collections::{BTreeMap, BTreeSet};

use decider::fold;
use survey::{Batch, Cell, Feed, Plan, Wave, WaveEvent, fed};

use crate::{ballot, code, plan, unit};

/// The attitude question feeds a leaf, and with the same inputs one of another index.
fn feeding() -> Plan {
    let feed = |index: &str| Feed {
        index: index.parse().expect("an index"),
        leaf: "8.1".parse().expect("a leaf"),
        inputs: [("4", "good"), ("5", "good"), ("1", "other"), ("2", "other")]
            .map(|(answer, input)| (answer.to_owned(), input.parse().expect("a name")))
            .into(),
    };
    let mut plan = plan();
    plan.edition.questions[0].feeds = BTreeSet::from([feed("departments"), feed("districts")]);
    plan
}

/// A wave in which citizens gave these attitudes of units.
fn wave(attitudes: &[(&str, &[&str])], then: Vec<WaveEvent>) -> Wave {
    let mut past = vec![WaveEvent::Planned(Box::new(feeding())), WaveEvent::Opened];
    past.extend(attitudes.iter().map(|(of, answers)| {
        let cell = Cell {
            unit: Some(unit(of)),
            group: Some(code("citizen")),
        };
        let said = answers
            .iter()
            .map(|answer| ballot("citizen", &[("attitude", answer)]));
        WaveEvent::Released(Batch {
            cell,
            ballots: said.collect(),
        })
    }));
    past.push(WaveEvent::Closed);
    past.extend(then);
    fold(&past)
}

fn counted() -> WaveEvent {
    WaveEvent::Counted {
        cast: BTreeMap::new(),
        destroyed: 0,
    }
}

fn figures(wave: &Wave) -> Vec<(String, String, u64)> {
    let told = fed(wave).into_iter();
    told.map(|((unit, input), count)| (unit.to_string(), input.to_string(), count))
        .collect()
}

fn row(unit: &str, input: &str, count: u64) -> (String, String, u64) {
    (unit.to_owned(), input.to_owned(), count)
}

#[test]
fn a_counted_wave_says_how_often_each_input_was_answered_and_counts_no_answer_twice() {
    let answers = [["5"; 9].as_slice(), &["4"; 3], &["2"; 2], &["3"; 4]].concat();
    let few = ["5"; 14];
    let past = [("H40.01", answers.as_slice()), ("H40.02", few.as_slice())];
    assert_eq!(
        figures(&wave(&past, vec![counted()])),
        [
            row("H40.01", "good", 12),
            row("H40.01", "other", 2),
            // Fewer than the minimum of 15 answered.
            row("H40.02", "good", 0),
            row("H40.02", "other", 0),
        ]
    );
}

#[test]
fn a_wave_says_nothing_before_it_is_counted_and_no_answers_of_withheld_units() {
    let answers = ["5"; 20];
    let past = [("H40.01", answers.as_slice())];
    assert_eq!(figures(&wave(&past, vec![])), []);
    let withheld = WaveEvent::Withheld {
        unit: Some(unit("H40.01")),
        reason: "interference".into(),
    };
    let told = figures(&wave(&past, vec![counted(), withheld]));
    assert_eq!(told[0], row("H40.01", "good", 0));
}

#[test]
fn an_input_cannot_count_an_answer_that_nobody_can_give() {
    let mut edition = feeding().edition;
    assert_eq!(edition.faults(), []);
    // Numbers are too many to be counted one by one.
    edition.questions[4].feeds = edition.questions[0].feeds.clone();
    let faults = edition.faults();
    assert!(
        faults
            .iter()
            .all(|fault| fault.field == "questions[4].feeds"),
        "{faults:?}"
    );
    assert_eq!(faults.len(), 8);
    assert!(faults[0].why.contains("\"1\""), "{faults:?}");
}
