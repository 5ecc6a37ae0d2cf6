//! Events of the dossiers log as the facts that measures are made of.

use std::collections::BTreeMap;

use contracts::dossiers::v1 as pb;
use contracts::wire::instant;
use jiff::Timestamp;
use jiff::tz::Offset;
use measures::{Ended, Fact, Facts, Key};
use prost::{DecodeError, Message};

/// The code of the dossier that a stream of the dossiers log is about.
pub fn dossier(stream: &str) -> &str {
    stream.strip_prefix("dossier-").unwrap_or(stream)
}

/// Takes the next event of the dossiers log, which happened at `at` and stands at `position`, into what is remembered of
/// its dossier, and adds to `deltas` what that changes in the dossier's contributions to counters.
///
/// # Errors
/// When the payload is not the message that `kind` names, or `kind` is not an event of dossiers: whoever reads it is
/// then older than the log.
pub fn take_in(
    dossiers: &mut BTreeMap<String, Facts>,
    (stream, kind, payload): (&str, &str, &[u8]),
    (at, position): (Timestamp, i64),
    offset: Offset,
    deltas: &mut BTreeMap<Key, i64>,
) -> Result<(), UnknownEvent> {
    let Some(fact) = fact(kind, payload)? else {
        return Ok(());
    };
    let facts = dossiers.entry(dossier(stream).to_owned()).or_default();
    // What was counted for a moment only stays in as a zero: a unit that a dossier passed through was judged by it, and must
    // have been so too when the logs are read again in other batches.
    for (key, count) in facts.step(&fact, (at, position), offset) {
        *deltas.entry(key).or_default() += count;
    }
    Ok(())
}

/// What an event says that matters to a measure, if anything.
fn fact(kind: &str, payload: &[u8]) -> Result<Option<Fact>, UnknownEvent> {
    let name = kind.strip_prefix("chiso.dossiers.v1.").unwrap_or(kind);
    Ok(match name {
        "DossierRegistered" => {
            let event = pb::DossierRegistered::decode(payload)?;
            Some(Fact::Registered {
                unit: event.unit,
                procedure: event.procedure,
                online: event.channel == pb::Channel::Online as i32,
                identity: event.identity_verified,
            })
        }
        "DossierReceived" => {
            let event = pb::DossierReceived::decode(payload)?;
            Some(Fact::Received {
                unit: event.unit,
                procedure: event.procedure,
                online: event.channel == pb::Channel::Online as i32,
                identity: event.identity_verified,
                duty: event.payment_duty,
                due: event.due_at.as_ref().and_then(instant),
            })
        }
        "ReceptionRefused" => Some(Fact::Ended(Ended::Refused)),
        "HandlingStopped" => {
            let late = is_late(pb::HandlingStopped::decode(payload)?.timeliness);
            Some(Fact::Ended(Ended::Stopped { late }))
        }
        "DossierWithdrawn" => {
            let late = is_late(pb::DossierWithdrawn::decode(payload)?.timeliness);
            Some(Fact::Ended(Ended::Withdrawn { late }))
        }
        "DossierCompleted" => {
            let late = is_late(pb::DossierCompleted::decode(payload)?.timeliness);
            Some(Fact::Ended(Ended::Completed { late }))
        }
        "ResultCorrected" => Some(Fact::Reopened),
        "ResultDelivered" => Some(Fact::Delivered),
        "SupplementCompleted" => due_moved(pb::SupplementCompleted::decode(payload)?.due_at),
        "DueDateExtended" => due_moved(pb::DueDateExtended::decode(payload)?.due_at),
        "DueDateRecomputed" => due_moved(pb::DueDateRecomputed::decode(payload)?.due_at),
        "DossierOverdue" => Some(Fact::Overdue),
        "DossierHandedOver" => Some(Fact::HandedOver(
            pb::DossierHandedOver::decode(payload)?.to_unit,
        )),
        "PaymentRequested" => Some(Fact::PaymentRequested),
        "PaymentRecorded" => {
            let method = pb::PaymentRecorded::decode(payload)?.method;
            let online = [
                pb::PaymentMethod::OnlinePortal,
                pb::PaymentMethod::OnlineLocal,
            ]
            .iter()
            .any(|gateway| *gateway as i32 == method);
            Some(Fact::Paid { online })
        }
        "ComponentsDigitised" => {
            let event = pb::ComponentsDigitised::decode(payload)?;
            Some(Fact::Digitised {
                digitised: event.digitised > 0,
                reused: event.reused > 0,
            })
        }
        "ElectronicResultIssued" => Some(Fact::ElectronicResult),
        "DossierSynchronised" => synchronised(pb::DossierSynchronised::decode(payload)?.target),
        "DossierRated" => {
            let rating = pb::DossierRated::decode(payload)?.rating;
            Some(Fact::Rated {
                disliked: rating == pb::Rating::Dissatisfied as i32,
            })
        }
        "PetitionFiled" => Some(Fact::PetitionFiled(
            pb::PetitionFiled::decode(payload)?.petition,
        )),
        "PetitionAnswered" => {
            let event = pb::PetitionAnswered::decode(payload)?;
            Some(Fact::PetitionAnswered {
                petition: event.petition,
                on_time: event.on_time,
                satisfied: event.satisfied,
            })
        }
        "ProcessingStarted"
        | "ActivityNoted"
        | "SupplementRequested"
        | "StepStarted"
        | "StepHandedOver"
        | "StepCompleted"
        | "ResultSigned" => None,
        _ => return Err(UnknownEvent::Kind(kind.to_owned())),
    })
}

/// An event of dossiers that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum UnknownEvent {
    /// Its type is not known here.
    #[error("no event of dossiers is called {0}; run a version as new as the dossiers service")]
    Kind(String),
    /// Its bytes are no such message.
    #[error("the payload is not what its type says")]
    Payload(#[from] DecodeError),
}

fn is_late(timeliness: i32) -> bool {
    timeliness == pb::Timeliness::Late as i32
}

#[expect(clippy::unnecessary_wraps, reason = "an arm of the match above")]
fn due_moved(due: Option<prost_types::Timestamp>) -> Option<Fact> {
    Some(Fact::DueMoved(due.as_ref().and_then(instant)))
}

fn synchronised(target: i32) -> Option<Fact> {
    match pb::SyncTarget::try_from(target) {
        Ok(pb::SyncTarget::NationalPortal) => Some(Fact::SynchronisedToPortal),
        Ok(pb::SyncTarget::PersonalStore) => Some(Fact::SynchronisedToStore),
        Ok(pb::SyncTarget::Unspecified) | Err(_) => None,
    }
}
