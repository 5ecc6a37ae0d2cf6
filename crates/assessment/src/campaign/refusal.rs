//! Why a campaign does not do what it is asked.

use ids::{LeafCode, UnitCode};
use jiff::Timestamp;

use super::{Phase, Stage};
use crate::person::Role;

/// Why a command to a campaign is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Nobody planned it.
    #[error("there is no such campaign; plan it first")]
    Absent,
    /// Where it is does not allow it.
    #[error("the campaign is {phase}; {possible}")]
    Phase {
        /// Where it is.
        phase: Phase,
        /// What is possible instead.
        possible: &'static str,
    },
    /// Somebody with another role has to do it.
    #[error("this is for the {needed} to do, not for the {acting}")]
    Role {
        /// Who has to.
        needed: Role,
        /// Who tried.
        acting: Role,
    },
    /// Only the clock does it.
    #[error("deadlines lock by themselves")]
    Clock,
    /// A plan without units.
    #[error("no unit takes part; name groups that have units on the campaign's day")]
    NobodyTakesPart,
    /// A group takes part without rules.
    #[error("group {0} has no index to be judged by; name one for every group")]
    NoRules(String),
    /// A deadline is missing or not later than the one before.
    #[error("the deadline of {0} must be there and later than that of the stage before")]
    Deadlines(Stage),
    /// A deadline has passed already.
    #[error("the deadline {0} has passed; name a later one")]
    Passed(Timestamp),
    /// A deadline would not be later than it is.
    #[error("the deadline is {0} already; name a later one")]
    NotLater(Timestamp),
    /// A deadline would pass that of the next stage.
    #[error("the next stage ends {0}; name an earlier deadline, or put that one off first")]
    IntoNext(Timestamp),
    /// A unit does not take part.
    #[error("unit {0} takes no part in the campaign; list its participants")]
    NoPart(UnitCode),
    /// The stage is not open for the unit.
    #[error("{stage} is not open for unit {unit}; reopen it with a reason")]
    NotOpen {
        /// The unit.
        unit: UnitCode,
        /// The stage.
        stage: Stage,
    },
    /// An appraiser would appraise its own unit.
    #[error("an appraiser of unit {0} cannot appraise it; assign somebody of another unit")]
    OwnUnit(UnitCode),
    /// A unit still has a window of its own.
    #[error("unit {unit} has until {until} for {stage}; approve after that")]
    WindowOpen {
        /// The unit.
        unit: UnitCode,
        /// The stage.
        stage: Stage,
        /// Its deadline.
        until: Timestamp,
    },
    /// Leaves are undecided.
    #[error("{} leaves are undecided; decide them in the council: {}", .0.len(), named(.0))]
    Undecided(Vec<(UnitCode, LeafCode)>),
    /// The results of a unit are not among those to approve.
    #[error("the sheet of unit {0} is not among those to approve; approve the sheets of all")]
    NoSheet(UnitCode),
    /// Another publication came first, or the campaign moved on.
    #[error("the campaign moved on while its results were put together; repeat the call")]
    MovedOn,
    /// A correction that corrects nothing.
    #[error(
        "nothing was decided since publication {0}; the council has to decide what is to be corrected first"
    )]
    NothingCorrected(u32),
    /// Who approved does not publish.
    #[error("{0} approved the results; somebody else has to publish them")]
    ApprovedByYou(String),
}

/// Leaves that a message names.
const NAMED: usize = 10;

fn named(leaves: &[(UnitCode, LeafCode)]) -> String {
    let mut names: Vec<_> = leaves
        .iter()
        .take(NAMED)
        .map(|(unit, leaf)| format!("{unit} {leaf}"))
        .collect();
    if leaves.len() > NAMED {
        names.push(format!("and {} more", leaves.len() - NAMED));
    }
    names.join(", ")
}
