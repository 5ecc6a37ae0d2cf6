//! Where a campaign stands at a moment, for all and for one unit.

use ids::UnitCode;
use jiff::Timestamp;

use super::{Campaign, Phase, Stage};

/// Where a unit stands in a campaign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Where it is.
    pub phase: Phase,
    /// When its stage ends; none outside a stage.
    pub deadline: Option<Timestamp>,
}

impl Campaign {
    /// Where it is at a moment: deadlines that have passed count although nobody has recorded them.
    pub fn phase_at(&self, at: Timestamp) -> Phase {
        let mut phase = self.phase;
        while let (Phase::In(stage), Some(deadline)) = (phase, self.deadline(phase))
            && deadline <= at
        {
            phase = stage.over();
        }
        phase
    }

    /// When the stage of a phase ends for all; none for a phase that is no stage.
    pub fn deadline(&self, phase: Phase) -> Option<Timestamp> {
        match phase {
            Phase::In(stage) => self.plan.as_ref()?.deadlines.get(&stage).copied(),
            Phase::Absent
            | Phase::Planned
            | Phase::Reviewed
            | Phase::Approved
            | Phase::Published => None,
        }
    }

    /// Where `unit` is at a moment. A window of its own comes before the campaign's stage, that of a self-assessment only
    /// until the unit has submitted (again): `submitted_at` is the last time that it did.
    pub fn standing(
        &self,
        unit: &UnitCode,
        at: Timestamp,
        submitted_at: Option<Timestamp>,
    ) -> Standing {
        let phase = self.phase_at(at);
        if let Some(window) = self.windows.get(unit) {
            let used = window.stage == Stage::SelfAssessment
                && submitted_at.is_some_and(|submitted| self.counts(unit, submitted));
            let settled = matches!(phase, Phase::Approved | Phase::Published);
            if at < window.until && !used && !settled {
                return Standing {
                    phase: Phase::In(window.stage),
                    deadline: Some(window.until),
                };
            }
        }
        Standing {
            phase,
            deadline: self.deadline(phase),
        }
    }

    /// Whether what a unit submitted at that moment is its last word: it is not when the self-assessment was opened
    /// again for the unit since.
    pub fn counts(&self, unit: &UnitCode, submitted_at: Timestamp) -> bool {
        let window = self.windows.get(unit);
        let reopened_at = window
            .filter(|window| window.stage == Stage::SelfAssessment)
            .and_then(|window| window.reopened_at);
        reopened_at.is_none_or(|reopened_at| submitted_at >= reopened_at)
    }

    /// When the next deadline has to be locked; none when nothing is open.
    pub fn next_lock(&self) -> Option<Timestamp> {
        let windows = self.windows.values().map(|window| window.until);
        windows.chain(self.deadline(self.phase)).min()
    }
}
