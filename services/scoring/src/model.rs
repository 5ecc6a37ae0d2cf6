//! What scoring knows, in memory: what the followed logs say, and the points last told.
//!
//! Points are a pure function of the [`Ledger`].

use std::collections::BTreeMap;

use figures::{Ledger, LedgerError, Touched};
use ids::{IndexKey, Month};
use jiff::Timestamp;
use jiff::tz::Offset;
use measures::Key;

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

/// See the module's documentation.
pub(crate) struct Model {
    /// Scores are kept up to the month of its horizon.
    pub(crate) ledger: Ledger,
    pub(crate) leaves: BTreeMap<IndexKey, BTreeMap<String, Points>>,
}

impl Model {
    pub(crate) fn new(offset: Offset) -> Self {
        Self {
            ledger: Ledger::new(offset),
            leaves: BTreeMap::new(),
        }
    }

    /// Moves the horizon on; a new month makes every unit's standing in it due.
    pub(crate) fn advance(&mut self, recorded_at: Timestamp, dirty: &mut Dirty) {
        let before = self.ledger.horizon_month();
        self.ledger.horizon = self.ledger.horizon.max(Some(recorded_at));
        if let (Some(before), Some(now)) = (before, self.ledger.horizon_month())
            && let Some(next) = Month::from_ordinal(before.ordinal() + 1)
            && now > before
        {
            dirty.all_since(next);
        }
    }

    /// Takes in an event of the registry or of assessments.
    pub(crate) fn apply_source(
        &mut self,
        log: &str,
        (stream, kind, payload): (&str, &str, &[u8]),
        dirty: &mut Dirty,
    ) -> Result<(), LedgerError> {
        let touched = match log {
            "registry" => self.ledger.apply_registry(stream, kind, payload)?,
            _ => self.ledger.apply_assessments(kind, payload)?,
        };
        match touched {
            Touched::Nothing => {}
            Touched::Everything => dirty.everything(),
            Touched::Report {
                unit,
                month,
                measure,
                begins,
            } => {
                dirty.reported(&unit, month, &measure);
                if begins {
                    dirty.unit_since(&unit, month);
                }
            }
        }
        Ok(())
    }

    /// Adds what changed in the dossiers' contributions.
    pub(crate) fn apply_deltas(&mut self, deltas: &BTreeMap<Key, i64>, dirty: &mut Dirty) {
        let begun = self.ledger.add(deltas);
        dirty.deltas(deltas);
        // A unit has points in every month from its first one on, also where nothing happened: however the logs were cut
        // into batches.
        for (unit, first) in begun {
            dirty.unit_since(&unit, first);
        }
    }
}
