//! Applicants: an identity comes in as clear text and becomes a keyed hash at once.

use std::fmt;
use std::str::FromStr;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Fewest bytes of a key: the length of the digest, below which HMAC-SHA-256 loses strength.
const KEY_BYTES_MIN: usize = 32;

/// The secret with which applicants' identities are hashed. Whoever loses it cannot recognise an
/// applicant any more; whoever leaks it lets identities be guessed.
#[derive(Clone)]
pub struct ApplicantKey(Hmac<Sha256>);

/// The key is too short.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the applicant key has {0} bytes and needs at least 32; draw one with: openssl rand -hex 32"
)]
pub struct KeyTooShort(usize);

impl FromStr for ApplicantKey {
    type Err = KeyTooShort;

    fn from_str(text: &str) -> Result<Self, KeyTooShort> {
        if text.len() < KEY_BYTES_MIN {
            return Err(KeyTooShort(text.len()));
        }
        let mac = Hmac::new_from_slice(text.as_bytes()).expect("HMAC takes keys of any length");
        Ok(Self(mac))
    }
}

impl fmt::Debug for ApplicantKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApplicantKey(***)")
    }
}

impl ApplicantKey {
    /// HMAC-SHA-256 of the identity without the blanks around it; none when nothing is left.
    pub fn hash(&self, identity: &str) -> Option<[u8; 32]> {
        let identity = identity.trim();
        if identity.is_empty() {
            return None;
        }
        let mut mac = self.0.clone();
        mac.update(identity.as_bytes());
        Some(mac.finalize().into_bytes().into())
    }

    /// Replaces a clear identity in a request by its hash in hexadecimal, so that nothing made of
    /// the request afterwards, such as the hash in its receipt, lets the identity be guessed.
    pub(crate) fn conceal(&self, identity: &mut String) -> Option<[u8; 32]> {
        let hash = self.hash(identity);
        *identity = hash.map(hex::encode).unwrap_or_default();
        hash
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "0123456789abcdef0123456789abcdef";

    #[test]
    fn the_same_person_gives_the_same_hash_and_another_key_another_one() {
        let key: ApplicantKey = KEY.parse().unwrap();
        let other: ApplicantKey = KEY.replace('0', "1").parse().unwrap();
        assert_eq!(key.hash("036099001234"), key.hash(" 036099001234 "));
        assert_ne!(key.hash("036099001234"), key.hash("036099001235"));
        assert_ne!(key.hash("036099001234"), other.hash("036099001234"));
    }

    #[test]
    fn the_key_is_never_printed_and_never_short() {
        let key: ApplicantKey = KEY.parse().unwrap();
        assert_eq!(format!("{key:?}"), "ApplicantKey(***)");
        assert_eq!("short".parse::<ApplicantKey>().unwrap_err(), KeyTooShort(5));
    }

    #[test]
    fn an_unknown_applicant_has_no_hash() {
        let key: ApplicantKey = KEY.parse().unwrap();
        let mut identity = "  ".to_owned();
        assert_eq!(key.conceal(&mut identity), None);
        assert_eq!(identity, "");
    }
}
