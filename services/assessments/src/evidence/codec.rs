//! How the events of evidence are stored. Who and when stand in the envelope.

use assessment::EvidenceFile;
use assessment::evidence::{Content, Place, Stored};
use contracts::assessments::v1 as pb;
use eventlog::Recorded;
use eventlog::command::{Codec, DecodeError};
use ids::{CodeError, UnitCode};
use jiff::Timestamp;
use prost::Message as _;
use prost::bytes::Bytes;

const EVIDENCE_STORED: &str = "chiso.assessments.v1.EvidenceStored";

/// What the streams of evidence begin with.
pub(super) const PREFIX: &str = "evidence-";

/// Stream of a unit's file. A unit's code has no hyphen, so the name can be read back.
pub(crate) fn evidence_stream(unit: &UnitCode, sha256: &[u8; 32]) -> String {
    format!("{PREFIX}{unit}-{}", hex::encode(sha256))
}

/// Stores files.
pub(crate) struct EvidenceCodec;

impl Codec for EvidenceCodec {
    type Aggregate = EvidenceFile;

    fn encode(event: &Stored) -> (&'static str, Bytes) {
        let stored = pb::EvidenceStored {
            unit: event.unit.to_string(),
            sha256: event.content.sha256.to_vec(),
            size: i64::try_from(event.content.size).unwrap_or(i64::MAX),
            media_type: event.content.media_type.clone(),
            file_name: event.place.file_name.clone(),
            campaign: event.place.campaign.to_string(),
            leaf: event
                .place
                .leaf
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
        };
        (EVIDENCE_STORED, stored.encode_to_vec().into())
    }

    /// Without its envelope an event has neither author nor moment; the log reads it with [`read`](Self::read).
    fn decode(kind: &str, payload: &[u8]) -> Result<Stored, DecodeError> {
        stored(kind, payload, String::new(), Timestamp::UNIX_EPOCH)
    }

    fn read(event: &Recorded) -> Result<Stored, DecodeError> {
        let by = event.metadata().unwrap_or_default().actor;
        stored(&event.kind, &event.payload, by, event.occurred_at())
    }
}

fn stored(kind: &str, payload: &[u8], by: String, at: Timestamp) -> Result<Stored, DecodeError> {
    if kind != EVIDENCE_STORED {
        return Err(DecodeError::UnknownKind(kind.to_owned()));
    }
    let it = pb::EvidenceStored::decode(payload).map_err(|source| DecodeError::Malformed {
        kind: kind.to_owned(),
        source,
    })?;
    let invalid = |why: String| DecodeError::Invalid {
        kind: kind.to_owned(),
        why,
    };
    let code = |error: CodeError| invalid(error.to_string());
    let digest = <[u8; 32]>::try_from(it.sha256.as_slice());
    Ok(Stored {
        unit: it.unit.parse().map_err(code)?,
        content: Content {
            sha256: digest.map_err(|_| invalid("its SHA-256 has not 32 bytes".to_owned()))?,
            size: u64::try_from(it.size).map_err(|_| invalid("its size is negative".to_owned()))?,
            media_type: it.media_type,
        },
        place: Place {
            campaign: it.campaign.parse().map_err(code)?,
            leaf: match it.leaf.as_str() {
                "" => None,
                leaf => Some(leaf.parse().map_err(code)?),
            },
            file_name: it.file_name,
            by,
            at,
        },
    })
}
