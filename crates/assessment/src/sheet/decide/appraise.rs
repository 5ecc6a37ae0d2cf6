//! What appraisers make of the claims.

use ids::LeafCode;
use index::{Inputs, Leaf};

use super::{Ask, within};
use crate::campaign::{Phase, Stage};
use crate::person::Role;
use crate::sheet::score::{measured, self_scored};
use crate::sheet::{Entry, Fact, Flag, Mark, NoteKind, Refusal, Round, Sheet, Verdict};

impl Sheet {
    pub(super) fn appraise(
        &self,
        ask: &Ask<'_>,
        code: LeafCode,
        expected: usize,
        verdict: Verdict,
    ) -> Result<Vec<Fact>, Refusal> {
        let round = ask.round()?;
        let leaf = ask.leaf(&code)?;
        ask.may_appraise(leaf)?;
        self.claimed_by_another(ask, &code)?;
        let (mark, accepted, reason) = match verdict {
            Verdict::Accept => (self.acceptable(ask, leaf)?, true, String::new()),
            Verdict::Keep => (self.kept(&code, round)?, true, String::new()),
            Verdict::Change { reason, .. } if reason.is_empty() => {
                return Err(Refusal::NoReason(code));
            }
            Verdict::Change { mark, reason } => {
                within(leaf, Some(mark))?;
                (mark, false, reason)
            }
            Verdict::Ask { question } => return self.ask(ask, code, expected, round, question),
        };
        let entry = self.entry(&code);
        let decided = match round {
            Round::First => entry.and_then(|entry| entry.first.as_ref()),
            Round::Second => entry.and_then(|entry| entry.second.as_ref()),
        };
        let repeated =
            decided.is_some_and(|it| it.mark == mark && it.reason == reason && it.by == ask.by.id);
        if repeated && !entry.is_some_and(Entry::open) {
            return Ok(vec![]);
        }
        self.unchanged(&code, expected)?;
        Ok(vec![Fact::Appraised {
            leaf: code,
            round,
            mark,
            accepted,
            reason,
        }])
    }

    fn ask(
        &self,
        ask: &Ask<'_>,
        leaf: LeafCode,
        expected: usize,
        round: Round,
        question: String,
    ) -> Result<Vec<Fact>, Refusal> {
        if round == Round::Second {
            let needed = Stage::FirstAppraisal;
            return Err(Refusal::OtherRound { leaf, needed });
        }
        if question.is_empty() {
            return Err(Refusal::NoReason(leaf));
        }
        if self.said(ask, &leaf, NoteKind::Question, |note| note.text == question) {
            return Ok(vec![]);
        }
        self.unchanged(&leaf, expected)?;
        Ok(vec![Fact::Asked { leaf, question }])
    }

    pub(super) fn accept_all(&self, ask: &Ask<'_>) -> Result<Vec<Fact>, Refusal> {
        let round = ask.round()?;
        ask.acts_as(Role::Appraiser)?;
        ask.of_another_unit()?;
        let figures = ask.figures();
        let leaves = ask.definition().leaves().iter();
        let accepted = leaves
            .filter(|leaf| !leaf.max().is_zero())
            .filter(|leaf| ask.may_appraise(leaf).is_ok())
            .filter(|leaf| self.needs_nothing(ask, leaf, &figures))
            .filter_map(|leaf| {
                Some(Fact::Appraised {
                    leaf: leaf.code().clone(),
                    round,
                    mark: self.acceptable(ask, leaf).ok()?,
                    accepted: true,
                    reason: String::new(),
                })
            });
        Ok(accepted.collect())
    }

    /// Nobody has decided on the leaf, and nothing about it is worth a look.
    fn needs_nothing(&self, ask: &Ask<'_>, leaf: &Leaf, figures: &Inputs) -> bool {
        self.flags(leaf, figures, &ask.ground.revoked) == [Flag::Undecided]
            && !self.entry(leaf.code()).is_some_and(Entry::open)
            && self.claimed_by_another(ask, leaf.code()).is_ok()
    }

    /// What accepting a leaf makes it.
    fn acceptable(&self, ask: &Ask<'_>, leaf: &Leaf) -> Result<Mark, Refusal> {
        let code = leaf.code();
        let nothing = || Refusal::NothingToAccept(code.clone());
        let by_figures = || match ask.ground.measured.as_deref() {
            None => Err(Refusal::Unmeasured(code.clone())),
            Some(figures) => Ok(measured(leaf, figures)),
        };
        if !self_scored(leaf) {
            return by_figures()?.ok_or_else(nothing);
        }
        let claimed = self.entry(code).and_then(|entry| entry.claimed.as_ref());
        match claimed {
            Some(claimed) => claimed.claim.mark.ok_or_else(nothing),
            // A leaf that does not apply by its condition needs no claim.
            None => by_figures()?
                .filter(|mark| *mark == Mark::NotApplicable)
                .ok_or_else(nothing),
        }
    }

    fn kept(&self, leaf: &LeafCode, round: Round) -> Result<Mark, Refusal> {
        let leaf = leaf.clone();
        if round == Round::First {
            let needed = Stage::SecondAppraisal;
            return Err(Refusal::OtherRound { leaf, needed });
        }
        let first = self.entry(&leaf).and_then(|entry| entry.first.as_ref());
        match first {
            Some(first) => Ok(first.mark),
            None => Err(Refusal::NothingToKeep(leaf)),
        }
    }
}

impl Ask<'_> {
    fn round(&self) -> Result<Round, Refusal> {
        match self.phase {
            Phase::In(Stage::FirstAppraisal) => Ok(Round::First),
            Phase::In(Stage::SecondAppraisal) => Ok(Round::Second),
            phase => Err(Refusal::Stage {
                phase,
                needed: Stage::FirstAppraisal,
            }),
        }
    }

    fn may_appraise(&self, leaf: &Leaf) -> Result<(), Refusal> {
        self.acts_as(Role::Appraiser)?;
        if self.by.units.is_empty() {
            return Err(Refusal::NoUnit);
        }
        self.of_another_unit()?;
        let unit = &self.ground.unit;
        let assignment = self.ground.campaign.assignments().get(&self.by.id);
        match assignment {
            Some(assignment) if assignment.own == *unit => Err(Refusal::OwnUnit(unit.clone())),
            Some(assignment) if assignment.holds(unit, &self.components(leaf)) => Ok(()),
            _ => Err(Refusal::NotAssigned {
                appraiser: self.by.id.clone(),
                unit: unit.clone(),
                leaf: leaf.code().clone(),
            }),
        }
    }
}
