//! What follows from a command to a sheet.

mod appraise;
mod claim;

use std::collections::BTreeSet;

use decider::Decider;
use ids::LeafCode;
use index::{Definition, Inputs, Leaf};

use super::{Action, Command, Entry, Event, Fact, Ground, Mark, Note, NoteKind, Refusal, Sheet};
use crate::campaign::{Phase, Stage};
use crate::person::{Person, Role};

/// A command without what it asks.
struct Ask<'a> {
    by: &'a Person,
    ground: &'a Ground,
    /// Where the unit is.
    phase: Phase,
}

impl Decider for Sheet {
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(&self, command: Command) -> Result<Vec<Event>, Refusal> {
        let Command {
            at,
            by,
            ground,
            action,
        } = command;
        let submitted_at = self.submitted.as_ref().map(|(at, _)| *at);
        let ask = Ask {
            by: &by,
            ground: &ground,
            phase: ground
                .campaign
                .standing(&ground.unit, at, submitted_at)
                .phase,
        };
        ask.judged_by_its_edition()?;
        let facts = self.facts(&ask, action)?;
        let event = |fact| Event {
            at,
            by: by.id.clone(),
            fact,
        };
        Ok(facts.into_iter().map(event).collect())
    }

    fn evolve(&mut self, event: &Event) {
        self.fold(event);
    }
}

impl Sheet {
    fn facts(&self, ask: &Ask<'_>, action: Action) -> Result<Vec<Fact>, Refusal> {
        match action {
            Action::Claim {
                leaf,
                expected,
                figures,
                claimed,
                explanation,
                evidence,
            } => {
                ask.may_fill_in()?;
                let claim = ask.claim(&leaf, figures, claimed, explanation, evidence)?;
                self.claim(ask, leaf, expected, claim)
            }
            Action::Submit => self.submit(ask),
            Action::Appraise {
                leaf,
                expected,
                verdict,
            } => self.appraise(ask, leaf, expected, verdict),
            Action::AcceptAll => self.accept_all(ask),
            Action::Explain {
                leaf,
                expected,
                text,
                evidence,
            } => {
                ask.own_unit_as_assessor()?;
                ask.in_stage(Stage::Explanation)?;
                ask.leaf(&leaf)?;
                if text.is_empty() {
                    return Err(Refusal::NoReason(leaf));
                }
                let said = |note: &Note| note.text == text && note.evidence == evidence;
                if self.said(ask, &leaf, NoteKind::Explanation, said) {
                    return Ok(vec![]);
                }
                self.unchanged(&leaf, expected)?;
                Ok(vec![Fact::Explained {
                    leaf,
                    text,
                    evidence,
                }])
            }
            Action::Contest {
                leaf,
                expected,
                wanted,
                reason,
            } => self.contest(ask, leaf, expected, wanted, reason),
            Action::Remark {
                leaf,
                expected,
                mark,
                remark,
            } => self.remark(ask, leaf, expected, mark, remark),
        }
    }

    fn contest(
        &self,
        ask: &Ask<'_>,
        leaf: LeafCode,
        expected: usize,
        wanted: Option<Mark>,
        reason: String,
    ) -> Result<Vec<Fact>, Refusal> {
        ask.own_unit_as_assessor()?;
        if ask.phase != Phase::In(Stage::Explanation) {
            ask.in_stage(Stage::Council)?;
        }
        let rule = ask.leaf(&leaf)?;
        within(rule, wanted)?;
        if reason.is_empty() {
            return Err(Refusal::NoReason(leaf));
        }
        if self.entry(&leaf).and_then(Entry::decided).is_none() {
            return Err(Refusal::NothingDecided(leaf));
        }
        let said = |note: &Note| note.text == reason && note.wanted == wanted;
        if self.said(ask, &leaf, NoteKind::Contest, said) {
            return Ok(vec![]);
        }
        self.unchanged(&leaf, expected)?;
        Ok(vec![Fact::Contested {
            leaf,
            wanted,
            reason,
        }])
    }

    fn remark(
        &self,
        ask: &Ask<'_>,
        leaf: LeafCode,
        expected: usize,
        mark: Option<Mark>,
        remark: String,
    ) -> Result<Vec<Fact>, Refusal> {
        ask.acts_as(Role::Council)?;
        // What is published is decided anew for a correction; remarks alone would correct nothing.
        if ask.phase != Phase::Published || mark.is_none() {
            ask.in_stage(Stage::Council)?;
        }
        let rule = ask.leaf(&leaf)?;
        within(rule, mark)?;
        if remark.is_empty() {
            return Err(Refusal::NoReason(leaf));
        }
        if mark.is_some() {
            ask.of_another_unit()?;
            self.claimed_by_another(ask, &leaf)?;
        }
        let council = self.entry(&leaf).and_then(|entry| entry.council.as_ref());
        let same = mark.is_none() || council.map(|it| it.mark) == mark;
        if same && self.said(ask, &leaf, NoteKind::Remark, |note| note.text == remark) {
            return Ok(vec![]);
        }
        self.unchanged(&leaf, expected)?;
        Ok(vec![Fact::Remarked { leaf, mark, remark }])
    }

    /// Whether the newest thing said of a leaf is this, by the same person: then the command is a repeat.
    fn said(
        &self,
        ask: &Ask<'_>,
        leaf: &LeafCode,
        kind: NoteKind,
        same: impl Fn(&Note) -> bool,
    ) -> bool {
        let newest = self.entry(leaf).and_then(|entry| entry.notes.last());
        newest.is_some_and(|note| note.kind == kind && note.by == ask.by.id && same(note))
    }

    /// The author of a command saw the leaf as it is.
    fn unchanged(&self, leaf: &LeafCode, expected: usize) -> Result<(), Refusal> {
        let entry = self.entry(leaf);
        let actual = entry.map_or(0, Entry::version);
        match entry.and_then(Entry::changed) {
            _ if expected == actual => Ok(()),
            Some(change) if expected < actual => Err(Refusal::Changed {
                leaf: leaf.clone(),
                expected,
                actual,
                change: Box::new(change.clone()),
            }),
            _ => Err(Refusal::UnknownVersion {
                leaf: leaf.clone(),
                expected,
                actual,
            }),
        }
    }

    fn claimed_by_another(&self, ask: &Ask<'_>, leaf: &LeafCode) -> Result<(), Refusal> {
        let claimed = self.entry(leaf).and_then(|entry| entry.claimed.as_ref());
        match claimed {
            Some(claimed) if claimed.by == ask.by.id => {
                Err(Refusal::ClaimedByYou(ask.by.id.clone()))
            }
            _ => Ok(()),
        }
    }
}

impl<'a> Ask<'a> {
    fn judged_by_its_edition(&self) -> Result<(), Refusal> {
        let Ground {
            unit,
            campaign,
            definition,
            ..
        } = self.ground;
        let rules = campaign
            .rules_of(unit)
            .ok_or_else(|| Refusal::NoPart(unit.clone()))?;
        if rules.index == *definition.code() && rules.edition == definition.edition() {
            Ok(())
        } else {
            Err(Refusal::OtherEdition(rules.edition.clone()))
        }
    }

    fn definition(&self) -> &'a Definition {
        &self.ground.definition
    }

    fn leaf(&self, leaf: &LeafCode) -> Result<&'a Leaf, Refusal> {
        let found = self.definition().leaf(leaf);
        found.ok_or_else(|| Refusal::NoLeaf(leaf.clone()))
    }

    /// Measured figures, for what can do without them.
    fn figures(&self) -> Inputs {
        let measured = self.ground.measured.as_deref();
        measured.cloned().unwrap_or_default()
    }

    fn acts_as(&self, needed: Role) -> Result<(), Refusal> {
        if self.by.role == needed {
            Ok(())
        } else {
            let acting = self.by.role;
            Err(Refusal::Role { needed, acting })
        }
    }

    fn in_stage(&self, needed: Stage) -> Result<(), Refusal> {
        if self.phase == Phase::In(needed) {
            Ok(())
        } else {
            let phase = self.phase;
            Err(Refusal::Stage { phase, needed })
        }
    }

    fn own_unit_as_assessor(&self) -> Result<(), Refusal> {
        self.acts_as(Role::Assessor)?;
        let unit = &self.ground.unit;
        if self.by.is_of(unit) {
            Ok(())
        } else {
            Err(Refusal::OtherUnit(unit.clone()))
        }
    }

    fn of_another_unit(&self) -> Result<(), Refusal> {
        let unit = &self.ground.unit;
        if self.by.is_of(unit) {
            Err(Refusal::OwnUnit(unit.clone()))
        } else {
            Ok(())
        }
    }

    fn may_fill_in(&self) -> Result<(), Refusal> {
        self.own_unit_as_assessor()?;
        self.in_stage(Stage::SelfAssessment)
    }

    /// The components that a leaf lies in, from the nearest to the top.
    fn components(&self, leaf: &Leaf) -> BTreeSet<LeafCode> {
        let mut lies_in = BTreeSet::new();
        let mut next = leaf.component();
        while let Some(code) = next
            && lies_in.insert(code.clone())
        {
            let components = self.definition().components().iter();
            let found = components.into_iter().find(|it| it.code == *code);
            next = found.and_then(|component| component.parent.as_ref());
        }
        lies_in
    }
}

/// A value that the leaf can have.
fn within(leaf: &Leaf, mark: Option<Mark>) -> Result<(), Refusal> {
    match mark {
        Some(Mark::Points(points)) => match leaf.decided(points) {
            Ok(_) => Ok(()),
            Err(_) => Err(Refusal::OutOfRange {
                leaf: leaf.code().clone(),
                points,
                max: leaf.max(),
            }),
        },
        Some(Mark::NotApplicable) | None => Ok(()),
    }
}
