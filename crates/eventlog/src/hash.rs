//! The hash chain: each event's hash covers the event before it, so nothing can be altered, removed
//! or inserted without every later hash changing.
//!
//! `hash = SHA-256(previous ‖ position ‖ stream ‖ version ‖ kind ‖ recorded_at ‖ metadata ‖
//! payload)`, over the bytes as stored, where
//!
//! | part | bytes |
//! |---|---|
//! | previous | 32: the hash of the event at `position - 1`; 32 zero bytes before the first |
//! | position | 8: unsigned, big-endian |
//! | stream | 4 (its length in bytes, unsigned, big-endian), then its UTF-8 bytes |
//! | version | 8: unsigned, big-endian |
//! | kind | 4 (its length in bytes, unsigned, big-endian), then its UTF-8 bytes |
//! | recorded_at | 8: microseconds since 1970-01-01T00:00:00Z, signed, big-endian |
//! | metadata | 32: SHA-256 of the encoded metadata |
//! | payload | 32: SHA-256 of the encoded payload |

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::event::{Hash, Position, Recorded, Version};

/// SHA-256 of some bytes.
pub fn digest(bytes: &[u8]) -> Hash {
    Sha256::digest(bytes).into()
}

/// What the chain covers of one event, with metadata and payload already digested.
#[derive(Debug, Clone, Copy)]
pub struct Link<'a> {
    /// Place in the log.
    pub position: Position,
    /// The stream.
    pub stream: &'a str,
    /// Place in the stream.
    pub version: Version,
    /// Name of the payload's message.
    pub kind: &'a str,
    /// When the log learned of it; whole microseconds count.
    pub recorded_at: Timestamp,
    /// [`digest`] of the encoded metadata.
    pub metadata: &'a Hash,
    /// [`digest`] of the encoded payload.
    pub payload: &'a Hash,
}

impl Link<'_> {
    /// The event's hash after `previous`.
    pub fn hash(&self, previous: &Hash) -> Hash {
        let mut chain = Sha256::new();
        chain.update(previous);
        chain.update(self.position.to_be_bytes());
        text(&mut chain, self.stream);
        chain.update(self.version.to_be_bytes());
        text(&mut chain, self.kind);
        chain.update(self.recorded_at.as_microsecond().to_be_bytes());
        chain.update(self.metadata);
        chain.update(self.payload);
        chain.finalize().into()
    }
}

/// Without the length, `("ab", "c")` and `("a", "bc")` would read the same.
fn text(chain: &mut Sha256, text: &str) {
    let length = u32::try_from(text.len()).expect("names are shorter than 4 GiB");
    chain.update(length.to_be_bytes());
    chain.update(text.as_bytes());
}

/// The hash that a stored event must have after `previous`, were it at `position`.
pub(crate) fn of_recorded(event: &Recorded, position: Position, previous: &Hash) -> Hash {
    let (metadata, payload) = (digest(&event.metadata), digest(&event.payload));
    Link {
        position,
        stream: &event.stream,
        version: event.version,
        kind: &event.kind,
        recorded_at: event.recorded_at,
        metadata: &metadata,
        payload: &payload,
    }
    .hash(previous)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link<'a>(metadata: &'a Hash, payload: &'a Hash) -> Link<'a> {
        Link {
            position: 7,
            stream: "dossier-000.00.12.H40-240415-0007",
            version: 2,
            kind: "chiso.dossiers.v1.DossierReceived",
            recorded_at: "2024-04-15T08:30:00.123456Z".parse().unwrap(),
            metadata,
            payload,
        }
    }

    /// The documented layout, written out by hand. If this fails, no log made so far would verify
    /// any more: undo the change.
    #[test]
    fn the_layout_is_the_documented_one() {
        let (metadata, payload) = (digest(b"metadata"), digest(b"payload"));
        let mut bytes = vec![0xAB; 32];
        bytes.extend([0, 0, 0, 0, 0, 0, 0, 7]);
        bytes.extend([0, 0, 0, 33]);
        bytes.extend(b"dossier-000.00.12.H40-240415-0007");
        bytes.extend([0, 0, 0, 0, 0, 0, 0, 2]);
        bytes.extend([0, 0, 0, 33]);
        bytes.extend(b"chiso.dossiers.v1.DossierReceived");
        bytes.extend(1_713_169_800_123_456_i64.to_be_bytes());
        bytes.extend(metadata);
        bytes.extend(payload);

        let hash = link(&metadata, &payload).hash(&[0xAB; 32]);
        assert_eq!(hash, digest(&bytes));
        assert_eq!(
            hex::encode(hash),
            "930734a2177f1fbe75f49456f2374101873543885dccde63016cf1697638d9c4"
        );
    }

    #[test]
    fn every_part_counts() {
        let (metadata, payload) = (digest(b"metadata"), digest(b"payload"));
        let whole = link(&metadata, &payload);
        let hash = whole.hash(&[0; 32]);
        let at = whole.recorded_at + jiff::SignedDuration::from_micros(1);
        for other in [
            Link {
                position: 8,
                ..whole
            },
            Link {
                stream: "dossier-000.00.12.H40-240415-0008",
                ..whole
            },
            Link {
                version: 3,
                ..whole
            },
            Link {
                kind: "chiso.dossiers.v1.DossierRefused",
                ..whole
            },
            Link {
                recorded_at: at,
                ..whole
            },
            Link {
                metadata: &payload,
                ..whole
            },
            Link {
                payload: &metadata,
                ..whole
            },
        ] {
            assert_ne!(other.hash(&[0; 32]), hash, "{other:?}");
        }
        assert_ne!(whole.hash(&[1; 32]), hash);
    }
}
