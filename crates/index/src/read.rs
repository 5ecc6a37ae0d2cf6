//! Typed reading of a YAML tree: every mistake is reported at its place, and reading goes on.

use std::fmt::Display;
use std::str::FromStr;

use rust_decimal::Decimal;

use crate::expression::{Expression, Names};
use crate::fault::{Mark, Report};
use crate::text::Name;
use crate::yaml::{Content, Node};

/// A value and the way to it.
#[derive(Clone)]
pub(crate) struct Cursor<'a> {
    node: &'a Node,
    path: String,
    report: &'a Report,
}

/// A mapping whose keys are all known.
pub(crate) struct Fields<'a> {
    cursor: Cursor<'a>,
    entries: &'a [(crate::yaml::Key, Node)],
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(node: &'a Node, report: &'a Report) -> Self {
        Self {
            node,
            path: String::new(),
            report,
        }
    }

    pub(crate) fn at(&self) -> Mark {
        self.node.at
    }

    pub(crate) fn report(&self) -> &'a Report {
        self.report
    }

    /// Reports `message` at this place.
    pub(crate) fn fault(&self, message: impl Into<String>) {
        self.report.add(self.node.at, &self.path, message);
    }

    fn kind(&self) -> &'static str {
        match &self.node.content {
            Content::Scalar { .. } => "a single value",
            Content::List(_) => "a list",
            Content::Map(_) => "a mapping",
        }
    }

    fn expected<T>(&self, what: &str) -> Option<T> {
        self.fault(format!("{what} is expected here, this is {}", self.kind()));
        None
    }

    /// A mapping with no other keys than `known`.
    pub(crate) fn fields(self, known: &[&str]) -> Option<Fields<'a>> {
        let Content::Map(entries) = &self.node.content else {
            return self.expected(&format!("a mapping with {}", known.join(", ")));
        };
        for (key, _) in entries {
            if !known.contains(&key.text.as_str()) {
                let known = known.join(", ");
                let message = format!("unknown key {:?}: the keys here are {known}", key.text);
                self.report.add(key.at, &self.path, message);
            }
        }
        Some(Fields {
            cursor: self,
            entries,
        })
    }

    /// The entries of a mapping with free keys, in their order.
    pub(crate) fn entries(&self) -> Option<Vec<(&'a str, Cursor<'a>)>> {
        let Content::Map(entries) = &self.node.content else {
            return self.expected("a mapping");
        };
        let child = |text: &str, node| self.child(&format!(".{text}"), node);
        Some(
            entries
                .iter()
                .map(|(key, node)| (key.text.as_str(), child(&key.text, node)))
                .collect(),
        )
    }

    /// The items of a list, in their order.
    pub(crate) fn items(&self) -> Option<Vec<Cursor<'a>>> {
        let Content::List(items) = &self.node.content else {
            return self.expected("a list");
        };
        let child = |(place, node)| self.child(&format!("[{place}]"), node);
        Some(items.iter().enumerate().map(child).collect())
    }

    fn child(&self, step: &str, node: &'a Node) -> Cursor<'a> {
        let path = format!("{}{step}", self.path)
            .trim_start_matches('.')
            .to_owned();
        Cursor {
            node,
            path,
            report: self.report,
        }
    }

    pub(crate) fn is_scalar(&self) -> bool {
        matches!(self.node.content, Content::Scalar { .. })
    }

    pub(crate) fn is_list(&self) -> bool {
        matches!(self.node.content, Content::List(_))
    }

    /// A text that is not empty.
    pub(crate) fn text(&self) -> Option<&'a str> {
        match &self.node.content {
            Content::Scalar { text, .. } if !text.trim().is_empty() => Some(text),
            Content::Scalar { .. } => {
                self.fault("a text is expected here, this is empty");
                None
            }
            _ => self.expected("a text"),
        }
    }

    /// A text without quotes, for numbers and words of the format.
    pub(crate) fn word(&self) -> Option<&'a str> {
        match &self.node.content {
            Content::Scalar { text, plain: true } => Some(text),
            _ => None,
        }
    }

    /// What `T` reads from a text.
    pub(crate) fn parsed<T: FromStr<Err: Display>>(&self) -> Option<T> {
        self.text()?
            .parse()
            .map_err(|error: T::Err| self.fault(error.to_string()))
            .ok()
    }

    /// A decimal such as `0.8`; `80%` is the same.
    pub(crate) fn decimal(&self) -> Option<Decimal> {
        let text = self.text()?;
        let read = decimal(text);
        if read.is_none() {
            self.fault(format!(
                "{text:?} is not a number: write digits such as 12, 0.8 or 80%"
            ));
        }
        read
    }

    /// A decimal that is not negative.
    pub(crate) fn points(&self) -> Option<Decimal> {
        let points = self.decimal()?;
        if points < Decimal::ZERO {
            self.fault(format!("{points} is negative: points start at 0"));
            return None;
        }
        Some(points)
    }

    /// `yes`/`true` or `no`/`false`.
    pub(crate) fn yes_no(&self) -> Option<bool> {
        let answer = self.word().and_then(yes_no);
        if answer.is_none() {
            self.fault("yes or no is expected here");
        }
        answer
    }

    /// One of a few words.
    pub(crate) fn choice<T: Copy>(&self, choices: &[(&str, T)]) -> Option<T> {
        let text = self.text()?;
        let found = choices
            .iter()
            .find(|(word, _)| *word == text)
            .map(|(_, value)| *value);
        if found.is_none() {
            let words: Vec<_> = choices.iter().map(|(word, _)| *word).collect();
            self.fault(format!("{text:?} is not one of {}", words.join(", ")));
        }
        found
    }

    /// An expression that comes to a number.
    pub(crate) fn number(&self, names: &Names) -> Option<Expression> {
        self.sound(Expression::number(self.text()?, names))
    }

    /// An expression that comes to yes or no.
    pub(crate) fn condition(&self, names: &Names) -> Option<Expression> {
        self.sound(Expression::condition(self.text()?, names))
    }

    /// What was read, or every fault reported here.
    pub(crate) fn sound<T>(&self, read: Result<T, Vec<String>>) -> Option<T> {
        read.map_err(|faults| faults.into_iter().for_each(|fault| self.fault(fault)))
            .ok()
    }

    /// `{ vi: …, en: … }`.
    pub(crate) fn name(self) -> Option<Name> {
        let fields = self.fields(&["vi", "en"])?;
        let (vi, en) = (fields.need("vi"), fields.need("en"));
        let (vi, en) = (vi.and_then(|vi| vi.text()), en.and_then(|en| en.text()));
        Some(Name {
            vi: vi?.to_owned(),
            en: en?.to_owned(),
        })
    }
}

impl<'a> Fields<'a> {
    pub(crate) fn fault(&self, message: impl Into<String>) {
        self.cursor.fault(message);
    }

    /// The value of a key that may be missing; `null` counts as missing.
    pub(crate) fn get(&self, key: &str) -> Option<Cursor<'a>> {
        let (_, node) = self.entries.iter().find(|(known, _)| known.text == key)?;
        let cursor = self.cursor.child(&format!(".{key}"), node);
        (!matches!(cursor.word(), Some("null" | "~" | ""))).then_some(cursor)
    }

    /// The value of a key that has to be there.
    pub(crate) fn need(&self, key: &str) -> Option<Cursor<'a>> {
        let found = self.get(key);
        if found.is_none() {
            self.fault(format!("the key {key:?} is missing"));
        }
        found
    }

    /// The keys that are there.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.entries.iter().map(|(key, _)| key.text.as_str())
    }
}

/// Reads `0.8` and `80%`.
pub(crate) fn decimal(text: &str) -> Option<Decimal> {
    let exact = |text: &str| Decimal::from_str_exact(text.trim()).ok();
    match text.strip_suffix('%') {
        Some(percent) => exact(percent)?.checked_div(Decimal::ONE_HUNDRED),
        None => exact(text),
    }
    .map(|number| number.normalize())
}

/// Reads the words for yes and no.
pub(crate) fn yes_no(word: &str) -> Option<bool> {
    match word {
        "yes" | "true" => Some(true),
        "no" | "false" => Some(false),
        _ => None,
    }
}
