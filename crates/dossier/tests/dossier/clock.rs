//! What moves a due date: supplements under three policies, extensions, recomputations.
//!
//! Received on Monday 2 March at 10:00 with five days: due on Monday 9 March at 10:00.

use decider::Decider;
use dossier::clock::{self, Resumed};
use dossier::{Action, CalendarVersion, ClockPolicy, Dossier, Fact, Promise, Reason};

use crate::asking::{
    after, ask, ask_fee, ask_supplement, dossier, event, extend, filed, filing, local, receive,
    receive_under, receive_without_limit, refused, start, supplemented, vietnam, vietnam_with,
};

/// Asked on Wednesday 4 March at 09:00, complete on Friday 6 March at 15:00: 360 working minutes on
/// Wednesday, 480 on Thursday, 360 on Friday.
fn resumed_under(clock_policy: ClockPolicy) -> Dossier {
    dossier([
        ("03-02 10:00", receive_under(clock_policy)),
        ("03-04 09:00", ask_supplement()),
        ("03-06 15:00", supplemented()),
    ])
}

#[test]
fn restart_gives_the_whole_limit_from_the_supplement_on() {
    let resumed = resumed_under(ClockPolicy::Restart);
    assert_eq!(filed(&resumed).due_at(), Some(local("03-13 15:00")));
    assert_eq!(filed(&resumed).first_due_at(), Some(local("03-09 10:00")));
}

#[test]
fn pause_and_subtract_move_the_due_date_by_the_working_time_waited() {
    for policy in [ClockPolicy::Pause, ClockPolicy::Subtract] {
        // 1,200 minutes after Monday 10:00: 300 on Monday, 480 on Tuesday, 420 on Wednesday.
        let resumed = resumed_under(policy);
        assert_eq!(
            filed(&resumed).due_at(),
            Some(local("03-11 16:00")),
            "{policy:?}"
        );
    }
}

#[test]
fn the_supplement_records_both_dates_and_the_wait() {
    after([
        ("03-02 10:00", receive()),
        ("03-04 09:00", ask_supplement()),
    ])
    .when(ask("03-06 15:00", supplemented()))
    .then([event(
        "03-06 15:00",
        Fact::SupplementCompleted {
            due_before: Some(local("03-09 10:00")),
            due_at: Some(local("03-11 16:00")),
            requested_at: local("03-04 09:00"),
            waited_minutes: 1_200,
        },
    )]);
}

#[test]
fn the_days_of_tet_are_not_waited() {
    // Received on Thursday 12 February, due after the holiday week, on the 26th at 10:00. Asked on
    // Friday at 14:00, complete on Monday the 23rd at 09:00: 180 and 120 minutes.
    let over_tet = |policy| {
        let resumed = dossier([
            ("02-12 10:00", receive_under(policy)),
            ("02-13 14:00", ask_supplement()),
            ("02-23 09:00", supplemented()),
        ]);
        assert_eq!(filed(&resumed).first_due_at(), Some(local("02-26 10:00")));
        filed(&resumed).due_at()
    };
    assert_eq!(over_tet(ClockPolicy::Pause), Some(local("02-26 17:00")));
    assert_eq!(over_tet(ClockPolicy::Subtract), Some(local("02-26 17:00")));
    assert_eq!(over_tet(ClockPolicy::Restart), Some(local("03-02 09:00")));
}

#[test]
fn restart_takes_the_limit_of_a_given_date_from_the_date() {
    let given = Action::ReceiveDossier {
        filing: Some(filing()),
        promise: Promise::Given(local("03-09 10:00")),
        clock_policy: ClockPolicy::Restart,
        payment_duty: false,
    };
    let resumed = dossier([
        ("03-02 10:00", given),
        ("03-04 09:00", ask_supplement()),
        ("03-06 15:00", supplemented()),
    ]);
    assert_eq!(filed(&resumed).due_at(), Some(local("03-13 15:00")));
}

#[test]
fn a_wait_outside_the_opening_hours_moves_nothing() {
    let resumed = dossier([
        ("03-02 10:00", receive()),
        ("03-06 17:00", ask_supplement()),
        ("03-08 20:00", supplemented()),
    ]);
    assert_eq!(filed(&resumed).due_at(), Some(local("03-09 10:00")));
}

#[test]
fn without_a_limit_a_supplement_makes_none() {
    let asked = dossier([
        ("03-02 10:00", receive_without_limit()),
        ("03-04 09:00", ask_supplement()),
    ]);
    let reception = filed(&asked).reception.as_ref().expect("it was received");
    let resumed = clock::after_supplement(
        reception,
        &vietnam(),
        local("03-04 09:00"),
        local("03-04 10:00"),
    );
    assert_eq!(
        resumed,
        Ok(Resumed {
            due_at: None,
            waited_minutes: 60
        })
    );
}

#[test]
fn a_second_request_is_recorded_and_under_decision_766_makes_it_overdue() {
    let twice = |policy| {
        let mut dossier = resumed_under(policy);
        let events = dossier
            .decide(ask("03-09 09:00", ask_supplement()))
            .expect("accepted");
        events.iter().for_each(|event| dossier.evolve(event));
        assert_eq!(filed(&dossier).supplements, 2);
        events
    };
    let asked = |due_at| {
        let reason = "the plan is missing".to_owned();
        event(
            "03-09 09:00",
            Fact::SupplementRequested {
                reason,
                ordinal: 2,
                due_at: Some(due_at),
            },
        )
    };
    assert_eq!(twice(ClockPolicy::Restart), [asked(local("03-13 15:00"))]);
    assert_eq!(twice(ClockPolicy::Pause), [asked(local("03-11 16:00"))]);
    let due_at = local("03-11 16:00");
    let overdue = event("03-09 09:00", Fact::BecameOverdue { due_at });
    assert_eq!(twice(ClockPolicy::Subtract), [asked(due_at), overdue]);
}

#[test]
fn a_supplement_beyond_the_calendar_is_refused_with_the_remedy() {
    let asked = dossier([
        ("03-02 10:00", receive()),
        ("03-04 09:00", ask_supplement()),
    ]);
    let late = dossier::Command {
        at: "2036-01-01T09:00+07:00".parse().expect("a moment"),
        action: supplemented(),
    };
    let refusal = asked.decide(late).expect_err("2036 is not announced");
    assert!(
        refusal.to_string().contains("announce a version of it"),
        "{refusal}"
    );
}

#[test]
fn a_due_date_is_extended_once_to_a_later_date() {
    let started = || [("03-02 10:00", receive()), ("03-02 14:00", start())];
    after(started())
        .when(ask("03-06 16:00", extend("03-13 10:00")))
        .then([event(
            "03-06 16:00",
            Fact::DueDateExtended {
                due_before: local("03-09 10:00"),
                due_at: local("03-13 10:00"),
                reason: "a survey is needed".to_owned(),
            },
        )]);
    let reason = refused(&dossier(started()), "03-06 16:00", extend("03-09 10:00"));
    assert_eq!(
        reason,
        Reason::DueDateNotLater {
            due_at: local("03-09 10:00")
        }
    );

    let extended = dossier([
        ("03-02 10:00", receive()),
        ("03-05 09:00", extend("03-13 10:00")),
    ]);
    let reason = refused(&extended, "03-06 09:00", extend("03-20 10:00"));
    assert_eq!(
        reason,
        Reason::AlreadyExtended {
            due_at: local("03-13 10:00")
        }
    );
}

#[test]
fn an_extension_is_announced_on_the_day_before_at_the_latest() {
    let received = dossier([("03-02 10:00", receive())]);
    // The Sunday before the Monday on which it is due is a calendar day, if not a working one.
    assert!(
        received
            .decide(ask("03-08 23:59", extend("03-13 10:00")))
            .is_ok()
    );
    let reason = refused(&received, "03-09 00:00", extend("03-13 10:00"));
    assert_eq!(
        reason,
        Reason::AnnouncedTooLate {
            due_at: local("03-09 10:00")
        }
    );
}

#[test]
fn what_has_no_due_date_is_not_extended() {
    let unlimited = dossier([("03-02 10:00", receive_without_limit())]);
    assert_eq!(
        refused(&unlimited, "03-03 09:00", extend("03-13 10:00")),
        Reason::NoDueDate
    );
}

#[test]
fn a_restart_does_not_shorten_an_extension() {
    let resumed = dossier([
        ("03-02 10:00", receive_under(ClockPolicy::Restart)),
        ("03-03 09:00", extend("04-30 10:00")),
        ("03-04 09:00", ask_supplement()),
        ("03-04 10:00", supplemented()),
    ]);
    assert_eq!(filed(&resumed).due_at(), Some(local("04-30 10:00")));
}

fn recompute(calendar: std::sync::Arc<calendar::Calendar>) -> Action {
    Action::RecomputeDueDate {
        reason: "a new day off".to_owned(),
        calendar,
    }
}

#[test]
fn a_changed_calendar_moves_a_due_date_only_when_asked_to() {
    let changed = vietnam_with(8, &["2026-03-05"]);
    after([("03-02 10:00", receive())])
        .when(ask("03-03 09:00", recompute(changed)))
        .then([event(
            "03-03 09:00",
            Fact::DueDateRecomputed {
                due_before: local("03-09 10:00"),
                due_at: local("03-10 10:00"),
                reason: "a new day off".to_owned(),
                calendar: CalendarVersion {
                    name: "vietnam".to_owned(),
                    version: 8,
                },
            },
        )]);
    after([("03-02 10:00", receive())])
        .when(ask("03-03 09:00", recompute(vietnam())))
        .then([]);
}

#[test]
fn a_recomputation_keeps_the_time_waited() {
    let mut resumed = resumed_under(ClockPolicy::Pause);
    let changed = vietnam_with(8, &["2026-03-10"]);
    let events = resumed
        .decide(ask("03-06 16:00", recompute(changed)))
        .expect("accepted");
    events.iter().for_each(|event| resumed.evolve(event));
    assert_eq!(filed(&resumed).due_at(), Some(local("03-12 16:00")));

    // After a restart it counts from there: five days after Friday the 6th, one of them off.
    let restarted = resumed_under(ClockPolicy::Restart);
    let changed = vietnam_with(8, &["2026-03-10"]);
    let events = restarted
        .decide(ask("03-06 16:00", recompute(changed)))
        .expect("accepted");
    assert!(
        matches!(events[0].fact, Fact::DueDateRecomputed { due_at, .. }
        if due_at == local("03-16 15:00"))
    );
}

#[test]
fn a_date_given_by_hand_stands() {
    let extended = dossier([
        ("03-02 10:00", receive()),
        ("03-05 09:00", extend("03-13 10:00")),
    ]);
    let reason = refused(&extended, "03-06 09:00", recompute(vietnam()));
    assert_eq!(reason, Reason::DueDateNotComputed);
}

#[test]
fn the_timer_is_told_when_the_clock_runs_out() {
    let overdue_after = |dossier: &Dossier| filed(dossier).overdue_after();
    let due = Some(local("03-09 10:00"));
    assert_eq!(overdue_after(&dossier([("03-02 10:00", receive())])), due);
    // A fee does not stop the clock; a supplement does, unless it was asked for too late.
    let fee = dossier([
        ("03-02 10:00", receive()),
        ("03-02 14:00", start()),
        ("03-03 09:00", ask_fee()),
    ]);
    assert_eq!(overdue_after(&fee), due);
    let waiting = dossier([
        ("03-02 10:00", receive()),
        ("03-04 09:00", ask_supplement()),
    ]);
    assert_eq!(overdue_after(&waiting), None);
    let late = dossier([
        ("03-02 10:00", receive()),
        ("03-09 10:01", ask_supplement()),
    ]);
    assert_eq!(overdue_after(&late), due);
    let marked = dossier([
        ("03-02 10:00", receive()),
        ("03-09 10:01", Action::MarkOverdue),
    ]);
    assert_eq!(overdue_after(&marked), None);
    let done = dossier([
        ("03-02 10:00", receive()),
        ("03-03 10:00", Action::CompleteDossier),
    ]);
    assert_eq!(overdue_after(&done), None);
}
