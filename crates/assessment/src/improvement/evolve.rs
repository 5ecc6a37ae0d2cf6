//! What events make of a task.

use std::collections::BTreeMap;

use super::{Assignment, Event, Fact, Standing, State, Task};

impl Task {
    pub(super) fn fold(&mut self, event: &Event) {
        match &event.fact {
            Fact::Assigned { assignment, before } => {
                self.standing = Some(Standing {
                    holder: assignment.holder.clone(),
                    due: assignment.due,
                    assignment: Assignment::clone(assignment),
                    before: before.clone(),
                    state: State::Open,
                    overdue_since: None,
                    after: None,
                    noted: 0,
                    since: event.at,
                    reporters: BTreeMap::new(),
                });
            }
            Fact::Reassigned { .. }
            | Fact::HandedOver { .. }
            | Fact::DueMoved { .. }
            | Fact::Noted { .. }
            | Fact::Overdue { .. }
            | Fact::Reported { .. }
            | Fact::Returned { .. }
            | Fact::Confirmed { .. }
            | Fact::Cancelled { .. } => {
                if let Some(standing) = &mut self.standing {
                    standing.fold(event);
                }
            }
        }
        self.history.push(event.clone());
    }
}

impl Standing {
    fn fold(&mut self, event: &Event) {
        match &event.fact {
            // A task is assigned once.
            Fact::Assigned { .. } => {}
            Fact::Reassigned { holder, .. } | Fact::HandedOver { holder, .. } => {
                self.holder.clone_from(holder);
            }
            Fact::DueMoved { to, .. } => {
                self.due = *to;
                self.since = event.at;
                self.overdue_since = None;
            }
            Fact::Noted { percent, .. } => self.noted = *percent,
            Fact::Overdue { due } => self.overdue_since = Some(self.since.max(*due)),
            Fact::Reported { .. } => {
                self.state = State::Reported;
                let unit = self.holder.unit.clone();
                self.reporters.insert(event.by.clone(), unit);
            }
            Fact::Returned { .. } => {
                self.state = State::Open;
                self.since = event.at;
            }
            Fact::Confirmed { after } => {
                self.state = State::Confirmed;
                self.after.clone_from(after);
            }
            Fact::Cancelled { .. } => self.state = State::Cancelled,
        }
    }
}
