//! Results that others publish of whole provinces: kept as published, recomputed beside it.
//!
//! The PAR Index of the province by component, PAPI by dimension and sub-dimension, satisfaction: their tables are facts
//! that somebody else decided. They are kept to the digit, also where they disagree with themselves; what the engine makes
//! of the same figures stands beside them (see [`compare`]), never in their place.

mod check;
mod compare;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use decider::Decider;
use ids::{IndexCode, LeafCode};
use rust_decimal::Decimal;

pub use check::{RowFault, faults};
pub use compare::{Beside, Change, Compared, changes, compare};

/// Most rows of a publication: there were 63 provinces; the rest is room.
pub const ROWS_MAX: usize = 200;

/// A published table of one index and year.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publication {
    /// Code of the index.
    pub index: IndexCode,
    /// The year that it judges.
    pub year: i16,
    /// Edition of the definition whose components and leaves the figures belong to.
    pub edition: String,
    /// Where the table is from: a document's number or a site.
    pub source: String,
    /// One for each subject, in the table's order.
    pub rows: Vec<Row>,
}

/// What was published of one subject.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Row {
    /// Code of the subject in the table, such as a province's.
    pub subject: String,
    /// Its name in Vietnamese.
    pub name_vi: String,
    /// Its name in English.
    pub name_en: String,
    /// Why nothing was published; empty where something was. What is withheld is not zero.
    pub withheld: String,
    /// The total, as printed: points or a percentage, whichever the definition ranks by.
    pub total: Option<Decimal>,
    /// Standard error of the total.
    pub standard_error: Option<Decimal>,
    /// The rank.
    pub rank: Option<u32>,
    /// Code of the band.
    pub band: Option<String>,
    /// Points of components and leaves.
    pub figures: BTreeMap<LeafCode, Printed>,
}

/// A figure as printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Printed {
    /// The points, with the digits that were printed.
    pub value: Decimal,
    /// Its standard error.
    pub standard_error: Option<Decimal>,
}

/// The results of one index and year: the newest publication, and how many there were.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OfficialResults {
    newest: Option<Publication>,
    reason: String,
    count: usize,
}

/// What may be asked of official results.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OfficialCommand {
    /// States the whole table, in place of an earlier one.
    Import {
        /// The table.
        publication: Publication,
        /// Why it differs from the one before; may be empty for the first.
        reason: String,
    },
}

/// What happened to official results.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OfficialEvent {
    /// The table is this, from now on.
    Imported {
        /// The table.
        publication: Publication,
        /// Why it differs from the one before.
        reason: String,
    },
}

/// Why a table is not taken in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OfficialRefusal {
    /// It has no rows, or more than a table can have.
    #[error("the table has {0} rows; send 1 to {ROWS_MAX}")]
    Size(usize),
    /// A subject has more than one row.
    #[error("{0} has more than one row; send one for each subject")]
    Twice(String),
    /// Other figures are known.
    #[error(
        "the results of {index} {year} are known with another content; say in the reason why they change"
    )]
    Unreasoned {
        /// Code of the index.
        index: IndexCode,
        /// The year.
        year: i16,
    },
}

impl OfficialResults {
    /// The newest publication.
    pub fn publication(&self) -> Option<&Publication> {
        self.newest.as_ref()
    }

    /// Why the newest publication differs from the one before; empty for the first.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// How many publications there were, the newest included.
    pub fn count(&self) -> usize {
        self.count
    }
}

impl Decider for OfficialResults {
    type Command = OfficialCommand;
    type Event = OfficialEvent;
    type Refusal = OfficialRefusal;

    fn decide(&self, command: OfficialCommand) -> Result<Vec<OfficialEvent>, OfficialRefusal> {
        let OfficialCommand::Import {
            publication,
            reason,
        } = command;
        if !(1..=ROWS_MAX).contains(&publication.rows.len()) {
            return Err(OfficialRefusal::Size(publication.rows.len()));
        }
        let mut subjects = BTreeSet::new();
        for row in &publication.rows {
            if !subjects.insert(&row.subject) {
                return Err(OfficialRefusal::Twice(row.subject.clone()));
            }
        }
        match &self.newest {
            Some(known) if *known == publication => return Ok(vec![]),
            Some(known) if reason.is_empty() => {
                return Err(OfficialRefusal::Unreasoned {
                    index: known.index.clone(),
                    year: known.year,
                });
            }
            _ => {}
        }
        Ok(vec![OfficialEvent::Imported {
            publication,
            reason,
        }])
    }

    fn evolve(&mut self, event: &OfficialEvent) {
        let OfficialEvent::Imported {
            publication,
            reason,
        } = event;
        self.newest = Some(publication.clone());
        self.reason.clone_from(reason);
        self.count += 1;
    }
}
