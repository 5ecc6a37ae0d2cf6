//! Who has an index: a unit, a group of units, or the province.

use std::fmt;
use std::str::FromStr;

use crate::{CodeError, Period, UnitCode};

/// The groups of units ("khối") that are judged by one set of indices, as they are written in subjects,
/// definitions and catalogs.
pub const GROUPS: [&str; 5] = [
    "province",
    "department",
    "district",
    "commune",
    "central_agency",
];

/// Whose figures an index is computed from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// One unit. The province's unit stands for all units together.
    Unit(UnitCode),
    /// All units of a group together, `group:department`; one of [`GROUPS`].
    Group(&'static str),
}

/// One index of one subject in one period.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct IndexKey {
    /// Code of the index.
    pub index: String,
    /// The period.
    pub period: Period,
    /// The subject.
    pub subject: Subject,
}

impl Subject {
    /// The group called `name`.
    pub fn group(name: &str) -> Option<Self> {
        GROUPS
            .iter()
            .find(|group| **group == name)
            .map(|group| Self::Group(group))
    }
}

impl FromStr for Subject {
    type Err = CodeError;

    fn from_str(text: &str) -> Result<Self, CodeError> {
        match text.strip_prefix("group:") {
            Some(group) => Self::group(group).ok_or_else(|| CodeError {
                what: "group",
                text: group.chars().take(64).collect(),
                expected: "group:province, group:department, group:district, group:commune or \
                           group:central_agency",
            }),
            None => text.parse().map(Self::Unit),
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unit(code) => code.fmt(f),
            Self::Group(group) => write!(f, "group:{group}"),
        }
    }
}

impl IndexKey {
    /// The stream of events about it in a log whose streams of this kind start with `category`.
    pub fn stream(&self, category: &str) -> String {
        format!("{category}-{}-{}-{}", self.index, self.period, self.subject)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_read_as_it_is_printed() {
        for text in ["H40.12", "group:department", "group:central_agency"] {
            assert_eq!(
                text.parse::<Subject>().map(|subject| subject.to_string()),
                Ok(text.into())
            );
        }
        for text in ["group:", "group:Department", "h40", ""] {
            assert!(text.parse::<Subject>().is_err(), "{text}");
        }
    }
}
