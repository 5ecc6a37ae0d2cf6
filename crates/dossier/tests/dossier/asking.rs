//! Short ways to say what happened and what is asked.

use std::sync::Arc;

use calendar::{Calendar, DayRule, Definition, Limit, SpecialDay, Week};
use decider::Decider;
use decider::spec::{Given, given};
use dossier::{
    Action, Channel, ClockPolicy, Command, Dossier, Event, Fact, Filed, Filing, Promise, Reason,
    Status, Timeliness,
};
use jiff::Timestamp;

/// Handling takes five working days.
pub(crate) const LIMIT: Limit = Limit::Days(5);

/// The Vietnamese calendar around Tet and National Day 2026.
pub(crate) fn vietnam() -> Arc<Calendar> {
    let off = [
        "2026-02-16",
        "2026-02-17",
        "2026-02-18",
        "2026-02-19",
        "2026-02-20",
        "2026-08-31",
        "2026-09-01",
        "2026-09-02",
    ];
    vietnam_with(7, &off)
}

/// A version of the calendar with these days off.
pub(crate) fn vietnam_with(version: i64, off: &[&str]) -> Arc<Calendar> {
    let day = |text: &&str| SpecialDay {
        date: text.parse().expect("a date"),
        rule: DayRule::Closed,
    };
    let calendar = Calendar::new(Definition {
        name: "vietnam".to_owned(),
        version,
        utc_offset_minutes: 420,
        week: Week::office(),
        days: off.iter().map(day).collect(),
        covers_from: "2020-01-01".parse().expect("a date"),
        covers_until: "2035-12-31".parse().expect("a date"),
    });
    Arc::new(calendar.expect("a sound calendar"))
}

/// A moment of 2026 written in local time, `03-02 10:00`.
pub(crate) fn local(text: &str) -> Timestamp {
    let (date, time) = text.split_once(' ').expect("a date and a time");
    format!("2026-{date}T{time}+07:00")
        .parse()
        .expect("a moment")
}

pub(crate) fn filing() -> Filing {
    Filing {
        code: "000.00.12.H40-260302-0007".parse().expect("a code"),
        procedure: "1.005129".parse().expect("a code"),
        receiving_unit: "H40.12".parse().expect("a code"),
        unit: "H40.12".parse().expect("a code"),
        channel: Channel::Online,
        applicant: Some([7; 32]),
        identity_verified: true,
        source: None,
    }
}

pub(crate) fn ask(at: &str, action: Action) -> Command {
    Command {
        at: local(at),
        action,
    }
}

pub(crate) fn event(at: &str, fact: Fact) -> Event {
    Event {
        at: local(at),
        fact,
    }
}

pub(crate) fn register() -> Action {
    Action::RegisterDossier(filing())
}

/// Reception with [`LIMIT`] under a policy.
pub(crate) fn receive_under(clock_policy: ClockPolicy) -> Action {
    Action::ReceiveDossier {
        filing: Some(filing()),
        promise: Promise::Computed {
            limit: LIMIT,
            calendar: vietnam(),
        },
        clock_policy,
        payment_duty: false,
    }
}

pub(crate) fn receive() -> Action {
    receive_under(ClockPolicy::Pause)
}

pub(crate) fn receive_without_limit() -> Action {
    Action::ReceiveDossier {
        filing: Some(filing()),
        promise: Promise::Unlimited,
        clock_policy: ClockPolicy::Subtract,
        payment_duty: false,
    }
}

pub(crate) fn start() -> Action {
    Action::StartProcessing {
        officer: "an".to_owned(),
    }
}

pub(crate) fn ask_supplement() -> Action {
    Action::RequestSupplement {
        reason: "the plan is missing".to_owned(),
    }
}

pub(crate) fn supplemented() -> Action {
    Action::CompleteSupplement {
        calendar: vietnam(),
    }
}

pub(crate) fn extend(due_at: &str) -> Action {
    Action::ExtendDueDate {
        due_at: local(due_at),
        reason: "a survey is needed".to_owned(),
        calendar: vietnam(),
    }
}

pub(crate) fn ask_fee() -> Action {
    Action::RequestPayment {
        amount_dong: 150_000,
        fee: "certificate".to_owned(),
    }
}

pub(crate) fn stop() -> Action {
    Action::StopHandling {
        reason: "not eligible".to_owned(),
    }
}

pub(crate) fn withdraw() -> Action {
    Action::WithdrawDossier {
        reason: "no longer needed".to_owned(),
    }
}

pub(crate) fn correct() -> Action {
    Action::CorrectResult {
        reason: "a wrong name".to_owned(),
    }
}

pub(crate) fn refuse() -> Action {
    Action::RefuseReception {
        reason: "wrong office".to_owned(),
    }
}

/// The events of commands that are all accepted, one after another.
#[track_caller]
pub(crate) fn history<const N: usize>(commands: [(&str, Action); N]) -> Vec<Event> {
    let mut dossier = Dossier::default();
    let mut events = Vec::new();
    for (at, action) in commands {
        let decided = dossier
            .decide(ask(at, action))
            .unwrap_or_else(|refusal| panic!("{refusal}"));
        for event in decided {
            dossier.evolve(&event);
            events.push(event);
        }
    }
    events
}

/// The dossier that accepted commands make.
#[track_caller]
pub(crate) fn dossier<const N: usize>(commands: [(&str, Action); N]) -> Dossier {
    decider::fold(&history(commands))
}

/// A dossier with the past that accepted commands make.
#[track_caller]
pub(crate) fn after<const N: usize>(commands: [(&str, Action); N]) -> Given<Dossier> {
    given(history(commands))
}

/// Expects the command to be refused, with this reason.
#[track_caller]
pub(crate) fn refused(dossier: &Dossier, at: &str, action: Action) -> Reason {
    let refusal = dossier
        .decide(ask(at, action))
        .expect_err("it is to be refused");
    assert_eq!(refusal.possible, dossier.possible());
    assert_eq!(refusal.status, dossier.status());
    refusal.reason
}

#[track_caller]
pub(crate) fn filed(dossier: &Dossier) -> &Filed {
    dossier.filed().expect("it is filed")
}

pub(crate) fn status(dossier: &Dossier) -> Status {
    dossier.status().expect("it is filed")
}

pub(crate) fn timeliness(dossier: &Dossier, now: &str) -> Timeliness {
    filed(dossier).timeliness_at(local(now))
}
