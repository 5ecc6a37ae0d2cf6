//! Which figures are left out so that what too few answered cannot be found by subtraction.
//!
//! The answers about a unit are those of its groups, and a unit's own figures are always shown where enough answered: it
//! is judged by them. So where some of its groups are too small, further groups are left out, the smallest first, until
//! what is left out is enough to tell nobody. Sums over units are left out where they would tell a unit or a group of one.
//! Ballots that lost their unit or group tell neither by themselves, and hide others.

use std::collections::{BTreeMap, BTreeSet};

use ids::UnitCode;

use crate::question::Question;
use crate::{Code, Plan, Wave};

/// A part of a sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Part<K> {
    /// How many answered.
    answered: u64,
    /// Which part it is.
    key: K,
}

/// The parts that are not shown: those that fewer than `minimum` answered, and as many of the smallest others as it takes
/// until at least `minimum` answers are not shown, or none. `apart` answers are in the sum, of no part.
fn hidden<K: Copy + Ord>(
    parts: impl IntoIterator<Item = Part<K>>,
    apart: u64,
    minimum: u64,
) -> BTreeSet<K> {
    let (few, mut enough): (Vec<_>, Vec<_>) =
        parts.into_iter().partition(|part| part.answered < minimum);
    let mut lost: u64 = few.iter().map(|part| part.answered).sum();
    let mut hidden: BTreeSet<K> = few.into_iter().map(|part| part.key).collect();
    enough.sort();
    for part in enough {
        if !tells(lost, apart, minimum) {
            break;
        }
        lost += part.answered;
        hidden.insert(part.key);
    }
    hidden
}

/// Whether a sum beside its shown parts tells what fewer than `minimum` answered: `lost` answers of parts that are not
/// shown, among `apart` ones of no part.
fn tells(lost: u64, apart: u64, minimum: u64) -> bool {
    lost > 0 && lost + apart < minimum
}

/// How many answered a question, by unit, then group; of ballots that lost the one or the other there is none.
pub(crate) struct Answered<'a> {
    by_unit: BTreeMap<Option<&'a UnitCode>, BTreeMap<Option<&'a Code>, u64>>,
    groups: Vec<&'a Code>,
}

impl<'a> Answered<'a> {
    /// Those to a question, as far as they count.
    pub(crate) fn to(wave: &'a Wave, plan: &'a Plan, question: &Question) -> Self {
        let mut by_unit: BTreeMap<_, BTreeMap<_, u64>> = BTreeMap::new();
        for (cell, counted) in wave.counted().filter(|(cell, _)| !wave.left_out(cell)) {
            let groups = by_unit.entry(cell.unit.as_ref()).or_default();
            let tally = counted.tallies.get(&question.code);
            *groups.entry(cell.group.as_ref()).or_default() +=
                tally.map_or(0, |tally| tally.answered());
        }
        let groups = plan.edition.groups.iter().map(|group| &group.code);
        Self {
            by_unit,
            groups: groups.filter(|group| question.asks(group)).collect(),
        }
    }

    /// Whether the figures of a unit, a group, both or all would tell what fewer than `minimum` answered.
    pub(crate) fn tells(
        &self,
        (unit, group): (Option<&UnitCode>, Option<&Code>),
        minimum: u32,
    ) -> bool {
        let minimum = u64::from(minimum);
        match (unit, group) {
            (Some(_), None) => false,
            (Some(_), Some(group)) => self.hidden_groups(unit, minimum).contains(group),
            (None, Some(group)) => {
                let all = self.hidden(|group| self.of_group(group), minimum);
                let units = self.by_unit.keys().filter(|unit| unit.is_some());
                let lost = units.filter(|unit| self.hidden_groups(**unit, minimum).contains(group));
                let lost = lost.map(|unit| self.of(*unit, Some(group)));
                let lost: Vec<u64> = lost.filter(|answered| *answered > 0).collect();
                let apart = self.of(None, Some(group));
                // Of a single unit the sum would tell its group, and with that the group that is too small beside it.
                let alone = lost.len() == 1 && apart == 0;
                all.contains(group) || alone || tells(lost.iter().sum(), apart, minimum)
            }
            (None, None) => {
                let units = self.by_unit.keys().filter(|unit| unit.is_some());
                let lost = units.map(|unit| self.of_unit(*unit));
                let lost = lost.filter(|answered| *answered < minimum).sum();
                tells(lost, self.of_unit(None), minimum)
            }
        }
    }

    /// The groups of a unit that are not shown.
    fn hidden_groups(&self, unit: Option<&UnitCode>, minimum: u64) -> BTreeSet<&'a Code> {
        self.hidden(|group| self.of(unit, group), minimum)
    }

    fn hidden(&self, answered: impl Fn(Option<&Code>) -> u64, minimum: u64) -> BTreeSet<&'a Code> {
        let parts = self.groups.iter().map(|group| Part {
            answered: answered(Some(group)),
            key: *group,
        });
        hidden(parts, answered(None), minimum)
    }

    /// How many of a group answered about a unit; without a group those that lost theirs.
    fn of(&self, unit: Option<&UnitCode>, group: Option<&Code>) -> u64 {
        let groups = self.by_unit.get(&unit);
        let answered = groups.and_then(|groups| groups.get(&group));
        answered.copied().unwrap_or_default()
    }

    fn of_unit(&self, unit: Option<&UnitCode>) -> u64 {
        let groups = self.by_unit.get(&unit).into_iter();
        groups.flat_map(BTreeMap::values).sum()
    }

    fn of_group(&self, group: Option<&Code>) -> u64 {
        let units = self.by_unit.values();
        units.filter_map(|groups| groups.get(&group)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(parts: &[u64], apart: u64) -> Vec<usize> {
        let parts = parts.iter().enumerate();
        let parts = parts.map(|(key, answered)| Part {
            answered: *answered,
            key,
        });
        hidden(parts, apart, 15).into_iter().collect()
    }

    #[test]
    fn what_is_not_shown_is_enough_to_tell_nobody() {
        assert_eq!(of(&[20, 30], 0), [0_usize; 0]);
        // 32 − 20 would be the 12 that are not shown.
        assert_eq!(of(&[12, 20], 0), [0, 1]);
        assert_eq!(of(&[12, 40, 20], 0), [0, 2], "the smallest of the others");
        assert_eq!(of(&[12, 8, 40], 0), [0, 1], "20 together tell nobody");
        assert_eq!(of(&[12, 40], 3), [0], "15 are not shown");
        assert_eq!(of(&[40, 20], 5), [0_usize; 0], "they are of no group");
        assert_eq!(of(&[0, 20], 0), [0], "nobody is nobody to find");
    }
}
