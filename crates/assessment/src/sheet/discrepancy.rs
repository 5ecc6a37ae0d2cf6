//! Where the values of a leaf part, and what is left to do about it.

use std::collections::BTreeSet;

use ids::{InitiativeNumber, LeafCode};
use index::{Definition, Inputs, Leaf};

use super::score::self_scored;
use super::{Mark, Marks, NoteKind, Sheet};

/// What is worth a look at a leaf.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Flag {
    /// The unit had to claim and did not.
    NotClaimed,
    /// The claim differs from what measured figures say.
    ClaimDiffers,
    /// Points are claimed without evidence.
    NoEvidence,
    /// The first appraisal changed the claim.
    FirstDiffers,
    /// The second appraisal changed the first.
    SecondDiffers,
    /// The council changed what the appraisals said.
    CouncilDiffers,
    /// A question was not answered.
    Unanswered,
    /// The unit contests what was decided.
    Contested,
    /// Nobody has decided.
    Undecided,
    /// The claim or an explanation cites an initiative that the unit may not cite any more.
    EvidenceRevoked,
}

/// A leaf with flags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Discrepancy {
    /// The leaf.
    pub leaf: LeafCode,
    /// Its values.
    pub marks: Marks,
    /// Why it is listed, in order; at least one.
    pub flags: Vec<Flag>,
}

impl Sheet {
    /// Leaves with flags, in the order of the definition; `figures` are the measured ones, `revoked` the initiatives that
    /// the unit may not cite any more.
    pub fn discrepancies(
        &self,
        definition: &Definition,
        figures: &Inputs,
        revoked: &BTreeSet<InitiativeNumber>,
    ) -> Vec<Discrepancy> {
        let leaves = definition.leaves().iter();
        leaves
            .filter(|leaf| !leaf.max().is_zero())
            .filter_map(|leaf| {
                let flags = self.flags(leaf, figures, revoked);
                (!flags.is_empty()).then(|| Discrepancy {
                    leaf: leaf.code().clone(),
                    marks: self.marks(leaf, figures),
                    flags,
                })
            })
            .collect()
    }

    /// What is worth a look at a leaf, in a world of [`discrepancies`](Self::discrepancies).
    pub fn flags(
        &self,
        leaf: &Leaf,
        figures: &Inputs,
        revoked: &BTreeSet<InitiativeNumber>,
    ) -> Vec<Flag> {
        let marks = self.marks(leaf, figures);
        let entry = self.entry(leaf.code());
        let claim = entry.and_then(|entry| entry.claimed.as_ref());
        let base = if self_scored(leaf) {
            marks.own
        } else {
            marks.measured
        };
        let newest = |kind| {
            let notes = entry.map_or(&[][..], |entry| &entry.notes);
            notes.iter().rposition(|note| note.kind == kind)
        };
        let contested = entry.is_some_and(|entry| {
            let contest = newest(NoteKind::Contest).map(|place| entry.notes[place].at);
            let decided = [&entry.first, &entry.second, &entry.council];
            let decided = decided.into_iter().flatten().map(|it| it.at).max();
            contest.is_some_and(|at| decided.is_none_or(|decided| at >= decided))
        });
        let unevidenced = |mark: Mark| match mark {
            Mark::Points(points) => !points.is_zero(),
            Mark::NotApplicable => true,
        };
        let mut flags = Vec::new();
        let mut flag = |raised: bool, flag| {
            if raised {
                flags.push(flag);
            }
        };
        let exempt = marks.measured == Some(Mark::NotApplicable);
        flag(
            self_scored(leaf) && claim.is_none() && !exempt,
            Flag::NotClaimed,
        );
        flag(differ(marks.own, marks.measured), Flag::ClaimDiffers);
        let bare = claim.is_some_and(|claimed| claimed.claim.evidence.is_empty());
        flag(
            self_scored(leaf) && bare && marks.own.is_some_and(unevidenced),
            Flag::NoEvidence,
        );
        flag(differ(marks.first, base), Flag::FirstDiffers);
        flag(differ(marks.second, marks.first), Flag::SecondDiffers);
        let council = entry.and_then(|entry| entry.council.as_ref());
        flag(
            differ(council.map(|it| it.mark), marks.second.or(marks.first)),
            Flag::CouncilDiffers,
        );
        let asked = newest(NoteKind::Question);
        flag(
            asked.is_some() && asked > newest(NoteKind::Explanation),
            Flag::Unanswered,
        );
        flag(contested, Flag::Contested);
        flag(marks.last.is_none(), Flag::Undecided);
        let mut cited = entry.into_iter().flat_map(super::Entry::cited);
        flag(
            cited.any(|number| revoked.contains(number)),
            Flag::EvidenceRevoked,
        );
        flags
    }
}

/// Whether two values are there and not the same.
fn differ(a: Option<Mark>, b: Option<Mark>) -> bool {
    a.zip(b).is_some_and(|(a, b)| a != b)
}
