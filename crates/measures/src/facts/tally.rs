//! What one dossier adds to which counter of which month.

use std::collections::BTreeMap;

use ids::Month;
use jiff::Timestamp;
use jiff::tz::Offset;

use super::{Ended, Facts, Key};
use crate::Counter;

pub(super) struct Tally<'a> {
    pub(super) facts: &'a Facts,
    pub(super) offset: Offset,
    pub(super) sums: BTreeMap<Key, i64>,
}

impl Tally<'_> {
    fn month(&self, at: Timestamp) -> Month {
        Month::of(self.offset.to_datetime(at).date())
    }

    fn add(&mut self, unit: &str, month: Month, counter: Counter, count: i64) {
        if count != 0 {
            let key = Key {
                unit: unit.to_owned(),
                month,
                counter,
                procedure: None,
            };
            *self.sums.entry(key).or_default() += count;
        }
    }

    fn add_procedure(&mut self, unit: &str, month: Month, counter: Counter) {
        let procedure = Some(self.facts.procedure.clone());
        let key = Key {
            unit: unit.to_owned(),
            month,
            counter,
            procedure,
        };
        *self.sums.entry(key).or_default() += 1;
    }

    pub(super) fn reception(&mut self) {
        let Some(received) = self.facts.received else {
            return;
        };
        let facts = self.facts;
        let (unit, month) = (facts.unit_at(received), self.month(received));
        let counts = [
            (Counter::Received, true),
            (Counter::ReceivedOnline, facts.online),
            (Counter::ReceivedSynchronised, facts.portal),
            (Counter::ReceivedWithDuty, facts.duty),
            (Counter::ReceivedPaidOnline, facts.duty && facts.paid_online),
        ];
        for (counter, holds) in counts {
            self.add(unit, month, counter, i64::from(holds));
        }
        if facts.online {
            self.add_procedure(unit, month, Counter::ProcedureOnline);
        }
        if facts.paid_online {
            self.add_procedure(unit, month, Counter::ProcedurePaidOnline);
        }
    }

    pub(super) fn handling(&mut self) {
        let facts = self.facts;
        let Some(opened) = facts.opened() else { return };
        let end = facts.ended.map(|(at, ended)| (at.max(opened), ended));
        let ended = end.map(|(at, _)| at);
        self.stock(Counter::Opened, Counter::Ended, opened, opened, ended);
        if let Some((at, how)) = end {
            let (unit, month) = (facts.unit_at(at), self.month(at));
            let in_time = i64::from(!facts.late());
            self.add(unit, month, Counter::EndedOnTime, in_time);
            if matches!(how, Ended::Completed { .. }) {
                let seconds = at.as_second() - opened.as_second();
                self.add(unit, month, Counter::EndedWithResult, 1);
                self.add(unit, month, Counter::HandlingSeconds, seconds);
            }
        }
        // Overdue from the due date on; an end in time, however late we learned of it, takes that back.
        let overdue = match end {
            Some(_) => facts.late(),
            None => facts.overdue,
        };
        let overdue_since = overdue.then(|| facts.due.unwrap_or(opened).max(opened));
        if let Some(since) = overdue_since {
            self.stock(
                Counter::OverdueOpened,
                Counter::OverdueEnded,
                opened,
                since,
                ended,
            );
        }
        let attributes = [
            (
                facts.electronic,
                Counter::ElectronicOpened,
                Counter::ElectronicEnded,
            ),
            (
                facts.digitised,
                Counter::DigitisedOpened,
                Counter::DigitisedEnded,
            ),
            (facts.reused, Counter::ReusedOpened, Counter::ReusedEnded),
            (facts.store, Counter::StoredOpened, Counter::StoredEnded),
            (
                facts.identity,
                Counter::IdentityOpened,
                Counter::IdentityEnded,
            ),
        ];
        for (_, opened_counter, ended_counter) in attributes.iter().filter(|(holds, ..)| *holds) {
            self.stock(*opened_counter, *ended_counter, opened, opened, ended);
        }
        let petitioned = facts
            .petitions
            .values()
            .map(|petition| petition.filed)
            .min();
        let objected = [overdue_since, petitioned, facts.disliked]
            .into_iter()
            .flatten()
            .min();
        if let Some(since) = objected {
            let counters = (Counter::ObjectedOpened, Counter::ObjectedEnded);
            self.stock(counters.0, counters.1, opened, since, ended);
        }
    }

    /// Counts as open from `since` to `ended`, with each unit that had it then for its own part; what only became so
    /// after the end counts in the month of the end.
    fn stock(
        &mut self,
        opened_counter: Counter,
        ended_counter: Counter,
        opened: Timestamp,
        since: Timestamp,
        ended: Option<Timestamp>,
    ) {
        let facts = self.facts;
        let since = since.max(opened);
        let mut from = ended.map_or(since, |ended| since.min(ended));
        for (unit, until) in &facts.before {
            if *until <= from {
                continue;
            }
            if ended.is_some_and(|ended| ended < *until) {
                return self.open_between(unit, (opened_counter, from), (ended_counter, ended));
            }
            self.add(unit, self.month(from), opened_counter, 1);
            self.add(unit, self.month(*until), opened_counter, -1);
            from = *until;
        }
        self.open_between(&facts.unit, (opened_counter, from), (ended_counter, ended));
    }

    fn open_between(
        &mut self,
        unit: &str,
        (opened_counter, from): (Counter, Timestamp),
        (ended_counter, ended): (Counter, Option<Timestamp>),
    ) {
        self.add(unit, self.month(from), opened_counter, 1);
        if let Some(ended) = ended {
            self.add(unit, self.month(ended), ended_counter, 1);
        }
    }

    pub(super) fn petitions(&mut self) {
        for petition in self.facts.petitions.values() {
            let (unit, month) = (
                self.facts.unit_at(petition.filed),
                self.month(petition.filed),
            );
            let counts = [
                (Counter::Petitions, true),
                (Counter::PetitionsOnTime, petition.on_time),
                (Counter::PetitionsSatisfied, petition.satisfied),
            ];
            for (counter, holds) in counts {
                self.add(unit, month, counter, i64::from(holds));
            }
        }
    }
}
