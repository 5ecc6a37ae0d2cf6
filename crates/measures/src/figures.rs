//! From counters to the named measures of a period.

use std::collections::{BTreeMap, BTreeSet};

use ids::Period;

use crate::{Counter, Counters};

/// Measures by name, as index definitions name them.
pub type Figures = BTreeMap<&'static str, i64>;

/// The counters behind each measure that dossiers give, for explanations: which ones, and whether as a flow over the
/// period or as a stock at its end.
pub fn sources() -> BTreeMap<&'static str, &'static str> {
    FLOWS
        .iter()
        .map(|(name, _)| (*name, "flow"))
        .chain(STOCKS.iter().map(|(name, ..)| (*name, "stock")))
        .chain(ACTIVE.iter().map(|(name, ..)| (*name, "flow and stock")))
        .chain(DERIVED.iter().map(|name| (*name, "flow and stock")))
        .chain(DISTINCT.iter().map(|(name, _)| (*name, "procedures")))
        .collect()
}

const FLOWS: &[(&str, Counter)] = &[
    ("dossiers_received", Counter::Received),
    ("dossiers_received_online", Counter::ReceivedOnline),
    ("dossiers_synchronised", Counter::ReceivedSynchronised),
    ("dossiers_with_duty", Counter::ReceivedWithDuty),
    ("dossiers_paid_online", Counter::ReceivedPaidOnline),
    ("handled", Counter::Ended),
    ("handled_on_time", Counter::EndedOnTime),
    ("handled_done", Counter::EndedWithResult),
    ("handling_seconds", Counter::HandlingSeconds),
    ("petitions", Counter::Petitions),
    ("petitions_on_time", Counter::PetitionsOnTime),
    ("petitions_satisfied", Counter::PetitionsSatisfied),
];

const STOCKS: &[(&str, Counter, Counter)] = &[
    ("in_process", Counter::Opened, Counter::Ended),
    (
        "in_process_overdue",
        Counter::OverdueOpened,
        Counter::OverdueEnded,
    ),
];

/// Of the dossiers handled in the period or still open at its end.
const ACTIVE: &[(&str, Counter, Counter)] = &[
    ("active", Counter::Opened, Counter::Ended),
    (
        "active_electronic_result",
        Counter::ElectronicOpened,
        Counter::ElectronicEnded,
    ),
    (
        "active_digitised",
        Counter::DigitisedOpened,
        Counter::DigitisedEnded,
    ),
    ("active_reused", Counter::ReusedOpened, Counter::ReusedEnded),
    (
        "active_synced_storage",
        Counter::StoredOpened,
        Counter::StoredEnded,
    ),
    (
        "active_identity_connected",
        Counter::IdentityOpened,
        Counter::IdentityEnded,
    ),
    (
        "active_objected",
        Counter::ObjectedOpened,
        Counter::ObjectedEnded,
    ),
];

const DERIVED: &[&str] = &["handled_late", "in_process_within_due", "active_satisfied"];

const DISTINCT: &[(&str, Counter)] = &[
    ("services_with_online_dossiers", Counter::ProcedureOnline),
    ("procedures_paid_online", Counter::ProcedurePaidOnline),
];

/// The measures of all `units` together in `period`. A measure that counts procedures counts those in its set of
/// `offered` ones (by measure name), each once however many units used it.
pub fn figures(
    units: &[&Counters],
    period: Period,
    offered: impl Fn(&str) -> BTreeSet<String>,
) -> Figures {
    let (from, until) = (period.first_month(), period.last_month());
    let flow = |counter| {
        units
            .iter()
            .map(|unit| unit.flow(counter, from, until))
            .sum::<i64>()
    };
    let stock = |opened, ended| {
        units
            .iter()
            .map(|unit| unit.stock(opened, ended, until))
            .sum::<i64>()
    };
    let mut figures = Figures::new();
    for (name, counter) in FLOWS {
        figures.insert(name, flow(*counter));
    }
    for (name, opened, ended) in STOCKS {
        figures.insert(name, stock(*opened, *ended));
    }
    for (name, opened, ended) in ACTIVE {
        figures.insert(name, flow(*ended) + stock(*opened, *ended));
    }
    figures.insert(
        "handled_late",
        figures["handled"] - figures["handled_on_time"],
    );
    figures.insert(
        "in_process_within_due",
        figures["in_process"] - figures["in_process_overdue"],
    );
    figures.insert(
        "active_satisfied",
        figures["active"] - figures["active_objected"],
    );
    for (name, counter) in DISTINCT {
        let offered = offered(name);
        let used: BTreeSet<&str> = units
            .iter()
            .flat_map(|unit| unit.procedures(*counter, from, until))
            .collect();
        let count = used
            .into_iter()
            .filter(|procedure| offered.contains(*procedure))
            .count();
        figures.insert(name, i64::try_from(count).unwrap_or(i64::MAX));
    }
    figures
}
