//! What follows from a command to a campaign.

mod publish;
mod windows;

use std::collections::BTreeMap;

use decider::Decider;
use ids::UnitCode;
use jiff::Timestamp;

use super::{
    Action, Assignment, Campaign, Command, Event, Fact, Outcome, Phase, Plan, Refusal, Reviewed,
    STAGES, Stage,
};
use crate::person::{Person, Role};

/// Who acts in the events that the clock brings about.
const CLOCK: &str = "timer";

/// When a command came in and what came before it.
struct Moment<'a> {
    at: Timestamp,
    by: &'a str,
    /// Locks that are due and not recorded.
    due: Vec<Fact>,
    phase: Phase,
}

impl Decider for Campaign {
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(&self, command: Command) -> Result<Vec<Event>, Refusal> {
        let Command { at, by, action } = command;
        let by = by.as_ref();
        let moment = Moment {
            at,
            by: by.map_or(CLOCK, |person| person.id.as_str()),
            due: self.due(at),
            phase: self.phase_at(at),
        };
        match action {
            Action::Plan(plan) => {
                acts_as(by, Role::Organiser)?;
                self.plan_anew(plan, &moment)
            }
            Action::Open => {
                acts_as(by, Role::Organiser)?;
                self.open(&moment)
            }
            Action::CloseStage { stage, reason } => {
                acts_as(by, Role::Organiser)?;
                self.close(stage, reason, moment)
            }
            Action::Extend {
                unit,
                stage,
                until,
                reason,
            } => {
                acts_as(by, Role::Organiser)?;
                match unit {
                    Some(unit) => self.extend_unit(unit, stage, until, reason, &moment),
                    None => self.extend_all(stage, until, reason, &moment),
                }
            }
            Action::Reopen {
                unit,
                stage,
                until,
                reason,
            } => {
                acts_as(by, Role::Organiser)?;
                self.reopen(unit, stage, until, reason, &moment)
            }
            Action::Assign {
                appraiser,
                assignment,
            } => {
                acts_as(by, Role::Organiser)?;
                self.assign(appraiser, assignment, &moment)
            }
            Action::Lock if by.is_some() => Err(Refusal::Clock),
            Action::Lock => Ok(self.lock(&moment)),
            Action::Approve { document, sheets } => {
                acts_as(by, Role::Council)?;
                self.approve(document, sheets, moment)
            }
            Action::Publish { document, issue } => {
                let by = acts_as(by, Role::Chair)?;
                self.publish(document, issue, by, &moment)
            }
            Action::Correct { document, issue } => {
                let by = acts_as(by, Role::Chair)?;
                self.correct(document, issue, by, &moment)
            }
        }
    }

    fn evolve(&mut self, event: &Event) {
        self.fold(event);
    }
}

impl Moment<'_> {
    fn event(&self, fact: Fact) -> Event {
        Event {
            at: self.at,
            by: self.by.to_owned(),
            fact,
        }
    }

    fn one(&self, fact: Fact) -> Vec<Event> {
        vec![self.event(fact)]
    }

    /// The locks that are due, and then `fact`.
    fn after_locks(mut self, fact: Fact) -> Vec<Event> {
        let due = std::mem::take(&mut self.due);
        due.into_iter()
            .chain([fact])
            .map(|fact| self.event(fact))
            .collect()
    }
}

fn acts_as(by: Option<&Person>, needed: Role) -> Result<&Person, Refusal> {
    match by {
        Some(person) if person.role == needed => Ok(person),
        Some(person) => Err(Refusal::Role {
            needed,
            acting: person.role,
        }),
        None => Err(Refusal::Clock),
    }
}

fn later(until: Timestamp, at: Timestamp) -> Result<(), Refusal> {
    if until > at {
        Ok(())
    } else {
        Err(Refusal::Passed(until))
    }
}

impl Campaign {
    /// Stages whose deadline has passed without a record of it.
    fn due(&self, at: Timestamp) -> Vec<Fact> {
        let mut due = Vec::new();
        let mut phase = self.phase;
        while let (Phase::In(stage), Some(deadline)) = (phase, self.deadline(phase))
            && deadline <= at
        {
            due.push(Fact::StageLocked { stage, deadline });
            phase = stage.over();
        }
        due
    }

    /// The plan while nothing has begun or everything is in stages.
    fn running(&self, moment: &Moment<'_>, possible: &'static str) -> Result<&Plan, Refusal> {
        match (moment.phase, &self.plan) {
            (Phase::Absent, _) | (_, None) => Err(Refusal::Absent),
            (Phase::In(_) | Phase::Reviewed, Some(plan)) => Ok(plan),
            (phase @ (Phase::Planned | Phase::Approved | Phase::Published), Some(_)) => {
                Err(Refusal::Phase { phase, possible })
            }
        }
    }

    fn plan_anew(&self, plan: Plan, moment: &Moment<'_>) -> Result<Vec<Event>, Refusal> {
        if self.plan.as_ref() == Some(&plan) {
            return Ok(vec![]);
        }
        match moment.phase {
            Phase::Absent | Phase::Planned => {}
            phase @ (Phase::In(_) | Phase::Reviewed | Phase::Approved | Phase::Published) => {
                let possible = "its plan stands; extend stages, or plan another campaign";
                return Err(Refusal::Phase { phase, possible });
            }
        }
        if plan.participants.is_empty() {
            return Err(Refusal::NobodyTakesPart);
        }
        let unruled = |group: &&String| !plan.rules.contains_key(*group);
        if let Some(group) = plan.participants.values().find(unruled) {
            return Err(Refusal::NoRules(group.clone()));
        }
        let mut before = moment.at;
        for stage in STAGES {
            match plan.deadlines.get(&stage) {
                Some(deadline) if *deadline > before => before = *deadline,
                _ => return Err(Refusal::Deadlines(stage)),
            }
        }
        Ok(moment.one(Fact::Planned(plan)))
    }

    fn open(&self, moment: &Moment<'_>) -> Result<Vec<Event>, Refusal> {
        let deadline = self.deadline(Phase::In(Stage::SelfAssessment));
        match (moment.phase, deadline) {
            (Phase::Absent, _) | (_, None) => Err(Refusal::Absent),
            (Phase::Planned, Some(deadline)) => {
                later(deadline, moment.at)?;
                Ok(moment.one(Fact::Opened))
            }
            (Phase::In(_), Some(_)) => Ok(vec![]),
            (phase @ (Phase::Reviewed | Phase::Approved | Phase::Published), Some(_)) => {
                let possible = "it was open before; plan another campaign";
                Err(Refusal::Phase { phase, possible })
            }
        }
    }

    fn close(
        &self,
        stage: Stage,
        reason: String,
        moment: Moment<'_>,
    ) -> Result<Vec<Event>, Refusal> {
        self.running(&moment, "only a stage that it is in can be closed")?;
        match moment.phase {
            Phase::In(current) if current == stage => {
                Ok(moment.after_locks(Fact::StageClosed { stage, reason }))
            }
            Phase::In(current) if current > stage => Ok(vec![]),
            Phase::Reviewed => Ok(vec![]),
            phase => {
                let possible = "only the stage that it is in can be closed";
                Err(Refusal::Phase { phase, possible })
            }
        }
    }

    fn assign(
        &self,
        appraiser: String,
        assignment: Assignment,
        moment: &Moment<'_>,
    ) -> Result<Vec<Event>, Refusal> {
        let plan = match (moment.phase, &self.plan) {
            (Phase::Absent, _) | (_, None) => return Err(Refusal::Absent),
            (Phase::Planned | Phase::In(_), Some(plan)) => plan,
            (phase @ (Phase::Reviewed | Phase::Approved | Phase::Published), Some(_)) => {
                let possible = "its appraisals are over";
                return Err(Refusal::Phase { phase, possible });
            }
        };
        let known = self.assignments.get(&appraiser);
        if assignment.units.is_empty() {
            return Ok(match known {
                Some(_) => moment.one(Fact::AppraiserReleased { appraiser }),
                None => vec![],
            });
        }
        if assignment.units.contains(&assignment.own) {
            return Err(Refusal::OwnUnit(assignment.own));
        }
        let part = |unit: &&UnitCode| !plan.participants.contains_key(*unit);
        if let Some(unit) = assignment.units.iter().find(part) {
            return Err(Refusal::NoPart(unit.clone()));
        }
        if known == Some(&assignment) {
            return Ok(vec![]);
        }
        Ok(moment.one(Fact::AppraiserAssigned {
            appraiser,
            assignment,
        }))
    }

    /// The deadline that passed first, so that each is recorded as of its own moment.
    fn lock(&self, moment: &Moment<'_>) -> Vec<Event> {
        let windows = self.windows.iter().map(|(unit, window)| {
            let fact = Fact::UnitLocked {
                unit: unit.clone(),
                stage: window.stage,
                deadline: window.until,
            };
            (window.until, fact)
        });
        let stage = match self.phase {
            Phase::In(stage) => self
                .deadline(self.phase)
                .map(|deadline| (deadline, Fact::StageLocked { stage, deadline })),
            _ => None,
        };
        windows
            .chain(stage)
            .filter(|(deadline, _)| *deadline <= moment.at)
            .min_by_key(|(deadline, _)| *deadline)
            .map(|(_, fact)| moment.one(fact))
            .unwrap_or_default()
    }

    fn approve(
        &self,
        document: String,
        sheets: BTreeMap<UnitCode, Reviewed>,
        moment: Moment<'_>,
    ) -> Result<Vec<Event>, Refusal> {
        match moment.phase {
            Phase::Absent => return Err(Refusal::Absent),
            Phase::Reviewed => {}
            Phase::Approved | Phase::Published => return Ok(vec![]),
            phase @ (Phase::Planned | Phase::In(_)) => {
                let possible = "approve it when the council's stage is over";
                return Err(Refusal::Phase { phase, possible });
            }
        }
        let open = |(_, window): &(&UnitCode, &super::Window)| window.until > moment.at;
        if let Some((unit, window)) = self.windows.iter().find(open) {
            return Err(Refusal::WindowOpen {
                unit: unit.clone(),
                stage: window.stage,
                until: window.until,
            });
        }
        let mut undecided = Vec::new();
        let mut outcomes: BTreeMap<UnitCode, Outcome> = BTreeMap::new();
        for (unit, sheet) in sheets {
            let leaves = sheet.undecided.into_iter();
            undecided.extend(leaves.map(|leaf| (unit.clone(), leaf)));
            outcomes.insert(unit, sheet.outcome);
        }
        let participants = self.plan.iter().flat_map(|plan| plan.participants.keys());
        let mut unseen = participants.filter(|unit| !outcomes.contains_key(*unit));
        if let Some(unit) = unseen.next() {
            return Err(Refusal::NoSheet(unit.clone()));
        }
        if !undecided.is_empty() {
            return Err(Refusal::Undecided(undecided));
        }
        Ok(moment.after_locks(Fact::Approved { document, outcomes }))
    }
}
