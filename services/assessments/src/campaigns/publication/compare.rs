//! What differs between a document and what follows from the logs, down to the digit.

use std::collections::BTreeSet;
use std::fmt;

use contracts::assessments::v1 as pb;
use contracts::json::to_json;
use prost::Message as _;
use serde_json::Value;

/// Fields that name an element of a list.
const NAMES: [&str; 6] = ["unit", "leaf", "component", "name", "log", "group"];

/// A value that is published and does not follow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Code of the unit; empty for what concerns all.
    pub unit: String,
    /// Code of the leaf; empty for what concerns the unit.
    pub leaf: String,
    /// Which value, e.g. `final.points`.
    pub what: String,
    /// As published; empty: nothing is.
    pub published: String,
    /// As it follows from the logs; empty: nothing does.
    pub recomputed: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for place in [&self.unit, &self.leaf] {
            if !place.is_empty() {
                write!(f, "{place} ")?;
            }
        }
        let or_nothing = |value: &str| match value {
            "" => "nothing".to_owned(),
            value => value.to_owned(),
        };
        let (published, recomputed) = (or_nothing(&self.published), or_nothing(&self.recomputed));
        write!(
            f,
            "{}: published {published}, recomputed {recomputed}",
            self.what
        )
    }
}

/// Every difference between what is published and what was recomputed, in the order of the document.
pub fn compare(
    published: &pb::PublishedResult,
    recomputed: &pb::PublishedResult,
) -> Vec<Difference> {
    let mut differences = Vec::new();
    let place = Place::default();
    place.walk(&json(published), &json(recomputed), &mut differences);
    differences
}

fn json(result: &pb::PublishedResult) -> Value {
    let name = "chiso.assessments.v1.PublishedResult";
    to_json(name, &result.encode_to_vec()).expect("the contracts know their own message")
}

/// Where in the document.
#[derive(Debug, Clone, Default)]
struct Place {
    unit: String,
    leaf: String,
    what: String,
}

impl Place {
    fn walk(&self, published: &Value, recomputed: &Value, found: &mut Vec<Difference>) {
        if published == recomputed {
            return;
        }
        match (published, recomputed) {
            (Value::Object(_) | Value::Null, Value::Object(_) | Value::Null) => {
                let keys = |value: &Value| -> Vec<String> {
                    let fields = value.as_object().into_iter().flatten();
                    fields.map(|(key, _)| key.clone()).collect()
                };
                let both: BTreeSet<_> = keys(published)
                    .into_iter()
                    .chain(keys(recomputed))
                    .collect();
                for key in both {
                    let inside = self.at(&key);
                    inside.walk(&published[&key], &recomputed[&key], found);
                }
            }
            (Value::Array(_) | Value::Null, Value::Array(_) | Value::Null) => {
                self.walk_list(published, recomputed, found);
            }
            _ => found.push(Difference {
                unit: self.unit.clone(),
                leaf: self.leaf.clone(),
                what: self.what.clone(),
                published: text(published),
                recomputed: text(recomputed),
            }),
        }
    }

    fn walk_list(&self, published: &Value, recomputed: &Value, found: &mut Vec<Difference>) {
        let items = |value: &Value| value.as_array().cloned().unwrap_or_default();
        let (published, recomputed) = (items(published), items(recomputed));
        let named = published
            .iter()
            .chain(&recomputed)
            .all(|it| name(it).is_some());
        if !named {
            let of = |items: &[Value], place: usize| items.get(place).cloned().unwrap_or_default();
            for place in 0..published.len().max(recomputed.len()) {
                let inside = self.at(&format!("{}", place + 1));
                inside.walk(&of(&published, place), &of(&recomputed, place), found);
            }
            return;
        }
        let mut seen = BTreeSet::new();
        for (key, name) in published.iter().chain(&recomputed).filter_map(name) {
            if !seen.insert(name) {
                continue;
            }
            let of = |items: &[Value]| {
                let found = items.iter().find(|it| it[key] == name);
                found.cloned().unwrap_or_default()
            };
            self.into(key, name)
                .walk(&of(&published), &of(&recomputed), found);
        }
    }

    /// Inside a field.
    fn at(&self, field: &str) -> Self {
        let dot = if self.what.is_empty() { "" } else { "." };
        Self {
            what: format!("{}{dot}{field}", self.what),
            ..self.clone()
        }
    }

    /// Inside an element of a list.
    fn into(&self, key: &str, name: &str) -> Self {
        match key {
            "unit" => Self {
                unit: name.to_owned(),
                ..Self::default()
            },
            "leaf" => Self {
                leaf: name.to_owned(),
                what: String::new(),
                ..self.clone()
            },
            _ => self.at(name),
        }
    }
}

/// What an element of a list is called.
fn name(of: &Value) -> Option<(&'static str, &str)> {
    NAMES
        .iter()
        .find_map(|key| Some((*key, of.get(key)?.as_str()?)))
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(points: &str, units: &[&str]) -> pb::PublishedResult {
        let leaf = pb::PublishedLeaf {
            leaf: "1.1".to_owned(),
            r#final: Some(pb::Mark {
                points: points.to_owned(),
                not_applicable: false,
            }),
            ..pb::PublishedLeaf::default()
        };
        let unit = |code: &&str| pb::PublishedUnit {
            unit: (*code).to_owned(),
            leaves: vec![leaf.clone()],
            ..pb::PublishedUnit::default()
        };
        pb::PublishedResult {
            units: units.iter().map(unit).collect(),
            ..pb::PublishedResult::default()
        }
    }

    #[test]
    fn a_digit_that_differs_is_told_with_unit_and_leaf() {
        let told = compare(&result("1.51", &["H40.01"]), &result("1.50", &["H40.01"]));
        let told: Vec<_> = told.iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            ["H40.01 1.1 final.points: published 1.51, recomputed 1.50"]
        );
        let same = compare(&result("1.5", &["H40.01"]), &result("1.5", &["H40.01"]));
        assert_eq!(same, []);
    }

    #[test]
    fn units_that_are_missing_or_too_many_are_told() {
        let told = compare(
            &result("1", &["H40.01"]),
            &result("1", &["H40.01", "H40.02"]),
        );
        let units: BTreeSet<_> = told.iter().map(|it| it.unit.as_str()).collect();
        assert_eq!(units, BTreeSet::from(["H40.02"]));
        let told = compare(&result("1", &["H40.01"]), &result("1", &[]));
        assert!(
            told.iter()
                .any(|it| it.unit == "H40.01" && it.recomputed.is_empty())
        );
    }
}
