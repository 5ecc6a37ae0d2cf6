//! Values for inputs, as people write them.

use std::path::Path;

use index::{Definition, Inputs};

use crate::yaml::{self, Content};
use crate::{Exit, Failure};

/// Reads `name=value` pairs, and files of them in YAML or JSON: a mapping from names to values.
///
/// # Errors
/// Every name that the definition does not have and every value that is not of its input's type, at once; a file that
/// cannot be read.
pub(super) fn read(definition: &Definition, given: &[String]) -> Result<Inputs, Failure> {
    let mut inputs = Inputs::new();
    let mut faults = Vec::new();
    let mut exit = Exit::Usage;
    for text in given {
        match text.split_once('=') {
            Some((name, value)) => set(
                definition,
                &mut inputs,
                &mut faults,
                (name.trim(), value.trim()),
                "",
            ),
            None => {
                let before = faults.len();
                file(definition, Path::new(text), &mut inputs, &mut faults)?;
                if faults.len() > before {
                    exit = Exit::Data;
                }
            }
        }
    }
    if faults.is_empty() {
        Ok(inputs)
    } else {
        Err(Failure::new(exit, faults.join("\n")))
    }
}

fn file(
    definition: &Definition,
    path: &Path,
    inputs: &mut Inputs,
    faults: &mut Vec<String>,
) -> Result<(), Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        let why = format!("{error}; write NAME=VALUE, or the name of a file of values");
        Failure::file(path, why)
    })?;
    let root = match yaml::parse(&text) {
        Ok(root) => root,
        Err(fault) => {
            faults.push(format!("{}: {fault}", path.display()));
            return Ok(());
        }
    };
    let Content::Map(entries) = &root.content else {
        faults.push(format!(
            "{}: a mapping from names of inputs to values is expected",
            path.display()
        ));
        return Ok(());
    };
    for entry in entries {
        let place = format!("{}:{}: ", path.display(), entry.line);
        match entry.value.text() {
            Some(value) => set(definition, inputs, faults, (&entry.key, value), &place),
            None => faults.push(format!("{place}{} needs one value", entry.key)),
        }
    }
    Ok(())
}

fn set(
    definition: &Definition,
    inputs: &mut Inputs,
    faults: &mut Vec<String>,
    (name, value): (&str, &str),
    place: &str,
) {
    if definition.input(name).is_none() {
        let message = format!("{name} is not an input of {}", definition.code());
        return faults.push(format!("{place}{message}"));
    }
    match definition.read_value(name, value) {
        Some(value) => inputs.set(name, value),
        None => {
            let expected = definition.expected_value(name).unwrap_or_default();
            faults.push(format!("{place}{name} is {value:?}, not {expected}"));
        }
    }
}
