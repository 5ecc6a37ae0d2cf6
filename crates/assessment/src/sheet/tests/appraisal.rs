//! What appraisers and the council make of claims.

use std::collections::BTreeSet;

use super::given_sheet::*;
use crate::campaign::{Phase, Stage};
use crate::person::{Person, Role};
use crate::sheet::{Action, Column, Event, Fact, Flag, Mark, Refusal, Round, Sheet, Verdict};
use decider::Decider as _;
use proptest::prelude::*;

pub(super) fn appraise(code: &str, expected: usize, verdict: Verdict) -> Action {
    let leaf = leaf(code);
    Action::Appraise {
        leaf,
        expected,
        verdict,
    }
}

fn change(mark: &str, reason: &str) -> Verdict {
    Verdict::Change {
        mark: points(mark),
        reason: reason.to_owned(),
    }
}

pub(super) fn appraised(
    code: &str,
    round: Round,
    mark: &str,
    accepted: bool,
    reason: &str,
) -> Fact {
    Fact::Appraised {
        leaf: leaf(code),
        round,
        mark: points(mark),
        accepted,
        reason: reason.to_owned(),
    }
}

pub(super) fn appraised_once() -> Vec<Event> {
    let mut events = filled_in();
    events.push(event(
        11,
        "chau",
        appraised("plan", Round::First, "1", false, "late"),
    ));
    events.push(event(
        11,
        "chau",
        appraised("tasks", Round::First, "2", true, ""),
    ));
    events
}

#[test]
fn an_appraiser_accepts_changes_and_asks() {
    let when = |action| after(&filled_in()).when(command(11, chau(), action));
    when(appraise("plan", 1, Verdict::Accept)).then([event(
        11,
        "chau",
        appraised("plan", Round::First, "2", true, ""),
    )]);
    when(appraise("plan", 1, change("1", "late"))).then([event(
        11,
        "chau",
        appraised("plan", Round::First, "1", false, "late"),
    )]);
    let question = "where is the plan?".to_owned();
    when(appraise(
        "plan",
        1,
        Verdict::Ask {
            question: question.clone(),
        },
    ))
    .then([event(
        11,
        "chau",
        Fact::Asked {
            leaf: leaf("plan"),
            question,
        },
    )]);
    when(appraise("speed", 0, Verdict::Accept)).then([event(
        11,
        "chau",
        appraised("speed", Round::First, "0.4", true, ""),
    )]);
    when(appraise("plan", 1, change("1", ""))).then_refused(&Refusal::NoReason(leaf("plan")));
    when(appraise("plan", 1, Verdict::Keep)).then_refused(&Refusal::OtherRound {
        leaf: leaf("plan"),
        needed: Stage::SecondAppraisal,
    });
    when(appraise("survey", 0, Verdict::Accept))
        .then_refused(&Refusal::NothingToAccept(leaf("survey")));
}

#[test]
fn nobody_appraises_the_own_unit_an_own_claim_or_what_nobody_assigned() {
    let when = |by: Person, code: &str| {
        let command = command(11, by, appraise(code, 1, Verdict::Accept));
        after(&filled_in()).when(command)
    };
    when(person("chau", Role::Appraiser, "H40.12"), "plan")
        .then_refused(&Refusal::OwnUnit(unit("H40.12")));
    when(person("dung", Role::Appraiser, "H40.13"), "plan").then_refused(&Refusal::NotAssigned {
        appraiser: "dung".to_owned(),
        unit: unit("H40.12"),
        leaf: leaf("plan"),
    });
    when(person("binh", Role::Appraiser, "H40.13"), "speed").then_refused(&Refusal::NotAssigned {
        appraiser: "binh".to_owned(),
        unit: unit("H40.12"),
        leaf: leaf("speed"),
    });
    let nowhere = Person {
        units: [].into(),
        ..chau()
    };
    when(nowhere, "plan").then_refused(&Refusal::NoUnit);
    when(dung(), "plan").then_refused(&Refusal::Role {
        needed: Role::Appraiser,
        acting: Role::Assessor,
    });
    // Chau filled in a leaf for the unit before changing jobs.
    let moved = [event(
        2,
        "chau",
        claimed("plan", issued("late"), Some(points("1"))),
    )];
    after(&moved)
        .when(command(11, chau(), appraise("plan", 1, Verdict::Accept)))
        .then_refused(&Refusal::ClaimedByYou("chau".to_owned()));
    after(&filled_in())
        .when(command(9, chau(), appraise("plan", 1, Verdict::Accept)))
        .then_refused(&Refusal::Stage {
            phase: Phase::In(Stage::SelfAssessment),
            needed: Stage::FirstAppraisal,
        });
}

#[test]
fn bulk_acceptance_takes_what_needs_nothing() {
    let outcome = after(&filled_in()).when(command(11, chau(), Action::AcceptAll));
    outcome.then([
        event(11, "chau", appraised("plan", Round::First, "2", true, "")),
        event(11, "chau", appraised("tasks", Round::First, "2", true, "")),
        event(
            11,
            "chau",
            appraised("speed", Round::First, "0.4", true, ""),
        ),
    ]);
    // Binh has one component only, and a leaf with a question waits for its answer.
    let mut events = filled_in();
    events.push(event(
        11,
        "binh",
        Fact::Asked {
            leaf: leaf("plan"),
            question: "where?".to_owned(),
        },
    ));
    let binh = person("binh", Role::Appraiser, "H40.13");
    after(&events)
        .when(command(12, binh, Action::AcceptAll))
        .then([event(
            12,
            "binh",
            appraised("tasks", Round::First, "2", true, ""),
        )]);
}

#[test]
fn three_values_stay_side_by_side() {
    let mut events = appraised_once();
    let explain = Action::Explain {
        leaf: leaf("plan"),
        expected: 2,
        text: "it was signed on the day".to_owned(),
        evidence: decree(),
    };
    let sheet: Sheet = decider::fold(&events);
    events.extend(
        sheet
            .decide(command(21, dung(), explain))
            .expect("explained"),
    );
    after(&events)
        .when(command(31, chau(), appraise("plan", 3, Verdict::Keep)))
        .then([event(
            31,
            "chau",
            appraised("plan", Round::Second, "1", true, ""),
        )]);
    let sheet: Sheet = decider::fold(&events);
    let verdict = change("1.5", "signed late, sent on time");
    let decided = sheet.decide(command(31, chau(), appraise("plan", 3, verdict)));
    events.extend(decided.expect("decided"));
    let sheet: Sheet = decider::fold(&events);
    let definition = definition();
    let figures = [("done", 4)].into_iter().collect();
    let rule = definition.leaf(&leaf("plan")).expect("a leaf");
    let marks = sheet.marks(rule, &figures);
    let side_by_side = [marks.own, marks.first, marks.second, marks.last];
    assert_eq!(
        side_by_side,
        ["2", "1", "1.5", "1.5"].map(|text| Some(points(text)))
    );
    let flags = sheet.flags(rule, &figures, &BTreeSet::new());
    assert_eq!(flags, [Flag::FirstDiffers, Flag::SecondDiffers]);
}

#[test]
fn the_council_decides_and_the_unit_contests_until_its_deadline() {
    let contest = |hour| {
        let action = Action::Contest {
            leaf: leaf("plan"),
            expected: 2,
            wanted: Some(points("2")),
            reason: "it was on time".to_owned(),
        };
        after(&appraised_once()).when(command(hour, dung(), action))
    };
    let contested = Fact::Contested {
        leaf: leaf("plan"),
        wanted: Some(points("2")),
        reason: "it was on time".to_owned(),
    };
    contest(45).then([event(45, "dung", contested.clone())]);
    contest(50).then_refused(&Refusal::Stage {
        phase: Phase::Reviewed,
        needed: Stage::Council,
    });
    let remark = |by: Person, mark| {
        let action = Action::Remark {
            leaf: leaf("plan"),
            expected: 3,
            mark,
            remark: "the stamp says so".to_owned(),
        };
        let mut events = appraised_once();
        events.push(event(45, "dung", contested.clone()));
        after(&events).when(command(46, by, action))
    };
    let fact = |mark| Fact::Remarked {
        leaf: leaf("plan"),
        mark,
        remark: "the stamp says so".to_owned(),
    };
    remark(hoa(), Some(points("2"))).then([event(46, "hoa", fact(Some(points("2"))))]);
    remark(hoa(), None).then([event(46, "hoa", fact(None))]);
    remark(person("x", Role::Council, "H40.12"), Some(points("2")))
        .then_refused(&Refusal::OwnUnit(unit("H40.12")));
    remark(chau(), None).then_refused(&Refusal::Role {
        needed: Role::Council,
        acting: Role::Appraiser,
    });
}

#[test]
fn a_leaf_claimed_anew_is_appraised_anew() {
    let mut events = appraised_once();
    events.push(event(
        12,
        "dung",
        claimed("plan", issued("late"), Some(points("1"))),
    ));
    let sheet: Sheet = decider::fold(&events);
    assert_eq!(sheet.entry(&leaf("plan")).expect("there").decided(), None);
    let undecided = sheet.undecided(&definition(), &index::Inputs::new());
    assert_eq!(undecided, [leaf("plan"), leaf("speed"), leaf("survey")]);
}

#[test]
fn the_preview_is_the_engines_index() {
    let sheet: Sheet = decider::fold(&filled_in());
    let figures = [("done", 4)].into_iter().collect();
    let own = sheet.index(&definition(), Column::Own, &figures);
    assert_eq!((own.total, own.unscored), (None, vec![leaf("survey")]));
    let mut events = appraised_once();
    events.push(event(
        12,
        "chau",
        appraised("speed", Round::First, "0.4", true, ""),
    ));
    let none = Fact::Appraised {
        leaf: leaf("survey"),
        round: Round::First,
        mark: Mark::NotApplicable,
        accepted: false,
        reason: "not surveyed this year".to_owned(),
    };
    events.push(event(12, "chau", none));
    let sheet: Sheet = decider::fold(&events);
    let first = sheet.index(&definition(), Column::First, &figures);
    assert_eq!(first.exact, Some("3.4".parse().expect("a decimal")));
    assert_eq!(first.max, 8.into());
    assert_eq!(first.percent, Some("42.50".parse().expect("a decimal")));
}

/// Commands that some history may or may not allow.
fn actions() -> impl Strategy<Value = (i64, Person, Action)> {
    let leaves = prop::sample::select(vec!["plan", "tasks", "speed", "survey"]);
    let people = prop::sample::select(vec![dung(), chau(), hoa()]);
    (0..55i64, people, leaves, 0..6usize, 0..8u8).prop_map(|(hour, by, code, expected, kind)| {
        let action = match kind {
            0 => claim(code, expected, issued("late")),
            1 => claim(code, expected, planned(8)),
            2 => Action::Submit,
            3 => appraise(code, expected, Verdict::Accept),
            4 => appraise(code, expected, change("0.5", "half")),
            5 => Action::Explain {
                leaf: leaf(code),
                expected,
                text: "so it is".to_owned(),
                evidence: vec![],
            },
            6 => Action::AcceptAll,
            _ => Action::Remark {
                leaf: leaf(code),
                expected,
                mark: Some(points("0.25")),
                remark: "so be it".to_owned(),
            },
        };
        (hour, by, action)
    })
}

proptest! {
    #[test]
    fn deciding_again_after_evolving_decides_nothing(mut asked in prop::collection::vec(actions(), 1..40)) {
        asked.sort_by_key(|(hour, ..)| *hour);
        let mut sheet = Sheet::default();
        for (hour, by, action) in asked {
            if let Ok(events) = sheet.decide(command(hour, by.clone(), action.clone())) {
                events.iter().for_each(|event| sheet.evolve(event));
                prop_assert_eq!(sheet.decide(command(hour, by, action)), Ok(vec![]));
            }
        }
    }
}
