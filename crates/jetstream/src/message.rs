//! How an event travels: subject, headers and body. The crate's documentation has the table.

use std::fmt::Write as _;

use async_nats::HeaderMap;
use async_nats::jetstream::message::PublishMessage;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use contracts::log::v1 as pb;
use eventlog::{Position, Recorded};
use jiff::Timestamp;
use prost::Message as _;
use prost::bytes::Bytes;

use crate::bus::{Bus, token};

/// The content type of a body that is the event's payload as stored.
pub const PROTOBUF: &str = "application/protobuf";
/// The content type of a body that is the event's payload as proto3 JSON.
pub const JSON: &str = "application/json";

pub(crate) const POSITION: &str = "chiso-position";
pub(crate) const HASH: &str = "chiso-hash";
const STREAM: &str = "chiso-stream";
const VERSION: &str = "chiso-version";
const RECORDED_AT: &str = "chiso-recorded-at";
const METADATA: &str = "chiso-metadata";
const OMITTED: &str = "chiso-omitted";
const TYPE: &str = "ce-type";
const CONTENT_TYPE: &str = "content-type";

/// Room for every header but the metadata: names, two percent-encoded stream names of at most 1,500 bytes each, the
/// type, ids and numbers.
const HEADER_BYTES: usize = 8 << 10;

/// The last tokens of an event's subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// What kind of thing it happened to, e.g. `dossier`.
    pub aggregate: String,
    /// What happened, e.g. `DossierReceived`.
    pub event: String,
    /// To which one, e.g. the dossier's code.
    pub key: String,
}

impl Subject {
    /// The subject that an event's own names give: aggregate and key from its stream (`<aggregate>-<key>`), the event
    /// from the last part of its type.
    pub fn of(event: &Recorded) -> Self {
        let (aggregate, key) = event.stream.split_once('-').unwrap_or((&event.stream, ""));
        let name = event.kind.rsplit('.').next().unwrap_or_default();
        Self {
            aggregate: aggregate.to_owned(),
            event: name.to_owned(),
            key: key.to_owned(),
        }
    }
}

/// What a message carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body {
    /// Media type of the bytes.
    pub content_type: &'static str,
    /// The bytes.
    pub bytes: Bytes,
}

/// Why an event has no body.
pub type BodyError = Box<dyn std::error::Error + Send + Sync>;

impl Body {
    /// The payload as stored, for logs that services follow.
    ///
    /// # Errors
    /// Never; fallible only to be used as a relay's body function.
    pub fn protobuf(event: &Recorded) -> Result<Self, BodyError> {
        Ok(Self {
            content_type: PROTOBUF,
            bytes: event.payload.clone(),
        })
    }

    /// The payload as proto3 JSON, for feeds that anybody may read.
    ///
    /// # Errors
    /// When the payload is no message of the contracts.
    pub fn json(event: &Recorded) -> Result<Self, BodyError> {
        let value = contracts::json::to_json(&event.kind, &event.payload)?;
        Ok(Self {
            content_type: JSON,
            bytes: Bytes::from(serde_json::to_vec(&value)?),
        })
    }
}

/// The subject and message for an event.
///
/// What would not fit the server's largest message goes out without body and metadata, and says so: the position must
/// be taken all the same, and followers read that event from its owner.
pub(crate) fn outbound(
    bus: &Bus,
    log: &str,
    event: &Recorded,
    subject: &Subject,
    mut body: Body,
) -> (String, PublishMessage) {
    let mut headers = headers(bus, log, event);
    headers.insert(CONTENT_TYPE, body.content_type);
    let metadata = BASE64.encode(&event.metadata);
    if body.bytes.len() + metadata.len() + HEADER_BYTES > bus.client().max_payload() {
        body.bytes = Bytes::new();
        headers.insert(OMITTED, "too-large");
    } else {
        headers.insert(METADATA, metadata);
    }
    let subject = format!(
        "{}.{}.{}.{}",
        bus.prefix(log),
        token(&subject.aggregate),
        token(&subject.event),
        token(&subject.key)
    );
    let message = PublishMessage::build()
        .payload(body.bytes)
        .headers(headers)
        .expected_stream(bus.stream_name(log))
        .expected_last_sequence(event.position.unsigned_abs() - 1);
    (subject, message)
}

fn headers(bus: &Bus, log: &str, event: &Recorded) -> HeaderMap {
    let metadata = pb::Metadata::decode(event.metadata.clone()).unwrap_or_default();
    let stream = encode(&event.stream);
    let id = match metadata.event_id.as_str() {
        "" => format!("{log}-{}", event.position),
        id => encode(id),
    };
    let mut headers = HeaderMap::new();
    headers.insert("ce-specversion", "1.0");
    headers.insert("ce-id", id);
    headers.insert("ce-source", format!("/chiso/{}/{log}", bus.province()));
    headers.insert(TYPE, encode(&event.kind));
    headers.insert("ce-subject", stream.as_str());
    headers.insert("ce-time", event.occurred_at().to_string());
    if !metadata.traceparent.is_empty() {
        headers.insert("traceparent", encode(&metadata.traceparent));
    }
    headers.insert(POSITION, event.position.to_string());
    headers.insert(STREAM, stream);
    headers.insert(VERSION, event.version.to_string());
    headers.insert(RECORDED_AT, event.recorded_at.as_microsecond().to_string());
    headers.insert(HASH, hex::encode(event.hash));
    headers
}

/// What a follower cannot take from the broker and reads from the owner instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// Left out on purpose, as it is too large.
    Omitted,
    /// Not what a relay publishes at this sequence.
    Foreign,
}

/// The event in a message at a JetStream sequence.
pub(crate) fn inbound(
    sequence: Position,
    message: &async_nats::Message,
) -> Result<Recorded, Unreadable> {
    let headers = message.headers.as_ref().ok_or(Unreadable::Foreign)?;
    if headers.get(OMITTED).is_some() {
        return Err(Unreadable::Omitted);
    }
    read(sequence, headers, message.payload.clone()).ok_or(Unreadable::Foreign)
}

fn read(sequence: Position, headers: &HeaderMap, payload: Bytes) -> Option<Recorded> {
    let text = |name: &str| headers.get(name).map(|value| value.as_str());
    let number = |name: &str| text(name)?.parse::<i64>().ok();
    if number(POSITION)? != sequence || text(CONTENT_TYPE)? != PROTOBUF {
        return None;
    }
    Some(Recorded {
        position: sequence,
        stream: decode(text(STREAM)?)?,
        version: number(VERSION)?,
        kind: decode(text(TYPE)?)?,
        recorded_at: Timestamp::from_microsecond(number(RECORDED_AT)?).ok()?,
        metadata: Bytes::from(BASE64.decode(text(METADATA)?).ok()?),
        payload,
        hash: hex::decode(text(HASH)?).ok()?.try_into().ok()?,
    })
}

/// Percent-encodes what the CloudEvents bindings do not allow in a header.
fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if matches!(byte, b'!' | b'#' | b'$' | b'&'..=b'~') {
            encoded.push(char::from(byte));
        } else {
            write!(encoded, "%{byte:02X}").expect("a string takes everything");
        }
    }
    encoded
}

/// Undoes [`encode`].
fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = [rest.next()?, rest.next()?];
            bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_text_survives_a_header() {
        for text in ["dossier-000.00.12", "Xã Hải Hậu 100%\r\n\"", "", "~!#$&'"] {
            let encoded = encode(text);
            assert!(
                encoded.bytes().all(|byte| byte.is_ascii_graphic()),
                "{encoded}"
            );
            assert_eq!(decode(&encoded).as_deref(), Some(text));
        }
    }

    #[test]
    fn what_is_not_percent_encoding_is_no_text() {
        for text in ["%", "%4", "%zz", "%FF"] {
            assert_eq!(decode(text), None, "{text}");
        }
    }

    #[test]
    fn a_subject_comes_from_stream_and_type() {
        let event = Recorded {
            position: 1,
            stream: "dossier-000.00.12.H40-240415-0007".to_owned(),
            version: 1,
            kind: "chiso.dossiers.v1.DossierReceived".to_owned(),
            recorded_at: Timestamp::UNIX_EPOCH,
            metadata: Bytes::new(),
            payload: Bytes::new(),
            hash: [0; 32],
        };
        let expected = Subject {
            aggregate: "dossier".to_owned(),
            event: "DossierReceived".to_owned(),
            key: "000.00.12.H40-240415-0007".to_owned(),
        };
        assert_eq!(Subject::of(&event), expected);
    }
}
