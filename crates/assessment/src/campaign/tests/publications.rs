//! What is made public, and corrected.

use decider::Decider as _;
use decider::spec::given;

use super::*;
use crate::campaign::{Issue, Seal};

/// Approved by `council` at hour 50.
fn approved_campaign() -> Vec<Event> {
    let mut events = opened();
    events.push(Event {
        by: "council".to_owned(),
        ..event(50, approved())
    });
    events
}

fn outcomes(sheet_version: i64) -> BTreeMap<UnitCode, Outcome> {
    let Fact::Approved { outcomes, .. } = approved() else {
        panic!("an approval");
    };
    let outcomes = outcomes.into_iter();
    outcomes
        .map(|(unit, outcome)| {
            let changed = Outcome {
                sheet_version,
                ..outcome
            };
            (unit, changed)
        })
        .collect()
}

fn issue(number: u32, sheet_version: i64, decided_by: &[&str]) -> Issue {
    let corrects = number.checked_sub(1).filter(|before| *before > 0);
    Issue {
        seal: Seal {
            number,
            corrects,
            reason: corrects
                .map(|_| "a table was misread".to_owned())
                .unwrap_or_default(),
            rests_on: vec![],
            counted_on: None,
            sha256: [1; 32],
            signature: [2; 64],
            public_key: [3; 32],
            outcomes: outcomes(sheet_version),
        },
        figures: BTreeMap::from([(unit("H40.12"), [("handled", 4_i64)].into_iter().collect())]),
        decided_by: decided_by.iter().map(|id| (*id).to_owned()).collect(),
    }
}

fn chair(id: &str, hour: i64, action: Action) -> Command {
    Command {
        at: at(hour),
        by: person(id, Role::Chair),
        action,
    }
}

fn publish(issue: Option<Issue>) -> Action {
    Action::Publish {
        document: "99/QĐ".to_owned(),
        issue: issue.map(Box::new),
    }
}

fn correct(issue: Option<Issue>) -> Action {
    Action::Correct {
        document: "120/QĐ".to_owned(),
        issue: issue.map(Box::new),
    }
}

/// The events of an issue, by `lan`.
fn made(hour: i64, document: &str, issue: Issue) -> Vec<Event> {
    let frozen = issue.figures.into_iter();
    let frozen = frozen.map(|(unit, figures)| Fact::FiguresFrozen { unit, figures });
    let published = Fact::Published {
        document: document.to_owned(),
        seal: Some(Box::new(issue.seal)),
    };
    frozen
        .chain([published])
        .map(|fact| Event {
            by: "lan".to_owned(),
            ..event(hour, fact)
        })
        .collect()
}

#[test]
fn another_person_than_approved_publishes_with_all_that_it_rests_on() {
    let given = || given::<Campaign>(approved_campaign());
    given()
        .when(chair("council", 51, publish(Some(issue(1, 4, &[])))))
        .then_refused(&Refusal::ApprovedByYou("council".to_owned()));
    let council = Command {
        by: person("lan", Role::Council),
        ..chair("lan", 51, publish(None))
    };
    given().when(council).then_refused(&Refusal::Role {
        needed: Role::Chair,
        acting: Role::Council,
    });
    given()
        .when(chair("lan", 51, publish(Some(issue(1, 4, &[])))))
        .then(made(51, "99/QĐ", issue(1, 4, &[])));
    // What was put together for another state of the campaign is not published.
    for stale in [None, Some(issue(2, 4, &[]))] {
        given()
            .when(chair("lan", 51, publish(stale)))
            .then_refused(&Refusal::MovedOn);
    }
}

#[test]
fn a_correction_is_another_publication_and_both_stay() {
    let mut events = approved_campaign();
    given::<Campaign>(events.clone())
        .when(chair("lan", 51, correct(None)))
        .then_refused(&Refusal::Phase {
            phase: Phase::Approved,
            possible: "correct what is published",
        });
    events.extend(made(51, "99/QĐ", issue(1, 4, &[])));
    let given = || given::<Campaign>(events.clone());
    given().when(chair("lan", 52, publish(None))).then([]);
    given()
        .when(chair("lan", 52, correct(Some(issue(2, 4, &["council"])))))
        .then_refused(&Refusal::NothingCorrected(1));
    given()
        .when(chair(
            "council",
            52,
            correct(Some(issue(2, 5, &["council"]))),
        ))
        .then_refused(&Refusal::ApprovedByYou("council".to_owned()));
    given()
        .when(chair("lan", 52, correct(Some(issue(2, 5, &["council"])))))
        .then(made(52, "120/QĐ", issue(2, 5, &[])));

    events.extend(made(52, "120/QĐ", issue(2, 5, &[])));
    let campaign: Campaign = decider::fold(&events);
    let numbers: Vec<_> = campaign.publications().keys().copied().collect();
    assert_eq!(numbers, [1, 2]);
    assert_eq!(campaign.outcomes(), &outcomes(5));
    assert_eq!(campaign.publications()[&1].seal.outcomes, outcomes(4));
    assert_eq!(campaign.publications()[&2].seal.corrects, Some(1));
    assert_eq!(campaign.publications()[&2].figures.len(), 1);
}

#[test]
fn what_was_published_before_publications_were_sealed_stays_published() {
    let mut events = approved_campaign();
    let document = "99/QĐ".to_owned();
    events.push(event(
        51,
        Fact::Published {
            document,
            seal: None,
        },
    ));
    let campaign: Campaign = decider::fold(&events);
    assert_eq!(campaign.phase(), Phase::Published);
    assert_eq!(campaign.next_publication(), 1);
    let corrected = campaign.decide(chair("lan", 52, correct(Some(issue(1, 5, &[])))));
    assert_eq!(corrected.expect("corrected").len(), 2);
}
