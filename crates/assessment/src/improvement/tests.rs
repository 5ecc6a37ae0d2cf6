//! Tasks from their assignment to their end.

mod dates;
mod holders;

use std::collections::BTreeSet;

use decider::fold;
use decider::spec::Given;

use super::*;
use crate::person::{Person, Role};

/// The due date, in hours.
const DUE: i64 = 100;

fn given(past: impl IntoIterator<Item = Event>) -> Given<Task> {
    decider::spec::given(past)
}

fn at(hour: i64) -> Timestamp {
    Timestamp::from_second(1_735_689_600 + hour * 3_600).expect("within range")
}

fn unit(code: &str) -> UnitCode {
    code.parse().expect("a unit code")
}

fn holder(code: &str, person: &str) -> Holder {
    Holder {
        unit: unit(code),
        person: person.to_owned(),
    }
}

fn person(id: &str, role: Role, units: &[&str]) -> Option<Person> {
    Some(Person {
        id: id.to_owned(),
        role,
        units: units.iter().map(|code| unit(code)).collect::<BTreeSet<_>>(),
    })
}

fn ask(hour: i64, by: Option<Person>, action: Action) -> Command {
    let at = at(hour);
    Command { at, by, action }
}

fn organiser(hour: i64, action: Action) -> Command {
    ask(hour, person("anh", Role::Organiser, &["H40.01"]), action)
}

fn health(hour: i64, action: Action) -> Command {
    ask(hour, person("hoa", Role::Assessor, &["H40.02"]), action)
}

fn judge(hour: i64, action: Action) -> Command {
    ask(hour, person("binh", Role::Appraiser, &["H40.01"]), action)
}

fn clock(hour: i64) -> Command {
    ask(hour, None, Action::MarkOverdue)
}

fn assignment() -> Assignment {
    Assignment {
        code: "kh-165-017".parse().expect("a code"),
        title: "Công khai đủ thủ tục hành chính".to_owned(),
        plan: "165/KH-UBND".to_owned(),
        origin: Origin::YearlyPlan {
            document: "165/KH-UBND".to_owned(),
            item: "II.3".to_owned(),
        },
        holder: holder("H40.02", "hoa"),
        due: at(DUE),
    }
}

fn reading(value: i64) -> Option<Reading> {
    Some(Reading {
        value: Some(value.into()),
        max: Some(10.into()),
        period: Period::Year(2024),
        campaign: None,
        reason: String::new(),
    })
}

fn by(hour: i64, by: &str, fact: Fact) -> Event {
    Event {
        at: at(hour),
        by: by.to_owned(),
        fact,
    }
}

fn assigned() -> Event {
    let assignment = Box::new(assignment());
    let before = reading(5);
    by(0, "anh", Fact::Assigned { assignment, before })
}

fn reported(hour: i64) -> Event {
    by(
        hour,
        "hoa",
        Fact::Reported {
            text: "xong".to_owned(),
            evidence: vec![Evidence::default()],
        },
    )
}

fn overdue(hour: i64, who: &str) -> Event {
    by(hour, who, Fact::Overdue { due: at(DUE) })
}

fn returned(hour: i64) -> Event {
    let reason = "thiếu phụ lục".to_owned();
    by(hour, "binh", Fact::Returned { reason })
}

fn report() -> Action {
    Action::Report {
        text: "xong".to_owned(),
        evidence: vec![Evidence::default()],
    }
}

fn confirm() -> Action {
    Action::Confirm { after: reading(8) }
}

fn move_due(hour: i64) -> Action {
    Action::MoveDue {
        due: at(hour),
        reason: "bão".to_owned(),
    }
}

fn give_back() -> Action {
    Action::Return {
        reason: "thiếu phụ lục".to_owned(),
    }
}

fn note(percent: u8) -> Action {
    Action::Note {
        percent,
        text: "đang làm".to_owned(),
    }
}

fn assign(before: Option<Reading>) -> Action {
    let assignment = Box::new(assignment());
    Action::Assign { assignment, before }
}

#[test]
fn a_code_stands_for_one_task() {
    given([])
        .when(organiser(0, assign(reading(5))))
        .then([assigned()]);
    // Its worth may have changed since; it is the same task.
    given([assigned()])
        .when(organiser(1, assign(reading(6))))
        .then([]);
    let assignment = Box::new(Assignment {
        title: "khác".to_owned(),
        ..assignment()
    });
    let code = assignment.code.clone();
    let taken = Refusal::Taken(code);
    let other = Action::Assign {
        assignment,
        before: None,
    };
    given([assigned()])
        .when(organiser(1, other))
        .then_refused(&taken);
    let reason = "trùng".to_owned();
    let cancelled = by(1, "anh", Fact::Cancelled { reason });
    given([assigned(), cancelled])
        .when(organiser(2, assign(None)))
        .then_refused(&taken);
    given([])
        .when(organiser(DUE, assign(None)))
        .then_refused(&Refusal::Passed(at(DUE)));
}

#[test]
fn nothing_is_done_to_what_nobody_assigned_or_in_another_role() {
    for command in [
        organiser(1, move_due(200)),
        health(1, note(10)),
        judge(1, confirm()),
    ] {
        given([]).when(command).then_refused(&Refusal::Absent);
    }
    let refused = Refusal::Role {
        needed: Role::Organiser,
        acting: Role::Assessor,
    };
    given([assigned()])
        .when(health(1, move_due(200)))
        .then_refused(&refused);
    given([assigned()])
        .when(ask(1, None, report()))
        .then_refused(&Refusal::Clock);
    given([assigned()])
        .when(organiser(DUE, Action::MarkOverdue))
        .then_refused(&Refusal::Clock);
    given([]).when(clock(DUE)).then([]);
}

#[test]
fn the_unit_notes_how_far_it_is_and_reports() {
    let noted = |hour, percent| {
        let text = "đang làm".to_owned();
        by(hour, "hoa", Fact::Noted { percent, text })
    };
    given([assigned()])
        .when(health(1, note(40)))
        .then([noted(1, 40)]);
    given([assigned(), noted(1, 40)])
        .when(health(2, note(40)))
        .then([]);
    given([assigned(), noted(1, 40)])
        .when(health(2, note(60)))
        .then([noted(2, 60)]);
    let stranger = person("lan", Role::Assessor, &["H40.03"]);
    given([assigned()])
        .when(ask(1, stranger, note(40)))
        .then_refused(&Refusal::OtherUnit(unit("H40.02")));
    given([assigned()])
        .when(health(3, report()))
        .then([reported(3)]);
    given([assigned(), reported(3)])
        .when(health(4, report()))
        .then([]);
    let refused = Refusal::State {
        state: State::Reported,
        remedy: "have it confirmed or returned first",
    };
    given([assigned(), reported(3)])
        .when(health(4, note(50)))
        .then_refused(&refused);
    let task: Task = fold(&[assigned(), noted(1, 40), reported(3), returned(4)]);
    assert_eq!(task.standing().expect("assigned").percent(), 40);
    let task: Task = fold(&[assigned(), noted(1, 40), reported(3)]);
    assert_eq!(task.standing().expect("assigned").percent(), 100);
}

#[test]
fn somebody_else_of_another_unit_finds_it_done_or_not() {
    let confirmed = by(5, "binh", Fact::Confirmed { after: reading(8) });
    given([assigned(), reported(3)])
        .when(judge(5, confirm()))
        .then([confirmed.clone()]);
    given([assigned(), reported(3), confirmed])
        .when(judge(6, confirm()))
        .then([]);
    given([assigned(), reported(3)])
        .when(judge(4, give_back()))
        .then([returned(4)]);
    given([assigned(), reported(3), returned(4)])
        .when(judge(5, give_back()))
        .then([]);
    for action in [confirm(), give_back()] {
        let early = Refusal::State {
            state: State::Open,
            remedy: "its unit has to report that it is done first",
        };
        given([assigned()])
            .when(judge(1, action.clone()))
            .then_refused(&early);
        let tries = [
            ("mai", vec!["H40.02"], Refusal::OwnUnit(unit("H40.02"))),
            ("binh", vec![], Refusal::NoUnit),
            // Who reported has moved on to another unit since.
            ("hoa", vec!["H40.01"], Refusal::OwnWork),
        ];
        for (id, units, refused) in tries {
            let by = person(id, Role::Appraiser, &units);
            given([assigned(), reported(3)])
                .when(ask(5, by, action.clone()))
                .then_refused(&refused);
        }
        // The unit that reported stays out of it when a successor has the task.
        let handed = by_successor(4);
        let former = person("mai", Role::Appraiser, &["H40.02"]);
        given([assigned(), reported(3), handed])
            .when(ask(5, former, action))
            .then_refused(&Refusal::OwnUnit(unit("H40.02")));
    }
}

fn by_successor(hour: i64) -> Event {
    by(
        hour,
        "anh",
        Fact::HandedOver {
            from: unit("H40.02"),
            holder: holder("H40.31", ""),
            reason: "sáp nhập".to_owned(),
        },
    )
}

#[test]
fn what_is_finished_stays_so() {
    let reason = || "trùng".to_owned();
    let cancelled = by(1, "anh", Fact::Cancelled { reason: reason() });
    let cancel = || Action::Cancel { reason: reason() };
    given([assigned()])
        .when(organiser(1, cancel()))
        .then([cancelled.clone()]);
    given([assigned(), cancelled.clone()])
        .when(organiser(2, cancel()))
        .then([]);
    given([assigned(), cancelled.clone()])
        .when(clock(DUE))
        .then([]);
    let over = Refusal::State {
        state: State::Cancelled,
        remedy: "assign another one for what is left",
    };
    for command in [
        organiser(2, move_due(200)),
        health(2, report()),
        judge(2, confirm()),
    ] {
        given([assigned(), cancelled.clone()])
            .when(command)
            .then_refused(&over);
    }
}

#[test]
fn a_history_has_its_bound_and_an_end_beyond_it() {
    let mut past = vec![assigned()];
    while past.len() < ENTRIES_MAX {
        let percent = u8::try_from(past.len() % 100).expect("small");
        let text = "đang làm".to_owned();
        past.push(by(1, "hoa", Fact::Noted { percent, text }));
    }
    given(past.clone())
        .when(health(2, report()))
        .then_refused(&Refusal::Full);
    let reason = "trùng".to_owned();
    let cancelled = by(
        2,
        "anh",
        Fact::Cancelled {
            reason: reason.clone(),
        },
    );
    given(past)
        .when(organiser(2, Action::Cancel { reason }))
        .then([cancelled]);
}
