//! How the events of initiatives are stored.

use assessment::Initiative;
use assessment::initiative::{InitiativeEvent, Recognition};
use contracts::assessments::v1 as pb;
use eventlog::command::{Codec, DecodeError};
use ids::InitiativeNumber;
use prost::Message;
use prost::bytes::Bytes;

use super::wire;

const RECOGNISED: &str = "chiso.assessments.v1.InitiativeRecognised";
const REVOKED: &str = "chiso.assessments.v1.InitiativeRevoked";

/// What the streams of initiatives begin with.
pub(super) const PREFIX: &str = "initiative-";

/// Stream of an initiative.
pub(crate) fn initiative_stream(number: &InitiativeNumber) -> String {
    format!("{PREFIX}{number}")
}

/// Stores initiatives.
pub(crate) struct InitiativeCodec;

impl Codec for InitiativeCodec {
    type Aggregate = Initiative;

    fn encode(event: &InitiativeEvent) -> (&'static str, Bytes) {
        match event {
            InitiativeEvent::Recognised(it) => {
                let stored = pb::InitiativeRecognised {
                    number: it.number.to_string(),
                    date: it.date.to_string(),
                    level: wire::level_to_wire(it.level),
                    unit: it.unit.to_string(),
                    title: it.title.clone(),
                    document: it.document.clone(),
                };
                (RECOGNISED, stored.encode_to_vec().into())
            }
            InitiativeEvent::Revoked(reason) => {
                let reason = reason.clone();
                let stored = pb::InitiativeRevoked { reason };
                (REVOKED, stored.encode_to_vec().into())
            }
        }
    }

    fn decode(kind: &str, payload: &[u8]) -> Result<InitiativeEvent, DecodeError> {
        match kind {
            RECOGNISED => {
                let it: pb::InitiativeRecognised = message(kind, payload)?;
                let recognition = recognition(it).map_err(|why| DecodeError::Invalid {
                    kind: kind.to_owned(),
                    why,
                })?;
                Ok(InitiativeEvent::Recognised(recognition))
            }
            REVOKED => {
                let it: pb::InitiativeRevoked = message(kind, payload)?;
                Ok(InitiativeEvent::Revoked(it.reason))
            }
            _ => Err(DecodeError::UnknownKind(kind.to_owned())),
        }
    }
}

fn message<M: Message + Default>(kind: &str, payload: &[u8]) -> Result<M, DecodeError> {
    M::decode(payload).map_err(|source| DecodeError::Malformed {
        kind: kind.to_owned(),
        source,
    })
}

fn recognition(it: pb::InitiativeRecognised) -> Result<Recognition, String> {
    Ok(Recognition {
        number: wire::number(&it.number)?,
        date: wire::date(&it.date)?,
        level: wire::level(it.level)?,
        unit: crate::wire::unit(&it.unit)?,
        title: it.title,
        document: it.document,
    })
}
