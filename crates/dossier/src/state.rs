//! A dossier as its events have made it.

use std::collections::{BTreeMap, BTreeSet};

use calendar::Limit;
use ids::UnitCode;
use jiff::Timestamp;

use crate::clock;
use crate::event::{CalendarVersion, Filing};
use crate::terms::{ClockPolicy, PaymentMethod, Rating, Status, SyncTarget, Timeliness};

/// A dossier: nothing yet, or filed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Dossier {
    /// No event has been recorded.
    #[default]
    Unfiled,
    /// It was registered or received.
    Filed(Box<Filed>),
}

/// What is known of a filed dossier.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Filed {
    /// What it is about; the unit is the one that resolves it now.
    pub filing: Filing,
    /// Where it stands.
    pub status: Status,
    /// When it was registered; none when it was filed at the counter.
    pub registered_at: Option<Timestamp>,
    /// Its reception and its clock.
    pub reception: Option<Reception>,
    /// How many supplements were asked for, before the reception and after it.
    pub supplements: u32,
    /// The supplement it waits for.
    pub waiting: Option<Waiting>,
    /// When the latest supplement was complete.
    pub supplemented_at: Option<Timestamp>,
    /// Staff code of the officer who has it; may be empty.
    pub officer: Option<String>,
    /// The latest activity noted: when, what, and by whom.
    pub activity: Option<(Timestamp, String, String)>,
    /// The fee it waits for: dong, and what for.
    pub fee_due: Option<(u64, String)>,
    /// The latest payment.
    pub payment: Option<Payment>,
    /// Any payment was made online.
    pub paid_online: bool,
    /// Linked steps by number.
    pub steps: BTreeMap<u32, Step>,
    /// Components digitised.
    pub digitised: u32,
    /// Components reused.
    pub reused: u32,
    /// The latest digitisation: when, and how many of each.
    pub digitisation: Option<(Timestamp, u32, u32)>,
    /// SHA-256 of the electronic result.
    pub electronic_result: Option<[u8; 32]>,
    /// Staff code of the signer of the electronic result.
    pub signer: Option<String>,
    /// National stores that have its data.
    pub synchronised: BTreeSet<SyncTarget>,
    /// The end of its handling; none while it is unfinished.
    pub end: Option<End>,
    /// When the result was handed over.
    pub delivered_at: Option<Timestamp>,
    /// The latest correction: when and why.
    pub correction: Option<(Timestamp, String)>,
    /// The applicant's rating.
    pub rating: Option<Rating>,
    /// Petitions by number.
    pub petitions: BTreeMap<u32, Petition>,
}

/// The reception, and the clock that it started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reception {
    /// When it was received.
    pub at: Timestamp,
    /// The due date first promised.
    pub first_due_at: Option<Timestamp>,
    /// The due date in force.
    pub due_at: Option<Timestamp>,
    /// The limit; none when there is none or the date was given by the source.
    pub limit: Option<Limit>,
    /// What a supplement does to the clock.
    pub clock_policy: ClockPolicy,
    /// The applicant owes a fee for this procedure.
    pub payment_duty: bool,
    /// What the due date was computed with.
    pub calendar: Option<CalendarVersion>,
    /// The moment from which the limit counts: the reception, or the latest restart.
    pub counts_from: Timestamp,
    /// Working minutes waited for supplements since `counts_from`.
    pub waited_minutes: i64,
    /// It was re-appointed.
    pub extended: bool,
    /// That the clock passed the due date in force has been recorded.
    pub marked_overdue: bool,
}

/// A supplement that has been asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// What is missing.
    pub reason: String,
}

/// A payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    /// When.
    pub at: Timestamp,
    /// Dong.
    pub amount_dong: u64,
    /// How.
    pub method: PaymentMethod,
    /// The payment system's reference; may be empty.
    pub reference: String,
}

/// A step of a linked procedure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The unit whose step it is.
    pub unit: UnitCode,
    /// What is done in it.
    pub name: String,
    /// Its own due date, if it has a limit.
    pub due_at: Option<Timestamp>,
    /// When it ended.
    pub completed_at: Option<Timestamp>,
}

/// The end of the handling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// When.
    pub at: Timestamp,
    /// [`Timeliness::OnTime`] or [`Timeliness::Late`].
    pub timeliness: Timeliness,
    /// Why it ended without a result; empty when it ended with one.
    pub reason: String,
}

/// A complaint or petition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Petition {
    /// When it was filed.
    pub filed_at: Timestamp,
    /// When the answer is due.
    pub due_at: Timestamp,
    /// The answer.
    pub answer: Option<PetitionAnswer>,
}

/// The answer to a petition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PetitionAnswer {
    /// When it was given.
    pub at: Timestamp,
    /// At or before its due date.
    pub on_time: bool,
    /// The petitioner was satisfied.
    pub satisfied: bool,
}

// === impl Dossier ===

impl Dossier {
    /// What is known of it, once it is filed.
    pub fn filed(&self) -> Option<&Filed> {
        match self {
            Self::Unfiled => None,
            Self::Filed(filed) => Some(filed),
        }
    }

    /// Where it stands; none before it is filed.
    pub fn status(&self) -> Option<Status> {
        self.filed().map(|filed| filed.status)
    }
}

// === impl Filed ===

impl Filed {
    pub(crate) fn new(filing: Filing) -> Self {
        Self {
            filing,
            status: Status::Registered,
            registered_at: None,
            reception: None,
            supplements: 0,
            waiting: None,
            supplemented_at: None,
            officer: None,
            activity: None,
            fee_due: None,
            payment: None,
            paid_online: false,
            steps: BTreeMap::new(),
            digitised: 0,
            reused: 0,
            digitisation: None,
            electronic_result: None,
            signer: None,
            synchronised: BTreeSet::new(),
            end: None,
            delivered_at: None,
            correction: None,
            rating: None,
            petitions: BTreeMap::new(),
        }
    }

    /// Numbers of the steps that a unit has open.
    pub fn open_steps_of(&self, unit: &UnitCode) -> impl Iterator<Item = u32> {
        let open = |step: &Step| step.completed_at.is_none() && step.unit == *unit;
        let steps = self.steps.iter().filter(move |(_, step)| open(step));
        steps.map(|(number, _)| *number)
    }

    /// When it was received.
    pub fn received_at(&self) -> Option<Timestamp> {
        self.reception.as_ref().map(|reception| reception.at)
    }

    /// The due date in force.
    pub fn due_at(&self) -> Option<Timestamp> {
        self.reception
            .as_ref()
            .and_then(|reception| reception.due_at)
    }

    /// The due date first promised.
    pub fn first_due_at(&self) -> Option<Timestamp> {
        self.reception
            .as_ref()
            .and_then(|reception| reception.first_due_at)
    }

    /// When handling ended (status 9, else 3, 7, 8); none while it is unfinished.
    pub fn ended_at(&self) -> Option<Timestamp> {
        self.end.as_ref().map(|end| end.at)
    }

    /// Whether it keeps, kept or missed its due date, seen from `now`. What has ended was judged
    /// then; `now` matters only while it is unfinished.
    pub fn timeliness_at(&self, now: Timestamp) -> Timeliness {
        match &self.end {
            Some(end) => end.timeliness,
            None if clock::is_past_due(self, now) => Timeliness::Overdue,
            None => Timeliness::Within,
        }
    }

    /// The moment after which the timer must mark it overdue; none while its clock stands still
    /// or cannot run out, and once that has been recorded.
    pub fn overdue_after(&self) -> Option<Timestamp> {
        let reception = self.reception.as_ref()?;
        let due = reception.due_at?;
        let stands_still = self
            .waiting
            .as_ref()
            .is_some_and(|waiting| waiting.requested_at <= due);
        let running = self.end.is_none() && !reception.marked_overdue && !stands_still;
        running.then_some(due)
    }
}
