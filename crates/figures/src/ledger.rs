//! What the followed logs say: reference data, counters and reported figures.
//!
//! Everything here is a fold over the followed logs and does not depend on how they interleave: counters and
//! reported figures are kept by the fact's own identity and time.

use std::collections::{BTreeMap, BTreeSet};

use contracts::assessments::v1 as assessments;
use directory::Directory;
use ids::{Month, Period};
use index::Definition;
use jiff::Timestamp;
use jiff::tz::Offset;
use measures::{Counters, Key};
use prost::Message as _;
use rust_decimal::Decimal;

/// What was reported of a month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stated {
    /// A figure; those of several months and units are added up.
    Figure(Decimal),
    /// A mean as the sums that it is made of.
    Mean {
        /// Of all values.
        sum: Decimal,
        /// What it is divided by.
        of: Decimal,
    },
    /// There is no figure, and why.
    Withheld(String),
}

/// Reported figures of one unit: by measure, then month.
pub type Reported = BTreeMap<String, BTreeMap<Month, Stated>>;

/// Why an event could not be taken in.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The payload is no such message.
    #[error("the event is not what its type says")]
    Decode(#[from] prost::DecodeError),
    /// An event of the registry.
    #[error("the registry's event cannot be read")]
    Directory(#[from] directory::DecodeError),
    /// A definition that was put in force by another version.
    #[error("the definition in force does not pass this service's checks: {0}")]
    Definition(String),
    /// A field holds what its owner never accepts.
    #[error("{0}; it was accepted by the service that owns it and must be readable here")]
    Field(String),
}

/// Which figures an event may have changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Touched {
    /// None.
    Nothing,
    /// Any, also of past periods.
    Everything,
    /// What was reported of a unit, from a month on.
    Report {
        /// Whose.
        unit: String,
        /// Of which month it was reported.
        month: Month,
        /// Name of the measure.
        measure: String,
        /// Nothing was known of the unit before that month until now.
        begins: bool,
    },
}

/// See the module's documentation.
#[derive(Debug)]
pub struct Ledger {
    /// Local time's offset from UTC.
    pub offset: Offset,
    /// Units and procedures.
    pub directory: Directory,
    /// By code of the index, then edition.
    pub definitions: BTreeMap<String, BTreeMap<String, Definition>>,
    /// What was counted, by unit.
    pub units: BTreeMap<String, Counters>,
    /// What was reported, by unit.
    pub reported: BTreeMap<String, Reported>,
    /// The newest `recorded_at` of all followed events.
    pub horizon: Option<Timestamp>,
}

impl Ledger {
    /// Before any event, in local time of that offset from UTC.
    pub fn new(offset: Offset) -> Self {
        Self {
            offset,
            directory: Directory::default(),
            definitions: BTreeMap::new(),
            units: BTreeMap::new(),
            reported: BTreeMap::new(),
            horizon: None,
        }
    }

    /// The month up to which the logs have come.
    pub fn horizon_month(&self) -> Option<Month> {
        self.horizon
            .map(|at| Month::of(self.offset.to_datetime(at).date()))
    }

    /// Takes in an event of the registry's log.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn apply_registry(
        &mut self,
        stream: &str,
        kind: &str,
        payload: &[u8],
    ) -> Result<Touched, LedgerError> {
        self.directory.apply(stream, kind, payload)?;
        // Groups and procedures reach into every figure, also of past periods (a correction may be back-dated), and they
        // change a few times a month. Due dates are dossiers' facts: what they were reckoned by reaches no figure.
        let kind = kind.strip_prefix("chiso.registry.v1.").unwrap_or(kind);
        Ok(match kind {
            "CalendarAnnounced" | "PolicySet" => Touched::Nothing,
            _ => Touched::Everything,
        })
    }

    /// Takes in an event of the assessments log.
    ///
    /// # Errors
    /// When it cannot be read, or is none of that log's.
    pub fn apply_assessments(
        &mut self,
        kind: &str,
        payload: &[u8],
    ) -> Result<Touched, LedgerError> {
        match kind.strip_prefix("chiso.assessments.v1.").unwrap_or(kind) {
            "DefinitionPutInForce" => {
                let event = assessments::DefinitionPutInForce::decode(payload)?;
                let name = format!("{} {}", event.code, event.edition);
                let definition = Definition::parse(&event.document, &name)
                    .map_err(|faults| LedgerError::Definition(list(&faults)))?;
                self.definitions
                    .entry(event.code)
                    .or_default()
                    .insert(event.edition, definition);
                Ok(Touched::Everything)
            }
            "DefinitionRetired" => {
                let event = assessments::DefinitionRetired::decode(payload)?;
                let last = month(&event.last_month)?;
                let editions = self.definitions.get_mut(&event.code);
                if let Some(edition) = editions.and_then(|known| known.get_mut(&event.edition)) {
                    edition.end(Period::Month(last).last_day());
                }
                Ok(Touched::Everything)
            }
            "MeasureReported" => self.report(assessments::MeasureReported::decode(payload)?),
            // Campaigns, surveys and drafts reach no figure by themselves.
            _ if contracts::json::descriptors()
                .get_message_by_name(kind)
                .is_some() =>
            {
                Ok(Touched::Nothing)
            }
            _ => Err(LedgerError::Field(format!(
                "no event of assessments is called {kind}"
            ))),
        }
    }

    fn report(&mut self, event: assessments::MeasureReported) -> Result<Touched, LedgerError> {
        let month = month(&event.month)?;
        let stated = stated(&event)?;
        let begins = self
            .first_month(&event.unit)
            .is_none_or(|first| month < first);
        self.reported
            .entry(event.unit.clone())
            .or_default()
            .entry(event.measure.clone())
            .or_default()
            .insert(month, stated);
        Ok(Touched::Report {
            unit: event.unit,
            month,
            measure: event.measure,
            begins,
        })
    }

    /// Adds what changed in the dossiers' contributions; the units that begin earlier than was known, each with its first
    /// month.
    pub fn add(&mut self, deltas: &BTreeMap<Key, i64>) -> Vec<(String, Month)> {
        let units: BTreeSet<&str> = deltas.keys().map(|key| key.unit.as_str()).collect();
        let before: Vec<_> = units
            .into_iter()
            .map(|unit| (unit, self.first_month(unit)))
            .collect();
        for (key, delta) in deltas {
            self.count(key, *delta);
        }
        let moved = before.into_iter().filter_map(|(unit, before)| {
            let now = self
                .first_month(unit)
                .filter(|_| before != self.first_month(unit))?;
            Some((unit.to_owned(), now))
        });
        moved.collect()
    }

    /// Adds to one counter.
    pub fn count(&mut self, key: &Key, delta: i64) {
        let counters = self.units.entry(key.unit.clone()).or_default();
        counters.add(key.month, key.counter, key.procedure.as_deref(), delta);
    }

    /// Every unit that anything was counted or reported for.
    pub fn active_units(&self) -> BTreeSet<&str> {
        self.units
            .keys()
            .chain(self.reported.keys())
            .map(String::as_str)
            .collect()
    }

    /// The first month that anything was counted or reported for a unit.
    pub fn first_month(&self, unit: &str) -> Option<Month> {
        let counted = self.units.get(unit).and_then(Counters::first_month);
        let reported = self
            .reported
            .get(unit)
            .into_iter()
            .flat_map(BTreeMap::values);
        let reported = reported.filter_map(|months| months.keys().next().copied());
        counted.into_iter().chain(reported).min()
    }
}

fn stated(event: &assessments::MeasureReported) -> Result<Stated, LedgerError> {
    let decimal = |text: &str| {
        let read = Decimal::from_str_exact(text);
        read.map_err(|_| LedgerError::Field(format!("{text:?} is not a decimal")))
    };
    if !event.withheld_reason.is_empty() {
        return Ok(Stated::Withheld(event.withheld_reason.clone()));
    }
    let sum = decimal(&event.value)?;
    Ok(match event.per.as_str() {
        "" => Stated::Figure(sum),
        per => Stated::Mean {
            sum,
            of: decimal(per)?,
        },
    })
}

fn month(text: &str) -> Result<Month, LedgerError> {
    match text.parse() {
        Ok(Period::Month(month)) => Ok(month),
        _ => Err(LedgerError::Field(format!("{text:?} is not a month"))),
    }
}

fn list(faults: &[impl ToString]) -> String {
    faults
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join("; ")
}
