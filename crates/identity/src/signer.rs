//! A key that signs tokens: an issuer's stand-in for development and tests.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::Timestamp;
use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::Caller;

/// Who issues what a development key signs; the name says what such tokens are worth.
pub const DEVELOPMENT_ISSUER: &str = "chiso-development";

/// A key cannot be had from a file.
#[derive(Debug, thiserror::Error)]
pub enum SignerError {
    /// The file cannot be read, or none can be made.
    #[error("the key cannot be read or made")]
    File(#[source] std::io::Error),
    /// The file holds something else.
    #[error(transparent)]
    NoKey(#[from] NoKey),
}

/// A key cannot sign.
#[derive(Debug, thiserror::Error)]
#[error("this is no Ed25519 key in PKCS #8; make one with `openssl genpkey -algorithm ed25519`")]
pub struct NoKey(#[source] jsonwebtoken::errors::Error);

/// Signs tokens with an Ed25519 key.
#[derive(Clone)]
pub struct Signer {
    key: EncodingKey,
    public: Jwk,
    key_id: String,
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Signer").field(&self.key_id).finish()
    }
}

/// What a token says beside who it is for.
#[derive(Debug, Clone, Copy)]
pub struct Terms<'a> {
    /// Who issues it.
    pub issuer: &'a str,
    /// Whom it is meant for.
    pub audience: &'a str,
    /// From when it counts.
    pub from: Timestamp,
    /// When it ends.
    pub until: Timestamp,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    aud: &'a str,
    sub: &'a str,
    client_id: &'a str,
    iat: i64,
    nbf: i64,
    exp: i64,
    roles: Vec<&'a str>,
    units: Vec<&'a str>,
}

/// What precedes the seed of an Ed25519 key in PKCS #8 (RFC 8410 §7).
const PKCS8_PREFIX: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];

/// The key that follows from a secret seed, as a PEM file.
pub fn key_pem(seed: [u8; 32]) -> String {
    let der = [&PKCS8_PREFIX[..], &seed].concat();
    let body = STANDARD.encode(der);
    format!("-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n")
}

impl Signer {
    /// A signer with the key of a PEM file.
    ///
    /// # Errors
    /// When it holds no Ed25519 key.
    pub fn from_pem(pem: &[u8]) -> Result<Self, NoKey> {
        let key = EncodingKey::from_ed_pem(pem).map_err(NoKey)?;
        let mut public = Jwk::from_encoding_key(&key, Algorithm::EdDSA).map_err(NoKey)?;
        // The id follows from the key, so that two keys never share one.
        let encoded = serde_json::to_vec(&public.algorithm).unwrap_or_default();
        let key_id = URL_SAFE_NO_PAD.encode(&Sha256::digest(encoded)[..12]);
        public.common.key_id = Some(key_id.clone());
        Ok(Self {
            key,
            public,
            key_id,
        })
    }

    /// A signer with the key of a PEM file, which is made, for its owner's eyes only, when there is
    /// none; and whether it was.
    ///
    /// # Errors
    /// When the file cannot be read or made, or holds no Ed25519 key.
    pub fn kept_in(file: &Path) -> Result<(Self, bool), SignerError> {
        let (pem, made) = match std::fs::read(file) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                (new_key(file).map_err(SignerError::File)?, true)
            }
            read => (read.map_err(SignerError::File)?, false),
        };
        Ok((Self::from_pem(&pem)?, made))
    }

    /// The public key, as the key set that verifiers read.
    pub fn key_set(&self) -> String {
        let set = JwkSet {
            keys: vec![self.public.clone()],
        };
        serde_json::to_string(&set).expect("a key set is plain JSON")
    }

    /// A token of `caller`.
    pub fn token(&self, caller: &Caller, terms: Terms<'_>) -> String {
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(self.key_id.clone());
        let claims = Claims {
            iss: terms.issuer,
            aud: terms.audience,
            sub: &caller.subject,
            client_id: &caller.client,
            iat: terms.from.as_second(),
            nbf: terms.from.as_second(),
            exp: terms.until.as_second(),
            roles: caller.roles.iter().map(|role| role.as_str()).collect(),
            units: caller.units.iter().map(|unit| unit.as_str()).collect(),
        };
        jsonwebtoken::encode(&header, &claims, &self.key).expect("an Ed25519 key signs everything")
    }
}

/// Draws a key and writes it.
fn new_key(file: &Path) -> std::io::Result<Vec<u8>> {
    let mut seed = [0; 32];
    File::open("/dev/urandom")?.read_exact(&mut seed)?;
    let pem = key_pem(seed);
    let mut options = OpenOptions::new();
    let mut key = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(file)?;
    key.write_all(pem.as_bytes())?;
    Ok(pem.into_bytes())
}
