//! The sheet of one unit in a campaign: what it claims, what appraisers and the council make of that, leaf by leaf.
//!
//! Every leaf has a version, the number of its changes. A command names the version that its author saw; when somebody
//! else came first it is refused with what changed.

mod command;
mod decide;
mod discrepancy;
mod evolve;
mod refusal;
mod score;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use ids::{InitiativeNumber, LeafCode};
use index::Inputs;
use jiff::Timestamp;
use jiff::civil::Date;
use rust_decimal::Decimal;

pub use self::command::{Action, Command, Ground, Verdict};
pub use self::discrepancy::{Discrepancy, Flag};
pub use self::refusal::{Lack, Refusal, Unfounded};
pub use self::score::{Column, Marks, Progress, withheld};

/// What a leaf is worth to somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// Points, 0 to the leaf's maximum.
    Points(Decimal),
    /// The leaf does not apply to the unit and leaves the maximum.
    NotApplicable,
}

/// Something that shows that a claim is true.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Evidence {
    /// What it is.
    pub title: String,
    /// Number of the document; empty where it has none.
    pub number: String,
    /// Its date.
    pub date: Option<Date>,
    /// Who issued it; empty where that is not known.
    pub issuer: String,
    /// Where in it to look: chapter, item; empty for all of it.
    pub item: String,
    /// On which page; empty for all of it.
    pub page: String,
    /// SHA-256 of the uploaded file; none where it is only named.
    pub file: Option<[u8; 32]>,
    /// The recognised initiative that it is; none where it is something else.
    pub initiative: Option<InitiativeNumber>,
}

/// What a unit says of a leaf.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The figures that it declares, by name of the input.
    pub figures: Inputs,
    /// What follows from them by the leaf's rule, or what the unit holds it to be; none while figures are missing.
    pub mark: Option<Mark>,
    /// In words; why it does not apply, or why there is no evidence.
    pub explanation: String,
    /// What shows it.
    pub evidence: Vec<Evidence>,
    /// What the leaf was by measured figures alone at the time.
    pub measured: Option<Mark>,
}

/// A claim with its author.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    /// What was claimed last.
    pub claim: Claim,
    /// By whom.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// The two rounds of appraisal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Round {
    /// On what the unit claims.
    First,
    /// On what was open after the first, and what the unit explained.
    Second,
}

/// What somebody decided on a leaf.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The value.
    pub mark: Mark,
    /// Why; may be empty when a value was accepted as it was.
    pub reason: String,
    /// Who.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// Something said of a leaf.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// What kind of thing.
    pub kind: NoteKind,
    /// The words.
    pub text: String,
    /// What shows it.
    pub evidence: Vec<Evidence>,
    /// What the unit wants the leaf to be, in a contest that says so.
    pub wanted: Option<Mark>,
    /// Who.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// What is said of a leaf besides claims and decisions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoteKind {
    /// An appraiser asks.
    Question,
    /// The unit explains.
    Explanation,
    /// The unit contests what was decided.
    Contest,
    /// The council remarks.
    Remark,
}

/// A change of a leaf, for whoever came second.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Who.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// What was changed: `claim`, `first appraisal`, …
    pub what: &'static str,
    /// What it was.
    pub from: String,
    /// What it is.
    pub to: String,
}

/// A leaf of the sheet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entry {
    /// What the unit says.
    pub claimed: Option<Claimed>,
    /// The first appraisal.
    pub first: Option<Decision>,
    /// The second appraisal.
    pub second: Option<Decision>,
    /// The council's decision.
    pub council: Option<Decision>,
    /// Questions, explanations, contests and remarks, oldest first.
    pub notes: Vec<Note>,
    changes: Vec<Change>,
}

/// A unit's sheet as its events made it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sheet {
    entries: BTreeMap<LeafCode, Entry>,
    submitted: Option<(Timestamp, String)>,
}

/// Something that happened to a sheet.
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
    /// The unit stated what it claims for a leaf.
    Claimed {
        /// The leaf.
        leaf: LeafCode,
        /// The claim, in place of an earlier one.
        claim: Claim,
    },
    /// The unit handed the sheet in.
    Submitted,
    /// An appraiser decided.
    Appraised {
        /// The leaf.
        leaf: LeafCode,
        /// In which round.
        round: Round,
        /// The value.
        mark: Mark,
        /// Whether it is what was there: the claim, the measured figure, or in the second round the first value.
        accepted: bool,
        /// Why.
        reason: String,
    },
    /// An appraiser asked.
    Asked {
        /// The leaf.
        leaf: LeafCode,
        /// The question.
        question: String,
    },
    /// The unit explained.
    Explained {
        /// The leaf.
        leaf: LeafCode,
        /// The words.
        text: String,
        /// Further evidence.
        evidence: Vec<Evidence>,
    },
    /// The unit contested a decision.
    Contested {
        /// The leaf.
        leaf: LeafCode,
        /// What it wants it to be, if it says so.
        wanted: Option<Mark>,
        /// Why.
        reason: String,
    },
    /// The council remarked, and perhaps decided.
    Remarked {
        /// The leaf.
        leaf: LeafCode,
        /// The council's value, if it changes what was there.
        mark: Option<Mark>,
        /// The words.
        remark: String,
    },
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Points(points) => points.fmt(f),
            Self::NotApplicable => f.write_str("not applicable"),
        }
    }
}

impl Entry {
    /// How often it was changed.
    pub fn version(&self) -> usize {
        self.changes.len()
    }

    /// The newest change.
    pub fn changed(&self) -> Option<&Change> {
        self.changes.last()
    }

    /// The value that counts in the end: the last one decided.
    pub fn decided(&self) -> Option<Mark> {
        let decision = self.council.as_ref().or(self.after_rounds());
        decision.map(|decision| decision.mark)
    }

    /// What the appraisals came to.
    pub(crate) fn after_rounds(&self) -> Option<&Decision> {
        self.second.as_ref().or(self.first.as_ref())
    }

    /// The initiatives that its claim and explanations cite.
    pub fn cited(&self) -> impl Iterator<Item = &InitiativeNumber> {
        let claim = self.claimed.iter().flat_map(|it| &it.claim.evidence);
        let notes = self.notes.iter().flat_map(|note| &note.evidence);
        claim
            .chain(notes)
            .filter_map(|item| item.initiative.as_ref())
    }

    /// Whether an appraiser's question, an explanation or a contest came after the last decision of a round.
    pub fn open(&self) -> bool {
        let decided_at = self.after_rounds().map(|decision| decision.at);
        let told = self.notes.iter().rev().find(|note| match note.kind {
            NoteKind::Question | NoteKind::Explanation | NoteKind::Contest => true,
            NoteKind::Remark => false,
        });
        told.is_some_and(|note| decided_at.is_none_or(|at| note.at >= at))
    }
}

impl Sheet {
    /// What is said of a leaf; none while nothing is.
    pub fn entry(&self, leaf: &LeafCode) -> Option<&Entry> {
        self.entries.get(leaf)
    }

    /// The initiatives that its claims and explanations cite.
    pub fn cited(&self) -> BTreeSet<&InitiativeNumber> {
        self.entries.values().flat_map(Entry::cited).collect()
    }

    /// Who in the council decided on a leaf after a moment.
    pub fn decided_after(&self, at: Timestamp) -> BTreeSet<String> {
        let decisions = self.entries.values().filter_map(|it| it.council.as_ref());
        decisions
            .filter(|decision| decision.at > at)
            .map(|decision| decision.by.clone())
            .collect()
    }

    /// When the unit handed it in last, and who did.
    pub fn submitted(&self) -> Option<(Timestamp, &str)> {
        let (at, by) = self.submitted.as_ref()?;
        Some((*at, by))
    }
}
