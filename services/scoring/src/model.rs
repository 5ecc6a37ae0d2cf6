//! What scoring knows, in memory: reference data, counters, reported figures, and the points last told.
//!
//! Everything here is a fold over the followed logs and does not depend on how they interleave: counters and
//! reported figures are kept by the fact's own identity and time, and points are a pure function of them.

use std::collections::{BTreeMap, BTreeSet};

use contracts::assessments::v1 as assessments;
use directory::Directory;
use ids::{IndexKey, Month, Period};
use index::Definition;
use jiff::Timestamp;
use jiff::tz::Offset;
use measures::{Counters, Key};
use prost::Message;
use rust_decimal::Decimal;

use crate::dirty::Dirty;

/// What was last told of a leaf.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Points {
    pub(crate) edition: String,
    /// Decimal; empty when there is no score.
    pub(crate) points: String,
    pub(crate) max: String,
    /// Why there is no score; empty when there is one.
    pub(crate) reason: String,
}

/// What was reported of a month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Stated {
    Figure(Decimal),
    /// A mean as the sums that it is made of.
    Mean {
        sum: Decimal,
        of: Decimal,
    },
    /// There is no figure, and why.
    Withheld(String),
}

/// Reported figures of one unit: by measure, then month.
pub(crate) type Reported = BTreeMap<String, BTreeMap<Month, Stated>>;

/// Why a source event could not be taken in.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ModelError {
    #[error("the event is not what its type says")]
    Decode(#[from] prost::DecodeError),
    #[error("the registry's event cannot be read")]
    Directory(#[from] directory::DecodeError),
    #[error("the definition in force does not pass this service's checks: {0}")]
    Definition(String),
    #[error("{0}; it was accepted by the service that owns it and must be readable here")]
    Field(String),
}

/// See the module's documentation.
pub(crate) struct Model {
    /// Local time's offset from UTC.
    pub(crate) offset: Offset,
    pub(crate) directory: Directory,
    /// By code of the index, then edition.
    pub(crate) definitions: BTreeMap<String, BTreeMap<String, Definition>>,
    pub(crate) units: BTreeMap<String, Counters>,
    pub(crate) reported: BTreeMap<String, Reported>,
    pub(crate) leaves: BTreeMap<IndexKey, BTreeMap<String, Points>>,
    /// The newest `recorded_at` of all followed events: scores are kept up to its month.
    pub(crate) horizon: Option<Timestamp>,
}

impl Model {
    pub(crate) fn new(offset: Offset) -> Self {
        Self {
            offset,
            directory: Directory::default(),
            definitions: BTreeMap::new(),
            units: BTreeMap::new(),
            reported: BTreeMap::new(),
            leaves: BTreeMap::new(),
            horizon: None,
        }
    }

    /// The month up to which scores are kept.
    pub(crate) fn horizon_month(&self) -> Option<Month> {
        self.horizon
            .map(|at| Month::of(self.offset.to_datetime(at).date()))
    }

    /// Moves the horizon on; a new month makes every unit's standing in it due.
    pub(crate) fn advance(&mut self, recorded_at: Timestamp, dirty: &mut Dirty) {
        let before = self.horizon_month();
        self.horizon = self.horizon.max(Some(recorded_at));
        if let (Some(before), Some(now)) = (before, self.horizon_month())
            && let Some(next) = Month::from_ordinal(before.ordinal() + 1)
            && now > before
        {
            dirty.all_since(next);
        }
    }

    /// Takes in an event of the registry's log.
    pub(crate) fn apply_registry(
        &mut self,
        stream: &str,
        kind: &str,
        payload: &[u8],
        dirty: &mut Dirty,
    ) -> Result<(), ModelError> {
        self.directory.apply(stream, kind, payload)?;
        // Groups and procedures reach into every figure, also of past periods (a correction may be back-dated), and they
        // change a few times a month. Due dates are dossiers' facts: what they were reckoned by reaches no figure.
        let kind = kind.strip_prefix("chiso.registry.v1.").unwrap_or(kind);
        if !matches!(kind, "CalendarAnnounced" | "PolicySet") {
            dirty.everything();
        }
        Ok(())
    }

    /// Takes in an event of the assessments log.
    pub(crate) fn apply_assessments(
        &mut self,
        kind: &str,
        payload: &[u8],
        dirty: &mut Dirty,
    ) -> Result<(), ModelError> {
        match kind.strip_prefix("chiso.assessments.v1.").unwrap_or(kind) {
            "DefinitionPutInForce" => {
                let event = assessments::DefinitionPutInForce::decode(payload)?;
                let name = format!("{} {}", event.code, event.edition);
                let definition = Definition::parse(&event.document, &name)
                    .map_err(|faults| ModelError::Definition(list(&faults)))?;
                self.definitions
                    .entry(event.code)
                    .or_default()
                    .insert(event.edition, definition);
                dirty.everything();
                Ok(())
            }
            "DefinitionRetired" => {
                let event = assessments::DefinitionRetired::decode(payload)?;
                let last = month(&event.last_month)?;
                let editions = self.definitions.get_mut(&event.code);
                if let Some(edition) = editions.and_then(|known| known.get_mut(&event.edition)) {
                    edition.end(Period::Month(last).last_day());
                }
                dirty.everything();
                Ok(())
            }
            "MeasureReported" => {
                let event = assessments::MeasureReported::decode(payload)?;
                let month = month(&event.month)?;
                let stated = stated(&event)?;
                dirty.reported(&event.unit, month, &event.measure);
                if self
                    .first_month(&event.unit)
                    .is_none_or(|first| month < first)
                {
                    dirty.unit_since(&event.unit, month);
                }
                self.reported
                    .entry(event.unit)
                    .or_default()
                    .entry(event.measure)
                    .or_default()
                    .insert(month, stated);
                Ok(())
            }
            // Campaigns, surveys and drafts reach no figure by themselves.
            _ if contracts::json::descriptors()
                .get_message_by_name(kind)
                .is_some() =>
            {
                Ok(())
            }
            _ => Err(ModelError::Field(format!(
                "no event of assessments is called {kind}"
            ))),
        }
    }

    /// Adds what changed in the dossiers' contributions.
    pub(crate) fn apply_deltas(&mut self, deltas: &BTreeMap<Key, i64>, dirty: &mut Dirty) {
        let units: BTreeSet<&str> = deltas.keys().map(|key| key.unit.as_str()).collect();
        let first = units
            .into_iter()
            .map(|unit| (unit, self.first_month(unit)))
            .collect::<Vec<_>>();
        for (key, delta) in deltas {
            self.units.entry(key.unit.clone()).or_default().add(
                key.month,
                key.counter,
                key.procedure.as_deref(),
                *delta,
            );
        }
        dirty.deltas(deltas);
        // A unit has points in every month from its first one on, also where nothing happened: however the logs were cut
        // into batches.
        for (unit, before) in first {
            let now = self.first_month(unit);
            if let Some(now) = now.filter(|_| now != before) {
                dirty.unit_since(unit, now);
            }
        }
    }

    /// Every unit that anything was counted or reported for.
    pub(crate) fn active_units(&self) -> BTreeSet<&str> {
        self.units
            .keys()
            .chain(self.reported.keys())
            .map(String::as_str)
            .collect()
    }

    /// The first month that anything was counted or reported for a unit.
    pub(crate) fn first_month(&self, unit: &str) -> Option<Month> {
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

fn stated(event: &assessments::MeasureReported) -> Result<Stated, ModelError> {
    let decimal = |text: &str| {
        let read = Decimal::from_str_exact(text);
        read.map_err(|_| ModelError::Field(format!("{text:?} is not a decimal")))
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

fn month(text: &str) -> Result<Month, ModelError> {
    match text.parse() {
        Ok(Period::Month(month)) => Ok(month),
        _ => Err(ModelError::Field(format!("{text:?} is not a month"))),
    }
}

fn list(faults: &[impl ToString]) -> String {
    faults
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join("; ")
}
