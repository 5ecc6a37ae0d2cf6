//! `chiso index check`: is it sound, and if not, where.

use std::path::PathBuf;

use clap::Args;
use index::{Definition, Fault};
use serde_json::{Value, json};

use super::{print, read};
use crate::{Exit, Failure};

const EXAMPLES: &str = "\
Examples:
  chiso index check deploy/catalog/indices/*.yaml
  chiso index check par-2025.yaml --json | jq -r '.faults[].message'

Exit codes: 0 every file is sound, 65 some file has faults, 66 a file cannot be read.";

/// Check definitions in whole: names, sums, bands, rules, and the examples that they carry
///
/// Every fault of every file is printed as FILE:LINE:COLUMN: WHERE: WHAT, in the order of the file. With --json: one object
/// a file, with its faults.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(super) struct Check {
    /// Files in YAML
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

pub(super) fn run(check: &Check, json: bool) -> Result<Exit, Failure> {
    let mut exit = Exit::Done;
    for file in &check.files {
        let name = file.display().to_string();
        let checked = read(file)?;
        if checked.is_err() {
            exit = Exit::Data;
        }
        print(&if json {
            vec![object(&name, &checked).to_string()]
        } else {
            lines(&name, &checked)
        });
    }
    Ok(exit)
}

pub(super) fn lines(file: &str, checked: &Result<Definition, Vec<Fault>>) -> Vec<String> {
    match checked {
        Ok(definition) => vec![format!(
            "{file}: sound: {} {}, {} leaves, {} points",
            definition.code(),
            definition.edition(),
            definition.leaves().len(),
            definition.max(),
        )],
        Err(faults) => faults.iter().map(ToString::to_string).collect(),
    }
}

pub(super) fn object(file: &str, checked: &Result<Definition, Vec<Fault>>) -> Value {
    match checked {
        Ok(definition) => json!({
            "file": file,
            "sound": true,
            "code": definition.code().as_str(),
            "edition": definition.edition(),
            "leaves": definition.leaves().len(),
            "max": definition.max().to_string(),
            "faults": [],
        }),
        Err(faults) => json!({
            "file": file,
            "sound": false,
            "faults": faults.iter().map(|fault| json!({
                "line": fault.line,
                "column": fault.column,
                "path": fault.path,
                "message": fault.message,
            })).collect::<Vec<_>>(),
        }),
    }
}
