//! The key that publications are signed with.

use std::path::Path;
use std::str::FromStr;

use ed25519_dalek::pkcs8::DecodePrivateKey as _;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};

/// Signs publications: an Ed25519 key.
#[derive(Clone)]
pub struct PublicationKey(SigningKey);

/// Why there is no key to sign with.
#[derive(Debug, thiserror::Error)]
pub enum NoKey {
    /// The file cannot be read.
    #[error("cannot read the key of publications in {file}")]
    File {
        /// Which file.
        file: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// It holds something else.
    #[error(
        "{file} holds no Ed25519 key in PKCS #8; make one with `openssl genpkey -algorithm ed25519`"
    )]
    Content {
        /// Which file.
        file: String,
    },
}

impl PublicationKey {
    /// The key that follows from 32 secret bytes.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// The key in a PEM file.
    ///
    /// # Errors
    /// When the file cannot be read or holds no Ed25519 key.
    pub fn from_file(path: &Path) -> Result<Self, NoKey> {
        let file = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|source| NoKey::File {
            file: file.clone(),
            source,
        })?;
        let key = SigningKey::from_pkcs8_pem(&text);
        key.map(Self).map_err(|_| NoKey::Content { file })
    }

    /// What signatures are checked with: 32 bytes.
    pub fn public(&self) -> [u8; 32] {
        self.0.verifying_key().to_bytes()
    }

    /// The signature of a document's canonical bytes: 64 bytes.
    pub fn sign(&self, bytes: &[u8]) -> [u8; 64] {
        self.0.sign(bytes).to_bytes()
    }
}

impl std::fmt::Debug for PublicationKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PublicationKey").finish_non_exhaustive()
    }
}

/// The key in the file of that name, as a setting says it.
impl FromStr for PublicationKey {
    type Err = NoKey;

    fn from_str(path: &str) -> Result<Self, NoKey> {
        Self::from_file(Path::new(path))
    }
}

/// Whether the holder of a public key signed these bytes.
pub fn is_signed(bytes: &[u8], signature: &[u8], public_key: &[u8]) -> bool {
    let key = public_key.try_into().ok().map(VerifyingKey::from_bytes);
    let signature = Signature::from_slice(signature);
    match (key, signature) {
        // Strict: one signature is valid for one key and one text only.
        (Some(Ok(key)), Ok(signature)) => key.verify_strict(bytes, &signature).is_ok(),
        _ => false,
    }
}
