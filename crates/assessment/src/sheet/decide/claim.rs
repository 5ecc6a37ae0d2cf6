//! What a unit claims, and when its sheet is whole.

use ids::LeafCode;
use index::{InputKind, Inputs, Leaf, NoScore, Source};

use super::{Ask, within};
use crate::sheet::score::{mark_of, measured};
use crate::sheet::{Claim, Evidence, Fact, Mark, Refusal, Sheet};

impl Sheet {
    pub(super) fn claim(
        &self,
        ask: &Ask<'_>,
        leaf: LeafCode,
        expected: usize,
        claim: Claim,
    ) -> Result<Vec<Fact>, Refusal> {
        self.not_handed_in(ask)?;
        let known = self.entry(&leaf).and_then(|entry| entry.claimed.as_ref());
        // What was measured meanwhile makes no other claim of it.
        if known.is_some_and(|known| known.by == ask.by.id && known.claim.says_the_same(&claim)) {
            return Ok(vec![]);
        }
        self.unchanged(&leaf, expected)?;
        Ok(vec![Fact::Claimed { leaf, claim }])
    }

    pub(super) fn submit(&self, ask: &Ask<'_>) -> Result<Vec<Fact>, Refusal> {
        ask.own_unit_as_assessor()?;
        if self.handed_in(ask) {
            return Ok(vec![]);
        }
        ask.may_fill_in()?;
        let lacks = self.lacks(ask.definition(), &ask.figures());
        if lacks.is_empty() {
            Ok(vec![Fact::Submitted])
        } else {
            Err(Refusal::Incomplete(lacks))
        }
    }

    fn not_handed_in(&self, ask: &Ask<'_>) -> Result<(), Refusal> {
        if self.handed_in(ask) {
            Err(Refusal::Submitted)
        } else {
            Ok(())
        }
    }

    fn handed_in(&self, ask: &Ask<'_>) -> bool {
        let campaign = &ask.ground.campaign;
        self.submitted()
            .is_some_and(|(at, _)| campaign.counts(&ask.ground.unit, at))
    }
}

impl Claim {
    fn says_the_same(&self, other: &Self) -> bool {
        let said = |claim: &Self| Self {
            measured: None,
            ..claim.clone()
        };
        said(self) == said(other)
    }
}

impl Ask<'_> {
    /// What the unit says, with the points that follow from it.
    pub(super) fn claim(
        &self,
        code: &LeafCode,
        figures: Inputs,
        claimed: Option<Mark>,
        explanation: String,
        evidence: Vec<Evidence>,
    ) -> Result<Claim, Refusal> {
        let leaf = self.leaf(code)?;
        self.declarable(leaf, &figures)?;
        within(leaf, claimed)?;
        if claimed == Some(Mark::NotApplicable) && explanation.is_empty() {
            return Err(Refusal::NoReason(code.clone()));
        }
        let by_rule = leaf.inputs().next().is_some();
        let mark = match leaf.source() {
            Source::Surveyed => return Err(Refusal::Surveyed(code.clone())),
            Source::Measured => claimed,
            Source::Reported | Source::Appraised => match claimed {
                Some(Mark::Points(_)) if by_rule => return Err(Refusal::Computed(code.clone())),
                Some(mark) => Some(mark),
                None if by_rule => self.computed(leaf, &figures)?,
                None => None,
            },
        };
        Ok(Claim {
            measured: measured(leaf, &self.figures()),
            figures,
            mark,
            explanation,
            evidence,
        })
    }

    /// Units declare what only they know; what is counted is counted.
    fn declarable(&self, leaf: &Leaf, figures: &Inputs) -> Result<(), Refusal> {
        let scored = matches!(leaf.source(), Source::Reported | Source::Appraised);
        for (name, _) in figures.iter() {
            let kind = self.definition().input(name).map(|input| input.kind);
            let known = leaf.inputs().any(|input| input.as_str() == name);
            let theirs = matches!(kind, Some(InputKind::Reported | InputKind::Appraised));
            if !(scored && known && theirs) {
                return Err(Refusal::NotDeclared {
                    leaf: leaf.code().clone(),
                    input: name.to_owned(),
                });
            }
        }
        Ok(())
    }

    /// The points by the leaf's rule; none while figures are missing.
    fn computed(&self, leaf: &Leaf, declared: &Inputs) -> Result<Option<Mark>, Refusal> {
        let measured = self.ground.measured.as_deref();
        let mut figures = Inputs::new();
        for name in leaf.inputs().map(|name| name.as_str()) {
            let counted = match self.definition().input(name).map(|input| input.kind) {
                Some(InputKind::Flow | InputKind::Stock | InputKind::Registry) => true,
                Some(InputKind::Reported | InputKind::Appraised | InputKind::Surveyed) | None => {
                    false
                }
            };
            if counted && measured.is_none() {
                return Err(Refusal::Unmeasured(leaf.code().clone()));
            }
            let value = declared.get(name).or_else(|| measured?.get(name));
            if let Some(value) = value {
                figures.set(name, value.clone());
            }
        }
        match mark_of(leaf.score(&figures)) {
            Ok(mark) => Ok(Some(mark)),
            Err(NoScore::Missing(_)) => Ok(None),
            Err(why) => Err(Refusal::NoPoints {
                leaf: leaf.code().clone(),
                why: why.to_string(),
            }),
        }
    }
}
