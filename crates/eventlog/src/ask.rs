//! An append as it waits for its turn: checked, encoded and digested in the caller's task, so that
//! the appender, which everybody shares, only has to order and chain.

use std::collections::BTreeSet;

use prost::Message;
use prost::bytes::Bytes;

use crate::error::{AppendError, check_append, check_event_bytes, check_stream};
use crate::event::{Append, Expected, Hash, NewEvent, NewReceipt, StreamAppend};
use crate::hash::digest;

/// A checked and encoded [`Append`].
#[derive(Debug)]
pub(crate) struct Ask {
    pub(crate) streams: Vec<AskStream>,
    pub(crate) receipts: Vec<NewReceipt>,
    /// How many events it has.
    pub(crate) events: usize,
    /// How many events, streams or receipts it has, whichever there are most of: the rows that it
    /// costs to judge.
    pub(crate) rows: usize,
    /// How many bytes it will store, envelopes left out.
    pub(crate) bytes: usize,
}

/// Events for one stream.
#[derive(Debug)]
pub(crate) struct AskStream {
    pub(crate) stream: String,
    pub(crate) expected: Expected,
    pub(crate) events: Vec<AskEvent>,
}

/// An encoded event.
#[derive(Debug)]
pub(crate) struct AskEvent {
    pub(crate) kind: &'static str,
    pub(crate) metadata: Vec<u8>,
    pub(crate) payload: Bytes,
    pub(crate) metadata_digest: Hash,
    pub(crate) payload_digest: Hash,
}

impl Ask {
    /// Checks an append against all that can be known without the log.
    ///
    /// # Errors
    /// `TooLarge` and `Invalid`.
    pub(crate) fn new(append: Append) -> Result<Self, AppendError> {
        let events = append
            .streams
            .iter()
            .map(|stream| stream.events.len())
            .sum();
        let bytes = append
            .streams
            .iter()
            .flat_map(|stream| &stream.events)
            .map(size)
            .sum::<usize>()
            + append
                .receipts
                .iter()
                .map(|receipt| receipt.response.len())
                .sum::<usize>();
        check_append(&append, events, bytes)?;
        check_receipts(&append.receipts)?;
        let streams = append
            .streams
            .into_iter()
            .map(AskStream::new)
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            rows: events.max(streams.len()).max(append.receipts.len()),
            streams,
            receipts: append.receipts,
            events,
            bytes,
        })
    }
}

impl AskStream {
    fn new(append: StreamAppend) -> Result<Self, AppendError> {
        check_stream(&append.stream)?;
        if let Expected::Version(..0) = append.expected {
            let why = "must not be negative";
            return Err(AppendError::Invalid {
                subject: "expected_version".into(),
                why,
            });
        }
        let events = append
            .events
            .into_iter()
            .map(AskEvent::new)
            .collect::<Result<_, _>>()?;
        Ok(Self {
            stream: append.stream,
            expected: append.expected,
            events,
        })
    }
}

impl AskEvent {
    fn new(event: NewEvent) -> Result<Self, AppendError> {
        if event.kind.is_empty() || event.kind.contains('\0') {
            let why = "must be the full name of a message";
            return Err(AppendError::Invalid {
                subject: "kind".into(),
                why,
            });
        }
        check_event_bytes(size(&event))?;
        let metadata = event.metadata.encode_to_vec();
        Ok(Self {
            kind: event.kind,
            metadata_digest: digest(&metadata),
            payload_digest: digest(&event.payload),
            metadata,
            payload: event.payload,
        })
    }
}

fn size(event: &NewEvent) -> usize {
    event.metadata.encoded_len() + event.payload.len()
}

fn check_receipts(receipts: &[NewReceipt]) -> Result<(), AppendError> {
    let mut ids = BTreeSet::new();
    for receipt in receipts {
        if receipt.method.contains('\0') {
            let why = "has a zero byte; remove it";
            return Err(AppendError::Invalid {
                subject: "method".into(),
                why,
            });
        }
        if !ids.insert(receipt.request_id) {
            let why = "comes twice in one append; give every command its own";
            return Err(AppendError::Invalid {
                subject: "request_id".into(),
                why,
            });
        }
    }
    Ok(())
}
