//! What counted waves say to indices.

use std::collections::{BTreeMap, BTreeSet};

use decider::fold;
use survey::{Batch, Cell, Fed, Feed, Hundredths, Kind, Plan, Wave, WaveEvent, Weight, fed};

use crate::{ballot, code, plan, unit};

/// The attitude question feeds a leaf, and with the same inputs one of another index.
fn feeding() -> Plan {
    let feed = |index: &str| Feed {
        index: index.parse().expect("an index"),
        leaf: "8.1".parse().expect("a leaf"),
        inputs: [("4", "good"), ("5", "good"), ("1", "other"), ("2", "other")]
            .map(|(answer, input)| (answer.to_owned(), input.parse().expect("a name")))
            .into(),
        shares: BTreeMap::new(),
        means: BTreeSet::new(),
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

fn figures(wave: &Wave) -> Vec<(String, String, String)> {
    let told = fed(wave).into_iter();
    let shown = |fed| match fed {
        Fed::Count(count) => count.to_string(),
        Fed::Mean(mean) => format!("{} / {}", mean.sum, mean.of),
        Fed::Withheld(reason) => reason,
    };
    told.map(|((unit, input), fed)| (unit.to_string(), input.to_string(), shown(fed)))
        .collect()
}

fn row(unit: &str, input: &str, told: &str) -> (String, String, String) {
    (unit.to_owned(), input.to_owned(), told.to_owned())
}

#[test]
fn a_counted_wave_says_how_often_each_input_was_answered_and_counts_no_answer_twice() {
    let answers = [["5"; 9].as_slice(), &["4"; 3], &["2"; 2], &["3"; 4]].concat();
    let few = ["5"; 14];
    let past = [("H40.01", answers.as_slice()), ("H40.02", few.as_slice())];
    let too_few = "14 answered, and figures need at least 15";
    assert_eq!(
        figures(&wave(&past, vec![counted()])),
        [
            row("H40.01", "good", "12"),
            row("H40.01", "other", "2"),
            row("H40.02", "good", too_few),
            row("H40.02", "other", too_few),
        ]
    );
}

#[test]
fn a_wave_says_nothing_before_it_is_counted_and_the_reason_where_it_is_withheld() {
    let answers = ["5"; 20];
    let past = [("H40.01", answers.as_slice())];
    assert_eq!(figures(&wave(&past, vec![])), []);
    for of in [Some(unit("H40.01")), None] {
        let reason = || "interference".to_owned();
        let withheld = WaveEvent::Withheld {
            unit: of.clone(),
            reason: reason(),
        };
        let lifted = WaveEvent::Lifted {
            unit: of.clone(),
            reason: reason(),
        };
        let told = figures(&wave(&past, vec![counted(), withheld.clone()]));
        assert_eq!(told[0], row("H40.01", "good", "interference"));
        let told = figures(&wave(&past, vec![counted(), withheld, lifted]));
        assert_eq!(told[0], row("H40.01", "good", "20"));
    }
}

/// A wave whose first question feeds a share and whose third one feeds a mean, of ballots with these answers and weights.
fn taken(ballots: &[(&str, &str, u16)]) -> Wave {
    let name = |name: &str| name.parse().expect("a name");
    let mut plan = plan();
    plan.minimum = 10;
    plan.edition.questions[0].feeds = BTreeSet::from([Feed {
        index: "papi".parse().expect("an index"),
        leaf: "1.1.1".parse().expect("a leaf"),
        inputs: BTreeMap::new(),
        shares: [(name("good"), ["4", "5"].map(str::to_owned).into())].into(),
        means: [name("attitude")].into(),
    }]);
    plan.edition.questions[4].feeds = BTreeSet::from([Feed {
        index: "papi".parse().expect("an index"),
        leaf: "6.2.2".parse().expect("a leaf"),
        inputs: BTreeMap::new(),
        shares: BTreeMap::new(),
        means: [name("hours")].into(),
    }]);
    assert_eq!(plan.edition.faults(), []);
    let said = ballots.iter().map(|(attitude, hours, weight)| {
        let answers = [("attitude", *attitude), ("hours", *hours)];
        ballot("citizen", &answers).weighing(Weight::new(*weight).expect("a weight"))
    });
    fold(&[
        WaveEvent::Planned(Box::new(plan)),
        WaveEvent::Released(Batch {
            cell: Cell {
                unit: Some(unit("H40.01")),
                group: Some(code("citizen")),
            },
            ballots: said.collect(),
        }),
        counted(),
    ])
}

#[test]
fn shares_and_means_are_the_sums_that_they_are_made_of_by_weight() {
    let ballots = [[("5", "1.25", 100); 6].as_slice(), &[("1", "2", 250); 4]].concat();
    let told = figures(&taken(&ballots));
    assert_eq!(
        told[..3],
        [
            // Six fives of weight 1 and four ones of weight 2.5.
            row("H40.01", "attitude", "40 / 16"),
            row("H40.01", "good", "6 / 16"),
            row("H40.01", "hours", "27.5 / 16"),
        ]
    );
}

#[test]
fn only_counts_of_several_questions_are_added_up() {
    let mut edition = taken(&[]).plan().expect("planned").edition.clone();
    edition.questions[1].feeds = edition.questions[4].feeds.clone();
    let faults = edition.faults();
    assert_eq!(faults.len(), 1, "{faults:?}");
    assert_eq!(faults[0].field, "questions[4].feeds");
    assert!(faults[0].why.contains("hours"), "{faults:?}");

    let mut edition = taken(&[]).plan().expect("planned").edition.clone();
    let Kind::Choice(options) = &mut edition.questions[2].kind else {
        panic!("the third question is a choice");
    };
    options.iter_mut().for_each(|option| option.weight = None);
    edition.questions[2].feeds = std::mem::take(&mut edition.questions[4].feeds);
    let faults = edition.faults();
    assert!(faults[0].why.contains("no weights"), "{faults:?}");
}

#[test]
fn weights_are_small_positive_decimals() {
    for (text, hundredths) in [("1", 100), ("0.01", 1), ("100", 10_000), ("2.50", 250)] {
        assert_eq!(text.parse(), Ok(Weight::new(hundredths).expect(text)));
    }
    for text in ["", "0", "-1", "100.01", "0.001", "1e1", "ten"] {
        assert_eq!(text.parse::<Weight>(), Err(()), "{text}");
    }
    assert_eq!(
        Hundredths::whole(1).count(),
        Weight::default().count().into()
    );
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
