//! From a document to a definition.

use super::tree::Trees;
use super::{Bands, Cuts, Definition, checks, head};
use crate::example;
use crate::fault::{Fault, Report};
use crate::read::Cursor;
use crate::yaml;

const KEYS: [&str; 18] = [
    "code",
    "edition",
    "name",
    "source",
    "note",
    "groups",
    "in_force",
    "rounding",
    "missing",
    "value",
    "total",
    "aggregate",
    "ranking",
    "bands",
    "inputs",
    "components",
    "leaves",
    "examples",
];

/// With `counted`, inputs have to be measures that something counts.
pub(super) fn build(text: &str, file_name: &str, counted: bool) -> Result<Definition, Vec<Fault>> {
    let report = Report::new(file_name);
    let built =
        yaml::read(text, &report).and_then(|root| read(Cursor::new(&root, &report), counted));
    match built {
        Some(definition) if report.is_empty() => Ok(definition),
        _ => Err(report.into_faults()),
    }
}

/// Reads on after faults, so that all of them are found.
fn read(cursor: Cursor<'_>, counted: bool) -> Option<Definition> {
    let report = cursor.report();
    let fields = cursor.fields(&KEYS)?;
    let head = head::read(&fields);
    let mut trees = Trees::new(head.as_ref().map(|head| head.rounding));
    if let Some(inputs) = fields.get("inputs") {
        trees.dictionary(&inputs);
    }
    let root = trees.root(&fields, head.as_ref().map(|head| head.total.max));
    let bands = match (fields.get("bands"), &head) {
        (Some(cursor), Some(head)) => checks::bands(cursor, head),
        (Some(_), None) => None,
        (None, _) => Some(Bands {
            list: Vec::new(),
            cut_is_higher: true,
            cuts: Cuts::Values,
        }),
    };
    trees.check_inputs_used();
    if counted {
        trees.check_inputs_counted();
    }
    let examples = trees.leaf_examples();
    let definition = trees.finish(head?, root?, bands?);
    // Examples of a definition that is wrong otherwise would only repeat it.
    if report.is_empty() {
        for (leaf, cursor) in examples {
            example::check_leaf(&definition, &definition.leaves[leaf], &cursor);
        }
        if let Some(cursor) = fields.get("examples") {
            example::check_whole(&definition, &cursor);
        }
    }
    Some(definition)
}
