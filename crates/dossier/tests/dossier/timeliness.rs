//! Early, on time, late, overdue. Received on Monday 2 March, due on Monday 9 March at 10:00.

use decider::Decider;
use dossier::{Action, ClockPolicy, Dossier, Fact, Reason, Status, Timeliness};
use jiff::SignedDuration;

use crate::asking::{
    after, ask, ask_fee, ask_supplement, correct, dossier, event, filed, local, receive,
    receive_under, receive_without_limit, refused, register, start, stop, supplemented, timeliness,
    withdraw,
};

#[test]
fn the_end_is_held_against_the_due_date_to_the_second() {
    let started = || [("03-02 10:00", receive()), ("03-02 14:00", start())];
    let due_at = Some(local("03-09 10:00"));
    after(started())
        .when(ask("03-09 10:00", Action::CompleteDossier))
        .then([event(
            "03-09 10:00",
            Fact::Completed {
                timeliness: Timeliness::OnTime,
                due_at,
            },
        )]);
    let second_late = dossier::Command {
        at: local("03-09 10:00") + SignedDuration::from_secs(1),
        action: Action::CompleteDossier,
    };
    let events = dossier(started()).decide(second_late).expect("accepted");
    assert_eq!(
        events[0].fact,
        Fact::Completed {
            timeliness: Timeliness::Late,
            due_at
        }
    );
}

#[test]
fn an_unfinished_dossier_becomes_overdue_as_the_clock_passes() {
    let started = dossier([("03-02 10:00", receive()), ("03-02 14:00", start())]);
    assert_eq!(timeliness(&started, "03-09 10:00"), Timeliness::Within);
    assert_eq!(timeliness(&started, "03-09 10:01"), Timeliness::Overdue);
}

#[test]
fn what_was_judged_at_its_end_stays_judged() {
    let late = dossier([
        ("03-02 10:00", receive()),
        ("03-10 10:00", Action::CompleteDossier),
    ]);
    assert_eq!(timeliness(&late, "03-02 10:00"), Timeliness::Late);
    let delivered = dossier([
        ("03-02 10:00", receive()),
        ("03-03 10:00", Action::CompleteDossier),
        ("04-20 10:00", Action::DeliverResult),
    ]);
    assert_eq!(timeliness(&delivered, "04-21 10:00"), Timeliness::OnTime);
    assert_eq!(filed(&delivered).ended_at(), Some(local("03-03 10:00")));
}

#[test]
fn without_a_due_date_nothing_is_late() {
    let unlimited = dossier([("03-02 10:00", receive_without_limit())]);
    assert_eq!(timeliness(&unlimited, "12-31 10:00"), Timeliness::Within);
    let done = dossier([
        ("03-02 10:00", receive_without_limit()),
        ("12-01 10:00", Action::CompleteDossier),
    ]);
    assert_eq!(timeliness(&done, "12-31 10:00"), Timeliness::OnTime);
    assert_eq!(
        refused(&unlimited, "12-31 10:00", Action::MarkOverdue),
        Reason::NoDueDate
    );
}

#[test]
fn a_dossier_withdrawn_before_its_reception_is_on_time_and_not_received() {
    let withdrawn = dossier([("03-02 10:00", register()), ("12-02 10:00", withdraw())]);
    assert_eq!(timeliness(&withdrawn, "12-31 10:00"), Timeliness::OnTime);
    assert_eq!(filed(&withdrawn).received_at(), None);
}

#[test]
fn stopping_and_withdrawing_are_judged_like_a_completion() {
    for action in [stop(), withdraw()] {
        let ended = dossier([
            ("03-02 10:00", receive()),
            ("03-02 14:00", start()),
            ("03-10 10:00", action),
        ]);
        assert_eq!(timeliness(&ended, "03-11 10:00"), Timeliness::Late);
    }
}

#[test]
fn the_clock_stands_still_while_a_supplement_is_awaited() {
    for policy in [
        ClockPolicy::Restart,
        ClockPolicy::Pause,
        ClockPolicy::Subtract,
    ] {
        let waiting = dossier([
            ("03-02 10:00", receive_under(policy)),
            ("03-04 09:00", ask_supplement()),
        ]);
        assert_eq!(
            timeliness(&waiting, "06-30 09:00"),
            Timeliness::Within,
            "{policy:?}"
        );
        let reason = refused(&waiting, "06-30 09:00", Action::MarkOverdue);
        assert_eq!(
            reason,
            Reason::NotPastDue {
                due_at: local("03-09 10:00")
            }
        );
        // Whoever never brings it is judged by the moment of the request.
        let stopped = dossier([
            ("03-02 10:00", receive_under(policy)),
            ("03-04 09:00", ask_supplement()),
            ("06-30 09:00", stop()),
        ]);
        assert_eq!(
            timeliness(&stopped, "07-01 09:00"),
            Timeliness::OnTime,
            "{policy:?}"
        );
        assert_eq!(filed(&stopped).ended_at(), Some(local("06-30 09:00")));
    }
}

#[test]
fn a_supplement_asked_for_too_late_does_not_help() {
    let waiting = dossier([
        ("03-02 10:00", receive()),
        ("03-09 10:01", ask_supplement()),
    ]);
    assert_eq!(timeliness(&waiting, "03-20 09:00"), Timeliness::Overdue);
}

#[test]
fn a_fee_does_not_stop_the_clock() {
    let waiting = dossier([
        ("03-02 10:00", receive()),
        ("03-02 14:00", start()),
        ("03-03 09:00", ask_fee()),
    ]);
    assert_eq!(timeliness(&waiting, "03-09 10:01"), Timeliness::Overdue);
}

#[test]
fn two_supplements_are_late_under_decision_766_alone() {
    let twice = |policy| {
        let done = dossier([
            ("03-02 10:00", receive_under(policy)),
            ("03-03 09:00", ask_supplement()),
            ("03-03 10:00", supplemented()),
            ("03-04 09:00", ask_supplement()),
            ("03-04 10:00", supplemented()),
            ("03-05 10:00", Action::CompleteDossier),
        ]);
        timeliness(&done, "03-06 10:00")
    };
    assert_eq!(twice(ClockPolicy::Restart), Timeliness::OnTime);
    assert_eq!(twice(ClockPolicy::Pause), Timeliness::OnTime);
    assert_eq!(twice(ClockPolicy::Subtract), Timeliness::Late);
}

#[test]
fn the_timer_marks_it_once_and_not_before_time() {
    let started = || [("03-02 10:00", receive()), ("03-02 14:00", start())];
    let reason = refused(&dossier(started()), "03-09 10:00", Action::MarkOverdue);
    assert_eq!(
        reason,
        Reason::NotPastDue {
            due_at: local("03-09 10:00")
        }
    );
    let overdue = Fact::BecameOverdue {
        due_at: local("03-09 10:00"),
    };
    after(started())
        .when(ask("03-09 10:01", Action::MarkOverdue))
        .then([event("03-09 10:01", overdue)]);
    after([
        ("03-02 10:00", receive()),
        ("03-09 10:01", Action::MarkOverdue),
    ])
    .when(ask("03-10 10:01", Action::MarkOverdue))
    .then([]);
}

#[test]
fn a_finished_dossier_is_not_marked_overdue() {
    let done = dossier([
        ("03-02 10:00", receive()),
        ("03-03 10:00", Action::CompleteDossier),
    ]);
    let reason = refused(&done, "03-10 10:01", Action::MarkOverdue);
    assert!(matches!(reason, Reason::Status { .. }));
}

#[test]
fn a_due_date_moved_beyond_the_present_may_be_missed_again() {
    let marked = |dossier: &Dossier| {
        filed(dossier)
            .reception
            .as_ref()
            .is_some_and(|reception| reception.marked_overdue)
    };
    let restarted = dossier([
        ("03-02 10:00", receive_under(ClockPolicy::Restart)),
        ("03-09 10:01", Action::MarkOverdue),
        ("03-09 11:00", ask_supplement()),
        ("03-10 10:00", supplemented()),
    ]);
    assert!(!marked(&restarted));
    assert_eq!(timeliness(&restarted, "03-10 10:00"), Timeliness::Within);

    // Paused when it was overdue already, it still is, and is not reported twice.
    let paused = dossier([
        ("03-02 10:00", receive_under(ClockPolicy::Pause)),
        ("03-09 10:01", Action::MarkOverdue),
        ("03-09 11:00", ask_supplement()),
        ("03-10 10:00", supplemented()),
    ]);
    assert!(marked(&paused));
    assert_eq!(timeliness(&paused, "03-10 10:00"), Timeliness::Overdue);
}

#[test]
fn a_corrected_result_is_judged_anew() {
    let corrected = dossier([
        ("03-02 10:00", receive()),
        ("03-04 10:00", Action::CompleteDossier),
        ("03-05 10:00", correct()),
        ("03-10 10:00", Action::CompleteDossier),
    ]);
    assert_eq!(corrected.status(), Some(Status::Completed));
    assert_eq!(timeliness(&corrected, "03-11 10:00"), Timeliness::Late);
}
