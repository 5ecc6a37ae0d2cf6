//! Events as they are stored: the domain's facts as messages of `chiso.dossiers.v1`.
//!
//! One table says which fact is which message; both directions follow from it, so they cannot part.

use calendar::{Limit, MINUTES_A_DAY};
use contracts::dossiers::v1 as pb;
use dossier::{CalendarVersion, Event, Fact, Filing, Receipt};
use eventlog::Recorded;
use eventlog::command::{self, DecodeError};
use jiff::Timestamp;
use prost::Message;
use prost::bytes::Bytes;

use crate::case::Case;
use crate::wire::field::Field;
use crate::wire::terms::Term;

#[cfg(test)]
mod tests;

/// The category of a dossier's stream.
const CATEGORY: &str = "dossier-";

/// The type of the timer's mark.
pub(crate) const OVERDUE: &str = "chiso.dossiers.v1.DossierOverdue";

/// The stream of a dossier.
pub(crate) fn stream(code: &str) -> String {
    format!("{CATEGORY}{code}")
}

/// The code of a stream's dossier.
pub(crate) fn code(stream: &str) -> &str {
    stream.strip_prefix(CATEGORY).unwrap_or(stream)
}

/// How dossiers are stored.
pub(crate) enum Codec {}

impl command::Codec for Codec {
    type Aggregate = Case;

    fn encode(event: &Event) -> (&'static str, Bytes) {
        encode(event)
    }

    /// Without its envelope an event has no moment; the log reads it with [`read`](Self::read).
    fn decode(kind: &str, payload: &[u8]) -> Result<Event, DecodeError> {
        Ok(Event {
            at: Timestamp::UNIX_EPOCH,
            fact: decode(kind, payload)?,
        })
    }

    fn read(event: &Recorded) -> Result<Event, DecodeError> {
        Ok(Event {
            at: event.occurred_at(),
            fact: decode(&event.kind, &event.payload)?,
        })
    }
}

macro_rules! facts {
    (
        alike { $($fact:ident = $message:ident { $($field:ident),* })+ }
        own { $($pattern:pat => $own:ident $encode:expr, $decode:expr;)+ }
    ) => {
        /// The type and the encoded payload of an event. Its moment is the metadata's.
        fn encode(event: &Event) -> (&'static str, Bytes) {
            match &event.fact {
                $(Fact::$fact { $($field),* } => {
                    let message = pb::$message { $($field: $field.to_wire()),* };
                    (concat!("chiso.dossiers.v1.", stringify!($message)), message.encode_to_vec().into())
                })+
                $($pattern => {
                    let message: pb::$own = $encode;
                    (concat!("chiso.dossiers.v1.", stringify!($own)), message.encode_to_vec().into())
                })+
            }
        }

        /// The fact that a stored event says.
        fn decode(kind: &str, payload: &[u8]) -> Result<Fact, DecodeError> {
            match kind {
                $(concat!("chiso.dossiers.v1.", stringify!($message)) => {
                    #[allow(unused_variables, reason = "some messages are empty")]
                    let message: pb::$message = message(kind, payload)?;
                    Ok(Fact::$fact {
                        $($field: field(message.$field, stringify!($field))?),*
                    })
                })+
                $(concat!("chiso.dossiers.v1.", stringify!($own)) => {
                    $decode(message::<pb::$own>(kind, payload)?)
                })+
                _ => Err(DecodeError::UnknownKind(kind.to_owned())),
            }
        }
    };
}

facts! {
    alike {
        ReceptionRefused = ReceptionRefused { reason }
        ProcessingStarted = ProcessingStarted { officer }
        ActivityNoted = ActivityNoted { activity, officer }
        SupplementRequested = SupplementRequested { reason, ordinal, due_at }
        SupplementCompleted = SupplementCompleted { due_before, due_at, requested_at, waited_minutes }
        PaymentRequested = PaymentRequested { amount_dong, fee }
        PaymentRecorded = PaymentRecorded { amount_dong, method, reference }
        DueDateExtended = DueDateExtended { due_before, due_at, reason }
        HandedOver = DossierHandedOver { from_unit, to_unit, reason }
        StepStarted = StepStarted { step, unit, name, due_at }
        StepHandedOver = StepHandedOver { step, from_unit, to_unit, reason }
        StepCompleted = StepCompleted { step, timeliness }
        HandlingStopped = HandlingStopped { reason, timeliness }
        Withdrawn = DossierWithdrawn { reason, timeliness }
        Completed = DossierCompleted { timeliness, due_at }
        ResultCorrected = ResultCorrected { reason }
        ResultDelivered = ResultDelivered {}
        ComponentsDigitised = ComponentsDigitised { digitised, reused }
        ElectronicResultIssued = ElectronicResultIssued { sha256 }
        ResultSigned = ResultSigned { signer }
        Synchronised = DossierSynchronised { target }
        Rated = DossierRated { rating }
        PetitionFiled = PetitionFiled { petition, due_at }
        PetitionAnswered = PetitionAnswered { petition, on_time, satisfied }
        BecameOverdue = DossierOverdue { due_at }
    }
    own {
        Fact::Registered(filing) => DossierRegistered registered(filing), registered_fact;
        Fact::Received(receipt) => DossierReceived received(receipt), received_fact;
        Fact::DueDateRecomputed { due_before, due_at, reason, calendar } =>
            DueDateRecomputed pb::DueDateRecomputed {
                due_before: due_before.to_wire(),
                due_at: due_at.to_wire(),
                reason: reason.clone(),
                calendar: calendar.name.clone(),
                calendar_version: calendar.version,
            },
            recomputed_fact;
    }
}

fn registered(filing: &Filing) -> pb::DossierRegistered {
    pb::DossierRegistered {
        code: filing.code.to_string(),
        procedure: filing.procedure.to_string(),
        receiving_unit: filing.receiving_unit.to_string(),
        unit: filing.unit.to_string(),
        channel: filing.channel.number(),
        applicant: filing.applicant.to_wire(),
        identity_verified: filing.identity_verified,
        source: filing.source.clone().unwrap_or_default(),
    }
}

fn received(receipt: &Receipt) -> pb::DossierReceived {
    let about = registered(&receipt.filing);
    let calendar = receipt.calendar.as_ref();
    pb::DossierReceived {
        code: about.code,
        procedure: about.procedure,
        receiving_unit: about.receiving_unit,
        unit: about.unit,
        channel: about.channel,
        applicant: about.applicant,
        identity_verified: about.identity_verified,
        source: about.source,
        due_at: receipt.due_at.to_wire(),
        limit_minutes: receipt.limit.map_or(0, Limit::minutes),
        limit_in_days: matches!(receipt.limit, Some(Limit::Days(_))),
        clock_policy: receipt.clock_policy.number(),
        payment_duty: receipt.payment_duty,
        calendar: calendar
            .map(|calendar| calendar.name.clone())
            .unwrap_or_default(),
        calendar_version: calendar.map_or(0, |calendar| calendar.version),
    }
}

fn registered_fact(message: pb::DossierRegistered) -> Result<Fact, DecodeError> {
    Ok(Fact::Registered(filing(message)?))
}

fn filing(message: pb::DossierRegistered) -> Result<Filing, DecodeError> {
    Ok(Filing {
        code: message.code.parse().map_err(|_| invalid("code"))?,
        procedure: message
            .procedure
            .parse()
            .map_err(|_| invalid("procedure"))?,
        receiving_unit: field(message.receiving_unit, "receiving_unit")?,
        unit: field(message.unit, "unit")?,
        channel: field(message.channel, "channel")?,
        applicant: field(message.applicant, "applicant")?,
        identity_verified: message.identity_verified,
        source: Some(message.source).filter(|source| !source.is_empty()),
    })
}

fn received_fact(message: pb::DossierReceived) -> Result<Fact, DecodeError> {
    let limit = match (message.limit_in_days, message.limit_minutes) {
        (false, 0) => None,
        (false, minutes) => u32::try_from(minutes).ok().map(Limit::Minutes),
        (true, minutes) => u32::try_from(minutes)
            .ok()
            .map(|minutes| Limit::Days(minutes / MINUTES_A_DAY)),
    };
    if limit.is_none() && (message.limit_minutes != 0 || message.limit_in_days) {
        return Err(invalid("limit_minutes"));
    }
    let calendar = (!message.calendar.is_empty()).then_some(CalendarVersion {
        name: message.calendar,
        version: message.calendar_version,
    });
    Ok(Fact::Received(Receipt {
        due_at: field(message.due_at, "due_at")?,
        limit,
        clock_policy: field(message.clock_policy, "clock_policy")?,
        payment_duty: message.payment_duty,
        calendar,
        filing: filing(pb::DossierRegistered {
            code: message.code,
            procedure: message.procedure,
            receiving_unit: message.receiving_unit,
            unit: message.unit,
            channel: message.channel,
            applicant: message.applicant,
            identity_verified: message.identity_verified,
            source: message.source,
        })?,
    }))
}

fn recomputed_fact(message: pb::DueDateRecomputed) -> Result<Fact, DecodeError> {
    Ok(Fact::DueDateRecomputed {
        due_before: field(message.due_before, "due_before")?,
        due_at: field(message.due_at, "due_at")?,
        reason: message.reason,
        calendar: CalendarVersion {
            name: message.calendar,
            version: message.calendar_version,
        },
    })
}

fn field<F: Field>(wire: F::Wire, name: &'static str) -> Result<F, DecodeError> {
    F::from_wire(wire).ok_or_else(|| invalid(name))
}

fn invalid(field: &'static str) -> DecodeError {
    DecodeError::Invalid {
        kind: "event of a dossier".to_owned(),
        why: format!("{field} has a value that is never written"),
    }
}

fn message<M: Message + Default>(kind: &str, payload: &[u8]) -> Result<M, DecodeError> {
    M::decode(payload).map_err(|source| DecodeError::Malformed {
        kind: kind.to_owned(),
        source,
    })
}
