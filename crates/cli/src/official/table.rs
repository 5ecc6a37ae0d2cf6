//! The rows of a published table.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use contracts::assessments::v1::{PublishedFigure, PublishedRow};
use csv::StringRecord;

use super::mapping::Mapping;
use crate::{Exit, Failure};

/// Reads the rows of a CSV file.
///
/// # Errors
/// That the file cannot be read, or what is wrong with it: columns that it does not have, ranks that are no numbers.
pub fn rows(path: &Path, mapping: &Mapping) -> Result<Vec<PublishedRow>, Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| Failure::file(path, error))?;
    read(&text, mapping).map_err(|faults| {
        let faults: Vec<_> = faults
            .iter()
            .map(|fault| format!("{}: {fault}", path.display()))
            .collect();
        Failure::new(Exit::Data, faults.join("\n"))
    })
}

pub(super) fn read(text: &str, mapping: &Mapping) -> Result<Vec<PublishedRow>, Vec<String>> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let headers = reader
        .headers()
        .map_err(|error| vec![error.to_string()])?
        .clone();
    let places = headers
        .iter()
        .map(|name| name.trim_start_matches('\u{feff}').trim());
    let places: BTreeMap<&str, usize> = places.zip(0..).collect();
    let missing: Vec<_> = wanted(mapping)
        .into_iter()
        .filter(|column| !places.contains_key(column))
        .map(|column| format!("has no column {column:?}, which the mapping names"))
        .collect();
    if !missing.is_empty() {
        return Err(missing);
    }
    let (mut rows, mut faults) = (Vec::new(), Vec::new());
    for record in reader.records() {
        let line = |record: &StringRecord| record.position().map_or(0, csv::Position::line);
        match record {
            Ok(record) => match row(&record, &places, mapping) {
                Ok(row) => rows.push(row),
                Err(fault) => faults.push(format!("line {}: {fault}", line(&record))),
            },
            Err(error) => faults.push(error.to_string()),
        }
    }
    if faults.is_empty() {
        Ok(rows)
    } else {
        Err(faults)
    }
}

/// Every column that a mapping names.
fn wanted(mapping: &Mapping) -> BTreeSet<&str> {
    let columns = &mapping.columns;
    let single = [
        &columns.subject,
        &columns.name_vi,
        &columns.name_en,
        &columns.total,
        &columns.standard_error,
        &columns.rank,
        &columns.band,
    ];
    let withheld = mapping.withheld.iter().map(|withheld| &withheld.column);
    single
        .into_iter()
        .chain(withheld)
        .chain(mapping.figures.values())
        .chain(mapping.standard_errors.values())
        .map(String::as_str)
        .filter(|column| !column.is_empty())
        .collect()
}

fn row(
    record: &StringRecord,
    places: &BTreeMap<&str, usize>,
    mapping: &Mapping,
) -> Result<PublishedRow, String> {
    let cell = |column: &str| {
        let place = places.get(column);
        let cell = place.and_then(|place| record.get(*place));
        cell.unwrap_or_default().trim().to_owned()
    };
    let columns = &mapping.columns;
    let rank = cell(&columns.rank);
    let rank = match rank.as_str() {
        "" => 0,
        text => text
            .parse()
            .map_err(|_| format!("the rank is {text:?}, which is no whole number"))?,
    };
    let withheld = mapping.withheld.as_ref();
    let withheld = withheld.filter(|withheld| cell(&withheld.column) == withheld.value);
    let figures = mapping.figures.iter().filter_map(|(code, column)| {
        let value = cell(column);
        let error = mapping.standard_errors.get(code);
        (!value.is_empty()).then(|| PublishedFigure {
            code: code.clone(),
            value,
            standard_error: error.map(|column| cell(column)).unwrap_or_default(),
        })
    });
    Ok(PublishedRow {
        subject: cell(&columns.subject),
        name_vi: cell(&columns.name_vi),
        name_en: cell(&columns.name_en),
        withheld: withheld.map_or_else(String::new, |withheld| withheld.reason.clone()),
        total: cell(&columns.total),
        standard_error: cell(&columns.standard_error),
        rank,
        band: cell(&columns.band),
        figures: figures.collect(),
    })
}
