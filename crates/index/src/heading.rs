//! A document under another heading: the same set for another year or group.

use std::collections::BTreeSet;

use ids::IndexCode;
use jiff::civil::Date;

use crate::definition::Definition;

/// What a copy says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heading {
    /// Code of the index.
    pub code: IndexCode,
    /// Edition.
    pub edition: String,
    /// The groups of units that it judges, words of [`ids::GROUPS`].
    pub groups: BTreeSet<String>,
    /// First day in force.
    pub from: Date,
    /// Last day in force; none while there is no end.
    pub until: Option<Date>,
}

/// Why a document is not given another heading.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HeadingError {
    /// The document does not say it on a line of its own.
    #[error(
        "the document has no line that begins with {0:?}; write it in block style, or draft the copy by hand"
    )]
    Missing(&'static str),
    /// The heading did not get into the document as it is.
    #[error("the document does not take the heading; draft the copy by hand")]
    Unsaid,
}

impl Heading {
    /// `document` with this heading: every other line stays as it is, comments included.
    ///
    /// # Errors
    /// When the document is sound, but says what a heading says in a way that lines cannot replace.
    pub fn put_on(&self, document: &str) -> Result<String, HeadingError> {
        let until = self
            .until
            .map_or_else(String::new, |until| format!(", until: {until}"));
        let groups: Vec<&str> = self.groups.iter().map(String::as_str).collect();
        let mut missing = vec![
            ("code", self.code.to_string()),
            ("edition", quoted(&self.edition)),
            ("groups", format!("[{}]", groups.join(", "))),
            ("in_force", format!("{{ from: {}{until} }}", self.from)),
        ];
        let mut lines: Vec<String> = Vec::new();
        let mut replaced = false;
        for line in document.lines() {
            // What is indented, and a list's dashes, belong to the key above them.
            if replaced && line.starts_with([' ', '\t', '-', ']', '}']) {
                continue;
            }
            let key = line.split_once(':').map(|(key, _)| key.trim_end());
            let place = missing.iter().position(|(known, _)| Some(*known) == key);
            replaced = place.is_some();
            lines.push(match place.map(|place| missing.remove(place)) {
                Some((key, value)) => format!("{key}: {value}"),
                None => line.to_owned(),
            });
        }
        if let Some((key, _)) = missing.first() {
            return Err(HeadingError::Missing(key));
        }
        let copy = format!("{}\n", lines.join("\n"));
        match Definition::parse(document, "document") {
            Ok(_) if !self.stands_on(&copy) => Err(HeadingError::Unsaid),
            _ => Ok(copy),
        }
    }

    fn stands_on(&self, copy: &str) -> bool {
        let Ok(copy) = Definition::parse(copy, "copy") else {
            return false;
        };
        let groups: BTreeSet<&str> = self.groups.iter().map(String::as_str).collect();
        copy.code() == &self.code
            && copy.edition() == self.edition
            && copy.groups() == &groups
            && (copy.in_force_from(), copy.in_force_until()) == (self.from, self.until)
    }
}

/// Text in double quotes, as YAML reads it.
fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    quoted.push('"');
    quoted
}
