//! Campaigns from plan to publication.

mod publications;
mod windows;

use decider::spec::given;

use super::*;
use crate::person::{Person, Role};

fn at(hour: i64) -> Timestamp {
    Timestamp::from_second(1_735_689_600 + hour * 3_600).expect("within range")
}

fn unit(code: &str) -> UnitCode {
    code.parse().expect("a unit code")
}

fn person(id: &str, role: Role) -> Option<Person> {
    Some(Person {
        id: id.to_owned(),
        role,
        units: BTreeSet::new(),
    })
}

fn organiser(hour: i64, action: Action) -> Command {
    Command {
        at: at(hour),
        by: person("anh", Role::Organiser),
        action,
    }
}

/// Stages end at hours 10, 20, 30, 40 and 50.
fn plan() -> Plan {
    let rules = Rules {
        index: "par-departments".parse().expect("an index code"),
        edition: "2024".to_owned(),
        sha256: [7; 32],
    };
    Plan {
        title: "Cải cách hành chính 2024".to_owned(),
        period: Period::Year(2024),
        as_of: Date::constant(2024, 12, 31),
        rules: BTreeMap::from([("department".to_owned(), rules)]),
        participants: ["H40.12", "H40.13"]
            .map(|code| (unit(code), "department".to_owned()))
            .into(),
        deadlines: STAGES.into_iter().zip((1..).map(|n| at(n * 10))).collect(),
    }
}

fn event(hour: i64, fact: Fact) -> Event {
    Event {
        at: at(hour),
        by: "anh".to_owned(),
        fact,
    }
}

fn opened() -> Vec<Event> {
    vec![event(0, Fact::Planned(plan())), event(1, Fact::Opened)]
}

fn locked(stage: Stage, hour: i64) -> Fact {
    let deadline = at(hour);
    Fact::StageLocked { stage, deadline }
}

fn by_clock(hour: i64) -> Command {
    Command {
        at: at(hour),
        by: None,
        action: Action::Lock,
    }
}

fn timer(hour: i64, fact: Fact) -> Event {
    Event {
        by: "timer".to_owned(),
        ..event(hour, fact)
    }
}

fn outcome() -> Outcome {
    Outcome {
        total: Some(Decimal::from(84)),
        max: Decimal::from(100),
        percent: Some(Decimal::from(84)),
        exact_value: Some(Decimal::from(84)),
        band: "b".to_owned(),
        rank: Some(1),
        sheet_version: 3,
    }
}

fn sheets(undecided: Vec<LeafCode>) -> BTreeMap<UnitCode, Reviewed> {
    let sheet = |undecided| Reviewed {
        undecided,
        outcome: outcome(),
    };
    BTreeMap::from([
        (unit("H40.12"), sheet(vec![])),
        (unit("H40.13"), sheet(undecided)),
    ])
}

fn approve(hour: i64, undecided: Vec<LeafCode>) -> Command {
    Command {
        at: at(hour),
        by: person("council", Role::Council),
        action: Action::Approve {
            document: "12/BB".to_owned(),
            sheets: sheets(undecided),
        },
    }
}

fn approved() -> Fact {
    Fact::Approved {
        document: "12/BB".to_owned(),
        outcomes: sheets(vec![])
            .into_iter()
            .map(|(unit, sheet)| (unit, sheet.outcome))
            .collect(),
    }
}

#[test]
fn a_campaign_is_planned_changed_and_opened() {
    let anew = Plan {
        title: "anew".to_owned(),
        ..plan()
    };
    given::<Campaign>([])
        .when(organiser(0, Action::Plan(plan())))
        .then([event(0, Fact::Planned(plan()))]);
    given::<Campaign>([event(0, Fact::Planned(plan()))])
        .when(organiser(1, Action::Plan(anew.clone())))
        .then([event(1, Fact::Planned(anew.clone()))]);
    given::<Campaign>([event(0, Fact::Planned(plan()))])
        .when(organiser(1, Action::Open))
        .then([event(1, Fact::Opened)]);
    given::<Campaign>(opened())
        .when(organiser(2, Action::Plan(anew)))
        .then_refused(&Refusal::Phase {
            phase: Phase::In(Stage::SelfAssessment),
            possible: "its plan stands; extend stages, or plan another campaign",
        });
}

#[test]
fn a_plan_without_units_rules_or_rising_deadlines_is_refused() {
    let without = |change: fn(&mut Plan)| {
        let mut plan = plan();
        change(&mut plan);
        given::<Campaign>([]).when(organiser(0, Action::Plan(plan)))
    };
    without(|plan| plan.participants.clear()).then_refused(&Refusal::NobodyTakesPart);
    without(|plan| plan.rules.clear()).then_refused(&Refusal::NoRules("department".to_owned()));
    without(|plan| {
        plan.deadlines.insert(Stage::Explanation, at(20));
    })
    .then_refused(&Refusal::Deadlines(Stage::Explanation));
    without(|plan| {
        plan.deadlines.insert(Stage::SelfAssessment, at(0));
    })
    .then_refused(&Refusal::Deadlines(Stage::SelfAssessment));
    without(|plan| {
        plan.deadlines.remove(&Stage::Council);
    })
    .then_refused(&Refusal::Deadlines(Stage::Council));
}

#[test]
fn only_the_organiser_keeps_the_stages() {
    for role in [Role::Assessor, Role::Appraiser, Role::Council, Role::Chair] {
        let needed = Role::Organiser;
        given::<Campaign>([])
            .when(Command {
                by: person("x", role),
                ..organiser(0, Action::Plan(plan()))
            })
            .then_refused(&Refusal::Role {
                needed,
                acting: role,
            });
    }
    given::<Campaign>(opened())
        .when(organiser(11, Action::Lock))
        .then_refused(&Refusal::Clock);
}

#[test]
fn a_deadline_locks_by_itself_one_at_a_time() {
    given::<Campaign>(opened()).when(by_clock(9)).then([]);
    given::<Campaign>(opened())
        .when(by_clock(10))
        .then([timer(10, locked(Stage::SelfAssessment, 10))]);
    let mut events = opened();
    events.push(timer(10, locked(Stage::SelfAssessment, 10)));
    given::<Campaign>(events.clone())
        .when(by_clock(19))
        .then([]);
    given::<Campaign>(events)
        .when(by_clock(35))
        .then([timer(35, locked(Stage::FirstAppraisal, 20))]);
}

#[test]
fn a_deadline_counts_before_anybody_records_it() {
    let campaign: Campaign = decider::fold(&opened());
    let phases = [0, 10, 20, 30, 40, 50].map(|hour| campaign.phase_at(at(hour)));
    let stages = STAGES.map(Phase::In);
    assert_eq!(phases[..5], stages);
    assert_eq!(phases[5], Phase::Reviewed);
    given::<Campaign>(opened())
        .when(organiser(
            12,
            Action::CloseStage {
                stage: Stage::FirstAppraisal,
                reason: "all done".to_owned(),
            },
        ))
        .then([
            event(12, locked(Stage::SelfAssessment, 10)),
            event(
                12,
                Fact::StageClosed {
                    stage: Stage::FirstAppraisal,
                    reason: "all done".to_owned(),
                },
            ),
        ]);
}

#[test]
fn an_appraiser_is_never_assigned_to_the_own_unit() {
    let assign = |own: &str, units: &[&str]| {
        let action = Action::Assign {
            appraiser: "binh".to_owned(),
            assignment: Assignment {
                own: unit(own),
                units: units.iter().map(|code| unit(code)).collect(),
                components: BTreeSet::new(),
            },
        };
        given::<Campaign>(opened()).when(organiser(2, action))
    };
    assign("H40.12", &["H40.12", "H40.13"]).then_refused(&Refusal::OwnUnit(unit("H40.12")));
    assign("H40.01", &["H40.99"]).then_refused(&Refusal::NoPart(unit("H40.99")));
    assign("H40.01", &[]).then([]);
    assign("H40.12", &["H40.13"]).then([event(
        2,
        Fact::AppraiserAssigned {
            appraiser: "binh".to_owned(),
            assignment: Assignment {
                own: unit("H40.12"),
                units: BTreeSet::from([unit("H40.13")]),
                components: BTreeSet::new(),
            },
        },
    )]);
}

#[test]
fn the_council_approves_what_is_decided_and_another_person_publishes() {
    given::<Campaign>(opened())
        .when(approve(45, vec![]))
        .then_refused(&Refusal::Phase {
            phase: Phase::In(Stage::Council),
            possible: "approve it when the council's stage is over",
        });
    let leaf: LeafCode = "1.1".parse().expect("a leaf code");
    given::<Campaign>(opened())
        .when(approve(50, vec![leaf.clone()]))
        .then_refused(&Refusal::Undecided(vec![(unit("H40.13"), leaf)]));
    let outcome: Campaign = decider::fold(&opened());
    let events = decider::Decider::decide(&outcome, approve(50, vec![])).expect("approved");
    assert_eq!(events.len(), 6, "five locks first");
    assert_eq!(events[5].fact, approved());
}
