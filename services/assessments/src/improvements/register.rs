//! The tasks that are known.

use std::collections::{BTreeMap, BTreeSet};

use assessment::Task;
use decider::Decider as _;
use eventlog::Recorded;
use eventlog::command::{Codec as _, DecodeError};
use ids::TaskCode;
use jiff::Timestamp;

use super::codec::{PREFIX, TaskCodec, task_stream};
use crate::view::Kept;

/// Tasks by stream, which is by code, and when the clock makes which overdue.
#[derive(Debug, Default)]
pub(crate) struct Tasks {
    tasks: BTreeMap<String, Kept<Task>>,
    waiting: BTreeSet<(Timestamp, String)>,
}

impl Tasks {
    /// Whether a stream is a task's.
    pub(crate) fn holds(stream: &str) -> bool {
        stream.starts_with(PREFIX)
    }

    /// Takes in an event of such a stream.
    pub(crate) fn apply(&mut self, event: &Recorded) -> Result<(), DecodeError> {
        let told = TaskCodec::read(event)?;
        let kept = self.tasks.entry(event.stream.clone()).or_default();
        if let Some(before) = kept.state.next_overdue() {
            self.waiting.remove(&(before, event.stream.clone()));
        }
        kept.apply(event, |state| state.evolve(&told));
        if let Some(after) = kept.state.next_overdue() {
            self.waiting.insert((after, event.stream.clone()));
        }
        Ok(())
    }

    /// A task.
    pub(super) fn task(&self, code: &TaskCode) -> Option<&Kept<Task>> {
        self.tasks.get(&task_stream(code))
    }

    /// Every task by code.
    pub(super) fn all(&self) -> impl Iterator<Item = &Kept<Task>> {
        self.tasks.values()
    }

    /// The stream of the task that becomes overdue next, and when.
    pub(super) fn next_overdue(&self) -> Option<(Timestamp, &str)> {
        let (at, stream) = self.waiting.first()?;
        Some((*at, stream))
    }
}
