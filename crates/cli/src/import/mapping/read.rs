//! The parts of a mapping file.

use std::collections::BTreeMap;

use jiff::tz::Offset;

use super::{CaseFact, OFFSET, Times};
use crate::import::field::{FIELDS, Field, HAPPENINGS, Happening};
use crate::yaml::{Content, Fields, Node};

/// The entries of a mapping by field.
fn by_field<'a>(fields: &mut Fields<'a>, key: &'static str) -> Vec<(Field, &'a Node)> {
    let Some(node) = fields.node(key) else {
        return Vec::new();
    };
    let Content::Map(entries) = &node.content else {
        fields.fault(node.line, format!("{key} must be a mapping"));
        return Vec::new();
    };
    let mut found = Vec::new();
    for entry in entries {
        match FIELDS.iter().find(|(name, _)| *name == entry.key) {
            Some((_, field)) => found.push((*field, &entry.value)),
            None => {
                let names: Vec<&str> = FIELDS.iter().map(|(name, _)| *name).collect();
                let message = format!(
                    "{key} has no {:?}; it may have {}",
                    entry.key,
                    names.join(", ")
                );
                fields.fault(entry.line, message);
            }
        }
    }
    found
}

pub(super) fn texts(fields: &mut Fields<'_>, key: &'static str) -> BTreeMap<Field, String> {
    let mut texts = BTreeMap::new();
    for (field, node) in by_field(fields, key) {
        match node.text() {
            Some(text) => drop(texts.insert(field, text.to_owned())),
            None => fields.fault(node.line, format!("{key}.{} must be text", field.name())),
        }
    }
    texts
}

pub(super) fn values(fields: &mut Fields<'_>) -> BTreeMap<Field, BTreeMap<String, String>> {
    let mut values = BTreeMap::new();
    for (field, node) in by_field(fields, "values") {
        let Content::Map(entries) = &node.content else {
            fields.fault(
                node.line,
                format!(
                    "values.{} must map the source's words to ours",
                    field.name()
                ),
            );
            continue;
        };
        let words: &mut BTreeMap<String, String> = values.entry(field).or_default();
        for entry in entries {
            match entry.value.text() {
                Some(ours) => drop(words.insert(entry.key.clone(), ours.to_owned())),
                None => fields.fault(entry.line, format!("{:?} needs a word of ours", entry.key)),
            }
        }
    }
    values
}

fn happening(fields: &mut Fields<'_>, line: usize, name: &str) -> Option<Happening> {
    let found = HAPPENINGS
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, happening)| *happening);
    if found.is_none() {
        let names: Vec<&str> = HAPPENINGS.iter().map(|(name, _)| *name).collect();
        fields.fault(
            line,
            format!("{name:?} is no fact; facts are {}", names.join(", ")),
        );
    }
    found
}

pub(super) fn activities(fields: &mut Fields<'_>) -> BTreeMap<String, Vec<Happening>> {
    let mut activities = BTreeMap::new();
    let Some(node) = fields.node("activities") else {
        return activities;
    };
    let Content::Map(entries) = &node.content else {
        fields.fault(node.line, "activities must map the source's words to facts");
        return activities;
    };
    for entry in entries {
        let single = std::slice::from_ref(&entry.value);
        let items = match &entry.value.content {
            Content::List(items) => items,
            _ => single,
        };
        let facts: Vec<Happening> = items
            .iter()
            .filter_map(|item| happening(fields, item.line, item.text().unwrap_or_default()))
            .collect();
        activities.insert(entry.key.clone(), facts);
    }
    activities
}

pub(super) fn case_facts(fields: &mut Fields<'_>) -> Vec<CaseFact> {
    let Some(node) = fields.node("case") else {
        return Vec::new();
    };
    let Content::Map(entries) = &node.content else {
        fields.fault(node.line, "case must map facts to their columns");
        return Vec::new();
    };
    let mut facts = Vec::new();
    for entry in entries {
        let Some(happening) = happening(fields, entry.line, &entry.key) else {
            continue;
        };
        let Some(mut of) = Fields::of("a fact of the case", &entry.value, fields.faults()) else {
            continue;
        };
        let due = of.text("due");
        facts.push(CaseFact {
            happening,
            at: of.needed("at"),
            due: (!due.is_empty()).then_some(due),
        });
        of.end();
    }
    facts
}

pub(super) fn times(fields: &mut Fields<'_>) -> Times {
    let mut times = Times {
        format: None,
        offset: OFFSET,
    };
    let Some(node) = fields.node("times") else {
        return times;
    };
    let Some(mut fields) = Fields::of("times", node, fields.faults()) else {
        return times;
    };
    let format = fields.text("format");
    times.format = (!format.is_empty()).then_some(format);
    let text = fields.text("offset");
    match offset(&text) {
        Some(offset) => times.offset = offset,
        None if text.is_empty() => {}
        None => fields.fault(
            node.line,
            format!("offset is {text:?}; write it like \"+07:00\""),
        ),
    }
    fields.end();
    times
}

/// `+07:00`.
fn offset(text: &str) -> Option<Offset> {
    let parsed = jiff::fmt::strtime::parse("%:z", text).ok()?;
    parsed.offset()
}
