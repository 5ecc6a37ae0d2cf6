//! The secret behind tokens, marks and sealed ballots.

use std::fmt;
use std::str::FromStr;

use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use contracts::assessments::v1 as pb;
use hmac::{Hmac, Mac};
use prost::Message as _;
use rand::Rng as _;
use sha2::Sha256;
use survey::{Ballot, Code};
use uuid::Uuid;

use super::wire;

/// Fewest bytes of a key: the length of the digest, below which HMAC-SHA-256 loses strength.
const KEY_BYTES_MIN: usize = 32;
/// Letters and digits that nobody mistakes for each other.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// A token: the number of the cell, chance, and a digest that only the key makes. 32 letters and digits.
const TOKEN_BYTES: usize = CELL_BYTES + CHANCE_BYTES + DIGEST_BYTES;
const CELL_BYTES: usize = 2;
const CHANCE_BYTES: usize = 9;
/// 72 bits: at a million guesses a second one in 150 million years would be right, and every guess is a call.
const DIGEST_BYTES: usize = 9;
const TOKEN_CHARS: usize = TOKEN_BYTES * 8 / 5;
/// Letters between hyphens.
const TOKEN_PART: usize = 8;
const NONCE_BYTES: usize = 24;
/// Sealed texts are so long or a multiple of it, as their length would tell what a ballot adds.
const PADDING: usize = 4_096;
/// Bytes before the padded ballots: how many bytes they have.
const LENGTH_BYTES: usize = 4;

/// The secret of the ballot boxes, the same on every replica and until every wave is counted. Whoever loses it loses the
/// ballots that are not out of the boxes; whoever leaks it lets tokens be forged.
#[derive(Clone)]
pub struct BallotKey {
    chances: Hmac<Sha256>,
    digests: Hmac<Sha256>,
    spent: Hmac<Sha256>,
    imported: Hmac<Sha256>,
    seals: XChaCha20Poly1305,
}

/// The key is too short.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the ballot key has {0} bytes and needs at least 32; draw one with: openssl rand -hex 32")]
pub struct BallotKeyTooShort(usize);

impl FromStr for BallotKey {
    type Err = BallotKeyTooShort;

    fn from_str(text: &str) -> Result<Self, BallotKeyTooShort> {
        if text.len() < KEY_BYTES_MIN {
            return Err(BallotKeyTooShort(text.len()));
        }
        // Each use has a key of its own, so that nothing made for one says anything about another.
        let secret = keyed(text.as_bytes());
        let derived = |what: &str| digest(&secret, &[b"chiso surveys", what.as_bytes()]);
        Ok(Self {
            chances: keyed(&derived("chances")),
            digests: keyed(&derived("digests")),
            spent: keyed(&derived("spent")),
            imported: keyed(&derived("imported")),
            seals: XChaCha20Poly1305::new(&derived("seals").into()),
        })
    }
}

impl fmt::Debug for BallotKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BallotKey(***)")
    }
}

/// A token of a wave that the key made.
pub(crate) struct Token {
    /// Number of its unit and group within the wave.
    pub(crate) cell: u16,
    bytes: [u8; TOKEN_BYTES],
}

/// A sealed text that the key cannot open: another key made it, or somebody changed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the waiting ballots cannot be opened; give the service the ballot key that it had, or restore the database"
)]
pub(crate) struct Unsealable;

impl BallotKey {
    /// Tokens that follow from a request: the same request gives the same ones.
    pub(crate) fn tokens(&self, wave: &Code, cell: u16, request: Uuid, count: u32) -> Vec<String> {
        (0..count)
            .map(|number| {
                let mut bytes = [0; TOKEN_BYTES];
                let (head, end) = bytes.split_at_mut(CELL_BYTES + CHANCE_BYTES);
                head[..CELL_BYTES].copy_from_slice(&cell.to_be_bytes());
                let chance = digest(
                    &self.chances,
                    &[
                        wave.as_str().as_bytes(),
                        &cell.to_be_bytes(),
                        request.as_bytes(),
                        &number.to_be_bytes(),
                    ],
                );
                head[CELL_BYTES..].copy_from_slice(&chance[..CHANCE_BYTES]);
                let full = digest(&self.digests, &[wave.as_str().as_bytes(), head]);
                end.copy_from_slice(&full[..DIGEST_BYTES]);
                written(&bytes)
            })
            .collect()
    }

    /// A token as somebody wrote it; none when the key did not make it for this wave.
    pub(crate) fn token(&self, wave: &Code, text: &str) -> Option<Token> {
        let bytes = read(text)?;
        let (head, end) = bytes.split_at(CELL_BYTES + CHANCE_BYTES);
        let mut mac = self.digests.clone();
        feed(&mut mac, &[wave.as_str().as_bytes(), head]);
        mac.verify_truncated_left(end).ok()?;
        let cell = u16::from_be_bytes([head[0], head[1]]);
        Some(Token { cell, bytes })
    }

    /// What remains of a token that was used.
    pub(crate) fn spent(&self, wave: &Code, token: &Token) -> [u8; 32] {
        digest(&self.spent, &[wave.as_str().as_bytes(), &token.bytes])
    }

    /// What remains of a row that was imported.
    pub(crate) fn imported(&self, wave: &Code, source: &str, row: &str) -> [u8; 32] {
        let parts = [wave.as_str(), source, row].map(str::as_bytes);
        digest(&self.imported, &parts)
    }

    /// Waiting ballots as they are stored: nobody without the key reads them, and neither their order nor the length says
    /// which came last.
    pub(crate) fn seal(&self, wave: &Code, cell: i32, pool: &mut [Ballot]) -> Vec<u8> {
        pool.sort();
        let mut text = vec![0; LENGTH_BYTES];
        for ballot in &*pool {
            let ballot = wire::events::ballot(ballot);
            ballot
                .encode_length_delimited(&mut text)
                .expect("a vector grows as needed");
        }
        let length = u32::try_from(text.len() - LENGTH_BYTES).expect("a pool is far below 4 GiB");
        text[..LENGTH_BYTES].copy_from_slice(&length.to_be_bytes());
        text.resize(text.len().next_multiple_of(PADDING), 0);
        let mut nonce = [0; NONCE_BYTES];
        rand::rng().fill_bytes(&mut nonce);
        let payload = Payload {
            msg: &text,
            aad: &place(wave, cell),
        };
        let sealed = self.seals.encrypt(&XNonce::from(nonce), payload);
        let sealed = sealed.expect("a pool is far below what the cipher takes");
        [nonce.as_slice(), &sealed].concat()
    }

    /// Waiting ballots; none of a text that is empty.
    pub(crate) fn open(
        &self,
        wave: &Code,
        cell: i32,
        sealed: &[u8],
    ) -> Result<Vec<Ballot>, Unsealable> {
        if sealed.is_empty() {
            return Ok(vec![]);
        }
        let (nonce, sealed) = sealed
            .split_first_chunk::<NONCE_BYTES>()
            .ok_or(Unsealable)?;
        let payload = Payload {
            msg: sealed,
            aad: &place(wave, cell),
        };
        let text = self
            .seals
            .decrypt(&XNonce::from(*nonce), payload)
            .map_err(|_| Unsealable)?;
        let (length, text) = text.split_first_chunk::<LENGTH_BYTES>().ok_or(Unsealable)?;
        let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| Unsealable)?;
        let mut text = text.get(..length).ok_or(Unsealable)?;
        let mut pool = Vec::new();
        while !text.is_empty() {
            let ballot = pb::SurveyBallot::decode_length_delimited(&mut text);
            let ballot = ballot.map_err(|_| Unsealable)?;
            pool.push(wire::events::read_ballot(ballot).map_err(|_| Unsealable)?);
        }
        Ok(pool)
    }
}

fn keyed(key: &[u8]) -> Hmac<Sha256> {
    <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(key).expect("HMAC takes keys of any length")
}

/// Feeds parts so that no two lists of parts are the same text.
fn feed(mac: &mut Hmac<Sha256>, parts: &[&[u8]]) {
    for part in parts {
        mac.update(&part.len().to_be_bytes());
        mac.update(part);
    }
}

fn digest(key: &Hmac<Sha256>, parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = key.clone();
    feed(&mut mac, parts);
    mac.finalize().into_bytes().into()
}

/// Where a sealed text belongs; it opens nowhere else.
fn place(wave: &Code, cell: i32) -> Vec<u8> {
    format!("{cell} {wave}").into_bytes()
}

fn written(bytes: &[u8; TOKEN_BYTES]) -> String {
    let mut text = String::with_capacity(TOKEN_CHARS + TOKEN_CHARS / TOKEN_PART);
    let (mut bits, mut count) = (0_u32, 0);
    for byte in bytes {
        bits = bits << 8 | u32::from(*byte);
        count += 8;
        while count >= 5 {
            count -= 5;
            if text.len() % (TOKEN_PART + 1) == TOKEN_PART {
                text.push('-');
            }
            text.push(char::from(ALPHABET[(bits >> count & 31) as usize]));
        }
    }
    text
}

fn read(text: &str) -> Option<[u8; TOKEN_BYTES]> {
    let mut bytes = [0; TOKEN_BYTES];
    let (mut bits, mut count, mut at, mut chars) = (0_u32, 0, 0, 0);
    for char in text
        .chars()
        .filter(|char| *char != '-' && !char.is_whitespace())
    {
        let upper = match char.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        };
        let value = ALPHABET
            .iter()
            .position(|letter| char::from(*letter) == upper)?;
        bits = bits << 5 | u32::try_from(value).ok()?;
        count += 5;
        chars += 1;
        if count >= 8 {
            count -= 8;
            *bytes.get_mut(at)? = (bits >> count & 255) as u8;
            at += 1;
        }
    }
    (chars == TOKEN_CHARS).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "0123456789abcdef0123456789abcdef";

    fn code(text: &str) -> Code {
        text.parse().unwrap()
    }

    fn ballot(grade: &str) -> Ballot {
        Ballot::from_iter([(code("grade"), survey::Answer::Choice(code(grade)))])
    }

    #[test]
    fn a_token_says_its_cell_to_whoever_has_the_key_and_to_nobody_else() {
        let key: BallotKey = KEY.parse().unwrap();
        let other: BallotKey = KEY.replace('0', "1").parse().unwrap();
        let wave = code("w1");
        let tokens = key.tokens(&wave, 513, Uuid::from_u128(7), 100);
        for token in &tokens {
            assert_eq!(token.len(), 35, "{token}");
            assert_eq!(key.token(&wave, token).unwrap().cell, 513);
            let sloppy = token.to_lowercase().replace('-', " ").replace('0', "o");
            assert_eq!(key.token(&wave, &sloppy).unwrap().cell, 513);
            assert!(key.token(&code("w2"), token).is_none());
            assert!(other.token(&wave, token).is_none());
        }
        let different: std::collections::BTreeSet<_> = tokens.iter().collect();
        assert_eq!(different.len(), 100);
        assert_eq!(tokens, key.tokens(&wave, 513, Uuid::from_u128(7), 100));
        assert_ne!(tokens, key.tokens(&wave, 513, Uuid::from_u128(8), 100));
    }

    #[test]
    fn a_token_with_any_letter_changed_is_no_token() {
        let key: BallotKey = KEY.parse().unwrap();
        let wave = code("w1");
        let token = key.tokens(&wave, 1, Uuid::from_u128(7), 1).remove(0);
        for at in 0..token.len() {
            let mut changed = token.clone().into_bytes();
            if changed[at] == b'-' {
                continue;
            }
            changed[at] = if changed[at] == b'Z' { b'Y' } else { b'Z' };
            let changed = String::from_utf8(changed).unwrap();
            assert!(key.token(&wave, &changed).is_none(), "{changed}");
        }
        for text in ["", "-", &token[1..], &format!("{token}0"), "á"] {
            assert!(key.token(&wave, text).is_none(), "{text}");
        }
    }

    #[test]
    fn what_is_sealed_opens_where_it_belongs_and_its_length_tells_nothing() {
        let key: BallotKey = KEY.parse().unwrap();
        let wave = code("w1");
        let mut pool = vec![ballot("B"), ballot("A")];
        let sealed = key.seal(&wave, 3, &mut pool);
        assert_eq!(
            key.open(&wave, 3, &sealed).unwrap(),
            [ballot("A"), ballot("B")]
        );
        assert_eq!(sealed.len(), key.seal(&wave, 3, &mut [ballot("C")]).len());
        assert_ne!(sealed, key.seal(&wave, 3, &mut pool));
        assert_eq!(key.open(&wave, 4, &sealed), Err(Unsealable));
        assert_eq!(key.open(&code("w2"), 3, &sealed), Err(Unsealable));
        let mut changed = sealed;
        *changed.last_mut().unwrap() ^= 1;
        assert_eq!(key.open(&wave, 3, &changed), Err(Unsealable));
        assert_eq!(key.open(&wave, 3, &[]).unwrap(), []);
    }

    #[test]
    fn the_key_is_never_printed_and_never_short() {
        let key: BallotKey = KEY.parse().unwrap();
        assert_eq!(format!("{key:?}"), "BallotKey(***)");
        assert_eq!(
            "short".parse::<BallotKey>().unwrap_err(),
            BallotKeyTooShort(5)
        );
    }
}
