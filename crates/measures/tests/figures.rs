//! Dossiers' facts become the figures of Decision 766, whatever the order they were learned in.

use std::collections::BTreeSet;

use ids::Period;
use jiff::Timestamp;
use jiff::tz::Offset;
use measures::{Counters, Ended, Fact, Facts, Figures, figures};
use proptest::prelude::*;

const VIET_NAM: Offset = Offset::constant(7);

fn at(text: &str) -> Timestamp {
    format!("{text}+07:00").parse().expect("a timestamp")
}

fn received(day: &str, due: &str) -> (Fact, Timestamp) {
    let fact = Fact::Received {
        unit: "H40.01".into(),
        procedure: "1.000001".into(),
        online: true,
        identity: false,
        duty: true,
        due: Some(at(due)),
    };
    (fact, at(day))
}

fn dossier(facts: &[(Fact, Timestamp)]) -> Facts {
    let mut dossier = Facts::default();
    for (position, (fact, at)) in (1..).zip(facts) {
        dossier.apply(fact, *at, position);
    }
    dossier
}

fn count(dossiers: &[Facts]) -> Counters {
    let mut counters = Counters::default();
    for (key, delta) in dossiers
        .iter()
        .flat_map(|dossier| dossier.contributions(VIET_NAM))
    {
        counters.add(key.month, key.counter, key.procedure.as_deref(), delta);
    }
    counters
}

fn in_period(counters: &Counters, period: &str) -> Figures {
    let period: Period = period.parse().expect("a period");
    figures(&[counters], period, |_| {
        BTreeSet::from(["1.000001".to_owned()])
    })
}

#[test]
fn an_open_dossier_is_in_process_in_every_month_until_it_ends() {
    let counters = count(&[dossier(&[
        received("2024-01-10T09:00:00", "2024-03-01T09:00:00"),
        (
            Fact::Ended(Ended::Completed { late: false }),
            at("2024-02-20T09:00:00"),
        ),
    ])]);
    let january = in_period(&counters, "2024-01");
    assert_eq!(
        (
            january["in_process_within_due"],
            january["handled"],
            january["active"]
        ),
        (1, 0, 1)
    );
    let february = in_period(&counters, "2024-02");
    assert_eq!(
        (
            february["in_process"],
            february["handled_on_time"],
            february["active"]
        ),
        (0, 1, 1)
    );
    let march = in_period(&counters, "2024-03");
    assert_eq!((march["active"], march["dossiers_received"]), (0, 0));
    let year = in_period(&counters, "2024");
    assert_eq!(
        (year["dossiers_received"], year["handled"], year["active"]),
        (1, 1, 1)
    );
    assert_eq!(year["services_with_online_dossiers"], 1);
}

#[test]
fn an_overdue_dossier_is_overdue_from_its_due_month_until_it_ends() {
    let open = dossier(&[
        received("2024-01-10T09:00:00", "2024-02-01T09:00:00"),
        (Fact::Overdue, at("2024-02-01T09:00:00")),
    ]);
    let counters = count(std::slice::from_ref(&open));
    assert_eq!(in_period(&counters, "2024-01")["in_process_overdue"], 0);
    assert_eq!(in_period(&counters, "2024-03")["in_process_overdue"], 1);
    assert_eq!(in_period(&counters, "2024-03")["active_satisfied"], 0);

    let mut ended = open;
    ended.apply(
        &Fact::Ended(Ended::Completed { late: true }),
        at("2024-03-05T10:00:00"),
        3,
    );
    let counters = count(&[ended]);
    assert_eq!(in_period(&counters, "2024-02")["in_process_overdue"], 1);
    assert_eq!(in_period(&counters, "2024-03")["handled_late"], 1);
    assert_eq!(in_period(&counters, "2024-03")["in_process_overdue"], 0);
}

#[test]
fn an_end_in_time_that_is_learned_late_takes_the_overdue_mark_back() {
    let counters = count(&[dossier(&[
        received("2024-01-10T09:00:00", "2024-02-01T09:00:00"),
        (Fact::Overdue, at("2024-02-01T09:00:00")),
        (
            Fact::Ended(Ended::Completed { late: false }),
            at("2024-01-31T09:00:00"),
        ),
    ])]);
    let january = in_period(&counters, "2024-01");
    assert_eq!(
        (january["handled_on_time"], january["handled_late"]),
        (1, 0)
    );
    assert_eq!(in_period(&counters, "2024-02")["in_process_overdue"], 0);
}

#[test]
fn what_was_before_a_hand_over_stays_with_the_old_unit_and_what_comes_after_is_the_new_ones() {
    let mut open = dossier(&[
        received("2024-01-10T09:00:00", "2024-02-01T09:00:00"),
        (Fact::Overdue, at("2024-02-01T09:00:00")),
        (Fact::HandedOver("H40.02".into()), at("2024-03-01T00:00:00")),
    ]);
    let of = |dossier: &Facts, unit: &str, period: &str| {
        let mut counters = Counters::default();
        for (key, count) in dossier.contributions(VIET_NAM) {
            if key.unit == unit {
                counters.add(key.month, key.counter, key.procedure.as_deref(), count);
            }
        }
        let figures = in_period(&counters, period);
        [
            "dossiers_received",
            "in_process",
            "in_process_overdue",
            "handled",
            "active",
        ]
        .map(|name| figures[name])
    };
    for (period, old, new) in [
        ("2024-01", [1, 1, 0, 0, 1], [0; 5]),
        ("2024-02", [0, 1, 1, 0, 1], [0; 5]),
        ("2024-03", [0; 5], [0, 1, 1, 0, 1]),
        ("2024-04", [0; 5], [0, 1, 1, 0, 1]),
        ("2024-Q1", [1, 0, 0, 0, 0], [0, 1, 1, 0, 1]),
    ] {
        assert_eq!(of(&open, "H40.01", period), old, "{period}");
        assert_eq!(of(&open, "H40.02", period), new, "{period}");
    }
    let end = Fact::Ended(Ended::Completed { late: true });
    open.apply(&end, at("2024-04-02T09:00:00"), 9);
    assert_eq!(of(&open, "H40.01", "2024-04"), [0; 5]);
    assert_eq!(of(&open, "H40.02", "2024-03"), [0, 1, 1, 0, 1]);
    assert_eq!(of(&open, "H40.02", "2024-04"), [0, 0, 0, 1, 1]);
}

#[test]
fn withdrawn_before_reception_counts_nowhere_and_refused_counts_as_handled() {
    let registered = Fact::Registered {
        unit: "H40.01".into(),
        procedure: "1.000001".into(),
        online: true,
        identity: false,
    };
    let filed = (registered, at("2024-01-10T09:00:00"));
    let end = at("2024-01-11T09:00:00");
    let withdrawn = dossier(&[
        filed.clone(),
        (Fact::Ended(Ended::Withdrawn { late: false }), end),
    ]);
    assert_eq!(withdrawn.contributions(VIET_NAM).len(), 0);
    let refused = dossier(&[filed, (Fact::Ended(Ended::Refused), end)]);
    let january = in_period(&count(&[refused]), "2024-01");
    assert_eq!(
        (january["handled_on_time"], january["dossiers_received"]),
        (1, 0)
    );
}

fn any_fact() -> impl Strategy<Value = Fact> {
    let due = (0i64..400).prop_map(|days| Some(day(days)));
    prop_oneof![
        due.clone().prop_map(|due| Fact::Received {
            unit: "H40.01".into(),
            procedure: "1.000001".into(),
            online: true,
            identity: true,
            duty: false,
            due,
        }),
        due.prop_map(Fact::DueMoved),
        Just(Fact::Overdue),
        prop_oneof![Just("H40.02"), Just("H40.01")].prop_map(|unit| Fact::HandedOver(unit.into())),
        any::<bool>().prop_map(|online| Fact::Paid { online }),
        Just(Fact::PaymentRequested),
        any::<bool>().prop_map(|late| Fact::Ended(Ended::Completed { late })),
        any::<bool>().prop_map(|late| Fact::Ended(Ended::Withdrawn { late })),
        Just(Fact::Ended(Ended::Refused)),
        Just(Fact::Reopened),
        Just(Fact::Delivered),
        Just(Fact::ElectronicResult),
        any::<bool>().prop_map(|disliked| Fact::Rated { disliked }),
        (1..3i32).prop_map(Fact::PetitionFiled),
    ]
}

fn day(days: i64) -> Timestamp {
    at("2024-01-01T00:00:00") + jiff::SignedDuration::from_hours(days * 24)
}

proptest! {
    /// Whatever happens to a dossier, adding the differences as they come gives what counting at the end gives, and
    /// no stock is ever negative or larger than the stock it is part of.
    #[test]
    fn differences_add_up_and_stocks_make_sense(
        history in prop::collection::vec((any_fact(), 0i64..400), 0..12)
    ) {
        let mut dossier = Facts::default();
        let mut running: std::collections::BTreeMap<_, i64> = std::collections::BTreeMap::new();
        for (position, (fact, days)) in (1..).zip(&history) {
            let before = dossier.contributions(VIET_NAM);
            dossier.apply(fact, day(*days), position);
            for (key, count) in dossier.contributions(VIET_NAM) {
                *running.entry(key).or_default() += count;
            }
            for (key, count) in before {
                *running.entry(key).or_default() -= count;
            }
        }
        running.retain(|_, count| *count != 0);
        let mut counted = dossier.contributions(VIET_NAM);
        counted.retain(|_, count| *count != 0);
        prop_assert_eq!(running, counted);

        let counters = count(std::slice::from_ref(&dossier));
        for month in 1..=13 {
            let period = if month == 13 { "2025-02".to_owned() } else { format!("2024-{month:02}") };
            let figures = in_period(&counters, &period);
            prop_assert!(figures["in_process"] >= 0);
            prop_assert!((0..=figures["in_process"]).contains(&figures["in_process_overdue"]));
            prop_assert!((0..=figures["active"]).contains(&figures["active_objected"]));
            prop_assert!((0..=figures["active"]).contains(&figures["active_electronic_result"]));
            prop_assert!((0..=figures["handled"]).contains(&figures["handled_on_time"]));
        }
    }
}
