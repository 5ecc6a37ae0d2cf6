//! What is fixed before a wave opens.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use ids::{Period, UnitCode};
use jiff::{SignedDuration, Timestamp};

use crate::mixing::COMPANY;
use crate::question::sound_text;
use crate::{Code, Edition, Fault};

/// Fewest answers that a figure may rest on: never fewer than leave the box together.
pub const MINIMUM: RangeInclusive<u32> = COMPANY as u32..=1_000;
/// Most units of a wave: more than a province has.
const UNITS: usize = 1_000;
/// Longest that a wave is open.
const OPEN_MAX: SignedDuration = SignedDuration::from_hours(24 * 366);

/// Why a plan is not sound; a [`Fault`] by its field.
pub type PlanFault = Fault;

/// A wave as planned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The wave.
    pub wave: Code,
    /// What it is called, 1 to 500 characters.
    pub title: String,
    /// What is asked. A copy: nothing that happens to the instrument reaches a wave.
    pub edition: Edition,
    /// The time that is asked about.
    pub period: Period,
    /// The units that are asked about, 1 to 1,000.
    pub units: BTreeSet<UnitCode>,
    /// How many ballots are wanted, by unit and group; where nothing is said, as many as come.
    pub quotas: BTreeMap<(UnitCode, Code), u32>,
    /// When it may be opened.
    pub opens_at: Timestamp,
    /// When it closes by itself.
    pub closes_at: Timestamp,
    /// Fewest answers that a figure may rest on, within [`MINIMUM`].
    pub minimum: u32,
}

impl Plan {
    /// Everything that is wrong with it. The edition was checked when it was put.
    pub fn faults(&self) -> Vec<PlanFault> {
        let mut faults = Vec::new();
        let mut fault = |field: &str, why: String| {
            let field = field.to_owned();
            faults.push(Fault { field, why });
        };
        if !sound_text(&self.title) {
            fault("title", "needs 1 to 500 printable characters".into());
        }
        if !(1..=UNITS).contains(&self.units.len()) {
            fault("units", "needs 1 to 1,000 units".into());
        }
        for (unit, group) in self.quotas.keys() {
            if self.cell(unit, group).is_none() {
                let why = format!("{unit} and {group} are not asked together; add them or drop it");
                fault("quotas", why);
            }
        }
        if self.closes_at <= self.opens_at
            || self.closes_at.duration_since(self.opens_at) > OPEN_MAX
        {
            fault(
                "closes_at",
                "must be after opens_at, by 366 days at most".into(),
            );
        }
        if !MINIMUM.contains(&self.minimum) {
            let (from, to) = (MINIMUM.start(), MINIMUM.end());
            fault("minimum", format!("must be {from} to {to}"));
        }
        faults
    }

    /// The number of a unit and group among all that are asked, from 0 on in the order of units, then groups; none when
    /// they are not.
    pub fn cell(&self, unit: &UnitCode, group: &Code) -> Option<u16> {
        let unit = self.units.iter().position(|it| it == unit)?;
        let groups = &self.edition.groups;
        let group = groups.iter().position(|it| it.code == *group)?;
        u16::try_from(unit * groups.len() + group).ok()
    }

    /// The unit and group with that number.
    pub fn cell_at(&self, number: u16) -> Option<(&UnitCode, &Code)> {
        let groups = &self.edition.groups;
        let number = usize::from(number);
        let unit = self.units.iter().nth(number / groups.len().max(1))?;
        let group = groups.get(number % groups.len().max(1))?;
        Some((unit, &group.code))
    }

    /// How many ballots are wanted of a group about a unit; 0 when nothing is said.
    pub fn quota(&self, unit: &UnitCode, group: &Code) -> u32 {
        let key = (unit.clone(), group.clone());
        self.quotas.get(&key).copied().unwrap_or_default()
    }
}
