//! What may be asked of a task.

use ids::UnitCode;
use jiff::Timestamp;

use super::{Assignment, Holder, Reading};
use crate::person::Person;
use crate::sheet::Evidence;

/// A command with who gives it and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// When it came in.
    pub at: Timestamp,
    /// Who gives it; none when the clock does.
    pub by: Option<Person>,
    /// What is asked.
    pub action: Action,
}

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Gives the task to somebody.
    Assign {
        /// What and whom.
        assignment: Box<Assignment>,
        /// What it is about is worth now.
        before: Option<Reading>,
    },
    /// Gives it to somebody else.
    Reassign {
        /// Whom.
        holder: Holder,
        /// Why.
        reason: String,
    },
    /// Gives it to a successor of the unit that has it, which ended.
    HandOver {
        /// The unit that ended.
        from: UnitCode,
        /// Whom.
        holder: Holder,
        /// Why.
        reason: String,
    },
    /// Moves its due date.
    MoveDue {
        /// The new one.
        due: Timestamp,
        /// Why.
        reason: String,
    },
    /// Says how far it is.
    Note {
        /// 0 to 100.
        percent: u8,
        /// In words.
        text: String,
    },
    /// Says that it is done.
    Report {
        /// In words.
        text: String,
        /// What shows it.
        evidence: Vec<Evidence>,
    },
    /// Finds that it is done.
    Confirm {
        /// What it is about is worth now.
        after: Option<Reading>,
    },
    /// Finds that it is not done.
    Return {
        /// What is missing.
        reason: String,
    },
    /// Ends it undone.
    Cancel {
        /// Why.
        reason: String,
    },
    /// Records that its due date passed.
    MarkOverdue,
}
