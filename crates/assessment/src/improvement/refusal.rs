//! Why a task does not do what it is asked.

use ids::{TaskCode, UnitCode};
use jiff::Timestamp;

use super::{ENTRIES_MAX, State};
use crate::person::Role;

/// Why a command to a task is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Nobody assigned it.
    #[error("there is no such task; list those that are assigned")]
    Absent,
    /// Another task has the code, or the same one was cancelled.
    #[error("the code {0} is that of another task; choose a new one")]
    Taken(TaskCode),
    /// Somebody with another role has to do it.
    #[error("this is for the {needed} to do, not for the {acting}")]
    Role {
        /// Who has to.
        needed: Role,
        /// Who tried.
        acting: Role,
    },
    /// What the clock does and what people do are not each other's.
    #[error("a task becomes overdue by the clock alone, and the clock does nothing else")]
    Clock,
    /// It is elsewhere on its way.
    #[error("the task is {state}; {remedy}")]
    State {
        /// Where it is.
        state: State,
        /// What can be done.
        remedy: &'static str,
    },
    /// Somebody of another unit.
    #[error("only somebody of unit {0} may do this")]
    OtherUnit(UnitCode),
    /// Somebody of the unit itself.
    #[error("nobody judges the tasks of the own unit, {0}; leave it to somebody of another unit")]
    OwnUnit(UnitCode),
    /// Somebody without a unit, which might be the responsible one.
    #[error("whoever judges a task has to name its unit, as nobody judges those of the own one")]
    NoUnit,
    /// Whoever is responsible or reported.
    #[error("nobody judges what was the own work; leave it to somebody else")]
    OwnWork,
    /// The due date is not to come.
    #[error("{0} has passed; name a due date that is still to come")]
    Passed(Timestamp),
    /// It is with another unit.
    #[error("the task is not with unit {0} any more; list its tasks again")]
    Elsewhere(UnitCode),
    /// These items of evidence name files that the unit does not have.
    #[error(
        "evidence[{}].sha256 is not that of a file that was uploaded for this unit; upload it first",
        .0.first().copied().unwrap_or_default()
    )]
    Unfounded(Vec<usize>),
    /// Its history is as long as it may be.
    #[error("the task has {ENTRIES_MAX} entries; cancel it, and assign what is left anew")]
    Full,
}
