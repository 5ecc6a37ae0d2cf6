//! Pages of a list.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use contracts::problem::Problem;

/// Rows of a page when the caller does not say.
const DEFAULT_SIZE: usize = 100;

/// Most rows of a page; a caller that asks for more gets this many.
const MAX_SIZE: usize = 1_000;

/// Longest token that we give: a query and a code, encoded.
const MAX_TOKEN: usize = 256;

/// Which part of a list is asked for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Page {
    /// What is listed, with its filters; a token is good for the same list only.
    list: String,
    /// The last key of the page before.
    after: Option<String>,
    size: usize,
}

impl Page {
    /// Reads the paging fields of a request for `list`.
    pub(crate) fn parse(list: String, size: i32, token: &str) -> Result<Self, Problem> {
        let size = match usize::try_from(size) {
            Ok(0) => DEFAULT_SIZE,
            Ok(size) => size.min(MAX_SIZE),
            Err(_) => {
                return Err(Problem::invalid(
                    "page_size",
                    "is negative; give 0 to 1,000",
                ));
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
    pub(crate) fn take<T>(
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

    fn token(&self, last: &str) -> String {
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

    fn rows() -> Vec<String> {
        (0..250).map(|row| format!("{row:03}")).collect()
    }

    #[test]
    fn following_the_tokens_gives_every_row_once() {
        for (size, pages) in [(0, 3), (1, 250), (249, 2), (250, 1), (i32::MAX, 1)] {
            let (mut seen, mut token, mut count) = (Vec::new(), String::new(), 0);
            loop {
                let page = Page::parse("rows".into(), size, &token).expect("a sound page");
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
        let page = Page::parse("departments".into(), 1, "").expect("a sound page");
        let (_, token) = page.take(rows().into_iter(), Clone::clone);
        assert!(Page::parse("departments".into(), 1, &token).is_ok());
        for (list, token) in [
            ("districts", token.as_str()),
            ("departments", "x"),
            ("departments", "Zm9v"),
        ] {
            let refused = Page::parse(list.into(), 1, token).expect_err("a foreign token");
            assert_eq!(refused.violations()[0].0, "page_token");
        }
        let refused = Page::parse("departments".into(), -1, "").expect_err("a negative size");
        assert_eq!(refused.violations()[0].0, "page_size");
    }
}
