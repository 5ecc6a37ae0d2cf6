//! Whether a published table fits the definition that it is compared with.

use ids::LeafCode;
use index::Definition;
use rust_decimal::Decimal;

use super::Row;

/// What is wrong with a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowFault {
    /// Place of the row, from 0.
    pub row: usize,
    /// Code of the subject.
    pub subject: String,
    /// What is wrong and what would be right.
    pub message: String,
}

/// Everything that is wrong with the rows of a table, in their order: codes and bands that the definition does not have,
/// figures outside what its components and leaves can give, and rows that say both that they are withheld and what they
/// say. Sums that do not come out are no faults: tables disagree with themselves.
pub fn faults(definition: &Definition, rows: &[Row]) -> Vec<RowFault> {
    let mut faults = Vec::new();
    for (place, row) in rows.iter().enumerate() {
        let messages = of_row(definition, row);
        faults.extend(messages.into_iter().map(|message| RowFault {
            row: place,
            subject: row.subject.clone(),
            message,
        }));
    }
    faults
}

fn of_row(definition: &Definition, row: &Row) -> Vec<String> {
    let mut messages = Vec::new();
    let told = row.total.is_some() || row.rank.is_some() || !row.figures.is_empty();
    if !row.withheld.is_empty() && told {
        messages.push("is withheld and has figures; what is withheld has none".to_owned());
    }
    if row.withheld.is_empty() && !told {
        messages.push("has no figures; say why they are withheld".to_owned());
    }
    if row.rank.is_some() && row.total.is_none() {
        messages.push("has a rank without a total".to_owned());
    }
    if let Some(band) = &row.band
        && definition.band(band).is_none()
    {
        messages.push(format!(
            "has the band {band}, which is none of the definition"
        ));
    }
    for (code, figure) in &row.figures {
        match max(definition, code) {
            None => messages.push(format!(
                "has a figure for {code}, which is no component or leaf of {} {}",
                definition.code(),
                definition.edition()
            )),
            Some(max) if !(Decimal::ZERO..=max).contains(&figure.value) => messages.push(format!(
                "has {} points for {code}, outside 0 to {}",
                figure.value,
                max.normalize()
            )),
            Some(_) => {}
        }
    }
    messages
}

/// The most points that a component or leaf can give; a leaf that only informs may say anything.
fn max(definition: &Definition, code: &LeafCode) -> Option<Decimal> {
    if let Some(leaf) = definition.leaf(code) {
        return Some(if leaf.max().is_zero() {
            Decimal::MAX
        } else {
            leaf.max()
        });
    }
    let mut components = definition.components().iter();
    let found = components.find(|component| component.code == *code)?;
    Some(found.max)
}
