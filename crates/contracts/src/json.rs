//! The proto3 JSON mapping of any contract, by the message's full name.

use std::sync::LazyLock;

use prost_reflect::prost::Message as _;
use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor};
use serde_json::Value;

use crate::FILE_DESCRIPTOR_SET;

/// Why a message has no JSON, or JSON is no message.
#[derive(Debug, thiserror::Error)]
pub enum JsonError {
    /// No contract has this name.
    #[error("{0} is not a message of these contracts; this program may be older than the event")]
    UnknownMessage(String),
    /// The bytes are not an encoding of the message.
    #[error("the bytes are not an encoded {name}")]
    Decode {
        /// Full name of the message.
        name: String,
        /// What the decoder says.
        #[source]
        source: prost::DecodeError,
    },
    /// The message cannot be said in JSON, or the JSON is not such a message.
    #[error("the JSON does not fit {name}")]
    Json {
        /// Full name of the message.
        name: String,
        /// What the mapping says.
        #[source]
        source: serde_json::Error,
    },
}

static POOL: LazyLock<DescriptorPool> = LazyLock::new(|| {
    DescriptorPool::decode(FILE_DESCRIPTOR_SET)
        .expect("the embedded descriptors were encoded by the test that compares them")
});

/// The descriptors of every contract.
pub fn descriptors() -> &'static DescriptorPool {
    &POOL
}

fn message(name: &str) -> Result<MessageDescriptor, JsonError> {
    POOL.get_message_by_name(name)
        .ok_or_else(|| JsonError::UnknownMessage(name.to_owned()))
}

/// The proto3 JSON of an encoded message: lowerCamelCase names, 64-bit integers as strings, fields
/// at their default left out, keys sorted.
///
/// # Errors
/// When no contract has the name, or the bytes are not such a message.
pub fn to_json(name: &str, encoded: &[u8]) -> Result<Value, JsonError> {
    let message =
        DynamicMessage::decode(message(name)?, encoded).map_err(|source| JsonError::Decode {
            name: name.to_owned(),
            source,
        })?;
    let mut value = serde_json::to_value(&message).map_err(|source| JsonError::Json {
        name: name.to_owned(),
        source,
    })?;
    // Maps of a message come in no order; the same message must always give the same text.
    value.sort_all_objects();
    Ok(value)
}

/// Encodes a message given as proto3 JSON. Unknown fields are refused: they are usually misspelt
/// ones.
///
/// # Errors
/// When no contract has the name, or the JSON is not such a message.
pub fn from_json(name: &str, value: &Value) -> Result<Vec<u8>, JsonError> {
    DynamicMessage::deserialize(message(name)?, value)
        .map(|message| message.encode_to_vec())
        .map_err(|source| JsonError::Json {
            name: name.to_owned(),
            source,
        })
}

#[cfg(test)]
mod tests {
    use prost::Message as _;
    use serde_json::json;

    use super::*;
    use crate::log::v1::{Cause, Metadata};

    fn metadata() -> Metadata {
        Metadata {
            event_id: "e-1".to_owned(),
            causation: Some(Cause {
                log: "dossiers".to_owned(),
                position: 1 << 60,
            }),
            occurred_at: Some(prost_types::Timestamp {
                seconds: 0,
                nanos: 500_000_000,
            }),
            ..Metadata::default()
        }
    }

    #[test]
    fn a_message_is_said_in_proto3_json_and_comes_back() {
        let encoded = metadata().encode_to_vec();
        let value = to_json("chiso.log.v1.Metadata", &encoded).unwrap();
        assert_eq!(
            value,
            json!({
                "eventId": "e-1",
                "causation": {"log": "dossiers", "position": "1152921504606846976"},
                "occurredAt": "1970-01-01T00:00:00.500Z",
            })
        );
        assert_eq!(from_json("chiso.log.v1.Metadata", &value).unwrap(), encoded);
    }

    #[test]
    fn every_message_of_every_contract_has_json() {
        for message in descriptors().all_messages().filter(|m| !m.is_map_entry()) {
            if message.full_name().starts_with("chiso.") {
                let value = to_json(message.full_name(), &[]).unwrap();
                assert_eq!(
                    from_json(message.full_name(), &value).unwrap(),
                    Vec::<u8>::new()
                );
            }
        }
    }

    #[test]
    fn unknown_names_damaged_bytes_and_misspelt_fields_are_refused() {
        assert!(matches!(
            to_json("chiso.Nothing", &[]),
            Err(JsonError::UnknownMessage(_))
        ));
        assert!(matches!(
            to_json("chiso.log.v1.Metadata", &[0xff]),
            Err(JsonError::Decode { .. })
        ));
        let misspelt = json!({"eventid": "e-1"});
        assert!(matches!(
            from_json("chiso.log.v1.Metadata", &misspelt),
            Err(JsonError::Json { .. })
        ));
    }
}
