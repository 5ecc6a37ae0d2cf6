//! What a unit claims.

use std::collections::BTreeSet;

use super::given_sheet::*;
use crate::campaign::{self, Phase, Stage};
use crate::person::Role;
use crate::sheet::{Action, Change, Column, Command, Fact, Lack, Mark, Refusal, Sheet};
use decider::Decider as _;
use std::sync::Arc;

fn manual(code: &str, claimed: Option<Mark>, explanation: &str) -> Action {
    Action::Claim {
        leaf: leaf(code),
        expected: 0,
        figures: index::Inputs::new(),
        claimed,
        explanation: explanation.to_owned(),
        evidence: decree(),
    }
}

#[test]
fn the_engine_makes_the_points_of_a_claim() {
    after(&[])
        .when(command(1, dung(), claim("plan", 0, issued("late"))))
        .then([event(
            1,
            "dung",
            claimed("plan", issued("late"), Some(points("1"))),
        )]);
    // What is counted comes from the figures, what is planned from the unit: 5 × 4 / 10.
    after(&[])
        .when(command(1, dung(), claim("tasks", 0, planned(10))))
        .then([event(
            1,
            "dung",
            claimed("tasks", planned(10), Some(points("2"))),
        )]);
    // A draft may lack figures; it has no points yet.
    after(&[])
        .when(command(1, dung(), claim("tasks", 0, index::Inputs::new())))
        .then([event(
            1,
            "dung",
            claimed("tasks", index::Inputs::new(), None),
        )]);
}

#[test]
fn claims_that_the_rule_does_not_allow_are_refused() {
    let refused = |action, refusal: &Refusal| {
        after(&[])
            .when(command(1, dung(), action))
            .then_refused(refusal);
    };
    let not_declared = |code: &str, input: &str| Refusal::NotDeclared {
        leaf: leaf(code),
        input: input.to_owned(),
    };
    let done = [("done", 9)].into_iter().collect();
    refused(claim("tasks", 0, done), &not_declared("tasks", "done"));
    refused(
        claim("tasks", 0, issued("late")),
        &not_declared("tasks", "issued"),
    );
    refused(
        manual("plan", Some(points("2")), ""),
        &Refusal::Computed(leaf("plan")),
    );
    refused(
        manual("speed", Some(points("1.5")), ""),
        &Refusal::OutOfRange {
            leaf: leaf("speed"),
            points: "1.5".parse().expect("a decimal"),
            max: 1.into(),
        },
    );
    refused(
        manual("survey", Some(points("2")), ""),
        &Refusal::Surveyed(leaf("survey")),
    );
    refused(
        manual("plan", Some(Mark::NotApplicable), ""),
        &Refusal::NoReason(leaf("plan")),
    );
    refused(
        claim("none", 0, issued("late")),
        &Refusal::NoLeaf(leaf("none")),
    );
    let why = "issued is soon, which is not one of on_time, late, none".to_owned();
    refused(
        claim("plan", 0, issued("soon")),
        &Refusal::NoPoints {
            leaf: leaf("plan"),
            why,
        },
    );
}

#[test]
fn a_claim_on_counted_figures_waits_for_them() {
    let mut command = command(1, dung(), claim("tasks", 0, planned(10)));
    command.ground.measured = None;
    after(&[])
        .when(command)
        .then_refused(&Refusal::Unmeasured(leaf("tasks")));
}

#[test]
fn a_unit_may_hold_another_value_than_the_measured_one_which_does_not_count_for_it() {
    let outcome = decider::fold::<Sheet>(&[]);
    let events = outcome
        .decide(command(1, dung(), manual("speed", Some(points("1")), "")))
        .expect("claimed");
    let sheet: Sheet = decider::fold(&events);
    let figures = [("done", 4)].into_iter().collect();
    let definition = definition();
    let flagged = sheet.discrepancies(&definition, &figures, &BTreeSet::new());
    let speed = flagged.iter().find(|it| it.leaf == leaf("speed"));
    let speed = speed.expect("listed");
    assert_eq!(speed.marks.own, Some(points("1")));
    assert_eq!(speed.marks.measured, Some(points("0.4")));
    assert!(speed.flags.contains(&crate::sheet::Flag::ClaimDiffers));
    let index = sheet.index(&definition, Column::Own, &figures);
    assert!(!index.unscored.contains(&leaf("speed")));
    assert!(index.unscored.contains(&leaf("plan")));
}

#[test]
fn only_the_unit_itself_fills_in_and_only_in_its_stage() {
    let claim = || claim("plan", 0, issued("late"));
    let refused = |command, refusal: &Refusal| after(&[]).when(command).then_refused(refusal);
    refused(
        command(1, person("x", Role::Assessor, "H40.13"), claim()),
        &Refusal::OtherUnit(unit("H40.12")),
    );
    refused(
        command(1, person("x", Role::Appraiser, "H40.12"), claim()),
        &Refusal::Role {
            needed: Role::Assessor,
            acting: Role::Appraiser,
        },
    );
    refused(
        command(10, dung(), claim()),
        &Refusal::Stage {
            phase: Phase::In(Stage::FirstAppraisal),
            needed: Stage::SelfAssessment,
        },
    );
    after(&filled_in())
        .when(command(5, dung(), claim()))
        .then_refused(&Refusal::Submitted);
}

#[test]
fn a_sheet_is_handed_in_whole_or_every_lack_is_named() {
    after(&[])
        .when(command(1, dung(), Action::Submit))
        .then_refused(&Refusal::Incomplete(vec![
            (leaf("plan"), Lack::Claim),
            (leaf("tasks"), Lack::Claim),
        ]));
    let bare = |code, figures, mark| match claimed(code, figures, mark) {
        Fact::Claimed { leaf, mut claim } => {
            claim.evidence.clear();
            event(1, "dung", Fact::Claimed { leaf, claim })
        }
        other => panic!("{other:?}"),
    };
    after(&[
        bare("plan", issued("late"), Some(points("1"))),
        bare("tasks", index::Inputs::new(), None),
    ])
    .when(command(2, dung(), Action::Submit))
    .then_refused(&Refusal::Incomplete(vec![
        (leaf("plan"), Lack::Evidence),
        (leaf("tasks"), Lack::Figures(vec!["planned".to_owned()])),
    ]));
    after(&filled_in()[..2])
        .when(command(4, dung(), Action::Submit))
        .then([event(4, "dung", Fact::Submitted)]);
    after(&filled_in())
        .when(command(5, dung(), Action::Submit))
        .then([]);
}

#[test]
fn who_comes_second_is_told_what_changed() {
    let events = [event(
        1,
        "dung",
        claimed("plan", issued("late"), Some(points("1"))),
    )];
    let second = person("giang", Role::Assessor, "H40.12");
    after(&events)
        .when(command(
            2,
            second.clone(),
            claim("plan", 0, issued("on_time")),
        ))
        .then_refused(&Refusal::Changed {
            leaf: leaf("plan"),
            expected: 0,
            actual: 1,
            change: Box::new(Change {
                by: "dung".to_owned(),
                at: at(1),
                what: "claim",
                from: "nothing".to_owned(),
                to: "1 (evidence: 1)".to_owned(),
            }),
        });
    after(&events)
        .when(command(2, second, claim("plan", 2, issued("on_time"))))
        .then_refused(&Refusal::UnknownVersion {
            leaf: leaf("plan"),
            expected: 2,
            actual: 1,
        });
    // A repeat of what holds already is no news.
    after(&events)
        .when(command(2, dung(), claim("plan", 0, issued("late"))))
        .then([]);
}

#[test]
fn another_edition_than_the_campaigns_judges_nothing() {
    let mut command: Command = command(1, dung(), claim("plan", 0, issued("late")));
    let mut events = vec![];
    let mut plan = campaign().plan().expect("planned").clone();
    for rules in plan.rules.values_mut() {
        rules.edition = "2023".to_owned();
    }
    for fact in [campaign::Fact::Planned(plan), campaign::Fact::Opened] {
        let (at, by) = (at(0), "anh".to_owned());
        events.push(campaign::Event { at, by, fact });
    }
    command.ground.campaign = Arc::new(decider::fold(&events));
    after(&[])
        .when(command)
        .then_refused(&Refusal::OtherEdition("2023".to_owned()));
}

#[test]
fn a_reopened_sheet_is_filled_in_and_handed_in_again() {
    let mut ground = ground();
    let mut campaign = campaign();
    campaign.evolve(&campaign::Event {
        at: at(12),
        by: "anh".to_owned(),
        fact: campaign::Fact::UnitReopened {
            unit: unit("H40.12"),
            stage: Stage::SelfAssessment,
            until: at(18),
            reason: "a flood".to_owned(),
        },
    });
    ground.campaign = Arc::new(campaign);
    let command = |hour, action| Command {
        ground: ground.clone(),
        ..command(hour, dung(), action)
    };
    let late = claimed("plan", issued("late"), Some(points("1")));
    after(&filled_in())
        .when(command(13, claim("plan", 1, issued("late"))))
        .then([event(13, "dung", late)]);
    after(&filled_in())
        .when(command(13, Action::Submit))
        .then([event(13, "dung", Fact::Submitted)]);
    after(&filled_in())
        .when(command(18, claim("plan", 1, issued("late"))))
        .then_refused(&Refusal::Stage {
            phase: Phase::In(Stage::FirstAppraisal),
            needed: Stage::SelfAssessment,
        });
}
