//! Expressions over inputs, in exact decimals: parsed, checked and compiled once, then evaluated in a few microseconds.
//!
//! The language is that of `zen-expression`, cut down to what is exact and always ends: `+ - * /`, comparisons, `and`,
//! `or`, `not`, `a ? b : c`, `rate in [0.8..0.95)`, `state in ['a', 'b']`, and the functions `min`, `max`, `sum` (of a
//! list), `abs`, `round`, `floor`, `ceil`. The name `full` is the leaf's maximum.

mod check;

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;
use zen_expression::variable::{Variable, VariableMap};
use zen_expression::vm::VM;
use zen_expression::{Isolate, Scope, expression::Standard};

use crate::score::NoScore;
use crate::value::{Inputs, Value};

/// The name of the leaf's maximum in expressions.
pub(crate) const FULL: &str = "full";
/// Longest expression, in bytes: a page of text; the longest rule met in real sets has about 200.
pub(crate) const SOURCE_MAX: usize = 2_048;

/// What an expression, or an input, is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Type {
    Number,
    YesNo,
    /// One of these.
    State(Vec<String>),
}

impl Type {
    /// What a value has to be, in words.
    pub(crate) fn expected(&self) -> String {
        match self {
            Self::Number => "a number".to_owned(),
            Self::YesNo => "yes or no".to_owned(),
            Self::State(states) => format!("one of {}", states.join(", ")),
        }
    }
}

/// The inputs that an expression may name, with their types.
pub(crate) type Names = BTreeMap<String, Type>;

/// A checked expression.
#[derive(Debug, Clone)]
pub(crate) struct Expression {
    source: String,
    names: BTreeSet<String>,
    code: Code,
}

#[derive(Debug, Clone)]
enum Code {
    /// An input as it is: the most frequent expression by far.
    Name(String),
    Compiled(zen_expression::Expression<Standard>),
}

/// What expressions are evaluated with: one leaf's inputs and maximum.
pub(crate) struct Surroundings<'a> {
    inputs: &'a Inputs,
    names: &'a [String],
    full: Decimal,
    scope: OnceCell<Scope>,
}

impl<'a> Surroundings<'a> {
    /// `names` are the inputs that the leaf's expressions may need.
    pub(crate) fn new(inputs: &'a Inputs, names: &'a [String], full: Decimal) -> Self {
        Self {
            inputs,
            names,
            full,
            scope: OnceCell::new(),
        }
    }

    pub(crate) fn inputs(&self) -> &'a Inputs {
        self.inputs
    }

    fn scope(&self) -> &Scope {
        self.scope.get_or_init(|| {
            let mut values = VariableMap::with_capacity(self.names.len() + 1);
            for name in self.names {
                if let Some(value) = self.inputs.get(name) {
                    values.insert(Variable::key(name), variable(value));
                }
            }
            values.insert(Variable::key(FULL), Variable::Number(self.full));
            Scope::new(Variable::from_object(values))
        })
    }
}

fn variable(value: &Value) -> Variable {
    match value {
        Value::Number(number) => Variable::Number(*number),
        Value::YesNo(answer) => Variable::Bool(*answer),
        Value::State(state) => Variable::String(state.as_str().into()),
    }
}

impl Expression {
    /// Compiles `source`, which has to come to a number.
    pub(crate) fn number(source: &str, names: &Names) -> Result<Self, Vec<String>> {
        Self::compile(source, names, &Type::Number, "a number")
    }

    /// Compiles `source`, which has to come to yes or no.
    pub(crate) fn condition(source: &str, names: &Names) -> Result<Self, Vec<String>> {
        Self::compile(source, names, &Type::YesNo, "yes or no")
    }

    fn compile(
        source: &str,
        names: &Names,
        expected: &Type,
        called: &str,
    ) -> Result<Self, Vec<String>> {
        let source = source.trim();
        if source.len() > SOURCE_MAX {
            let message = format!(
                "the expression has {} bytes, more than {SOURCE_MAX}",
                source.len()
            );
            return Err(vec![message]);
        }
        let checked = check::check(source, names)?;
        if checked.found != *expected {
            return Err(vec![format!("{source:?} does not come to {called}")]);
        }
        let code = if names.contains_key(source) {
            Code::Name(source.to_owned())
        } else {
            let compiled = Isolate::new().compile_standard(source);
            Code::Compiled(compiled.map_err(|error| vec![error.to_string()])?)
        };
        Ok(Self {
            source: source.to_owned(),
            names: checked.names,
            code,
        })
    }

    /// The text of the expression.
    pub(crate) fn source(&self) -> &str {
        &self.source
    }

    /// The inputs that it names.
    pub(crate) fn names(&self) -> &BTreeSet<String> {
        &self.names
    }

    /// Its number. The inputs that it names have to be there, with values of their types.
    pub(crate) fn figure(&self, with: &Surroundings<'_>) -> Result<Decimal, NoScore> {
        let number = match &self.code {
            Code::Name(name) => match with.inputs.get(name) {
                Some(Value::Number(number)) => Some(*number),
                _ => None,
            },
            Code::Compiled(code) => run(code, with).and_then(|result| result.as_number()),
        };
        number.ok_or_else(|| NoScore::NotComputable(self.source.clone()))
    }

    /// Its answer. The inputs that it names have to be there, with values of their types.
    pub(crate) fn answer(&self, with: &Surroundings<'_>) -> Result<bool, NoScore> {
        let answer = match &self.code {
            Code::Name(name) => match with.inputs.get(name) {
                Some(Value::YesNo(answer)) => Some(*answer),
                _ => None,
            },
            Code::Compiled(code) => run(code, with).and_then(|result| result.as_bool()),
        };
        answer.ok_or_else(|| NoScore::NotComputable(self.source.clone()))
    }

    /// Its text with the names replaced by what `value` says, in brackets where an operator stands in it.
    pub(crate) fn with_values(&self, value: impl Fn(&str) -> Option<String>) -> String {
        let replaced = replace(&self.source, value);
        let single = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.');
        if replaced.chars().all(single) {
            replaced
        } else {
            format!("({replaced})")
        }
    }
}

/// What checked code can still meet is a division by zero (null, or a complaint about it) or a number too large.
fn run(code: &zen_expression::Expression<Standard>, with: &Surroundings<'_>) -> Option<Variable> {
    code.evaluate_with_scope(with.scope(), &mut VM::new()).ok()
}

/// Replaces names outside quotes.
fn replace(source: &str, value: impl Fn(&str) -> Option<String>) -> String {
    let mut out = String::with_capacity(source.len());
    let mut word = String::new();
    let mut quote = None;
    let flush = |word: &mut String, out: &mut String| {
        if !word.is_empty() {
            out.push_str(&value(word).unwrap_or_else(|| word.clone()));
            word.clear();
        }
    };
    for c in source.chars() {
        if quote.is_none() && (c.is_ascii_alphanumeric() || c == '_') {
            word.push(c);
            continue;
        }
        flush(&mut word, &mut out);
        quote = match quote {
            None if matches!(c, '\'' | '"') => Some(c),
            Some(open) if open == c => None,
            other => other,
        };
        out.push(c);
    }
    flush(&mut word, &mut out);
    out
}

#[cfg(test)]
mod tests;
