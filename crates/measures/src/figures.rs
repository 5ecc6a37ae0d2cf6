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
        .chain(DERIVED.iter().map(|(name, _)| (*name, "flow and stock")))
        .chain(DISTINCT.iter().map(|(name, _)| (*name, "procedures")))
        .collect()
}

/// The measures that the registry of procedures gives: how many procedures are offered, how many of them online, with a
/// fee, with a fee that is paid online, and with identity connected.
pub const OFFERED: [&str; 5] = [
    "procedures",
    "procedures_online",
    "procedures_with_fee",
    "procedures_payment_integrated",
    "procedures_identity_connected",
];

/// The measures that a counter is part of.
pub fn reached_by(counter: Counter) -> BTreeSet<&'static str> {
    let flows = FLOWS.iter().chain(DISTINCT);
    let flows = flows.filter(|(_, flow)| *flow == counter);
    let stocks = STOCKS.iter().chain(ACTIVE);
    let stocks = stocks.filter(|(_, opened, ended)| [*opened, *ended].contains(&counter));
    let mut reached: BTreeSet<&str> = flows.map(|(name, _)| *name).collect();
    reached.extend(stocks.map(|(name, ..)| *name));
    for (derived, parts) in DERIVED {
        if parts.iter().any(|part| reached.contains(part)) {
            reached.insert(derived);
        }
    }
    reached
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

/// The first part minus the second.
const DERIVED: &[(&str, [&str; 2])] = &[
    ("handled_late", ["handled", "handled_on_time"]),
    (
        "in_process_within_due",
        ["in_process", "in_process_overdue"],
    ),
    ("active_satisfied", ["active", "active_objected"]),
];

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
    for (name, [whole, part]) in DERIVED {
        figures.insert(name, figures[whole] - figures[part]);
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::COUNTERS;
    use ids::Month;

    fn month(month: i8) -> Month {
        Month::new(2024, month).expect("a month")
    }

    #[test]
    fn a_counter_is_part_of_the_measures_that_differ_with_it_and_of_no_other() {
        let offered = |_: &str| BTreeSet::from(["1.000001".to_owned()]);
        let procedures: Vec<Counter> = DISTINCT.iter().map(|(_, counter)| *counter).collect();
        for counter in COUNTERS {
            let mut counted = Counters::default();
            let procedure = procedures.contains(counter).then_some("1.000001");
            counted.add(month(1), *counter, procedure, 1);
            let mut differ = BTreeSet::new();
            // What ends a stock leaves what was active in the same month as it was.
            for period in [month(1), month(2)].map(Period::Month) {
                let before = figures(&[], period, offered);
                let after = figures(&[&counted], period, offered);
                differ.extend(after.keys().filter(|name| before[*name] != after[*name]));
            }
            assert_eq!(reached_by(*counter), differ, "{counter:?}");
        }
    }
}
