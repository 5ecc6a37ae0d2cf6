//! Counters of one unit, month by month.

use std::collections::BTreeMap;

use ids::Month;

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// What is counted, each for a unit and a month of local time.
        ///
        /// A stock (how many are open, …) is the sum, over all months up to the end of a period, of an `…Opened`
        /// counter minus its `…Ended` counter.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Counter {
            $($(#[$doc])* $name,)*
        }

        /// Every counter, in order.
        pub const COUNTERS: &[Counter] = &[$(Counter::$name,)*];

        impl Counter {
            /// The name that it is stored under.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

counters! {
    /// Dossiers received.
    Received = "received",
    /// … of them online.
    ReceivedOnline = "received_online",
    /// … of them synchronised to the national portal.
    ReceivedSynchronised = "received_synchronised",
    /// … of them owing a fee.
    ReceivedWithDuty = "received_with_duty",
    /// … of them paid online.
    ReceivedPaidOnline = "received_paid_online",
    /// Dossiers that came under the clock: received, or refused at reception.
    Opened = "opened",
    /// Dossiers whose handling ended.
    Ended = "ended",
    /// … at or before their due date.
    EndedOnTime = "ended_on_time",
    /// … with a result (status 9 or 10).
    EndedWithResult = "ended_with_result",
    /// Seconds from reception to result of those.
    HandlingSeconds = "handling_seconds",
    /// Unfinished dossiers that passed their due date.
    OverdueOpened = "overdue_opened",
    /// Overdue dossiers that ended.
    OverdueEnded = "overdue_ended",
    /// With an electronic result.
    ElectronicOpened = "electronic_opened",
    /// See [`Counter::ElectronicOpened`].
    ElectronicEnded = "electronic_ended",
    /// With digitised components.
    DigitisedOpened = "digitised_opened",
    /// See [`Counter::DigitisedOpened`].
    DigitisedEnded = "digitised_ended",
    /// Reusing digitised data.
    ReusedOpened = "reused_opened",
    /// See [`Counter::ReusedOpened`].
    ReusedEnded = "reused_ended",
    /// Synchronised to the applicant's personal store.
    StoredOpened = "stored_opened",
    /// See [`Counter::StoredOpened`].
    StoredEnded = "stored_ended",
    /// Connected with population data.
    IdentityOpened = "identity_opened",
    /// See [`Counter::IdentityOpened`].
    IdentityEnded = "identity_ended",
    /// Overdue, late, petitioned about or disliked.
    ObjectedOpened = "objected_opened",
    /// See [`Counter::ObjectedOpened`].
    ObjectedEnded = "objected_ended",
    /// Petitions filed.
    Petitions = "petitions",
    /// … of them answered in time.
    PetitionsOnTime = "petitions_on_time",
    /// … of them answered to the petitioner's satisfaction, in time.
    PetitionsSatisfied = "petitions_satisfied",
    /// Online dossiers received, per procedure.
    ProcedureOnline = "procedure_online",
    /// Dossiers paid online, per procedure.
    ProcedurePaidOnline = "procedure_paid_online",
}

impl std::str::FromStr for Counter {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        COUNTERS
            .iter()
            .copied()
            .find(|counter| counter.name() == text)
            .ok_or(())
    }
}

/// The counters of one unit, by month, and by procedure for those that are kept so.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counters {
    months: BTreeMap<Month, [i64; COUNTERS.len()]>,
    procedures: BTreeMap<Month, BTreeMap<(Counter, String), i64>>,
}

impl Counters {
    /// Adds `delta` to a counter; `procedure` only for counters per procedure.
    pub fn add(&mut self, month: Month, counter: Counter, procedure: Option<&str>, delta: i64) {
        match procedure {
            None => {
                self.months.entry(month).or_insert([0; COUNTERS.len()])[counter as usize] += delta;
            }
            Some(procedure) => {
                *self
                    .procedures
                    .entry(month)
                    .or_default()
                    .entry((counter, procedure.to_owned()))
                    .or_default() += delta;
            }
        }
    }

    /// The sum over the months `from..=until`.
    pub fn flow(&self, counter: Counter, from: Month, until: Month) -> i64 {
        self.months
            .range(from..=until)
            .map(|(_, counts)| counts[counter as usize])
            .sum()
    }

    /// The sum over all months up to and including `until` of `opened` minus `ended`.
    pub fn stock(&self, opened: Counter, ended: Counter, until: Month) -> i64 {
        self.months
            .range(..=until)
            .map(|(_, counts)| counts[opened as usize] - counts[ended as usize])
            .sum()
    }

    /// The procedures whose counter is above zero over the months `from..=until`.
    pub fn procedures(&self, counter: Counter, from: Month, until: Month) -> Vec<&str> {
        let mut sums: BTreeMap<&str, i64> = BTreeMap::new();
        for ((kept, procedure), count) in self
            .procedures
            .range(from..=until)
            .flat_map(|(_, counts)| counts)
        {
            if *kept == counter {
                *sums.entry(procedure).or_default() += count;
            }
        }
        sums.into_iter()
            .filter(|(_, sum)| *sum > 0)
            .map(|(procedure, _)| procedure)
            .collect()
    }

    /// The first month that anything was counted in.
    pub fn first_month(&self) -> Option<Month> {
        self.months.keys().next().copied()
    }
}
