//! Page tokens: where the next page starts, opaque to callers and bound to the filters it was made
//! for.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use contracts::problem::Problem;
use ids::DossierCode;
use jiff::Timestamp;
use sha2::{Digest, Sha256};

/// Rows of a page when the caller does not say.
const SIZE_DEFAULT: i32 = 50;
/// Most rows of a page; more is cut to this.
const SIZE_MAX: i32 = 500;
/// Bytes of the check sum in a token.
const SUM_BYTES: usize = 8;
/// Bytes of the moment in a token.
const AT_BYTES: usize = 8;

/// The last row of a page: the next one starts after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cursor {
    /// By which rows are ordered first; whole microseconds.
    pub(crate) at: Timestamp,
    /// By which rows of one moment are ordered.
    pub(crate) code: String,
}

/// A page asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Page {
    /// Rows, 1 to 500.
    pub(crate) size: i64,
    /// Rows after this one; none: from the start.
    pub(crate) after: Option<Cursor>,
}

impl Page {
    /// The page that a request asks for; `filters` is everything else that selects its rows.
    pub(crate) fn parse(size: i32, token: &str, filters: &[&str]) -> Result<Self, Problem> {
        let size = match size {
            ..0 => {
                return Err(Problem::invalid(
                    "page_size",
                    "must be 0 to 500; 0 means 50",
                ));
            }
            0 => SIZE_DEFAULT,
            asked => asked.min(SIZE_MAX),
        };
        let after = match token {
            "" => None,
            token => Some(Cursor::decode(token, filters).ok_or_else(|| {
                let why = "is not from an answer with these filters; start again without it";
                Problem::invalid("page_token", why)
            })?),
        };
        Ok(Self {
            size: i64::from(size),
            after,
        })
    }
}

impl Cursor {
    /// The token: check sum, moment in microseconds, code.
    pub(crate) fn encode(&self, filters: &[&str]) -> String {
        let mut bytes = self.at.as_microsecond().to_be_bytes().to_vec();
        bytes.extend_from_slice(self.code.as_bytes());
        let mut token = sum(&bytes, filters).to_vec();
        token.append(&mut bytes);
        URL_SAFE_NO_PAD.encode(token)
    }

    fn decode(token: &str, filters: &[&str]) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (stated, rest) = bytes.split_at_checked(SUM_BYTES)?;
        if stated != sum(rest, filters) {
            return None;
        }
        let (at, code) = rest.split_at_checked(AT_BYTES)?;
        let at = Timestamp::from_microsecond(i64::from_be_bytes(at.try_into().ok()?)).ok()?;
        let code = std::str::from_utf8(code).ok()?;
        code.parse::<DossierCode>().ok()?;
        Some(Self {
            at,
            code: code.to_owned(),
        })
    }
}

fn sum(bytes: &[u8], filters: &[&str]) -> [u8; SUM_BYTES] {
    let mut hasher = Sha256::new();
    for part in filters {
        hasher.update(part.as_bytes());
        hasher.update([0]);
    }
    hasher.update(bytes);
    let digest: [u8; 32] = hasher.finalize().into();
    let (sum, _) = digest
        .split_first_chunk()
        .expect("a digest is longer than its sum");
    *sum
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cursor() -> Cursor {
        Cursor {
            at: "2024-05-04T01:02:03.000004Z".parse().unwrap(),
            code: "case-1".into(),
        }
    }

    #[test]
    fn a_token_comes_back_with_the_same_filters_only() {
        let token = cursor().encode(&["H40.12", "4"]);
        let page = Page::parse(0, &token, &["H40.12", "4"]).unwrap();
        assert_eq!(
            page,
            Page {
                size: 50,
                after: Some(cursor())
            }
        );
        assert!(Page::parse(0, &token, &["H40.12", "5"]).is_err());
        assert!(Page::parse(0, &token, &["H40.1", "24"]).is_err());
    }

    #[test]
    fn what_is_no_token_names_the_field() {
        for token in ["x", "!!!", "AAAA", &"A".repeat(5_000)] {
            let problem = Page::parse(1, token, &[]).unwrap_err();
            assert_eq!(problem.violations()[0].0, "page_token");
        }
        assert_eq!(
            Page::parse(-1, "", &[]).unwrap_err().violations()[0].0,
            "page_size"
        );
    }

    #[test]
    fn long_pages_are_cut() {
        assert_eq!(Page::parse(i32::MAX, "", &[]).unwrap().size, 500);
    }
}
