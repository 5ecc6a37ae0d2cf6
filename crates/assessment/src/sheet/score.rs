//! What a sheet comes to, by the one engine.

use std::collections::{BTreeMap, BTreeSet};

use ids::LeafCode;
use index::{Definition, IndexResult, Inputs, Leaf, LeafScore, NoScore, Source};

use super::{Lack, Mark, Sheet};

/// Which of the values that stand side by side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Column {
    /// What the unit claims; measured and surveyed leaves as their figures say.
    Own,
    /// After the first appraisal.
    First,
    /// After the second appraisal; the first value where there was no second.
    Second,
    /// After the council: what counts.
    Last,
}

/// The values of one leaf.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Marks {
    /// What the unit claims.
    pub own: Option<Mark>,
    /// The first appraisal.
    pub first: Option<Mark>,
    /// The second appraisal.
    pub second: Option<Mark>,
    /// What counts: the last one decided.
    pub last: Option<Mark>,
    /// What it is by measured figures alone.
    pub measured: Option<Mark>,
}

/// How far a sheet is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// Leaves that the unit has to claim.
    pub leaves: usize,
    /// Those of them that lack nothing but perhaps evidence.
    pub filled: usize,
    /// Leaves with neither evidence nor an explanation in its place.
    pub evidence_missing: usize,
    /// Leaves that give points.
    pub to_decide: usize,
    /// Those of them that somebody has decided on.
    pub decided: usize,
}

/// The value that a score is; an error says why there is none.
pub(super) fn mark_of(score: LeafScore) -> Result<Mark, NoScore> {
    match (score.points, score.no_score) {
        (Some(points), _) => Ok(Mark::Points(points.normalize())),
        (None, Some(NoScore::NotApplicable(_))) => Ok(Mark::NotApplicable),
        (None, Some(why)) => Err(why),
        (None, None) => Err(NoScore::Information),
    }
}

/// What a leaf is by measured figures alone.
pub(super) fn measured(leaf: &Leaf, figures: &Inputs) -> Option<Mark> {
    mark_of(leaf.score(figures)).ok()
}

/// The score of a survey leaf that has none, as its figures are withheld; none of every other leaf.
pub fn withheld(leaf: &Leaf, figures: &Inputs) -> Option<LeafScore> {
    let surveyed = leaf.source() == Source::Surveyed;
    let score = surveyed.then(|| leaf.score(figures));
    score.filter(|score| score.withheld().is_some())
}

/// Whether units say something of such a leaf that counts.
pub(super) fn self_scored(leaf: &Leaf) -> bool {
    match leaf.source() {
        Source::Appraised | Source::Reported => !leaf.max().is_zero(),
        Source::Measured | Source::Surveyed => false,
    }
}

impl Sheet {
    /// The values of a leaf side by side; `figures` are the measured ones.
    pub fn marks(&self, leaf: &Leaf, figures: &Inputs) -> Marks {
        let entry = self.entry(leaf.code());
        let claim = entry.and_then(|entry| entry.claimed.as_ref());
        let mark = |decision: Option<&super::Decision>| decision.map(|decision| decision.mark);
        let last = match withheld(leaf, figures) {
            // Only the council may say what a survey leaf is worth whose answers nobody may use.
            Some(_) => mark(entry.and_then(|entry| entry.council.as_ref())),
            None => entry.and_then(super::Entry::decided),
        };
        Marks {
            own: claim.and_then(|claimed| claimed.claim.mark),
            first: mark(entry.and_then(|entry| entry.first.as_ref())),
            second: mark(entry.and_then(|entry| entry.second.as_ref())),
            last,
            measured: measured(leaf, figures),
        }
    }

    /// The whole index by one of the columns.
    pub fn index(&self, definition: &Definition, column: Column, figures: &Inputs) -> IndexResult {
        let scores: BTreeMap<LeafCode, LeafScore> = definition
            .leaves()
            .iter()
            .filter_map(|leaf| {
                let score = match self.value(leaf, column, figures) {
                    Some(Mark::Points(points)) => leaf.decided(points).ok()?,
                    Some(Mark::NotApplicable) => LeafScore::not_applicable("by decision"),
                    None if leaf.max().is_zero() => leaf.score(figures),
                    None => withheld(leaf, figures)?,
                };
                Some((leaf.code().clone(), score))
            })
            .collect();
        definition.aggregate(&scores)
    }

    fn value(&self, leaf: &Leaf, column: Column, figures: &Inputs) -> Option<Mark> {
        let marks = self.marks(leaf, figures);
        match column {
            Column::Own if self_scored(leaf) => marks.own.or_else(|| by_condition(marks.measured)),
            Column::Own => marks.measured,
            Column::First => marks.first,
            Column::Second => marks.second.or(marks.first),
            Column::Last => marks.last,
        }
    }

    /// Leaves that give points and that nobody has decided on, but for those that have no score as their figures are
    /// withheld.
    pub fn undecided(&self, definition: &Definition, figures: &Inputs) -> Vec<LeafCode> {
        let leaves = definition.leaves().iter();
        leaves
            .filter(|leaf| !leaf.max().is_zero() && withheld(leaf, figures).is_none())
            .filter(|leaf| {
                self.entry(leaf.code())
                    .and_then(super::Entry::decided)
                    .is_none()
            })
            .map(|leaf| leaf.code().clone())
            .collect()
    }

    /// How far the sheet is.
    pub fn progress(&self, definition: &Definition, figures: &Inputs) -> Progress {
        let leaves = definition.leaves();
        let lacks = self.lacks(definition, figures);
        let unfilled: BTreeSet<_> = lacks
            .iter()
            .filter(|(_, lack)| *lack != Lack::Evidence)
            .map(|(leaf, _)| leaf)
            .collect();
        let to_claim = leaves.iter().filter(|leaf| self_scored(leaf)).count();
        let to_decide = leaves
            .iter()
            .filter(|leaf| !leaf.max().is_zero() && withheld(leaf, figures).is_none())
            .count();
        Progress {
            leaves: to_claim,
            filled: to_claim - unfilled.len(),
            evidence_missing: lacks
                .iter()
                .filter(|(_, lack)| *lack == Lack::Evidence)
                .count(),
            to_decide,
            decided: to_decide - self.undecided(definition, figures).len(),
        }
    }

    /// What every leaf lacks before the sheet can be handed in, in the order of the definition.
    pub fn lacks(&self, definition: &Definition, figures: &Inputs) -> Vec<(LeafCode, Lack)> {
        let mut declared = BTreeMap::new();
        let mut lacks = Vec::new();
        for leaf in definition.leaves().iter().filter(|leaf| self_scored(leaf)) {
            let code = leaf.code();
            let Some(claimed) = self.entry(code).and_then(|entry| entry.claimed.as_ref()) else {
                if measured(leaf, figures) != Some(Mark::NotApplicable) {
                    lacks.push((code.clone(), Lack::Claim));
                }
                continue;
            };
            let claim = &claimed.claim;
            for (input, value) in claim.figures.iter() {
                let (first, other) = declared.entry(input.to_owned()).or_insert((code, value));
                if *other != value {
                    let (input, other) = (input.to_owned(), LeafCode::clone(first));
                    lacks.push((code.clone(), Lack::Contradiction { input, other }));
                }
            }
            match claim.mark {
                None => lacks.push((code.clone(), missing(leaf, claim, figures))),
                Some(Mark::Points(points)) if points.is_zero() => {}
                Some(Mark::Points(_) | Mark::NotApplicable)
                    if claim.evidence.is_empty() && claim.explanation.is_empty() =>
                {
                    lacks.push((code.clone(), Lack::Evidence));
                }
                Some(Mark::Points(_) | Mark::NotApplicable) => {}
            }
        }
        lacks
    }
}

/// A leaf whose condition says that it does not apply needs no claim.
fn by_condition(measured: Option<Mark>) -> Option<Mark> {
    measured.filter(|mark| *mark == Mark::NotApplicable)
}

fn missing(leaf: &Leaf, claim: &super::Claim, figures: &Inputs) -> Lack {
    let there = |name: &str| {
        claim
            .figures
            .get(name)
            .or_else(|| figures.get(name))
            .is_some()
    };
    let names = leaf.inputs().map(ToString::to_string);
    let missing: Vec<_> = names.filter(|name| !there(name)).collect();
    if missing.is_empty() {
        Lack::Claim
    } else {
        Lack::Figures(missing)
    }
}
