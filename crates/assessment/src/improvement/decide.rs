//! What follows from a command to a task.

use decider::Decider;
use ids::UnitCode;
use jiff::Timestamp;

use super::{
    Action, Assignment, Command, ENTRIES_MAX, Event, Fact, Holder, Reading, Refusal, Standing,
    State, Task,
};
use crate::person::{Person, Role};
use crate::sheet::Evidence;

/// Who acts in the events that the clock brings about.
const CLOCK: &str = "timer";

impl Decider for Task {
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(&self, command: Command) -> Result<Vec<Event>, Refusal> {
        let Command { at, by, action } = command;
        let fact = match self.fact(at, by.as_ref(), action)? {
            Some(fact) => fact,
            None => return Ok(vec![]),
        };
        // What passed before the command came in happened before it.
        let due = self.standing.as_ref().and_then(|it| it.passed(at));
        let due = due.filter(|due| *due != fact);
        let by = by.map_or_else(|| CLOCK.to_owned(), |person| person.id);
        let event = |fact| Event {
            at,
            by: by.clone(),
            fact,
        };
        Ok(due.into_iter().chain([fact]).map(event).collect())
    }

    fn evolve(&mut self, event: &Event) {
        self.fold(event);
    }
}

impl Task {
    fn fact(
        &self,
        at: Timestamp,
        by: Option<&Person>,
        action: Action,
    ) -> Result<Option<Fact>, Refusal> {
        match action {
            Action::Assign { assignment, before } => {
                acts_as(by, Role::Organiser)?;
                self.assign(at, assignment, before)
            }
            Action::Reassign { holder, reason } => {
                acts_as(by, Role::Organiser)?;
                self.task()?.reassign(holder, reason, self.room())
            }
            Action::HandOver {
                from,
                holder,
                reason,
            } => {
                acts_as(by, Role::Organiser)?;
                self.task()?.hand_over(from, holder, reason)
            }
            Action::MoveDue { due, reason } => {
                acts_as(by, Role::Organiser)?;
                self.task()?.move_due(at, due, reason, self.room())
            }
            Action::Note { percent, text } => {
                let by = acts_as(by, Role::Assessor)?;
                self.note(by, percent, text)
            }
            Action::Report { text, evidence } => {
                let by = acts_as(by, Role::Assessor)?;
                self.report(by, text, evidence)
            }
            Action::Confirm { after } => {
                let by = acts_as(by, Role::Appraiser)?;
                self.task()?.confirm(by, after)
            }
            Action::Return { reason } => {
                let by = acts_as(by, Role::Appraiser)?;
                self.send_back(by, reason)
            }
            Action::Cancel { reason } => {
                acts_as(by, Role::Organiser)?;
                self.cancel(reason)
            }
            Action::MarkOverdue if by.is_some() => Err(Refusal::Clock),
            Action::MarkOverdue => Ok(self.standing.as_ref().and_then(|it| it.passed(at))),
        }
    }

    fn task(&self) -> Result<&Standing, Refusal> {
        self.standing.as_ref().ok_or(Refusal::Absent)
    }

    /// The newest thing that somebody did to it.
    fn last(&self) -> Option<&Event> {
        let mut entries = self.history.iter().rev();
        entries.find(|entry| !matches!(entry.fact, Fact::Overdue { .. }))
    }

    fn room(&self) -> Result<(), Refusal> {
        match self.history.len() < ENTRIES_MAX {
            true => Ok(()),
            false => Err(Refusal::Full),
        }
    }

    fn assign(
        &self,
        at: Timestamp,
        assignment: Box<Assignment>,
        before: Option<Reading>,
    ) -> Result<Option<Fact>, Refusal> {
        match &self.standing {
            Some(known) if known.assignment == *assignment && known.state != State::Cancelled => {
                Ok(None)
            }
            Some(_) => Err(Refusal::Taken(assignment.code)),
            None if assignment.due <= at => Err(Refusal::Passed(assignment.due)),
            None => Ok(Some(Fact::Assigned { assignment, before })),
        }
    }

    fn note(&self, by: &Person, percent: u8, text: String) -> Result<Option<Fact>, Refusal> {
        let task = self.task()?;
        task.is_for(by)?;
        let fact = Fact::Noted { percent, text };
        if self.said_last(by, &fact) {
            return Ok(None);
        }
        task.is_open()?;
        self.room().map(|()| Some(fact))
    }

    fn report(
        &self,
        by: &Person,
        text: String,
        evidence: Vec<Evidence>,
    ) -> Result<Option<Fact>, Refusal> {
        let task = self.task()?;
        task.is_for(by)?;
        let fact = Fact::Reported { text, evidence };
        if self.said_last(by, &fact) {
            return Ok(None);
        }
        task.is_open()?;
        self.room().map(|()| Some(fact))
    }

    fn send_back(&self, by: &Person, reason: String) -> Result<Option<Fact>, Refusal> {
        let task = self.task()?;
        task.judged_by(by)?;
        let fact = Fact::Returned { reason };
        if self.said_last(by, &fact) {
            return Ok(None);
        }
        task.is_reported()?;
        self.room().map(|()| Some(fact))
    }

    fn said_last(&self, by: &Person, fact: &Fact) -> bool {
        let last = self.last();
        last.is_some_and(|last| last.by == by.id && last.fact == *fact)
    }

    fn cancel(&self, reason: String) -> Result<Option<Fact>, Refusal> {
        let task = self.task()?;
        let fact = Fact::Cancelled { reason };
        if self.last().is_some_and(|last| last.fact == fact) {
            return Ok(None);
        }
        task.is_unfinished()?;
        Ok(Some(fact))
    }
}

impl Standing {
    /// That it became overdue, where that is not recorded yet.
    fn passed(&self, at: Timestamp) -> Option<Fact> {
        let next = self.next_overdue()?;
        (next <= at).then_some(Fact::Overdue { due: self.due })
    }

    fn reassign(
        &self,
        holder: Holder,
        reason: String,
        room: Result<(), Refusal>,
    ) -> Result<Option<Fact>, Refusal> {
        self.is_open()?;
        if self.holder == holder {
            return Ok(None);
        }
        room.map(|()| Some(Fact::Reassigned { holder, reason }))
    }

    fn hand_over(
        &self,
        from: UnitCode,
        holder: Holder,
        reason: String,
    ) -> Result<Option<Fact>, Refusal> {
        if self.holder == holder {
            return Ok(None);
        }
        self.is_unfinished()?;
        if self.holder.unit != from {
            return Err(Refusal::Elsewhere(from));
        }
        Ok(Some(Fact::HandedOver {
            from,
            holder,
            reason,
        }))
    }

    fn move_due(
        &self,
        at: Timestamp,
        due: Timestamp,
        reason: String,
        room: Result<(), Refusal>,
    ) -> Result<Option<Fact>, Refusal> {
        self.is_unfinished()?;
        if self.due == due {
            return Ok(None);
        }
        if due <= at {
            return Err(Refusal::Passed(due));
        }
        let from = self.due;
        room.map(|()| {
            Some(Fact::DueMoved {
                from,
                to: due,
                reason,
            })
        })
    }

    fn confirm(&self, by: &Person, after: Option<Reading>) -> Result<Option<Fact>, Refusal> {
        self.judged_by(by)?;
        if self.state == State::Confirmed {
            return Ok(None);
        }
        self.is_reported()?;
        Ok(Some(Fact::Confirmed { after }))
    }

    fn is_for(&self, by: &Person) -> Result<(), Refusal> {
        match by.is_of(&self.holder.unit) {
            true => Ok(()),
            false => Err(Refusal::OtherUnit(self.holder.unit.clone())),
        }
    }

    /// Nobody finds the own work done, nor that of the own unit, also of one that had the task when it was reported.
    fn judged_by(&self, by: &Person) -> Result<(), Refusal> {
        if by.units.is_empty() {
            return Err(Refusal::NoUnit);
        }
        let mut units = self.reporters.values().chain([&self.holder.unit]);
        if let Some(unit) = units.find(|unit| by.is_of(unit)) {
            return Err(Refusal::OwnUnit(unit.clone()));
        }
        if by.id == self.holder.person || self.reporters.contains_key(&by.id) {
            return Err(Refusal::OwnWork);
        }
        Ok(())
    }

    fn is_open(&self) -> Result<(), Refusal> {
        let remedy = match self.state {
            State::Open => return Ok(()),
            State::Reported => "have it confirmed or returned first",
            State::Confirmed | State::Cancelled => "assign another one for what is left",
        };
        let state = self.state;
        Err(Refusal::State { state, remedy })
    }

    fn is_reported(&self) -> Result<(), Refusal> {
        let remedy = match self.state {
            State::Reported => return Ok(()),
            State::Open => "its unit has to report that it is done first",
            State::Confirmed | State::Cancelled => "assign another one for what is left",
        };
        let state = self.state;
        Err(Refusal::State { state, remedy })
    }

    fn is_unfinished(&self) -> Result<(), Refusal> {
        match self.state.is_unfinished() {
            true => Ok(()),
            false => Err(Refusal::State {
                state: self.state,
                remedy: "assign another one for what is left",
            }),
        }
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
