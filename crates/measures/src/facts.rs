//! What has to be remembered of one dossier, and what it adds to the counters.

mod tally;

use std::collections::BTreeMap;

use ids::Month;
use jiff::Timestamp;
use jiff::tz::Offset;

use crate::Counter;
use tally::Tally;

/// Something that happened to a dossier and matters to a measure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// Filed by the applicant.
    Registered {
        /// Unit that resolves.
        unit: String,
        /// Procedure.
        procedure: String,
        /// Filed online.
        online: bool,
        /// The applicant's account is verified against population data.
        identity: bool,
    },
    /// Taken in; the clock starts.
    Received {
        /// Unit that resolves.
        unit: String,
        /// Procedure.
        procedure: String,
        /// Filed online.
        online: bool,
        /// The applicant's account is verified against population data.
        identity: bool,
        /// A fee is owed.
        duty: bool,
        /// The promised date.
        due: Option<Timestamp>,
    },
    /// The due date moved.
    DueMoved(Option<Timestamp>),
    /// The due date passed while it was unfinished.
    Overdue,
    /// Another unit resolves it.
    HandedOver(String),
    /// A fee is due.
    PaymentRequested,
    /// A fee was paid.
    Paid {
        /// Through a gateway.
        online: bool,
    },
    /// Handling ended.
    Ended(Ended),
    /// The result was taken back: handling goes on.
    Reopened,
    /// The result was handed over; an end only where none was recorded before.
    Delivered,
    /// Components digitised, or digitised data reused.
    Digitised {
        /// Something was digitised.
        digitised: bool,
        /// Something was reused.
        reused: bool,
    },
    /// An electronic result exists.
    ElectronicResult,
    /// Data reached the national portal.
    SynchronisedToPortal,
    /// Data reached the applicant's personal store.
    SynchronisedToStore,
    /// Rated; `disliked` for a dissatisfied applicant.
    Rated {
        /// The applicant was dissatisfied.
        disliked: bool,
    },
    /// A petition came in.
    PetitionFiled(i32),
    /// A petition was answered.
    PetitionAnswered {
        /// Number within the dossier.
        petition: i32,
        /// Within its time limit.
        on_time: bool,
        /// To the petitioner's satisfaction.
        satisfied: bool,
    },
}

/// How handling ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// With a result.
    Completed {
        /// After the due date.
        late: bool,
    },
    /// Refused at reception.
    Refused,
    /// Stopped by the officer.
    Stopped {
        /// After the due date.
        late: bool,
    },
    /// Withdrawn by the applicant.
    Withdrawn {
        /// After the due date.
        late: bool,
    },
}

/// A petition about a dossier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Petition {
    /// When it was filed.
    pub filed: Timestamp,
    /// Answered within its time limit.
    pub on_time: bool,
    /// Answered to the petitioner's satisfaction, in time.
    pub satisfied: bool,
}

/// What is remembered of one dossier, with the log positions of the events that decide how it counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// Unit that resolves it.
    pub unit: String,
    /// Units that resolved it before, in order, each with the moment that it handed it over: what happened until
    /// then stays theirs.
    pub before: Vec<(String, Timestamp)>,
    /// Its procedure.
    pub procedure: String,
    /// Filed online.
    pub online: bool,
    /// Connected with population data.
    pub identity: bool,
    /// A fee is owed.
    pub duty: bool,
    /// A fee was paid online.
    pub paid_online: bool,
    /// When it was received.
    pub received: Option<Timestamp>,
    /// The due date in force.
    pub due: Option<Timestamp>,
    /// Set while it is past due and unfinished, and kept when it ends so.
    pub overdue: bool,
    /// When and how handling ended.
    pub ended: Option<(Timestamp, Ended)>,
    /// Something was digitised.
    pub digitised: bool,
    /// Something was reused.
    pub reused: bool,
    /// An electronic result exists.
    pub electronic: bool,
    /// Synchronised to the national portal.
    pub portal: bool,
    /// Synchronised to the applicant's store.
    pub store: bool,
    /// The applicant was dissatisfied, and when that was said.
    pub disliked: Option<Timestamp>,
    /// Petitions by number.
    pub petitions: BTreeMap<i32, Petition>,
    /// Log position of the reception, of becoming overdue and of the end; 0 where there is none.
    pub positions: [i64; 3],
}

/// Where a contribution counts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// Unit code.
    pub unit: String,
    /// Month of local time.
    pub month: Month,
    /// What is counted.
    pub counter: Counter,
    /// Only for counters per procedure.
    pub procedure: Option<String>,
}

const RECEIVED: usize = 0;
const OVERDUE: usize = 1;
const ENDED: usize = 2;

impl Facts {
    /// Takes in a fact that happened at `at` and stands at `position` in the dossiers log.
    pub fn apply(&mut self, fact: &Fact, at: Timestamp, position: i64) {
        match fact {
            Fact::Registered {
                unit,
                procedure,
                online,
                identity,
            } => {
                self.unit.clone_from(unit);
                self.procedure.clone_from(procedure);
                self.online = *online;
                self.identity = *identity;
            }
            Fact::Received {
                unit,
                procedure,
                online,
                identity,
                duty,
                due,
            } => {
                self.unit.clone_from(unit);
                self.procedure.clone_from(procedure);
                self.online = *online;
                self.identity = *identity;
                self.duty |= *duty;
                self.due = *due;
                self.received = Some(at);
                self.positions[RECEIVED] = position;
            }
            Fact::DueMoved(due) => {
                self.due = *due;
                self.overdue = false;
            }
            Fact::Overdue => {
                self.overdue = true;
                self.positions[OVERDUE] = position;
            }
            Fact::HandedOver(unit) => {
                let from = std::mem::replace(&mut self.unit, unit.clone());
                self.before.push((from, at));
            }
            Fact::PaymentRequested => self.duty = true,
            Fact::Paid { online } => self.paid_online |= *online,
            Fact::Ended(ended) => self.end(at, *ended, position),
            Fact::Reopened => self.ended = None,
            Fact::Delivered => {
                if self.ended.is_none() {
                    let late = self.due.is_some_and(|due| at > due);
                    self.end(at, Ended::Completed { late }, position);
                }
            }
            Fact::Digitised { digitised, reused } => {
                self.digitised |= *digitised;
                self.reused |= *reused;
            }
            Fact::ElectronicResult => self.electronic = true,
            Fact::SynchronisedToPortal => self.portal = true,
            Fact::SynchronisedToStore => self.store = true,
            Fact::Rated { disliked } => self.disliked = disliked.then_some(at),
            Fact::PetitionFiled(petition) => {
                let filed = Petition {
                    filed: at,
                    on_time: false,
                    satisfied: false,
                };
                self.petitions.insert(*petition, filed);
            }
            Fact::PetitionAnswered {
                petition,
                on_time,
                satisfied,
            } => {
                if let Some(petition) = self.petitions.get_mut(petition) {
                    petition.on_time = *on_time;
                    petition.satisfied = *on_time && *satisfied;
                }
            }
        }
    }

    /// Takes in a fact as [`apply`](Self::apply) does, and says what that changes in its contributions.
    pub fn step(
        &mut self,
        fact: &Fact,
        (at, position): (Timestamp, i64),
        offset: Offset,
    ) -> BTreeMap<Key, i64> {
        let mut step = self.contributions(offset);
        step.values_mut().for_each(|count| *count = -*count);
        self.apply(fact, at, position);
        for (key, count) in self.contributions(offset) {
            *step.entry(key).or_default() += count;
        }
        step.retain(|_, count| *count != 0);
        step
    }

    fn end(&mut self, at: Timestamp, ended: Ended, position: i64) {
        self.ended = Some((at, ended));
        self.positions[ENDED] = position;
    }

    /// It ended after its due date.
    pub fn late(&self) -> bool {
        self.ended.is_some_and(|(_, ended)| match ended {
            Ended::Completed { late } | Ended::Stopped { late } | Ended::Withdrawn { late } => late,
            Ended::Refused => false,
        })
    }

    /// When it came under the clock: received, or refused at reception; never, if it was only registered, or
    /// withdrawn before reception (it then counts nowhere).
    pub fn opened(&self) -> Option<Timestamp> {
        match (self.received, self.ended) {
            (Some(received), _) => Some(received),
            (None, Some((at, Ended::Refused | Ended::Completed { .. }))) => Some(at),
            (None, _) => None,
        }
    }

    /// The month that it came under the clock, and the month that it ended, at this offset from UTC.
    pub fn months(&self, offset: Offset) -> (Option<Month>, Option<Month>) {
        let month = |at: Timestamp| Month::of(offset.to_datetime(at).date());
        let Some(opened) = self.opened() else {
            return (None, None);
        };
        (
            Some(month(opened)),
            self.ended.map(|(at, _)| month(at.max(opened))),
        )
    }

    /// The unit that resolves it, or resolved it at a moment: from the moment of a hand-over on it is the new one.
    pub fn unit_at(&self, at: Timestamp) -> &str {
        let then = self.before.iter().find(|(_, until)| at < *until);
        then.map_or(&self.unit, |(unit, _)| unit)
    }

    /// What it adds to the counters, at this offset of local time from UTC. Petitions count in the month they were
    /// filed, all that is said of a received dossier's channel and fee in the month of reception, results in the
    /// month of the end.
    ///
    /// Each counts for the unit that had the dossier then. A hand-over takes what is open from the stocks of the
    /// old unit and adds it to those of the new one, in its month; it is no end, so nothing was handled by it.
    pub fn contributions(&self, offset: Offset) -> BTreeMap<Key, i64> {
        let mut tally = Tally {
            facts: self,
            offset,
            sums: BTreeMap::new(),
        };
        tally.reception();
        tally.handling();
        tally.petitions();
        tally.sums
    }
}
