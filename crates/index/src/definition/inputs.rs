//! Inputs as they are written.

use std::collections::BTreeSet;

use ids::{MeasureName, nearest};

use super::tree::Trees;
use super::{INPUT_KINDS, Input, InputKind};
use crate::expression::{FULL, Type};
use crate::leaf::Source;
use crate::read::Cursor;
use crate::text::Name;

/// Words of the expression language, which cannot be names.
const RESERVED: [&str; 7] = ["and", "or", "not", "in", "true", "false", "null"];

impl<'a> Trees<'a> {
    /// Reads the inputs at the top of a definition.
    pub(super) fn dictionary(&mut self, cursor: &Cursor<'a>) {
        for (name, cursor) in cursor.entries().unwrap_or_default() {
            self.input(name, cursor, None);
        }
    }

    /// Reads an input. `leaf` is the name and the source of the leaf that it stands in, which it inherits.
    pub(super) fn input(&mut self, name: &str, cursor: Cursor<'a>, leaf: Option<(&Name, Source)>) {
        let inherited = leaf.and_then(|(_, source)| match source {
            Source::Measured => None,
            Source::Reported => Some(InputKind::Reported),
            Source::Appraised => Some(InputKind::Appraised),
            Source::Surveyed => Some(InputKind::Surveyed),
        });
        let label = leaf.map(|(name, _)| name.clone());
        let read = if cursor.is_scalar() || cursor.is_list() {
            input_type(&cursor).map(|kind_of_value| (kind_of_value, label, inherited))
        } else {
            cursor
                .clone()
                .fields(&["vi", "en", "kind", "type"])
                .and_then(|fields| {
                    let label = match (fields.get("vi"), fields.get("en"), label) {
                        (None, None, Some(label)) => Some(label),
                        _ => {
                            let (vi, en) = (fields.need("vi"), fields.need("en"));
                            let (vi, en) =
                                (vi.and_then(|vi| vi.text()), en.and_then(|en| en.text()));
                            Some(Name {
                                vi: vi?.to_owned(),
                                en: en?.to_owned(),
                            })
                        }
                    };
                    let kind = fields
                        .get("kind")
                        .map_or(inherited, |kind| kind.choice(&INPUT_KINDS));
                    let of_value = fields
                        .get("type")
                        .map_or(Some(Type::Number), |of| input_type(&of));
                    of_value.map(|of_value| (of_value, label, kind))
                })
        };
        let parsed: Result<MeasureName, _> = name.parse();
        if RESERVED.contains(&name) || name == FULL {
            cursor.fault(format!(
                "{name:?} is a word of the rules' language and cannot be an input"
            ));
        }
        let Some((kind_of_value, label, kind)) = read else {
            // Known with some type, so that rules which name it are not reported as well.
            self.names.entry(name.to_owned()).or_insert(Type::Number);
            self.used.insert(name.to_owned());
            return;
        };
        match (parsed, label, kind) {
            (Err(error), ..) => cursor.fault(error.to_string()),
            (Ok(_), None, _) => cursor.fault("an input needs labels: vi and en"),
            (Ok(_), _, None) => cursor.fault("an input needs a kind: flow, stock, registry, …"),
            (Ok(parsed), Some(label), Some(kind)) => {
                let input = Input {
                    name: parsed.clone(),
                    label,
                    kind,
                    kind_of_value: kind_of_value.clone(),
                };
                if self.inputs.insert(parsed, input).is_some() {
                    cursor.fault(format!("the input {name} is declared twice"));
                }
            }
        }
        self.names.insert(name.to_owned(), kind_of_value);
        self.declared.push((name.to_owned(), cursor));
    }

    /// Reports inputs that are said to be counted and are not, and such that are counted though people are to say them.
    pub(super) fn check_inputs_counted(&self) {
        for (name, cursor) in &self.declared {
            let parsed: Option<MeasureName> = name.parse().ok();
            let Some(input) = parsed.and_then(|name| self.inputs.get(&name)) else {
                continue;
            };
            let kind = input.kind.word();
            let Some((place, known)) = counted(input.kind) else {
                let kinds = [InputKind::Flow, InputKind::Registry];
                let places = kinds.into_iter().filter_map(counted);
                for (place, known) in places {
                    if known.contains(name.as_str()) {
                        cursor.fault(format!(
                            "{name} is counted {place} and cannot be {kind} too: give it another name or kind"
                        ));
                    }
                }
                continue;
            };
            if known.contains(name.as_str()) {
                continue;
            }
            let meant = match (nearest(name, known), input.kind) {
                (Some(near), _) => format!("probably {near} is meant"),
                // What is reported counts as a stock where a definition calls it one.
                (None, InputKind::Stock) => continue,
                (None, _) => "name a measure that is, or let it be reported".to_owned(),
            };
            cursor.fault(format!(
                "nothing {place} is counted as {name}, so a {kind} of that name never has a value: {meant}"
            ));
        }
    }

    /// Reports inputs that no rule names.
    pub(super) fn check_inputs_used(&self) {
        for (name, cursor) in self
            .declared
            .iter()
            .filter(|(name, _)| !self.used.contains(name))
        {
            cursor.fault(format!("no rule names the input {name}"));
        }
    }
}

/// What counts inputs of a kind, and the measures that it gives; none where people say the figures.
fn counted(kind: InputKind) -> Option<(&'static str, BTreeSet<&'static str>)> {
    match kind {
        InputKind::Flow | InputKind::Stock => {
            Some(("from dossiers", measures::sources().into_keys().collect()))
        }
        InputKind::Registry => Some(("in the registry", measures::OFFERED.into())),
        InputKind::Reported | InputKind::Appraised | InputKind::Surveyed => None,
    }
}

fn input_type(cursor: &Cursor<'_>) -> Option<Type> {
    if !cursor.is_list() {
        return cursor
            .choice(&[("number", 0), ("yes_no", 1)])
            .map(|kind| match kind {
                0 => Type::Number,
                _ => Type::YesNo,
            });
    }
    let items = cursor.items()?;
    let states: Vec<String> = items
        .iter()
        .filter_map(|item| item.text().map(str::to_owned))
        .collect();
    if states.len() < 2 || states.iter().collect::<BTreeSet<_>>().len() != states.len() {
        cursor.fault("a list of states has at least two, all different");
        return None;
    }
    Some(Type::State(states))
}
