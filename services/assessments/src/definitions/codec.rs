//! How the events of definitions are stored.

use assessment::{Definition, DefinitionEvent, Draft, Retirement};
use contracts::assessments::v1 as pb;
use eventlog::command::{Codec, DecodeError};
use prost::Message;
use prost::bytes::Bytes;

use crate::wire;

const DRAFTED: &str = "chiso.assessments.v1.DefinitionDrafted";
const DRAFT_CHANGED: &str = "chiso.assessments.v1.DefinitionDraftChanged";
const PUT_IN_FORCE: &str = "chiso.assessments.v1.DefinitionPutInForce";
const USED: &str = "chiso.assessments.v1.DefinitionUsed";
const RETIRED: &str = "chiso.assessments.v1.DefinitionRetired";

/// Stores definitions.
pub(crate) struct DefinitionCodec;

impl Codec for DefinitionCodec {
    type Aggregate = Definition;

    /// The code stands in the stream's name; messages repeat it for readers of the feed.
    fn encode(event: &DefinitionEvent) -> (&'static str, Bytes) {
        match event {
            DefinitionEvent::Drafted(draft) => {
                let stored = pb::DefinitionDrafted {
                    code: draft.index.to_string(),
                    edition: draft.name.clone(),
                    document: draft.document.clone(),
                    sha256: draft.sha256.to_vec(),
                    copied_from: draft.copied_from.clone(),
                };
                (DRAFTED, stored.encode_to_vec().into())
            }
            DefinitionEvent::DraftChanged {
                index,
                name,
                document,
                sha256,
            } => {
                let stored = pb::DefinitionDraftChanged {
                    code: index.to_string(),
                    edition: name.clone(),
                    document: document.clone(),
                    sha256: sha256.to_vec(),
                };
                (DRAFT_CHANGED, stored.encode_to_vec().into())
            }
            DefinitionEvent::PutInForce(edition) => {
                let stored = pb::DefinitionPutInForce {
                    code: edition.index.to_string(),
                    edition: edition.name.clone(),
                    document: edition.document.clone(),
                    sha256: edition.sha256.to_vec(),
                };
                (PUT_IN_FORCE, stored.encode_to_vec().into())
            }
            DefinitionEvent::Used {
                index,
                name,
                campaign,
            } => {
                let stored = pb::DefinitionUsed {
                    code: index.to_string(),
                    edition: name.clone(),
                    campaign: campaign.to_string(),
                };
                (USED, stored.encode_to_vec().into())
            }
            DefinitionEvent::Retired {
                index,
                name,
                retirement,
            } => {
                let stored = pb::DefinitionRetired {
                    code: index.to_string(),
                    edition: name.clone(),
                    last_month: retirement.last.to_string(),
                    reason: retirement.reason.clone(),
                };
                (RETIRED, stored.encode_to_vec().into())
            }
        }
    }

    fn decode(kind: &str, payload: &[u8]) -> Result<DefinitionEvent, DecodeError> {
        let invalid = |why: String| DecodeError::Invalid {
            kind: kind.to_owned(),
            why,
        };
        match kind {
            DRAFTED => drafted(message(kind, payload)?).map_err(invalid),
            DRAFT_CHANGED => draft_changed(message(kind, payload)?).map_err(invalid),
            PUT_IN_FORCE => {
                let stored: pb::DefinitionPutInForce = message(kind, payload)?;
                let edition = wire::edition(stored.document).map_err(|faults| {
                    invalid(faults.first().map(ToString::to_string).unwrap_or_default())
                })?;
                Ok(DefinitionEvent::PutInForce(edition))
            }
            USED => used(message(kind, payload)?).map_err(invalid),
            RETIRED => retired(message(kind, payload)?).map_err(invalid),
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

fn digest(bytes: &[u8]) -> Result<[u8; 32], String> {
    bytes
        .try_into()
        .map_err(|_| "a SHA-256 has 32 bytes".to_owned())
}

fn drafted(stored: pb::DefinitionDrafted) -> Result<DefinitionEvent, String> {
    Ok(DefinitionEvent::Drafted(Draft {
        index: wire::index(&stored.code)?,
        name: stored.edition,
        document: stored.document,
        sha256: digest(&stored.sha256)?,
        copied_from: stored.copied_from,
    }))
}

fn draft_changed(stored: pb::DefinitionDraftChanged) -> Result<DefinitionEvent, String> {
    Ok(DefinitionEvent::DraftChanged {
        index: wire::index(&stored.code)?,
        name: stored.edition,
        document: stored.document,
        sha256: digest(&stored.sha256)?,
    })
}

fn used(stored: pb::DefinitionUsed) -> Result<DefinitionEvent, String> {
    let campaign = stored.campaign.parse();
    Ok(DefinitionEvent::Used {
        index: wire::index(&stored.code)?,
        name: stored.edition,
        campaign: campaign.map_err(|error: ids::CodeError| error.to_string())?,
    })
}

fn retired(stored: pb::DefinitionRetired) -> Result<DefinitionEvent, String> {
    Ok(DefinitionEvent::Retired {
        index: wire::index(&stored.code)?,
        name: stored.edition,
        retirement: Retirement {
            last: wire::month(&stored.last_month)?,
            reason: stored.reason,
        },
    })
}
