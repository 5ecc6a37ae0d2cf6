//! Tasks for the wire.

use assessment::Task;
use assessment::improvement::{Event, Fact, Holder, Reading, Standing, State};
use contracts::assessments::v1 as pb;
use eventlog::Version;
use jiff::Timestamp;
use pb::TaskEntryKind as Kind;

use super::terms::{origin_to_wire, reading_to_wire, state_to_wire};
use crate::campaigns::terms::{decimal_to_wire, evidence_to_wire, moment_to_wire};

/// A task as it is at a moment, with what its log tells of its effect; the default for one that nobody assigned.
pub(super) fn task(task: &Task, version: Version, at: Timestamp) -> pb::Task {
    let Some(standing) = task.standing() else {
        return pb::Task::default();
    };
    pb::Task {
        history: task.history().iter().map(entry).collect(),
        ..in_list(standing, version, at)
    }
}

/// The same without its history.
pub(super) fn in_list(standing: &Standing, version: Version, at: Timestamp) -> pb::Task {
    let Standing {
        assignment,
        before,
        holder,
        due,
        state,
        overdue_since,
        after,
        ..
    } = standing;
    pb::Task {
        code: assignment.code.to_string(),
        title: assignment.title.clone(),
        plan: assignment.plan.clone(),
        origin: origin_to_wire(&assignment.origin),
        unit: holder.unit.to_string(),
        person: holder.person.clone(),
        due_at: moment_to_wire(*due),
        first_due_at: moment_to_wire(assignment.due),
        state: state_to_wire(*state).into(),
        percent: i32::from(standing.percent()),
        overdue: standing.is_overdue_at(at),
        overdue_since: overdue_since.and_then(moment_to_wire),
        effect: before.as_ref().map(|before| {
            let frozen = *state == State::Confirmed;
            effect(before, after.as_ref(), frozen)
        }),
        history: Vec::new(),
        version,
        position: 0,
    }
}

/// What became of what a task is about.
pub(super) fn effect(before: &Reading, now: Option<&Reading>, frozen: bool) -> pb::TaskEffect {
    let difference = now.and_then(|now| now.value?.checked_sub(before.value?));
    pb::TaskEffect {
        before: Some(reading_to_wire(before)),
        now: now.map(reading_to_wire),
        difference: decimal_to_wire(difference),
        frozen,
    }
}

fn entry(event: &Event) -> pb::TaskEntry {
    let told = pb::TaskEntry {
        at: moment_to_wire(event.at),
        by: event.by.clone(),
        ..pb::TaskEntry::default()
    };
    let held = |kind: Kind, holder: &Holder, text: &str| pb::TaskEntry {
        kind: kind.into(),
        unit: holder.unit.to_string(),
        person: holder.person.clone(),
        text: text.to_owned(),
        ..told.clone()
    };
    let said = |kind: Kind, text: &str| pb::TaskEntry {
        kind: kind.into(),
        text: text.to_owned(),
        ..told.clone()
    };
    match &event.fact {
        Fact::Assigned { assignment, .. } => pb::TaskEntry {
            due_at: moment_to_wire(assignment.due),
            ..held(Kind::Assigned, &assignment.holder, "")
        },
        Fact::Reassigned { holder, reason } => held(Kind::Reassigned, holder, reason),
        Fact::HandedOver { holder, reason, .. } => held(Kind::HandedOver, holder, reason),
        Fact::DueMoved { from, to, reason } => pb::TaskEntry {
            previous_due_at: moment_to_wire(*from),
            due_at: moment_to_wire(*to),
            ..said(Kind::DueDateMoved, reason)
        },
        Fact::Noted { percent, text } => pb::TaskEntry {
            percent: i32::from(*percent),
            ..said(Kind::ProgressNoted, text)
        },
        Fact::Overdue { due } => pb::TaskEntry {
            due_at: moment_to_wire(*due),
            ..said(Kind::Overdue, "")
        },
        Fact::Reported { text, evidence } => pb::TaskEntry {
            evidence: evidence_to_wire(evidence),
            ..said(Kind::Reported, text)
        },
        Fact::Returned { reason } => said(Kind::Returned, reason),
        Fact::Confirmed { .. } => said(Kind::Confirmed, ""),
        Fact::Cancelled { reason } => said(Kind::Cancelled, reason),
    }
}
