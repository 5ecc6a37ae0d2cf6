//! What may be asked of a sheet.

use std::collections::BTreeSet;
use std::sync::Arc;

use ids::{InitiativeNumber, LeafCode, UnitCode};
use index::{Definition, Inputs};
use jiff::Timestamp;

use super::{Evidence, Mark};
use crate::campaign::Campaign;
use crate::person::Person;

/// What a command to a sheet is decided on besides the sheet.
#[derive(Debug, Clone)]
pub struct Ground {
    /// Whose sheet it is.
    pub unit: UnitCode,
    /// The campaign as it is.
    pub campaign: Arc<Campaign>,
    /// The edition that the unit is judged by.
    pub definition: Arc<Definition>,
    /// The unit's figures as counted and reported; none when they cannot be had now.
    pub measured: Option<Arc<Inputs>>,
    /// Initiatives that the sheet cites and that the unit may not cite any more.
    pub revoked: BTreeSet<InitiativeNumber>,
}

/// A command with who gives it, when, and on what ground.
#[derive(Debug, Clone)]
pub struct Command {
    /// When it came in.
    pub at: Timestamp,
    /// Who gives it.
    pub by: Person,
    /// What it is decided on.
    pub ground: Ground,
    /// What is asked.
    pub action: Action,
}

/// What an appraiser says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The claim is right; of a leaf that units do not score: the measured figure is.
    Accept,
    /// The value of the first round stands; only in the second.
    Keep,
    /// Another value, with the reason.
    Change {
        /// The value.
        mark: Mark,
        /// Why.
        reason: String,
    },
    /// The unit has to explain; only in the first round.
    Ask {
        /// What.
        question: String,
    },
}

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// States all that the unit says of a leaf.
    Claim {
        /// The leaf.
        leaf: LeafCode,
        /// Its version as the author saw it.
        expected: usize,
        /// Declared figures.
        figures: Inputs,
        /// What the unit holds the leaf to be, where no rule says so or the rule is of measured figures.
        claimed: Option<Mark>,
        /// In words.
        explanation: String,
        /// What shows it.
        evidence: Vec<Evidence>,
    },
    /// Hands the sheet in.
    Submit,
    /// Says what an appraiser makes of a leaf, in the round that the unit is in.
    Appraise {
        /// The leaf.
        leaf: LeafCode,
        /// Its version as the author saw it.
        expected: usize,
        /// What.
        verdict: Verdict,
    },
    /// Accepts every leaf that the appraiser may appraise and that needs nothing.
    AcceptAll,
    /// Explains a leaf.
    Explain {
        /// The leaf.
        leaf: LeafCode,
        /// Its version as the author saw it.
        expected: usize,
        /// The words.
        text: String,
        /// Further evidence.
        evidence: Vec<Evidence>,
    },
    /// Contests what was decided on a leaf.
    Contest {
        /// The leaf.
        leaf: LeafCode,
        /// Its version as the author saw it.
        expected: usize,
        /// What the unit wants it to be.
        wanted: Option<Mark>,
        /// Why.
        reason: String,
    },
    /// The council remarks, and may decide.
    Remark {
        /// The leaf.
        leaf: LeafCode,
        /// Its version as the author saw it.
        expected: usize,
        /// The value, to decide.
        mark: Option<Mark>,
        /// The words.
        remark: String,
    },
}
