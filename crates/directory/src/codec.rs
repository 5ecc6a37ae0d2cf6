//! The stored form of the registry's events.

use contracts::registry::v1 as pb;
use prost::Message;
use prost::bytes::Bytes;
use unit::{PolicyEvent, ProcedureEvent, UnitEvent, WorkingCalendarEvent};

use crate::wire::{self, Invalid};

#[cfg(test)]
mod tests;

const UNIT_FOUNDED: &str = "chiso.registry.v1.UnitFounded";
const UNIT_RENAMED: &str = "chiso.registry.v1.UnitRenamed";
const UNIT_MOVED: &str = "chiso.registry.v1.UnitMoved";
const UNIT_CODE_ADDED: &str = "chiso.registry.v1.UnitCodeAdded";
const UNIT_SUCCEEDED: &str = "chiso.registry.v1.UnitSucceeded";
const PROCEDURE_PUBLISHED: &str = "chiso.registry.v1.ProcedurePublished";
const PROCEDURE_WITHDRAWN: &str = "chiso.registry.v1.ProcedureWithdrawn";
const CALENDAR_ANNOUNCED: &str = "chiso.registry.v1.CalendarAnnounced";
const POLICY_SET: &str = "chiso.registry.v1.PolicySet";

/// An event of any of the registry's streams.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Of a stream `unit-<code>`.
    Unit(UnitEvent),
    /// Of a stream `procedure-<code>`.
    Procedure(ProcedureEvent),
    /// Of a stream `calendar-<name>`.
    Calendar(WorkingCalendarEvent),
    /// Of a stream `policy-<name>`.
    Policy(PolicyEvent),
}

/// Why a stored event cannot be read. The log is damaged, or written by a newer version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// No event of the registry has that type.
    #[error("{kind} is not an event of the registry; run the version that wrote it")]
    UnknownKind {
        /// Its full message name.
        kind: String,
    },
    /// The bytes are no such message.
    #[error("the bytes of a {kind} cannot be read")]
    Malformed {
        /// Its full message name.
        kind: String,
        /// What protobuf says.
        #[source]
        source: prost::DecodeError,
    },
    /// A field does not hold what it should.
    #[error("a {kind} holds a value that the registry never accepts")]
    Invalid {
        /// Its full message name.
        kind: String,
        /// Which field.
        #[source]
        source: Invalid,
    },
    /// The event does not belong to a stream of that name.
    #[error("a {kind} cannot be in the stream {stream}")]
    Misplaced {
        /// Its full message name.
        kind: String,
        /// Where it was found.
        stream: String,
    },
}

/// Reads a stored event.
///
/// # Errors
/// When it is not one, or holds what the registry never accepts.
pub fn decode(kind: &str, payload: &[u8]) -> Result<Event, DecodeError> {
    let invalid = |source| DecodeError::Invalid {
        kind: kind.to_owned(),
        source,
    };
    match kind {
        UNIT_FOUNDED | UNIT_RENAMED | UNIT_MOVED | UNIT_CODE_ADDED | UNIT_SUCCEEDED => {
            decode_unit(kind, payload).map(Event::Unit)
        }
        PROCEDURE_PUBLISHED | PROCEDURE_WITHDRAWN => {
            decode_procedure(kind, payload).map(Event::Procedure)
        }
        CALENDAR_ANNOUNCED => {
            let announcement = wire::announcement(message(kind, payload)?).map_err(invalid)?;
            Ok(Event::Calendar(WorkingCalendarEvent(announcement)))
        }
        POLICY_SET => wire::policy(message(kind, payload)?)
            .map(Event::Policy)
            .map_err(invalid),
        _ => Err(DecodeError::UnknownKind {
            kind: kind.to_owned(),
        }),
    }
}

fn decode_unit(kind: &str, payload: &[u8]) -> Result<UnitEvent, DecodeError> {
    let invalid = |source| DecodeError::Invalid {
        kind: kind.to_owned(),
        source,
    };
    let event = match kind {
        UNIT_RENAMED => {
            let pb::UnitRenamed { name, valid_from } = message(kind, payload)?;
            wire::name("name", name).and_then(|name| {
                Ok(UnitEvent::Renamed {
                    name,
                    valid_from: wire::date("valid_from", &valid_from)?,
                })
            })
        }
        UNIT_MOVED => {
            let pb::UnitMoved {
                parent,
                group,
                valid_from,
            } = message(kind, payload)?;
            wire::place(group, &parent).and_then(|place| {
                Ok(UnitEvent::Moved {
                    place,
                    valid_from: wire::date("valid_from", &valid_from)?,
                })
            })
        }
        UNIT_CODE_ADDED => {
            let pb::UnitCodeAdded { code } = message(kind, payload)?;
            wire::unit_code("code", &code).map(|code| UnitEvent::CodeAdded { code })
        }
        UNIT_SUCCEEDED => wire::succession(&message(kind, payload)?).map(UnitEvent::Succeeded),
        _ => wire::founding(message(kind, payload)?).map(UnitEvent::Founded),
    };
    event.map_err(invalid)
}

fn decode_procedure(kind: &str, payload: &[u8]) -> Result<ProcedureEvent, DecodeError> {
    let event = if kind == PROCEDURE_WITHDRAWN {
        let pb::ProcedureWithdrawn { valid_until } = message(kind, payload)?;
        wire::date("valid_until", &valid_until)
            .map(|valid_until| ProcedureEvent::Withdrawn { valid_until })
    } else {
        wire::publication(message(kind, payload)?).map(|(code, statement, valid_from)| {
            ProcedureEvent::Published {
                code,
                statement,
                valid_from,
            }
        })
    };
    event.map_err(|source| DecodeError::Invalid {
        kind: kind.to_owned(),
        source,
    })
}

/// The stored form of a unit's event: full message name and bytes.
pub fn encode_unit(event: &UnitEvent) -> (&'static str, Bytes) {
    match event {
        UnitEvent::Founded(founding) => (UNIT_FOUNDED, bytes(&wire::founded(founding))),
        UnitEvent::Renamed { name, valid_from } => {
            let valid_from = valid_from.to_string();
            let message = pb::UnitRenamed {
                name: Some(wire::name_to_pb(name)),
                valid_from,
            };
            (UNIT_RENAMED, bytes(&message))
        }
        UnitEvent::Moved { place, valid_from } => {
            let message = pb::UnitMoved {
                parent: place
                    .parent
                    .as_ref()
                    .map(ToString::to_string)
                    .unwrap_or_default(),
                group: wire::group_to_pb(place.group).into(),
                valid_from: valid_from.to_string(),
            };
            (UNIT_MOVED, bytes(&message))
        }
        UnitEvent::CodeAdded { code } => (
            UNIT_CODE_ADDED,
            bytes(&pb::UnitCodeAdded {
                code: code.to_string(),
            }),
        ),
        UnitEvent::Succeeded(succession) => (UNIT_SUCCEEDED, bytes(&wire::succeeded(succession))),
    }
}

/// The stored form of a procedure's event: full message name and bytes.
pub fn encode_procedure(event: &ProcedureEvent) -> (&'static str, Bytes) {
    match event {
        ProcedureEvent::Published {
            code,
            statement,
            valid_from,
        } => (
            PROCEDURE_PUBLISHED,
            bytes(&wire::published(code, statement, *valid_from)),
        ),
        ProcedureEvent::Withdrawn { valid_until } => {
            let message = pb::ProcedureWithdrawn {
                valid_until: valid_until.to_string(),
            };
            (PROCEDURE_WITHDRAWN, bytes(&message))
        }
    }
}

/// The stored form of a calendar's event: full message name and bytes.
pub fn encode_calendar(
    WorkingCalendarEvent(announcement): &WorkingCalendarEvent,
) -> (&'static str, Bytes) {
    (CALENDAR_ANNOUNCED, bytes(&wire::announced(announcement)))
}

/// The stored form of a policy's event: full message name and bytes.
pub fn encode_policy(event: &PolicyEvent) -> (&'static str, Bytes) {
    (POLICY_SET, bytes(&wire::policy_set(event)))
}

fn message<M: Message + Default>(kind: &str, payload: &[u8]) -> Result<M, DecodeError> {
    M::decode(payload).map_err(|source| DecodeError::Malformed {
        kind: kind.to_owned(),
        source,
    })
}

fn bytes(message: &impl Message) -> Bytes {
    message.encode_to_vec().into()
}
