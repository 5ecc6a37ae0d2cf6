//! Pages of a list (AIP-158): sizes are coerced, tokens are opaque and good for the list that gave them only.

use crate::problem::Problem;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// How many rows a page of some list has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizes {
    /// When the caller does not say.
    pub default: usize,
    /// At most; a caller that asks for more gets this many.
    pub max: usize,
}

/// Longest token that we give: a query and a code, encoded.
const MAX_TOKEN: usize = 256;

/// Which part of a list is asked for.
#[derive(Debug, PartialEq, Eq)]
pub struct Page {
    /// What is listed, with its filters; a token is good for the same list only.
    list: String,
    /// The last key of the page before.
    after: Option<String>,
    size: usize,
}

impl Page {
    /// Reads the paging fields of a request for `list`, which names what is listed with all its filters.
    ///
    /// # Errors
    /// Names `page_size` when it is negative, `page_token` when it is not one that this list gave.
    pub fn parse(list: String, size: i32, token: &str, sizes: Sizes) -> Result<Self, Problem> {
        let size = match usize::try_from(size) {
            Ok(0) => sizes.default,
            Ok(size) => size.min(sizes.max),
            Err(_) => {
                let why = format!("is negative; give 0 to {}", sizes.max);
                return Err(Problem::invalid("page_size", why));
            }
        };
        let after = if token.is_empty() {
            None
        } else {
            Some(after(&list, token)?)
        };
        Ok(Self { list, after, size })
    }

    /// The rows of this page, of all rows in the order of their keys, and the token of the next page,
    /// which is empty when this is the last.
    pub fn take<T>(
        &self,
        rows: impl Iterator<Item = T>,
        key: impl Fn(&T) -> String,
    ) -> (Vec<T>, String) {
        let mut rows =
            rows.skip_while(|row| self.after.as_ref().is_some_and(|after| key(row) <= *after));
        let page: Vec<T> = rows.by_ref().take(self.size).collect();
        let token = match (page.last(), rows.next()) {
            (Some(last), Some(_)) => self.token(&key(last)),
            _ => String::new(),
        };
        (page, token)
    }

    /// The last key of the page before, for lists that are read from a database.
    pub fn after(&self) -> Option<&str> {
        self.after.as_deref()
    }

    /// Rows of this page.
    pub fn size(&self) -> usize {
        self.size
    }

    /// The token of the page after the row with key `last`.
    pub fn token(&self, last: &str) -> String {
        URL_SAFE_NO_PAD.encode(format!("{}\n{last}", self.list))
    }
}

fn after(list: &str, token: &str) -> Result<String, Problem> {
    let refuse = || {
        Problem::invalid(
            "page_token",
            "is not one that this list with these filters gave; begin without a token",
        )
    };
    if token.len() > MAX_TOKEN {
        return Err(refuse());
    }
    let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| refuse())?;
    let text = String::from_utf8(bytes).map_err(|_| refuse())?;
    match text.rsplit_once('\n') {
        Some((of, last)) if of == list && !last.is_empty() => Ok(last.to_owned()),
        _ => Err(refuse()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZES: Sizes = Sizes {
        default: 100,
        max: 1_000,
    };

    fn rows() -> Vec<String> {
        (0..250).map(|row| format!("{row:03}")).collect()
    }

    #[test]
    fn following_the_tokens_gives_every_row_once() {
        for (size, pages) in [(0, 3), (1, 250), (249, 2), (250, 1), (i32::MAX, 1)] {
            let (mut seen, mut token, mut count) = (Vec::new(), String::new(), 0);
            loop {
                let page = Page::parse("rows".into(), size, &token, SIZES).expect("a sound page");
                let (rows, next) = page.take(rows().into_iter(), Clone::clone);
                seen.extend(rows);
                token = next;
                count += 1;
                if token.is_empty() {
                    break;
                }
            }
            assert_eq!((seen, count), (rows(), pages), "page size {size}");
        }
    }

    #[test]
    fn a_token_is_good_for_its_list_only() {
        let page = Page::parse("departments".into(), 1, "", SIZES).expect("a sound page");
        let (_, token) = page.take(rows().into_iter(), Clone::clone);
        assert!(Page::parse("departments".into(), 1, &token, SIZES).is_ok());
        for (list, token) in [
            ("districts", token.as_str()),
            ("departments", "x"),
            ("departments", "Zm9v"),
        ] {
            let refused = Page::parse(list.into(), 1, token, SIZES).expect_err("a foreign token");
            assert_eq!(refused.violations()[0].0, "page_token");
        }
        let refused =
            Page::parse("departments".into(), -1, "", SIZES).expect_err("a negative size");
        assert_eq!(refused.violations()[0].0, "page_size");
    }
}
