//! How the events of campaigns and sheets are stored. Who and when stand in the envelope.

mod campaign;
mod seal;
mod sheet;

use eventlog::Recorded;
use eventlog::command::DecodeError;
use ids::{CampaignCode, UnitCode};
use jiff::Timestamp;
use prost::Message;

pub(crate) use self::campaign::{
    CampaignCodec, deadlines_to_wire, participants_to_wire, rules_to_wire,
};
pub(crate) use self::seal::{basis_to_wire, number_to_wire};
pub(crate) use self::sheet::SheetCodec;
use super::terms::Why;

/// Categories of the streams.
pub(crate) const CAMPAIGN: &str = "campaign-";
pub(crate) const SHEET: &str = "assessment-";

/// The stream of a campaign.
pub(crate) fn campaign_stream(campaign: &CampaignCode) -> String {
    format!("{CAMPAIGN}{campaign}")
}

/// The stream of a unit's sheet. A unit's code has no hyphen, so the name can be read back.
pub(crate) fn sheet_stream(campaign: &CampaignCode, unit: &UnitCode) -> String {
    format!("{SHEET}{campaign}-{unit}")
}

/// An event's type and encoded message.
macro_rules! stored {
    ($message:ident { $($body:tt)* }) => {{
        let message = pb::$message { $($body)* };
        (
            concat!("chiso.assessments.v1.", stringify!($message)),
            prost::bytes::Bytes::from(prost::Message::encode_to_vec(&message)),
        )
    }};
}
pub(crate) use stored;

/// The message of a stored event.
pub(crate) fn message<M: Message + Default>(kind: &str, payload: &[u8]) -> Result<M, DecodeError> {
    M::decode(payload).map_err(|source| DecodeError::Malformed {
        kind: kind.to_owned(),
        source,
    })
}

/// A stored event that its own message does not explain.
pub(crate) fn invalid(kind: &str) -> impl Fn(Why) -> DecodeError + '_ {
    move |why| DecodeError::Invalid {
        kind: kind.to_owned(),
        why,
    }
}

/// Who brought a stored event about, and when.
pub(crate) fn envelope(event: &Recorded) -> (String, Timestamp) {
    let metadata = event.metadata().unwrap_or_default();
    (metadata.actor, event.occurred_at())
}
