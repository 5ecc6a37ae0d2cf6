use std::collections::BTreeMap;

use decider::spec::given;
use jiff::Timestamp;
use survey::mixing::COMPANY;
use survey::{BALLOTS_MAX, Batch, Cell, Code, Plan, Wave, WaveCommand, WaveEvent, WaveRefusal};

use crate::{ballot, code, plan, unit};

fn at(text: &str) -> Timestamp {
    text.parse().expect("a moment")
}

fn planned() -> WaveEvent {
    WaveEvent::Planned(Box::new(plan()))
}

fn issued(count: u32) -> WaveEvent {
    WaveEvent::TokensIssued {
        unit: unit("H40.01"),
        group: code("citizen"),
        count,
    }
}

fn issue(unit_code: &str, count: u32) -> WaveCommand {
    WaveCommand::Issue {
        unit: unit(unit_code),
        group: code("citizen"),
        count,
    }
}

fn batch(count: usize) -> Batch {
    Batch {
        cell: Cell {
            unit: Some(unit("H40.01")),
            group: Some(code("citizen")),
        },
        ballots: vec![ballot("citizen", &[("attitude", "4")]); count],
    }
}

fn cast(count: u32) -> BTreeMap<(ids::UnitCode, Code), u32> {
    BTreeMap::from([((unit("H40.01"), code("citizen")), count)])
}

#[test]
fn a_plan_may_change_until_a_token_is_out_or_the_wave_opens() {
    let other = Plan {
        minimum: 20,
        ..plan()
    };
    given::<Wave>([])
        .when(WaveCommand::Plan(Box::new(plan())))
        .then([planned()]);
    given::<Wave>([planned()])
        .when(WaveCommand::Plan(Box::new(other.clone())))
        .then([WaveEvent::Planned(Box::new(other.clone()))]);
    for past in [
        vec![planned(), issued(1)],
        vec![planned(), WaveEvent::Opened],
    ] {
        given::<Wave>(past.clone())
            .when(WaveCommand::Plan(Box::new(other.clone())))
            .then_refused(&WaveRefusal::Fixed);
        given::<Wave>(past)
            .when(WaveCommand::Plan(Box::new(plan())))
            .then([]);
    }
}

#[test]
fn a_wave_opens_within_its_time_only() {
    let open = |now| WaveCommand::Open { now: at(now) };
    given::<Wave>([])
        .when(open("2024-10-01T00:00:00Z"))
        .then_refused(&WaveRefusal::NotPlanned);
    given::<Wave>([planned()])
        .when(open("2024-09-30T23:59:59Z"))
        .then_refused(&WaveRefusal::TooEarly(plan().opens_at));
    given::<Wave>([planned()])
        .when(open("2024-10-01T00:00:00Z"))
        .then([WaveEvent::Opened]);
    given::<Wave>([planned()])
        .when(open("2024-11-01T00:00:00Z"))
        .then_refused(&WaveRefusal::Closed);
    given::<Wave>([planned(), WaveEvent::Opened])
        .when(open("2024-10-02T00:00:00Z"))
        .then([]);
    given::<Wave>([planned(), WaveEvent::Opened, WaveEvent::Closed])
        .when(open("2024-10-02T00:00:00Z"))
        .then_refused(&WaveRefusal::Closed);
}

#[test]
fn only_an_open_wave_closes_and_it_does_so_once() {
    given::<Wave>([planned()])
        .when(WaveCommand::Close)
        .then_refused(&WaveRefusal::NotOpen);
    given::<Wave>([planned(), WaveEvent::Opened])
        .when(WaveCommand::Close)
        .then([WaveEvent::Closed]);
    given::<Wave>([planned(), WaveEvent::Opened, WaveEvent::Closed])
        .when(WaveCommand::Close)
        .then([]);
}

#[test]
fn tokens_go_to_those_who_are_asked_up_to_a_bound() {
    given::<Wave>([planned()])
        .when(issue("H40.01", 100))
        .then([issued(100)]);
    given::<Wave>([planned()])
        .when(issue("H40.03", 100))
        .then_refused(&WaveRefusal::NoCell {
            unit: unit("H40.03"),
            group: code("citizen"),
        });
    given::<Wave>([planned(), issued(BALLOTS_MAX - 1)])
        .when(issue("H40.01", 2))
        .then_refused(&WaveRefusal::TooMany(BALLOTS_MAX));
    given::<Wave>([planned(), WaveEvent::Opened, WaveEvent::Closed])
        .when(issue("H40.01", 1))
        .then_refused(&WaveRefusal::Closed);
}

#[test]
fn ballots_leave_in_company_and_all_are_accounted_for() {
    let open = || vec![planned(), WaveEvent::Opened];
    given::<Wave>(open())
        .when(WaveCommand::Release(vec![batch(COMPANY - 1)]))
        .then_refused(&WaveRefusal::Alone);
    given::<Wave>(open())
        .when(WaveCommand::Release(vec![batch(COMPANY)]))
        .then([WaveEvent::Released(batch(COMPANY))]);
    let count = |cast, destroyed| WaveCommand::Count { cast, destroyed };
    given::<Wave>(open())
        .when(count(cast(0), 0))
        .then_refused(&WaveRefusal::NotClosed);
    let closed = || {
        let mut past = open();
        past.extend([WaveEvent::Released(batch(12)), WaveEvent::Closed]);
        past
    };
    given::<Wave>(closed())
        .when(count(cast(14), 1))
        .then_refused(&WaveRefusal::Miscounted { came: 14, left: 13 });
    let counted = WaveEvent::Counted {
        cast: cast(14),
        destroyed: 2,
    };
    given::<Wave>(closed())
        .when(count(cast(14), 2))
        .then([counted.clone()]);
    let mut over = closed();
    over.push(counted);
    given::<Wave>(over)
        .when(WaveCommand::Release(vec![batch(COMPANY)]))
        .then_refused(&WaveRefusal::Closed);
}

#[test]
fn results_are_withheld_and_released_with_a_reason() {
    let withhold = |unit, reason: &str| WaveCommand::Withhold {
        unit,
        reason: reason.into(),
    };
    let withheld = |unit, reason: &str| WaveEvent::Withheld {
        unit,
        reason: reason.into(),
    };
    let lift = |unit| WaveCommand::Lift {
        unit,
        reason: "checked".into(),
    };
    for of in [None, Some(unit("H40.02"))] {
        given::<Wave>([planned()])
            .when(withhold(of.clone(), "tampering"))
            .then([withheld(of.clone(), "tampering")]);
        given::<Wave>([planned(), withheld(of.clone(), "tampering")])
            .when(withhold(of.clone(), "tampering"))
            .then([]);
        given::<Wave>([planned(), withheld(of.clone(), "tampering")])
            .when(withhold(of.clone(), "interference"))
            .then([withheld(of.clone(), "interference")]);
        given::<Wave>([planned(), withheld(of.clone(), "tampering")])
            .when(lift(of.clone()))
            .then([WaveEvent::Lifted {
                unit: of.clone(),
                reason: "checked".into(),
            }]);
        given::<Wave>([planned()])
            .when(lift(of))
            .then_refused(&WaveRefusal::NotWithheld);
    }
    given::<Wave>([planned()])
        .when(withhold(Some(unit("H40.09")), "tampering"))
        .then_refused(&WaveRefusal::NoUnit(unit("H40.09")));
}

#[test]
fn every_fault_of_a_plan_is_named_at_once() {
    assert_eq!(plan().faults(), []);
    let mut faulty = plan();
    faulty.title.clear();
    faulty.quotas.insert((unit("H40.03"), code("citizen")), 3);
    faulty.closes_at = faulty.opens_at;
    faulty.minimum = 9;
    let fields: Vec<String> = faulty
        .faults()
        .into_iter()
        .map(|fault| fault.field)
        .collect();
    assert_eq!(fields, ["title", "quotas", "closes_at", "minimum"]);
}

#[test]
fn cells_are_numbered_by_unit_then_group() {
    let plan = plan();
    let mut number = 0;
    for unit in &plan.units {
        for group in &plan.edition.groups {
            assert_eq!(plan.cell(unit, &group.code), Some(number));
            assert_eq!(plan.cell_at(number), Some((unit, &group.code)));
            number += 1;
        }
    }
    assert_eq!(plan.cell_at(number), None);
}
