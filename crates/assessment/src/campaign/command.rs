//! What may be asked of a campaign.

use std::collections::{BTreeMap, BTreeSet};

use ids::{LeafCode, UnitCode};
use jiff::Timestamp;

use super::{Assignment, Issue, Outcome, Plan, Stage};
use crate::person::Person;

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

/// A unit's sheet at the end of the last stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reviewed {
    /// Leaves that nobody has decided on, in the order of the definition.
    pub undecided: Vec<LeafCode>,
    /// What follows from the decisions.
    pub outcome: Outcome,
}

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// States the whole plan.
    Plan(Plan),
    /// Begins the self-assessment.
    Open,
    /// Ends a stage for all before its deadline.
    CloseStage {
        /// The stage that the campaign is in.
        stage: Stage,
        /// Why.
        reason: String,
    },
    /// Puts off a deadline.
    Extend {
        /// For one unit, in a stage that is open for it; none: for all, in a stage that is not over.
        unit: Option<UnitCode>,
        /// Which stage.
        stage: Stage,
        /// The new deadline.
        until: Timestamp,
        /// Why.
        reason: String,
    },
    /// Opens a stage again for a unit that is done with it.
    Reopen {
        /// The unit.
        unit: UnitCode,
        /// Which stage, not a later one than the campaign is in.
        stage: Stage,
        /// The unit's deadline.
        until: Timestamp,
        /// Why.
        reason: String,
    },
    /// States what an appraiser is to appraise.
    Assign {
        /// Who.
        appraiser: String,
        /// What; no units take the appraiser off.
        assignment: Assignment,
    },
    /// Records the lock of the deadline that passed first.
    Lock,
    /// Approves every unit's result.
    Approve {
        /// Number of the council's minutes.
        document: String,
        /// The sheet of every unit.
        sheets: BTreeMap<UnitCode, Reviewed>,
    },
    /// Publishes what is approved.
    Publish {
        /// Number of the decision.
        document: String,
        /// What is published; none where the campaign was not seen in a phase that allows it.
        issue: Option<Box<Issue>>,
    },
    /// Publishes anew, with what the council decided since.
    Correct {
        /// Number of the decision.
        document: String,
        /// What is published; none where the campaign was not seen in a phase that allows it.
        issue: Option<Box<Issue>>,
    },
}

impl Assignment {
    /// Whether it holds a leaf, named by the components that the leaf lies in.
    pub fn holds(&self, unit: &UnitCode, components: &BTreeSet<LeafCode>) -> bool {
        self.units.contains(unit)
            && (self.components.is_empty() || !self.components.is_disjoint(components))
    }
}
