//! Due dates.

use decider::fold;

use super::super::*;
use super::{
    DUE, assigned, at, by, clock, confirm, given, health, judge, move_due, organiser, overdue,
    reading, report, reported, returned,
};

#[test]
fn an_open_task_becomes_overdue_once_when_its_date_passes() {
    given([assigned()]).when(clock(DUE - 1)).then([]);
    given([assigned()])
        .when(clock(DUE))
        .then([overdue(DUE, "timer")]);
    given([assigned(), overdue(DUE, "timer")])
        .when(clock(DUE + 1))
        .then([]);
    let task: Task = fold(&[assigned()]);
    assert_eq!(task.next_overdue(), Some(at(DUE)));
    // What comes in late finds it overdue, whether or not the timer was there.
    given([assigned()])
        .when(health(DUE + 2, report()))
        .then([overdue(DUE + 2, "hoa"), reported(DUE + 2)]);
    let late: Task = fold(&[assigned(), overdue(DUE + 2, "hoa"), reported(DUE + 2)]);
    let standing = late.standing().expect("assigned");
    assert_eq!(standing.overdue_since, Some(at(DUE)));
    assert!(!standing.is_overdue_at(at(DUE + 3)), "it is reported");
}

#[test]
fn what_was_reported_in_time_is_not_overdue_unless_it_comes_back() {
    let past = vec![assigned(), reported(DUE - 1)];
    given(past.clone()).when(clock(DUE + 5)).then([]);
    let confirmed = by(DUE + 5, "binh", Fact::Confirmed { after: reading(8) });
    given(past.clone())
        .when(judge(DUE + 5, confirm()))
        .then([confirmed.clone()]);
    let done: Task = fold(&[past.clone(), vec![confirmed]].concat());
    assert_eq!(done.standing().expect("assigned").overdue_since, None);
    assert_eq!(done.next_overdue(), None);
    let back = [past, vec![returned(DUE + 5)]].concat();
    let task: Task = fold(&back);
    assert_eq!(task.next_overdue(), Some(at(DUE + 5)));
    given(back.clone())
        .when(clock(DUE + 5))
        .then([overdue(DUE + 5, "timer")]);
    let task: Task = fold(&[back, vec![overdue(DUE + 5, "timer")]].concat());
    let since = task.standing().expect("assigned").overdue_since;
    assert_eq!(since, Some(at(DUE + 5)));
}

#[test]
fn a_moved_date_keeps_the_old_one_and_is_due_anew() {
    let moved = |hour, to| {
        let (from, to) = (at(DUE), at(to));
        let reason = "bão".to_owned();
        by(hour, "anh", Fact::DueMoved { from, to, reason })
    };
    given([assigned()])
        .when(organiser(5, move_due(200)))
        .then([moved(5, 200)]);
    given([assigned(), moved(5, 200)])
        .when(organiser(6, move_due(200)))
        .then([]);
    given([assigned()])
        .when(organiser(5, move_due(5)))
        .then_refused(&Refusal::Passed(at(5)));
    let late = vec![assigned(), overdue(DUE, "timer"), moved(DUE + 9, 200)];
    let task: Task = fold(&late);
    let standing = task.standing().expect("assigned");
    assert_eq!((standing.due, standing.overdue_since), (at(200), None));
    assert_eq!(standing.assignment.due, at(DUE));
    given(late)
        .when(clock(200))
        .then([by(200, "timer", Fact::Overdue { due: at(200) })]);
    // It had passed before it was moved, and that stays in the history.
    given([assigned()])
        .when(organiser(DUE + 9, move_due(200)))
        .then([overdue(DUE + 9, "anh"), moved(DUE + 9, 200)]);
}
