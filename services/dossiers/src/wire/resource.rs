//! The dossier as it is answered.

use contracts::dossiers::v1 as pb;
use contracts::wire::timestamp;
use dossier::{Dossier, Filed, Step};
use eventlog::{Position, Version};
use jiff::Timestamp;

use crate::wire::terms::Term;

/// A dossier as it stands at a version, seen from `now`.
pub(crate) fn dossier(
    state: &Dossier,
    version: Version,
    position: Position,
    now: Timestamp,
) -> pb::Dossier {
    let Some(filed) = state.filed() else {
        return pb::Dossier {
            version,
            position,
            ..pb::Dossier::default()
        };
    };
    let reception = filed.reception.as_ref();
    pb::Dossier {
        possible: state.possible().into_iter().map(str::to_owned).collect(),
        version,
        position,
        timeliness: filed.timeliness_at(now).number(),
        registered_at: filed.registered_at.map(timestamp),
        received_at: filed.received_at().map(timestamp),
        due_at: filed.due_at().map(timestamp),
        first_due_at: filed.first_due_at().map(timestamp),
        ended_at: filed.ended_at().map(timestamp),
        extended: reception.is_some_and(|reception| reception.extended),
        payment_duty: reception.is_some_and(|reception| reception.payment_duty),
        clock_policy: reception.map_or(0, |reception| reception.clock_policy.number()),
        ..about(filed)
    }
}

/// What does not depend on the clock.
fn about(filed: &Filed) -> pb::Dossier {
    pb::Dossier {
        code: filed.filing.code.to_string(),
        procedure: filed.filing.procedure.to_string(),
        receiving_unit: filed.filing.receiving_unit.to_string(),
        unit: filed.filing.unit.to_string(),
        channel: filed.filing.channel.number(),
        status: filed.status.number(),
        supplements: count(filed.supplements),
        paid_online: filed.paid_online,
        digitised: filed.digitised > 0,
        reused: filed.reused > 0,
        electronic_result: filed.electronic_result.is_some(),
        signed: filed.signer.is_some(),
        identity_verified: filed.filing.identity_verified,
        rating: filed.rating.map_or(0, Term::number),
        petitions: i32::try_from(filed.petitions.len()).unwrap_or(i32::MAX),
        steps: filed
            .steps
            .iter()
            .map(|(number, of)| step(*number, of))
            .collect(),
        ..pb::Dossier::default()
    }
}

fn step(number: u32, step: &Step) -> pb::Step {
    pb::Step {
        step: count(number),
        unit: step.unit.to_string(),
        name: step.name.clone(),
        due_at: step.due_at.map(timestamp),
        completed_at: step.completed_at.map(timestamp),
    }
}

fn count(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
