//! What a rule is given.

use std::collections::BTreeMap;
use std::fmt;

use rust_decimal::Decimal;

/// The value of an input.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value {
    /// A figure, exact.
    Number(Decimal),
    /// The answer to a question.
    YesNo(bool),
    /// One of the states that the input's definition lists.
    State(String),
}

/// The values of inputs by name, and why some have none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Inputs {
    values: BTreeMap<String, Value>,
    withheld: BTreeMap<String, String>,
}

impl Inputs {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the value of an input; a value that was there is replaced.
    pub fn set(&mut self, name: impl Into<String>, value: impl Into<Value>) {
        self.values.insert(name.into(), value.into());
    }

    /// Says why an input has no value: what needs it has no score then, for that reason.
    pub fn withhold(&mut self, name: impl Into<String>, reason: impl Into<String>) {
        self.withheld.insert(name.into(), reason.into());
    }

    /// The value of an input.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.values.get(name)
    }

    /// All values, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.values
            .iter()
            .map(|(name, value)| (name.as_str(), value))
    }

    /// Why an input has no value, where somebody said so.
    pub fn why_withheld(&self, name: &str) -> Option<&str> {
        self.withheld.get(name).map(String::as_str)
    }

    /// All inputs that were withheld, with the reasons, by name.
    pub fn withheld(&self) -> impl Iterator<Item = (&str, &str)> {
        let withheld = self.withheld.iter();
        withheld.map(|(name, reason)| (name.as_str(), reason.as_str()))
    }
}

impl<N: Into<String>, V: Into<Value>> FromIterator<(N, V)> for Inputs {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(values: I) -> Self {
        let mut inputs = Self::default();
        inputs.extend(values);
        inputs
    }
}

impl<N: Into<String>, V: Into<Value>> Extend<(N, V)> for Inputs {
    fn extend<I: IntoIterator<Item = (N, V)>>(&mut self, values: I) {
        self.values.extend(
            values
                .into_iter()
                .map(|(name, value)| (name.into(), value.into())),
        );
    }
}

impl From<Decimal> for Value {
    fn from(number: Decimal) -> Self {
        Self::Number(number)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Number(number.into())
    }
}

impl From<bool> for Value {
    fn from(answer: bool) -> Self {
        Self::YesNo(answer)
    }
}

impl From<&str> for Value {
    fn from(state: &str) -> Self {
        Self::State(state.to_owned())
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::YesNo(true) => f.write_str("yes"),
            Self::YesNo(false) => f.write_str("no"),
            Self::State(state) => f.write_str(state),
        }
    }
}
