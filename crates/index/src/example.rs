//! Examples that a definition carries, checked when it is read.

use std::collections::{BTreeMap, BTreeSet};

use ids::LeafCode;
use rust_decimal::Decimal;

use crate::aggregate::{Given, IndexResult};
use crate::definition::{Definition, round};
use crate::expression::Type;
use crate::leaf::Leaf;
use crate::read::{Cursor, Fields, yes_no};
use crate::score::{LeafScore, NoScore};
use crate::value::{Inputs, Value};

/// What an example says that follows.
enum Expected {
    Number(Decimal),
    /// No score.
    Nothing,
    NotApplicable,
}

/// Runs the examples of a leaf: `inputs`, and the `points` (or, for a leaf that only informs, the `value`) that follow.
pub(crate) fn check_leaf(definition: &Definition, leaf: &Leaf, cursor: &Cursor<'_>) {
    for item in cursor.items().unwrap_or_default() {
        let Some(fields) = item.fields(&["name", "inputs", "points", "value"]) else {
            continue;
        };
        let mut inputs = Inputs::new();
        let names: BTreeSet<&str> = leaf.inputs().map(|name| name.as_str()).collect();
        if !fields
            .need("inputs")
            .is_some_and(|cursor| read(definition, &names, &cursor, &mut inputs))
        {
            continue;
        }
        let score = leaf.score(&inputs);
        if let Some(cursor) = fields.get("value") {
            let got = score.value.map(|value| round(value, definition.digits()));
            compare(&fields, &cursor, "the value", got, &score);
        } else if let Some(cursor) = fields.need("points") {
            let got = score.exact.map(|points| round(points, definition.digits()));
            compare(&fields, &cursor, "points", got, &score);
        }
    }
}

fn compare(
    fields: &Fields<'_>,
    cursor: &Cursor<'_>,
    what: &str,
    got: Option<Decimal>,
    score: &LeafScore,
) {
    let Some(expected) = expected(cursor) else {
        return;
    };
    let not_applicable = matches!(score.no_score, Some(NoScore::NotApplicable(_)));
    let met = match expected {
        Expected::Number(expected) => got == Some(expected),
        Expected::Nothing => got.is_none() && !not_applicable,
        Expected::NotApplicable => not_applicable,
    };
    if !met {
        let text = cursor.text().unwrap_or_default();
        let got = got.map_or_else(
            || format!("nothing ({})", score.reason()),
            |got| got.to_string(),
        );
        cursor.fault(format!(
            "the example {}says {what} {text}, the rule gives {got}",
            called(fields)
        ));
    }
}

fn expected(cursor: &Cursor<'_>) -> Option<Expected> {
    match cursor.text()? {
        "none" => Some(Expected::Nothing),
        "not_applicable" => Some(Expected::NotApplicable),
        _ => cursor.decimal().map(Expected::Number),
    }
}

/// `"its name" `, or nothing.
fn called(fields: &Fields<'_>) -> String {
    let name = fields
        .get("name")
        .and_then(|name| name.text().map(|name| format!("{name:?} ")));
    name.unwrap_or_default()
}

/// Runs examples of the whole: `inputs` for all leaves, `leaves` with inputs of single leaves, `given` points of
/// components or leaves, and what is expected of them.
pub(crate) fn check_whole(definition: &Definition, cursor: &Cursor<'_>) {
    for item in cursor.items().unwrap_or_default() {
        let Some(fields) = item.fields(&["name", "inputs", "leaves", "given", "expect"]) else {
            continue;
        };
        if let Some((result, scores)) = run(definition, &fields)
            && let Some(expect) = fields.need("expect")
        {
            check(definition, &fields, expect, &result, &scores);
        }
    }
}

type Scores = BTreeMap<LeafCode, LeafScore>;

fn run(definition: &Definition, fields: &Fields<'_>) -> Option<(IndexResult, Scores)> {
    let mut common = Inputs::new();
    let names: BTreeSet<&str> = definition
        .inputs()
        .map(|input| input.name.as_str())
        .collect();
    if let Some(cursor) = fields.get("inputs")
        && !read(definition, &names, &cursor, &mut common)
    {
        return None;
    }
    let mut own = BTreeMap::new();
    if let Some(cursor) = fields.get("leaves") {
        for (code, cursor) in cursor.entries()? {
            let leaf = code.parse().ok().and_then(|code| definition.leaf(&code));
            let Some(leaf) = leaf else {
                cursor.fault(format!("there is no leaf {code}"));
                return None;
            };
            let names: BTreeSet<&str> = leaf.inputs().map(|name| name.as_str()).collect();
            let mut inputs = common.clone();
            if !read(definition, &names, &cursor, &mut inputs) {
                return None;
            }
            own.insert(leaf.code().clone(), inputs);
        }
    }
    let mut given = Given::new();
    if let Some(cursor) = fields.get("given") {
        for (code, cursor) in cursor.entries()? {
            let (code, max) = find(definition, code, &cursor)?;
            given.insert(code, crate::rule::points_of(&cursor, max)?);
        }
    }
    let mut scores = Scores::new();
    for leaf in definition.leaves() {
        let inputs = own.get(leaf.code()).unwrap_or(&common);
        let score = match given.get(leaf.code()) {
            Some(points) => LeafScore::told(Some(*points), leaf.max(), ""),
            None => leaf.score(inputs),
        };
        scores.insert(leaf.code().clone(), score);
    }
    Some((definition.aggregate_given(&scores, &given), scores))
}

fn find(definition: &Definition, code: &str, cursor: &Cursor<'_>) -> Option<(LeafCode, Decimal)> {
    let parsed: Option<LeafCode> = code.parse().ok();
    let leaf = parsed
        .as_ref()
        .and_then(|code| definition.leaf(code))
        .map(Leaf::max);
    let mut components = definition.components().iter();
    let component = components.find(|component| component.code.as_str() == code);
    let found = parsed.zip(leaf.or(component.map(|component| component.max)));
    if found.is_none() {
        cursor.fault(format!("there is no component or leaf {code}"));
    }
    found
}

fn check(
    definition: &Definition,
    fields: &Fields<'_>,
    expect: Cursor<'_>,
    result: &IndexResult,
    scores: &Scores,
) {
    let Some(expect) = expect.fields(&["points", "total", "percent", "max", "band"]) else {
        return;
    };
    let differs = |cursor: &Cursor<'_>, what: &str, got: Option<String>| {
        let text = cursor.text().unwrap_or_default();
        let got = got.unwrap_or_else(|| format!("nothing ({})", result.reason));
        cursor.fault(format!(
            "the example {}says {what} {text}, it comes to {got}",
            called(fields)
        ));
    };
    let number = |cursor: &Cursor<'_>, what: &str, got: Option<Decimal>| {
        let met = match expected(cursor) {
            None => return,
            Some(Expected::Number(expected)) => got == Some(expected),
            Some(_) => got.is_none(),
        };
        if !met {
            differs(cursor, what, got.map(|got| got.to_string()));
        }
    };
    for (key, got) in [
        ("total", result.total),
        ("percent", result.percent),
        ("max", Some(result.max)),
    ] {
        if let Some(cursor) = expect.get(key) {
            number(&cursor, key, got);
        }
    }
    if let Some(cursor) = expect.get("band")
        && cursor.text() != result.band.as_deref()
    {
        differs(&cursor, "band", result.band.clone());
    }
    for (code, cursor) in expect
        .get("points")
        .and_then(|points| points.entries())
        .unwrap_or_default()
    {
        let Some((code, _)) = find(definition, code, &cursor) else {
            continue;
        };
        let leaf = scores.get(&code).and_then(|score| score.exact);
        let mut components = result.components.iter();
        let component = components.find(|component| component.code == code);
        let got = leaf.map(|points| definition.round(points));
        let got = got.or_else(|| component.and_then(|component| component.points));
        number(&cursor, &format!("points of {code}"), got);
    }
}

/// Reads values for inputs, by their types; false if something is wrong, which is reported.
fn read(
    definition: &Definition,
    names: &BTreeSet<&str>,
    cursor: &Cursor<'_>,
    inputs: &mut Inputs,
) -> bool {
    let Some(entries) = cursor.entries() else {
        return false;
    };
    let mut sound = true;
    for (name, cursor) in entries {
        let input = names.get(name).and_then(|name| definition.input(name));
        let Some(input) = input else {
            cursor.fault(format!("{name} is not an input here"));
            sound = false;
            continue;
        };
        let value = match &input.kind_of_value {
            Type::Number => cursor.decimal().map(Value::Number),
            Type::YesNo => cursor.yes_no().map(Value::YesNo),
            Type::State(states) => {
                let state = cursor
                    .text()
                    .filter(|state| states.iter().any(|known| known == state));
                if state.is_none() {
                    cursor.fault(format!("one of {} is expected here", states.join(", ")));
                }
                state.map(Value::from)
            }
        };
        match value {
            Some(value) => inputs.set(name, value),
            None => sound = false,
        }
    }
    sound
}

impl Definition {
    /// What a value of the input called `name` has to be, in words: `a number`, `yes or no`, `one of on_time, late`. None
    /// where there is no such input.
    pub fn expected_value(&self, name: &str) -> Option<String> {
        Some(self.input(name)?.kind_of_value.expected())
    }

    /// Reads a value of the input called `name` as people write it: `12`, `80%`, `yes`, `on_time`. None where the text
    /// is not of the input's type, or there is no such input.
    pub fn read_value(&self, name: &str, text: &str) -> Option<Value> {
        match &self.input(name)?.kind_of_value {
            Type::Number => crate::read::decimal(text).map(Value::Number),
            Type::YesNo => yes_no(text).map(Value::YesNo),
            Type::State(states) => states
                .iter()
                .find(|state| *state == text)
                .map(|state| Value::State(state.clone())),
        }
    }
}
