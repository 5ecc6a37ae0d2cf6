//! Publications: results as they were frozen, each of them for ever.

use std::collections::{BTreeMap, BTreeSet};

use ids::UnitCode;
use index::{Definition, IndexResult, Inputs, Ranked};
use jiff::Timestamp;

use super::{Campaign, Outcome};

/// How far a log was when something was published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Basis {
    /// Name of the log.
    pub log: String,
    /// Which log of that name: its epoch.
    pub epoch: String,
    /// Position of its newest event.
    pub position: i64,
    /// The hash of that event, which covers all events before it.
    pub hash: [u8; 32],
}

/// What frozen figures were counted from: whoever reads these logs up to there gets the same figures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FiguresBasis {
    /// How far each log was applied to the figures.
    pub logs: Vec<Basis>,
    /// Local time's offset from UTC, in minutes, by which events belong to months.
    pub utc_offset_minutes: i32,
}

/// What makes a publication provable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seal {
    /// 1 for the first of a campaign, and so on.
    pub number: u32,
    /// Number of the publication that it corrects; none for the first.
    pub corrects: Option<u32>,
    /// Why it corrects; empty for the first.
    pub reason: String,
    /// What it rests on.
    pub rests_on: Vec<Basis>,
    /// What its frozen figures were counted from; none where none were frozen, and where it was made before that was
    /// remembered.
    pub counted_on: Option<FiguresBasis>,
    /// SHA-256 of the published document.
    pub sha256: [u8; 32],
    /// Ed25519 signature of the published document.
    pub signature: [u8; 64],
    /// The key that the signature is checked with.
    pub public_key: [u8; 32],
    /// What stands from now on, by unit.
    pub outcomes: BTreeMap<UnitCode, Outcome>,
}

/// A publication about to be made: with the figures of each unit that nobody declared but that were counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issue {
    /// What makes it provable.
    pub seal: Seal,
    /// The figures, by unit; none where there are none.
    pub figures: BTreeMap<UnitCode, Inputs>,
    /// Who decided what differs from the publication before.
    pub decided_by: BTreeSet<String>,
}

/// A publication that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publication {
    /// Number of the decision.
    pub document: String,
    /// Who published.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// What makes it provable.
    pub seal: Seal,
    /// The figures of each unit that were counted, frozen.
    pub figures: BTreeMap<UnitCode, Inputs>,
}

/// The index of a unit, before units are ranked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summed {
    /// Whose.
    pub unit: UnitCode,
    /// The index.
    pub result: IndexResult,
    /// Version of the sheet that it follows from.
    pub sheet_version: i64,
}

impl Campaign {
    /// Its publications by number.
    pub fn publications(&self) -> &BTreeMap<u32, Publication> {
        &self.publications
    }

    /// The number that the next publication has.
    pub fn next_publication(&self) -> u32 {
        let newest = self.publications.keys().next_back();
        newest.map_or(1, |newest| newest.saturating_add(1))
    }
}

/// The outcomes of the units of one group, ranked among each other.
pub fn outcomes(definition: &Definition, summed: Vec<Summed>) -> BTreeMap<UnitCode, Outcome> {
    let standings = summed
        .iter()
        .map(|it| it.result.standing(it.unit.as_str()))
        .collect::<Vec<_>>();
    let places: BTreeMap<String, Ranked> = definition
        .rank(standings)
        .into_iter()
        .map(|ranked| (ranked.unit.clone(), ranked))
        .collect();
    let outcomes = summed.into_iter().map(|it| {
        let place = places.get(it.unit.as_str());
        let band = place.and_then(|place| place.band.clone());
        let outcome = Outcome {
            total: it.result.total,
            max: it.result.max,
            percent: it.result.percent,
            exact_value: it.result.exact_value,
            band: band.or(it.result.band).unwrap_or_default(),
            rank: place.and_then(|place| place.rank),
            sheet_version: it.sheet_version,
        };
        (it.unit, outcome)
    });
    outcomes.collect()
}
