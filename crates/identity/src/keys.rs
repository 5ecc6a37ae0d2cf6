//! The issuer's keys, as a JSON Web Key Set (RFC 7517) says them.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;

/// Most keys of a set that are looked at; issuers have two or three.
const KEYS_MAX: usize = 100;
/// Shortest modulus of an RSA key, in bytes: 2048 bits, as RFC 7518 §3.3 demands for RS256.
const RSA_MODULUS_MIN: usize = 256;

/// A set of keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// It is no set of keys.
    #[error("this is no JSON Web Key Set; give the document that the issuer names as jwks_uri")]
    Unreadable(#[source] serde_json::Error),
    /// It has none that could verify a token.
    #[error(
        "the key set has no key with a kid for EdDSA (Ed25519), ES256 or RS256 (2048 bits or \
         more); let the issuer publish one"
    )]
    NoneUsable,
}

/// Public keys by their ids.
#[derive(Debug, Clone, Default)]
pub struct Keys(BTreeMap<String, (Algorithm, DecodingKey)>);

#[derive(Deserialize)]
struct Set {
    keys: Vec<serde_json::Value>,
}

impl Keys {
    /// Reads a key set. Keys that cannot verify what we accept are left out: symmetric ones, those
    /// for encryption, those of other curves and those too short.
    ///
    /// # Errors
    /// When it is no key set, or no key is left.
    pub fn parse(json: &[u8]) -> Result<Self, KeysError> {
        let set: Set = serde_json::from_slice(json).map_err(KeysError::Unreadable)?;
        let usable = set.keys.into_iter().take(KEYS_MAX).filter_map(|key| {
            let key: Jwk = serde_json::from_value(key).ok()?;
            let algorithm = algorithm(&key)?;
            let id = key.common.key_id.clone()?;
            let key = DecodingKey::from_jwk(&key).ok()?;
            Some((id, (algorithm, key)))
        });
        let keys: BTreeMap<_, _> = usable.collect();
        match keys.is_empty() {
            true => Err(KeysError::NoneUsable),
            false => Ok(Self(keys)),
        }
    }

    /// The key with this id and the one algorithm that it is for: a token does not choose.
    pub(crate) fn get(&self, id: &str) -> Option<(Algorithm, &DecodingKey)> {
        self.0.get(id).map(|(algorithm, key)| (*algorithm, key))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The algorithm that a key is for; none when it is for none of ours.
fn algorithm(key: &Jwk) -> Option<Algorithm> {
    if !matches!(
        key.common.public_key_use,
        None | Some(PublicKeyUse::Signature)
    ) {
        return None;
    }
    let follows = match &key.algorithm {
        AlgorithmParameters::OctetKeyPair(pair) if pair.curve == EllipticCurve::Ed25519 => {
            Algorithm::EdDSA
        }
        AlgorithmParameters::EllipticCurve(curve) if curve.curve == EllipticCurve::P256 => {
            Algorithm::ES256
        }
        AlgorithmParameters::RSA(rsa) => {
            let modulus = URL_SAFE_NO_PAD.decode(&rsa.n).ok()?;
            let zeros = modulus.iter().take_while(|byte| **byte == 0).count();
            (modulus.len() - zeros >= RSA_MODULUS_MIN).then_some(Algorithm::RS256)?
        }
        _ => return None,
    };
    match key.common.key_algorithm {
        Some(stated) if stated != follows.into() => None,
        _ => Some(follows),
    }
}
