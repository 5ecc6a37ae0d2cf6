//! Improvement plans: a shortcoming, or an item of the year's plan, is a task of a unit with a due date, until somebody
//! else confirms that it is done.
//!
//! A due date passes by itself: what is open then is overdue whether or not anybody has recorded it yet.

mod command;
mod decide;
mod evolve;
mod refusal;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;

use ids::{CampaignCode, IndexCode, LeafCode, MeasureName, Period, TaskCode, UnitCode};
use jiff::Timestamp;
use jiff::civil::Date;
use rust_decimal::Decimal;

pub use self::command::{Action, Command};
pub use self::refusal::Refusal;
use crate::sheet::Evidence;

/// Entries of a task's history at most; what ends a task is taken beyond them.
pub const ENTRIES_MAX: usize = 500;

/// Why there is a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A leaf that earned too little.
    Leaf {
        /// The campaign whose appraisal shows it; none: the live score does.
        campaign: Option<CampaignCode>,
        /// Code of the index.
        index: IndexCode,
        /// The edition that judged the unit.
        edition: String,
        /// When.
        period: Period,
        /// The leaf.
        leaf: LeafCode,
    },
    /// Work that waits too long.
    Backlog {
        /// The measure that counts it.
        measure: MeasureName,
        /// When.
        period: Period,
    },
    /// Something that somebody found.
    Finding {
        /// Number of the document.
        document: String,
        /// Its date.
        date: Date,
        /// What was found.
        text: String,
    },
    /// The year's plan gives it.
    YearlyPlan {
        /// Number of the document.
        document: String,
        /// Where in it.
        item: String,
    },
}

/// What the leaf or the measure that a task is about is worth at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// Points, or the figure; none where there is none.
    pub value: Option<Decimal>,
    /// The most points that the leaf can give; none of a measure, and where that is not known.
    pub max: Option<Decimal>,
    /// Of which time.
    pub period: Period,
    /// The campaign that decided the points; none where they are counted.
    pub campaign: Option<CampaignCode>,
    /// Why there is no value; empty where there is one.
    pub reason: String,
}

/// Who has a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// The unit.
    pub unit: UnitCode,
    /// Who in it; empty while nobody is named.
    pub person: String,
}

/// A task as it is first given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// Its code, the same in every command to a task.
    pub code: TaskCode,
    /// What is to be done.
    pub title: String,
    /// The plan that it belongs to; may be empty.
    pub plan: String,
    /// Why.
    pub origin: Origin,
    /// Who has to do it.
    pub holder: Holder,
    /// By when.
    pub due: Timestamp,
}

/// Where a task is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Somebody works on it.
    Open,
    /// The unit says that it is done.
    Reported,
    /// Somebody else found that it is done.
    Confirmed,
    /// It will not be done.
    Cancelled,
}

/// A task that was assigned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// As it was first given.
    pub assignment: Assignment,
    /// What it is about was worth then; none where that has no figure.
    pub before: Option<Reading>,
    /// Who has it now.
    pub holder: Holder,
    /// The due date in force.
    pub due: Timestamp,
    /// Where it is.
    pub state: State,
    /// When it became overdue: stays when it is done late, and goes when the due date is moved.
    pub overdue_since: Option<Timestamp>,
    /// What it is about was worth at the confirmation; none before, and where that has no figure.
    pub after: Option<Reading>,
    /// The newest note of progress, 0 to 100.
    noted: u8,
    /// Since when it is open with this due date.
    since: Timestamp,
    /// Who ever reported it as done, and for which unit.
    reporters: BTreeMap<String, UnitCode>,
}

/// A task as its events made it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Task {
    standing: Option<Standing>,
    history: Vec<Event>,
}

/// Something that happened to a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// When.
    pub at: Timestamp,
    /// Who brought it about.
    pub by: String,
    /// What.
    pub fact: Fact,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// Somebody has to do it from now on.
    Assigned {
        /// What and who.
        assignment: Box<Assignment>,
        /// What it is about is worth now.
        before: Option<Reading>,
    },
    /// Somebody else has it.
    Reassigned {
        /// Who.
        holder: Holder,
        /// Why.
        reason: String,
    },
    /// The unit that had it ended, and a successor has it.
    HandedOver {
        /// The unit that ended.
        from: UnitCode,
        /// Who has it.
        holder: Holder,
        /// Why.
        reason: String,
    },
    /// It is due at another time.
    DueMoved {
        /// The due date before.
        from: Timestamp,
        /// The due date.
        to: Timestamp,
        /// Why.
        reason: String,
    },
    /// The unit said how far it is.
    Noted {
        /// 0 to 100.
        percent: u8,
        /// In words.
        text: String,
    },
    /// The due date passed while it was open.
    Overdue {
        /// The due date.
        due: Timestamp,
    },
    /// The unit said that it is done.
    Reported {
        /// In words.
        text: String,
        /// What shows it.
        evidence: Vec<Evidence>,
    },
    /// Somebody found that it is not done.
    Returned {
        /// What is missing.
        reason: String,
    },
    /// Somebody found that it is done.
    Confirmed {
        /// What it is about is worth now.
        after: Option<Reading>,
    },
    /// It will not be done.
    Cancelled {
        /// Why.
        reason: String,
    },
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Open => "open",
            Self::Reported => "reported as done",
            Self::Confirmed => "confirmed",
            Self::Cancelled => "cancelled",
        })
    }
}

impl State {
    /// Whether something is left to be done.
    pub fn is_unfinished(self) -> bool {
        match self {
            Self::Open | Self::Reported => true,
            Self::Confirmed | Self::Cancelled => false,
        }
    }
}

impl Standing {
    /// How far it is, 0 to 100.
    pub fn percent(&self) -> u8 {
        match self.state {
            State::Open | State::Cancelled => self.noted,
            State::Reported | State::Confirmed => 100,
        }
    }

    /// Whether it is open and past its due date.
    pub fn is_overdue_at(&self, at: Timestamp) -> bool {
        self.state == State::Open && self.due <= at
    }

    /// When the clock makes it overdue; none when it is not open or is overdue by this due date already.
    fn next_overdue(&self) -> Option<Timestamp> {
        let waits = self.state == State::Open && self.overdue_since.is_none();
        waits.then(|| self.due.max(self.since))
    }
}

impl Task {
    /// What it is; none before it is assigned.
    pub fn standing(&self) -> Option<&Standing> {
        self.standing.as_ref()
    }

    /// What happened to it, oldest first.
    pub fn history(&self) -> &[Event] {
        &self.history
    }

    /// When the clock has to make it overdue; none when there is nothing to wait for.
    pub fn next_overdue(&self) -> Option<Timestamp> {
        self.standing.as_ref()?.next_overdue()
    }
}
