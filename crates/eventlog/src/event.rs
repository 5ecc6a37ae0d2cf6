//! What the log holds, and what is asked of it.

use contracts::log::v1 as pb;
use contracts::wire;
use jiff::Timestamp;
use prost::Message;
use prost::bytes::Bytes;
use uuid::Uuid;

/// A place in the log: 1, 2, 3, … without a gap, in commit order. 0 is before the first event.
pub type Position = i64;

/// A place in a stream: 1, 2, 3, … without a gap. 0 is before the first event.
pub type Version = i64;

/// A SHA-256 digest.
pub type Hash = [u8; 32];

/// The hash before the first event.
pub const ZERO_HASH: Hash = [0; 32];

/// Most events that one append may carry, and most streams and most receipts.
pub const MAX_APPEND_EVENTS: usize = 10_000;

/// Most bytes of metadata and payload that one append may carry.
pub const MAX_APPEND_BYTES: usize = 16 << 20;

/// Most bytes of metadata and payload in one event, so that a feed message always holds a whole
/// one.
pub const MAX_EVENT_BYTES: usize = 1 << 20;

/// Most bytes in the name of a stream; the index on it could not take more than 2,700.
pub const MAX_STREAM_BYTES: usize = 500;

/// One committed event with its envelope, exactly as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Place in the log.
    pub position: Position,
    /// The stream it belongs to, `<category>-<key>`.
    pub stream: String,
    /// Place in the stream.
    pub version: Version,
    /// Full name of the payload's protobuf message, e.g. `chiso.dossiers.v1.DossierReceived`.
    pub kind: String,
    /// When the log learned of it: to the microsecond, never decreasing with the position.
    pub recorded_at: Timestamp,
    /// An encoded [`pb::Metadata`].
    pub metadata: Bytes,
    /// The encoded message that `kind` names.
    pub payload: Bytes,
    /// The chain up to here; see [`crate::hash`].
    pub hash: Hash,
}

impl Recorded {
    /// Who caused it, when it happened in the world, and what it followed from.
    ///
    /// # Errors
    /// When the stored bytes are no [`pb::Metadata`], which means that the log is damaged.
    pub fn metadata(&self) -> Result<pb::Metadata, prost::DecodeError> {
        pb::Metadata::decode(self.metadata.clone())
    }

    /// When it happened in the world; [`recorded_at`](Self::recorded_at) when its metadata does not
    /// say.
    pub fn occurred_at(&self) -> Timestamp {
        self.metadata()
            .ok()
            .and_then(|metadata| metadata.occurred_at)
            .and_then(|at| wire::instant(&at))
            .unwrap_or(self.recorded_at)
    }
}

impl From<Recorded> for pb::Event {
    fn from(event: Recorded) -> Self {
        Self {
            position: event.position,
            stream: event.stream,
            version: event.version,
            r#type: event.kind,
            recorded_at: Some(wire::timestamp(event.recorded_at)),
            metadata: event.metadata,
            payload: event.payload,
            hash: Bytes::copy_from_slice(&event.hash),
        }
    }
}

/// An event from a feed that breaks the contract.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the event at position {position} has no valid {field}; the feed's server breaks the contract"
)]
pub struct InvalidEvent {
    /// Where.
    pub position: Position,
    /// Which field.
    pub field: &'static str,
}

impl TryFrom<pb::Event> for Recorded {
    type Error = InvalidEvent;

    fn try_from(event: pb::Event) -> Result<Self, InvalidEvent> {
        let invalid = |field| InvalidEvent {
            position: event.position,
            field,
        };
        if event.position < 1 {
            return Err(invalid("position"));
        }
        if event.version < 1 {
            return Err(invalid("version"));
        }
        let recorded_at = event.recorded_at.as_ref().and_then(wire::instant);
        Ok(Self {
            recorded_at: recorded_at.ok_or_else(|| invalid("recorded_at"))?,
            hash: event
                .hash
                .as_ref()
                .try_into()
                .map_err(|_| invalid("hash"))?,
            position: event.position,
            stream: event.stream,
            version: event.version,
            kind: event.r#type,
            metadata: event.metadata,
            payload: event.payload,
        })
    }
}

/// An event to append. The log adds position, version, `recorded_at` and hash, and nothing else.
#[derive(Debug, Clone, PartialEq)]
pub struct NewEvent {
    /// Full name of the payload's protobuf message.
    pub kind: &'static str,
    /// The encoded message.
    pub payload: Bytes,
    /// Who caused it, when, and from what it follows.
    pub metadata: pb::Metadata,
}

/// What an append expects of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// Nothing: whatever is there.
    Any,
    /// That it has no events yet.
    NoStream,
    /// That its newest event has this version; 0 says the same as [`NoStream`](Self::NoStream).
    Version(Version),
}

/// Events for one stream.
#[derive(Debug, Clone, PartialEq)]
pub struct StreamAppend {
    /// Name of the stream: 1 to [`MAX_STREAM_BYTES`] bytes without a zero byte.
    pub stream: String,
    /// What must hold for the append to be made.
    pub expected: Expected,
    /// The events, in order. None makes this a mere check of `expected`.
    pub events: Vec<NewEvent>,
}

/// The answer to a command, to be stored with the command's events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewReceipt {
    /// The caller's id of the command.
    pub request_id: Uuid,
    /// The command's name.
    pub method: String,
    /// Digest of the command's content.
    pub request_hash: Hash,
    /// The encoded answer.
    pub response: Bytes,
}

/// The stored answer to a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The caller's id of the command.
    pub request_id: Uuid,
    /// The command's name.
    pub method: String,
    /// Digest of the command's content.
    pub request_hash: Hash,
    /// The encoded answer.
    pub response: Bytes,
    /// Position of the command's first event; the head's when it made none.
    pub first: Position,
    /// Position of the command's last event; the head's when it made none.
    pub last: Position,
    /// When it was stored.
    pub recorded_at: Timestamp,
}

/// All of it is committed, or none.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Append {
    /// Events by stream. A stream may come more than once; each time it is judged after the one
    /// before.
    pub streams: Vec<StreamAppend>,
    /// Receipts to store with them.
    pub receipts: Vec<NewReceipt>,
}

/// Where an append landed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appended {
    /// Position of its first event; the head's when it has none.
    pub first: Position,
    /// Position of its last event; the head's when it has none.
    pub last: Position,
    /// The newest version of each stream after it, in the order of [`Append::streams`].
    pub versions: Vec<Version>,
}

/// The end of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Position of the newest event; 0 when there is none.
    pub position: Position,
    /// Its hash; all zero when there is none.
    pub hash: Hash,
}
