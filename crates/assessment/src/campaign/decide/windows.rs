//! Deadlines that are put off, and stages that open again.

use ids::UnitCode;
use jiff::Timestamp;

use super::{Moment, later};
use crate::campaign::{Campaign, Event, Fact, Phase, Refusal, Stage};

impl Campaign {
    pub(super) fn extend_all(
        &self,
        stage: Stage,
        until: Timestamp,
        reason: String,
        moment: &Moment<'_>,
    ) -> Result<Vec<Event>, Refusal> {
        let plan = self.running(moment, "deadlines of a planned campaign stand in its plan")?;
        match moment.phase {
            Phase::In(current) if current <= stage => {}
            phase => {
                let possible = "a stage that is over can be reopened for single units";
                return Err(Refusal::Phase { phase, possible });
            }
        }
        match plan.deadlines.get(&stage) {
            Some(deadline) if *deadline == until => return Ok(vec![]),
            Some(deadline) if *deadline > until => return Err(Refusal::NotLater(*deadline)),
            _ => {}
        }
        if let Some(next) = stage.next().and_then(|next| plan.deadlines.get(&next))
            && *next <= until
        {
            return Err(Refusal::IntoNext(*next));
        }
        Ok(moment.one(Fact::StageExtended {
            stage,
            until,
            reason,
        }))
    }

    fn takes_part(&self, unit: &UnitCode, moment: &Moment<'_>) -> Result<(), Refusal> {
        let plan = self.running(moment, "units have windows while its stages run")?;
        if plan.participants.contains_key(unit) {
            Ok(())
        } else {
            Err(Refusal::NoPart(unit.clone()))
        }
    }

    pub(super) fn extend_unit(
        &self,
        unit: UnitCode,
        stage: Stage,
        until: Timestamp,
        reason: String,
        moment: &Moment<'_>,
    ) -> Result<Vec<Event>, Refusal> {
        self.takes_part(&unit, moment)?;
        let standing = self.standing(&unit, moment.at, None);
        let Some(deadline) = standing
            .deadline
            .filter(|_| standing.phase == Phase::In(stage))
        else {
            return Err(Refusal::NotOpen { unit, stage });
        };
        if until == deadline {
            return Ok(vec![]);
        }
        if until < deadline {
            return Err(Refusal::NotLater(deadline));
        }
        Ok(moment.one(Fact::UnitExtended {
            unit,
            stage,
            until,
            reason,
        }))
    }

    pub(super) fn reopen(
        &self,
        unit: UnitCode,
        stage: Stage,
        until: Timestamp,
        reason: String,
        moment: &Moment<'_>,
    ) -> Result<Vec<Event>, Refusal> {
        self.takes_part(&unit, moment)?;
        later(until, moment.at)?;
        if moment.phase < Phase::In(stage) {
            return Err(Refusal::NotOpen { unit, stage });
        }
        let open = self.windows.get(&unit);
        if open.is_some_and(|open| open.stage == stage && open.until == until) {
            return Ok(vec![]);
        }
        Ok(moment.one(Fact::UnitReopened {
            unit,
            stage,
            until,
            reason,
        }))
    }
}
