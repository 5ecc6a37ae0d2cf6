//! The rows of a file: CSV, or JSON lines.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;

use csv::StringRecord;
use serde_json::Value;

use super::mapping::Mapping;
use crate::{Exit, Failure};

/// Most rows of a file: about 2 GB of memory, half a million dossiers with everything that happened to them.
const ROWS_MAX: usize = 5_000_000;

/// The rows of a file, all of them, as they are put into order by case.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) headers: StringRecord,
    pub(super) rows: Vec<StringRecord>,
    columns: BTreeMap<String, usize>,
}

impl Table {
    /// Reads a file whose columns are those of the mapping.
    pub(super) fn read(path: &Path, mapping: &Mapping) -> Result<Self, Failure> {
        let json = path.extension().is_some_and(|extension| {
            extension == "jsonl" || extension == "ndjson" || extension == "json"
        });
        let (headers, rows) = if json {
            json_lines(path)?
        } else {
            csv(path, mapping.delimiter)?
        };
        let columns = headers
            .iter()
            .enumerate()
            .map(|(index, name)| (name.trim().to_owned(), index))
            .collect();
        let table = Self {
            headers,
            rows,
            columns,
        };
        table.check(path, mapping)?;
        Ok(table)
    }

    /// That every column that the mapping names is there.
    fn check(&self, path: &Path, mapping: &Mapping) -> Result<(), Failure> {
        let of_cases = mapping
            .case
            .iter()
            .flat_map(|fact| fact.due.iter().chain([&fact.at]));
        let missing: BTreeSet<&str> = mapping
            .columns
            .values()
            .chain(of_cases)
            .map(String::as_str)
            .filter(|column| !self.columns.contains_key(*column))
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        let missing: Vec<&str> = missing.into_iter().collect();
        let there: Vec<&str> = self.headers.iter().collect();
        let message = format!(
            "{}: has no column {}; it has {}; correct the mapping",
            path.display(),
            missing.join(", "),
            there.join(", ")
        );
        Err(Failure::new(Exit::Data, message))
    }

    /// A cell without surrounding blanks; empty when the file lacks the column.
    pub(super) fn cell(&self, row: usize, column: &str) -> &str {
        let index = self.columns.get(column);
        index
            .and_then(|index| self.rows[row].get(*index))
            .unwrap_or_default()
            .trim()
    }
}

fn too_many(path: &Path) -> Failure {
    let message = format!(
        "{}: has more than 5,000,000 rows; split it by case",
        path.display()
    );
    Failure::new(Exit::Data, message)
}

fn csv(path: &Path, delimiter: u8) -> Result<(StringRecord, Vec<StringRecord>), Failure> {
    let wrong = |error: csv::Error| {
        let exit = if error.is_io_error() {
            Exit::NoInput
        } else {
            Exit::Data
        };
        Failure::new(exit, format!("{}: {error}", path.display()))
    };
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .from_path(path)
        .map_err(wrong)?;
    let mut headers = reader.headers().map_err(wrong)?.clone();
    if let Some(first) = headers
        .get(0)
        .and_then(|first| first.strip_prefix('\u{feff}'))
    {
        // Spreadsheets write a byte order mark.
        headers = std::iter::once(first)
            .chain(headers.iter().skip(1))
            .map(str::to_owned)
            .collect();
    }
    let mut rows = Vec::new();
    for row in reader.into_records() {
        if rows.len() == ROWS_MAX {
            return Err(too_many(path));
        }
        rows.push(row.map_err(wrong)?);
    }
    Ok((headers, rows))
}

fn json_lines(path: &Path) -> Result<(StringRecord, Vec<StringRecord>), Failure> {
    let file = File::open(path).map_err(|error| Failure::file(path, error))?;
    let mut objects: Vec<BTreeMap<String, String>> = Vec::new();
    for (index, line) in BufReader::new(file).lines().enumerate() {
        let line = line.map_err(|error| Failure::file(path, error))?;
        if line.trim().is_empty() {
            continue;
        }
        if objects.len() == ROWS_MAX {
            return Err(too_many(path));
        }
        let Ok(Value::Object(object)) = serde_json::from_str(&line) else {
            let message = format!(
                "{}:{}: is no JSON object; write one a line",
                path.display(),
                index + 1
            );
            return Err(Failure::new(Exit::Data, message));
        };
        objects.push(
            object
                .into_iter()
                .map(|(key, value)| (key, plain(value)))
                .collect(),
        );
    }
    let headers: BTreeSet<&String> = objects.iter().flat_map(BTreeMap::keys).collect();
    let rows = objects
        .iter()
        .map(|object| {
            headers
                .iter()
                .map(|key| object.get(*key).map_or("", String::as_str))
                .collect()
        })
        .collect();
    Ok((headers.iter().collect(), rows))
}

/// A value as a cell.
fn plain(value: Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text,
        other => other.to_string(),
    }
}
