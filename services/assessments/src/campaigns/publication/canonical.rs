//! The bytes that are signed, and the file that carries them.

use contracts::assessments::v1 as pb;
use contracts::json::{from_json, to_json};
use prost::Message as _;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::is_signed;

/// What a document says its format is.
pub const FORMAT: &str = "chiso-publication-1";

const RESULT: &str = "chiso.assessments.v1.PublishedResult";

/// A published document with its seal.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// What is published.
    pub result: pb::PublishedResult,
    /// The bytes that are signed.
    pub canonical: Vec<u8>,
    /// Ed25519 signature of them.
    pub signature: Vec<u8>,
    /// The key that the document names; whether to trust it is for the reader to know.
    pub public_key: Vec<u8>,
}

/// Why a file is no published document.
#[derive(Debug, thiserror::Error)]
#[error("this is no published document: {0}; get one with `chiso publication get`")]
pub struct NotADocument(String);

/// The bytes that are signed: the result's proto3 JSON by RFC 8785.
pub fn canonical(result: &pb::PublishedResult) -> Vec<u8> {
    let value = to_json(RESULT, &result.encode_to_vec());
    bytes(&value.expect("the contracts know their own message"))
}

/// Keys are sorted and ASCII, and numbers are whole, so compact JSON is what RFC 8785 asks for.
fn bytes(value: &Value) -> Vec<u8> {
    let mut value = value.clone();
    value.sort_all_objects();
    value.to_string().into_bytes()
}

impl Document {
    /// A document with its seal.
    pub fn new(result: pb::PublishedResult, signature: &[u8], public_key: &[u8]) -> Self {
        Self {
            canonical: canonical(&result),
            result,
            signature: signature.to_vec(),
            public_key: public_key.to_vec(),
        }
    }

    /// As a file: JSON for people, with the result, its digest, its signature and the key.
    pub fn to_file(&self) -> String {
        let result: Value =
            serde_json::from_slice(&self.canonical).expect("canonical bytes are JSON");
        let file = json!({
            "publicKey": hex::encode(&self.public_key),
            "result": result,
            "sha256": hex::encode(self.sha256()),
            "signature": hex::encode(&self.signature),
        });
        format!("{file:#}\n")
    }

    /// Reads such a file. What is signed are the bytes of its result as it stands there.
    ///
    /// # Errors
    /// When it is no such file.
    pub fn from_file(text: &str) -> Result<Self, NotADocument> {
        let wrong = |why: String| NotADocument(why);
        let file: Value = serde_json::from_str(text).map_err(|error| wrong(error.to_string()))?;
        let part = |name: &str| {
            let text = file[name].as_str().unwrap_or_default();
            match hex::decode(text) {
                Ok(bytes) if !bytes.is_empty() => Ok(bytes),
                _ => Err(wrong(format!("{name:?} is not in hexadecimal digits"))),
            }
        };
        let result = file.get("result");
        let result = result.ok_or_else(|| wrong("it has no \"result\"".to_owned()))?;
        let encoded = from_json(RESULT, result).map_err(|error| wrong(error.to_string()))?;
        let read = pb::PublishedResult::decode(encoded.as_slice())
            .map_err(|error| wrong(error.to_string()))?;
        if read.format != FORMAT {
            return Err(wrong(format!(
                "its format is {:?}, not {FORMAT}",
                read.format
            )));
        }
        Ok(Self {
            result: read,
            canonical: bytes(result),
            signature: part("signature")?,
            public_key: part("publicKey")?,
        })
    }

    /// SHA-256 of the bytes that are signed.
    pub fn sha256(&self) -> [u8; 32] {
        Sha256::digest(&self.canonical).into()
    }

    /// Whether the holder of a public key signed it.
    pub fn is_signed_by(&self, public_key: &[u8]) -> bool {
        is_signed(&self.canonical, &self.signature, public_key)
    }
}
