//! What is shown, what is not, and why.

use std::collections::BTreeMap;

use decider::fold;
use survey::{Batch, Blocked, Cell, Level, Wave, WaveEvent, results};

use crate::{ballot, code, plan, unit};

fn batch(of: Option<&str>, group: Option<&str>, answer: &str, count: usize) -> WaveEvent {
    let attitude = ballot("citizen", &[("attitude", answer), ("grade", "B")]);
    WaveEvent::Released(Batch {
        cell: Cell {
            unit: of.map(unit),
            group: group.map(code),
        },
        ballots: vec![attitude; count],
    })
}

/// Twenty satisfied citizens and twelve dissatisfied officials of one unit, sixteen of the other, ten of none.
fn past() -> Vec<WaveEvent> {
    vec![
        WaveEvent::Planned(Box::new(plan())),
        WaveEvent::Opened,
        batch(Some("H40.01"), Some("citizen"), "5", 20),
        batch(Some("H40.01"), Some("official"), "1", 12),
        batch(Some("H40.02"), Some("citizen"), "3", 16),
        batch(None, None, "4", 10),
        WaveEvent::Closed,
        WaveEvent::Counted {
            cast: BTreeMap::new(),
            destroyed: 0,
        },
    ]
}

fn withheld(of: Option<&str>) -> WaveEvent {
    WaveEvent::Withheld {
        unit: of.map(unit),
        reason: "interference".into(),
    }
}

fn mean(wave: &Wave, of: Option<&str>, group: Option<&str>) -> Result<String, Blocked> {
    let (of, group) = (of.map(unit), group.map(code));
    let plan = wave.plan().expect("planned");
    let block = results(wave, plan, of.as_ref(), group.as_ref(), Level::P95);
    block.items[0]
        .estimate
        .map(|estimate| estimate.mean.to_string())
}

#[test]
fn figures_are_of_a_unit_a_group_or_all() {
    let wave: Wave = fold(&past());
    assert_eq!(mean(&wave, Some("H40.01"), None), Ok("3.500000".into()));
    assert_eq!(
        mean(&wave, Some("H40.02"), Some("citizen")),
        Ok("3.000000".into())
    );
    assert_eq!(mean(&wave, Some("H40.02"), None), Ok("3.000000".into()));
    // (20 × 5 + 12 × 1 + 16 × 3 + 10 × 4) / 58
    assert_eq!(mean(&wave, None, None), Ok("3.448276".into()));
}

#[test]
fn too_few_answers_give_no_figure_and_never_zero() {
    let wave: Wave = fold(&past());
    let too_few = Blocked::TooFew {
        answered: 12,
        minimum: 15,
    };
    assert_eq!(mean(&wave, Some("H40.01"), Some("official")), Err(too_few));
    let plan = wave.plan().expect("planned");
    let block = results(&wave, plan, None, None, Level::P95);
    let unanswered = Blocked::TooFew {
        answered: 0,
        minimum: 15,
    };
    assert_eq!(block.items[1].estimate, Err(unanswered));
}

#[test]
fn shares_and_weights_follow_from_the_answers() {
    let wave: Wave = fold(&past());
    let plan = wave.plan().expect("planned");
    let block = results(&wave, plan, None, None, Level::P95);
    let [attitude, _, grade, ..] = &block.items[..] else {
        panic!("five questions")
    };
    let satisfied = attitude
        .tally
        .satisfied(attitude.question)
        .expect("asked for");
    assert_eq!(satisfied.to_string(), "0.517241", "30 of 58");
    assert_eq!(
        (attitude.tally.given("5"), attitude.tally.given("2")),
        (20, 0)
    );
    assert_eq!(grade.tally.given("B"), 58);
    assert_eq!(
        grade.estimate.map(|it| it.mean.to_string()),
        Ok("60.000000".into())
    );
}

#[test]
fn options_without_weights_have_shares_but_no_mean() {
    let mut planned = plan();
    let survey::Kind::Choice(options) = &mut planned.edition.questions[2].kind else {
        panic!("the third question is a choice")
    };
    for option in options {
        option.weight = None;
    }
    let mut past = past();
    past[0] = WaveEvent::Planned(Box::new(planned));
    let wave: Wave = fold(&past);
    let plan = wave.plan().expect("planned");
    let block = results(&wave, plan, None, None, Level::P95);
    assert_eq!(block.items[2].estimate, Err(Blocked::NoValues));
    assert_eq!(block.items[2].tally.given("B"), 58);
}

#[test]
fn what_is_withheld_has_no_figure_and_is_in_no_total() {
    let mut past = past();
    past.push(withheld(Some("H40.02")));
    let wave: Wave = fold(&past);
    let plan = wave.plan().expect("planned");
    let (of, other) = (unit("H40.02"), unit("H40.01"));
    let block = results(&wave, plan, Some(&of), None, Level::P95);
    assert_eq!((block.withheld, block.ballots), (Some("interference"), 0));
    assert!(block.items.is_empty());
    let block = results(&wave, plan, Some(&other), None, Level::P95);
    assert_eq!((block.withheld, block.ballots), (None, 32));
    // What lost its unit may be of the withheld one.
    let block = results(&wave, plan, None, None, Level::P95);
    assert_eq!(block.ballots, 32);
    assert_eq!(mean(&wave, None, None), Ok("3.500000".into()));

    past.push(WaveEvent::Lifted {
        unit: Some(of),
        reason: "checked".into(),
    });
    let wave: Wave = fold(&past);
    assert_eq!(mean(&wave, None, None), Ok("3.448276".into()));

    past.push(withheld(None));
    let wave: Wave = fold(&past);
    let plan = wave.plan().expect("planned");
    let block = results(&wave, plan, Some(&other), None, Level::P95);
    assert_eq!(
        (block.withheld, block.items.len()),
        (Some("interference"), 0)
    );
}

#[test]
fn a_group_that_is_too_small_cannot_be_found_by_subtraction() {
    let telling = Err(Blocked::Telling { minimum: 15 });
    let wave: Wave = fold(&past());
    // The unit's 32 answers less the 20 of citizens would be the 12 of officials.
    assert_eq!(mean(&wave, Some("H40.01"), Some("citizen")), telling);
    // So would those of all citizens less the ones of the other unit.
    assert_eq!(mean(&wave, None, Some("citizen")), telling);
    let plan = wave.plan().expect("planned");
    let (of, group) = (unit("H40.01"), code("citizen"));
    let block = results(&wave, plan, Some(&of), Some(&group), Level::P95);
    assert!(block.items[0].estimate.expect_err("left out").hides());

    // With enough officials nothing is to be found.
    let mut enough = past();
    enough.insert(4, batch(Some("H40.01"), Some("official"), "1", 10));
    let wave: Wave = fold(&enough);
    assert_eq!(
        mean(&wave, Some("H40.01"), Some("citizen")),
        Ok("5.000000".into())
    );
    assert_eq!(mean(&wave, None, Some("citizen")), Ok("4.111111".into()));
}

#[test]
fn a_unit_that_is_too_small_cannot_be_found_by_subtraction() {
    let of = |unit: &str, count| batch(Some(unit), Some("citizen"), "5", count);
    let wave = |small, lost| -> Wave {
        let mut past = past();
        past.truncate(2);
        past.extend([of("H40.01", small), of("H40.02", 40)]);
        past.extend((lost > 0).then(|| batch(None, None, "4", lost)));
        fold(&past)
    };
    let telling = Err(Blocked::Telling { minimum: 15 });
    assert_eq!(mean(&wave(12, 0), None, None), telling);
    assert_eq!(mean(&wave(15, 0), None, None), Ok("5.000000".into()));
    // Among ten that lost their unit the twelve are not to be told.
    assert!(mean(&wave(12, 10), None, None).is_ok());
}
