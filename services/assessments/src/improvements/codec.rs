//! How the events of tasks are stored. Who and when stand in the envelope.

use assessment::Task;
use assessment::improvement::{Assignment, Event, Fact, Holder};
use contracts::assessments::v1 as pb;
use eventlog::Recorded;
use eventlog::command::{Codec, DecodeError};
use ids::TaskCode;
use jiff::Timestamp;
use prost::bytes::Bytes;

use super::terms::{origin_to_wire, reading_to_wire, stored_origin, stored_reading};
use crate::campaigns::code;
use crate::campaigns::codec::{envelope, invalid, message, stored};
use crate::campaigns::terms::{Why, evidence, evidence_to_wire, moment, moment_to_wire};
use crate::wire::unit;

/// What the streams of tasks begin with.
pub(super) const PREFIX: &str = "task-";

/// Stream of a task.
pub(super) fn task_stream(code: &TaskCode) -> String {
    format!("{PREFIX}{code}")
}

/// Stores tasks.
pub(crate) struct TaskCodec;

impl Codec for TaskCodec {
    type Aggregate = Task;

    fn encode(event: &Event) -> (&'static str, Bytes) {
        encode(&event.fact)
    }

    /// Without its envelope an event has neither author nor moment; the log reads it with [`read`](Self::read).
    fn decode(kind: &str, payload: &[u8]) -> Result<Event, DecodeError> {
        Ok(Event {
            at: Timestamp::UNIX_EPOCH,
            by: String::new(),
            fact: decode(kind, payload)?,
        })
    }

    fn read(event: &Recorded) -> Result<Event, DecodeError> {
        let (by, at) = envelope(event);
        let fact = decode(&event.kind, &event.payload)?;
        Ok(Event { at, by, fact })
    }
}

fn encode(fact: &Fact) -> (&'static str, Bytes) {
    match fact {
        Fact::Assigned { assignment, before } => stored!(TaskAssigned {
            code: assignment.code.to_string(),
            title: assignment.title.clone(),
            plan: assignment.plan.clone(),
            origin: origin_to_wire(&assignment.origin),
            unit: assignment.holder.unit.to_string(),
            person: assignment.holder.person.clone(),
            due_at: moment_to_wire(assignment.due),
            before: before.as_ref().map(reading_to_wire),
        }),
        Fact::Reassigned { holder, reason } => stored!(TaskReassigned {
            unit: holder.unit.to_string(),
            person: holder.person.clone(),
            reason: reason.clone(),
        }),
        Fact::HandedOver {
            from,
            holder,
            reason,
        } => stored!(TaskHandedOver {
            from_unit: from.to_string(),
            to_unit: holder.unit.to_string(),
            person: holder.person.clone(),
            reason: reason.clone(),
        }),
        Fact::DueMoved { from, to, reason } => stored!(TaskDueDateMoved {
            from: moment_to_wire(*from),
            to: moment_to_wire(*to),
            reason: reason.clone(),
        }),
        Fact::Noted { percent, text } => stored!(TaskProgressNoted {
            percent: i32::from(*percent),
            text: text.clone(),
        }),
        Fact::Overdue { due } => stored!(TaskOverdue {
            due_at: moment_to_wire(*due),
        }),
        Fact::Reported { text, evidence } => stored!(TaskCompletionReported {
            text: text.clone(),
            evidence: evidence_to_wire(evidence),
        }),
        Fact::Returned { reason } => stored!(TaskReturned {
            reason: reason.clone(),
        }),
        Fact::Confirmed { after } => stored!(TaskConfirmed {
            after: after.as_ref().map(reading_to_wire),
        }),
        Fact::Cancelled { reason } => stored!(TaskCancelled {
            reason: reason.clone(),
        }),
    }
}

fn decode(kind: &str, payload: &[u8]) -> Result<Fact, DecodeError> {
    let name = kind.strip_prefix("chiso.assessments.v1.").unwrap_or(kind);
    let fact = match name {
        "TaskAssigned" => assigned(message(kind, payload)?),
        "TaskReassigned" => {
            let it: pb::TaskReassigned = message(kind, payload)?;
            let reason = it.reason;
            holder(&it.unit, it.person).map(|holder| Fact::Reassigned { holder, reason })
        }
        "TaskHandedOver" => handed_over(message(kind, payload)?),
        "TaskDueDateMoved" => due_moved(message(kind, payload)?),
        "TaskProgressNoted" => {
            let it: pb::TaskProgressNoted = message(kind, payload)?;
            let text = it.text;
            percent(it.percent).map(|percent| Fact::Noted { percent, text })
        }
        "TaskOverdue" => {
            let it: pb::TaskOverdue = message(kind, payload)?;
            moment(it.due_at.as_ref()).map(|due| Fact::Overdue { due })
        }
        "TaskCompletionReported" => {
            let it: pb::TaskCompletionReported = message(kind, payload)?;
            let (text, items) = (it.text, it.evidence.iter());
            let items: Result<_, Why> = items.map(evidence).collect();
            items.map(|evidence| Fact::Reported { text, evidence })
        }
        "TaskReturned" => {
            let it: pb::TaskReturned = message(kind, payload)?;
            Ok(Fact::Returned { reason: it.reason })
        }
        "TaskConfirmed" => {
            let it: pb::TaskConfirmed = message(kind, payload)?;
            stored_reading(it.after).map(|after| Fact::Confirmed { after })
        }
        "TaskCancelled" => {
            let it: pb::TaskCancelled = message(kind, payload)?;
            Ok(Fact::Cancelled { reason: it.reason })
        }
        _ => return Err(DecodeError::UnknownKind(kind.to_owned())),
    };
    fact.map_err(invalid(kind))
}

fn holder(code: &str, person: String) -> Result<Holder, Why> {
    let unit = unit(code)?;
    Ok(Holder { unit, person })
}

/// How far something is, 0 to 100.
pub(super) fn percent(percent: i32) -> Result<u8, Why> {
    let within = u8::try_from(percent).ok().filter(|it| *it <= 100);
    within.ok_or_else(|| format!("is {percent}; say 0 to 100"))
}

fn assigned(it: pb::TaskAssigned) -> Result<Fact, Why> {
    let assignment = Assignment {
        code: code(&it.code)?,
        title: it.title,
        plan: it.plan,
        origin: stored_origin(it.origin)?,
        holder: holder(&it.unit, it.person)?,
        due: moment(it.due_at.as_ref())?,
    };
    let (assignment, before) = (Box::new(assignment), stored_reading(it.before)?);
    Ok(Fact::Assigned { assignment, before })
}

fn handed_over(it: pb::TaskHandedOver) -> Result<Fact, Why> {
    Ok(Fact::HandedOver {
        from: unit(&it.from_unit)?,
        holder: holder(&it.to_unit, it.person)?,
        reason: it.reason,
    })
}

fn due_moved(it: pb::TaskDueDateMoved) -> Result<Fact, Why> {
    Ok(Fact::DueMoved {
        from: moment(it.from.as_ref())?,
        to: moment(it.to.as_ref())?,
        reason: it.reason,
    })
}
