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

    fn add(&mut self, month: Month, counter: Counter, count: i64) {
        if count != 0 {
            let key = Key {
                unit: self.facts.unit.clone(),
                month,
                counter,
                procedure: None,
            };
            *self.sums.entry(key).or_default() += count;
        }
    }

    fn add_procedure(&mut self, month: Month, counter: Counter) {
        let procedure = Some(self.facts.procedure.clone());
        let key = Key {
            unit: self.facts.unit.clone(),
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
        let month = self.month(received);
        self.add(month, Counter::Received, 1);
        self.add(month, Counter::ReceivedOnline, i64::from(facts.online));
        self.add(
            month,
            Counter::ReceivedSynchronised,
            i64::from(facts.portal),
        );
        self.add(month, Counter::ReceivedWithDuty, i64::from(facts.duty));
        self.add(
            month,
            Counter::ReceivedPaidOnline,
            i64::from(facts.duty && facts.paid_online),
        );
        if facts.online {
            self.add_procedure(month, Counter::ProcedureOnline);
        }
        if facts.paid_online {
            self.add_procedure(month, Counter::ProcedurePaidOnline);
        }
    }

    pub(super) fn handling(&mut self) {
        let facts = self.facts;
        let Some(opened) = facts.opened() else { return };
        let end = facts.ended.map(|(at, ended)| (at.max(opened), ended));
        let ended = end.map(|(at, _)| at);
        self.stock(Counter::Opened, Counter::Ended, opened, opened, ended);
        if let Some((at, how)) = end {
            let month = self.month(at);
            self.add(month, Counter::EndedOnTime, i64::from(!facts.late()));
            if matches!(how, Ended::Completed { .. }) {
                self.add(month, Counter::EndedWithResult, 1);
                self.add(
                    month,
                    Counter::HandlingSeconds,
                    at.as_second() - opened.as_second(),
                );
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

    /// Counts as open from `since` to `ended`; what only became so after the end counts in the month of the end.
    fn stock(
        &mut self,
        opened_counter: Counter,
        ended_counter: Counter,
        opened: Timestamp,
        since: Timestamp,
        ended: Option<Timestamp>,
    ) {
        let since = since.max(opened);
        let since = ended.map_or(since, |ended| since.min(ended));
        self.add(self.month(since), opened_counter, 1);
        if let Some(ended) = ended {
            self.add(self.month(ended), ended_counter, 1);
        }
    }

    pub(super) fn petitions(&mut self) {
        for petition in self.facts.petitions.values() {
            let month = self.month(petition.filed);
            self.add(month, Counter::Petitions, 1);
            self.add(month, Counter::PetitionsOnTime, i64::from(petition.on_time));
            self.add(
                month,
                Counter::PetitionsSatisfied,
                i64::from(petition.satisfied),
            );
        }
    }
}
