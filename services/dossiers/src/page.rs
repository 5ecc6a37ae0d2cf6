//! Pages of dossiers that are read from the database by a moment and a code.

use contracts::page::{Page, Sizes};
use contracts::problem::Problem;
use ids::DossierCode;
use jiff::Timestamp;

/// Rows of a page.
pub(crate) const SIZES: Sizes = Sizes {
    default: 50,
    max: 500,
};

/// The last row of a page: the next one starts after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cursor {
    /// By which rows are ordered first; whole microseconds.
    pub(crate) at: Timestamp,
    /// By which rows of one moment are ordered.
    pub(crate) code: String,
}

impl Cursor {
    /// Where a page begins; none: from the start.
    ///
    /// # Errors
    /// Names `page_token` when it is none that a list of dossiers gave.
    pub(crate) fn of(page: &Page) -> Result<Option<Self>, Problem> {
        let read = |key| {
            Self::parse(key).ok_or_else(|| {
                let why = "is not one that a list of dossiers gave; begin without a token";
                Problem::invalid("page_token", why)
            })
        };
        page.after().map(read).transpose()
    }

    /// What a page knows the row by.
    pub(crate) fn key(&self) -> String {
        format!("{} {}", self.at.as_microsecond(), self.code)
    }

    fn parse(key: &str) -> Option<Self> {
        let (at, code) = key.split_once(' ')?;
        code.parse::<DossierCode>().ok()?;
        Some(Self {
            at: Timestamp::from_microsecond(at.parse().ok()?).ok()?,
            code: code.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_comes_back_from_a_token_and_nothing_else_does() {
        let cursor = Cursor {
            at: "2024-05-04T01:02:03.000004Z".parse().unwrap(),
            code: "case-1".into(),
        };
        let first = Page::parse("dossiers".into(), 0, "", SIZES).unwrap();
        assert_eq!(Cursor::of(&first).unwrap(), None);
        let after = |key: &str| {
            let page = Page::parse("dossiers".into(), 0, &first.token(key), SIZES).unwrap();
            Cursor::of(&page)
        };
        assert_eq!(after(&cursor.key()).unwrap(), Some(cursor));
        for forged in [
            "case-1",
            "x case-1",
            "1 ",
            "1 a b",
            "99999999999999999999 case-1",
        ] {
            let problem = after(forged).unwrap_err();
            assert_eq!(problem.violations()[0].0, "page_token", "{forged}");
        }
    }
}
