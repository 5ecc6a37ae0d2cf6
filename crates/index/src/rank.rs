//! Who stands where.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use crate::aggregate::IndexResult;
use crate::definition::{Cuts, Definition};
use crate::percentile::percentile;

/// How ranks are given.
#[derive(Debug, Clone)]
pub(crate) struct Ranking {
    pub(crate) ties: Ties,
    /// Whether ranks and bands look at rounded values.
    pub(crate) on_rounded: bool,
    /// Units that have an index and no rank, with the reason.
    pub(crate) excluded: BTreeMap<String, String>,
    /// Units whose applicable maximum is smaller have no rank.
    pub(crate) least_max: Decimal,
}

/// What follows a tie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ties {
    /// 1, 2, 2, 4.
    Standard,
    /// 1, 2, 2, 3.
    Dense,
}

/// What a rank is given for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Code of the unit.
    pub unit: String,
    /// The index value, rounded.
    pub value: Option<Decimal>,
    /// The index value before rounding.
    pub exact: Option<Decimal>,
    /// The applicable maximum.
    pub max: Decimal,
    /// Why there is no value; empty when there is one, or when nobody said.
    pub reason: String,
}

/// A place in a ranking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ranked {
    /// Code of the unit.
    pub unit: String,
    /// 1 is best; none when not ranked.
    pub rank: Option<u32>,
    /// Code of the band, of a ranked unit where the definition has bands.
    pub band: Option<String>,
    /// Why there is no rank; empty when there is one.
    pub reason: String,
}

impl IndexResult {
    /// What `unit` is ranked by.
    pub fn standing(&self, unit: &str) -> Standing {
        let Self {
            value,
            exact_value: exact,
            max,
            ref reason,
            ..
        } = *self;
        Standing {
            unit: unit.to_owned(),
            value,
            exact,
            max,
            reason: reason.clone(),
        }
    }
}

impl Definition {
    /// Ranks units of one group from the highest value to the lowest. Units that tie stand by code, and those without
    /// a rank come last, by code. Bands that are percentiles are those of the units given here.
    pub fn rank(&self, standings: impl IntoIterator<Item = Standing>) -> Vec<Ranked> {
        let mut ranked = Vec::new();
        let mut unranked = Vec::new();
        for standing in standings {
            match self.rankable(&standing) {
                Ok(value) => ranked.push((value, standing.unit)),
                Err(reason) => unranked.push(Ranked {
                    unit: standing.unit,
                    rank: None,
                    band: None,
                    reason,
                }),
            }
        }
        ranked.sort_by(|(one, unit), (other, unit_of_other)| {
            other.cmp(one).then_with(|| unit.cmp(unit_of_other))
        });
        unranked.sort_by(|one, other| one.unit.cmp(&other.unit));
        let cuts = self.cuts(&ranked, unranked.len());
        let mut rank = 0;
        let mut before = None;
        let mut places: Vec<Ranked> = Vec::with_capacity(ranked.len() + unranked.len());
        for ((value, unit), place) in ranked.into_iter().zip(1_u32..) {
            if before != Some(value) {
                rank = match self.head.ranking.ties {
                    Ties::Standard => place,
                    Ties::Dense => rank + 1,
                };
                before = Some(value);
            }
            let band = match &cuts {
                Some(cuts) => self.bands.reached(value, |band| cuts[band.code.as_str()]),
                None => self.band_of(value),
            };
            places.push(Ranked {
                unit,
                rank: Some(rank),
                band: band.map(|band| band.code.clone()),
                reason: String::new(),
            });
        }
        places.extend(unranked);
        places
    }

    /// The mean of a group's index values, rounded once; none of nobody. Which values: as published they are rounded, and
    /// their mean may differ from that of unrounded ones.
    pub fn average(&self, values: impl IntoIterator<Item = Decimal>) -> Option<Decimal> {
        let (mut sum, mut count) = (Decimal::ZERO, Decimal::ZERO);
        for value in values {
            sum = sum.checked_add(value)?;
            count += Decimal::ONE;
        }
        sum.checked_div(count).map(|mean| self.round(mean))
    }

    /// Where the lower end of each band lies among the values of `ranked`, highest first; none where the definition says
    /// it itself. Of nobody there are no percentiles, and nobody to put in a band.
    fn cuts(
        &self,
        ranked: &[(Decimal, String)],
        unranked: usize,
    ) -> Option<BTreeMap<&str, Decimal>> {
        let without = match self.bands.cuts {
            Cuts::Values => return None,
            Cuts::Ranked => 0,
            Cuts::Everyone => unranked,
        };
        let mut values = vec![Decimal::ZERO; without];
        values.extend(ranked.iter().rev().map(|(value, _)| *value));
        let cut = |from| percentile(&values, from).unwrap_or_default();
        let bands = self.bands.list.iter();
        Some(
            bands
                .map(|band| (band.code.as_str(), cut(band.from)))
                .collect(),
        )
    }

    /// The value that a rank looks at, or why there is no rank.
    fn rankable(&self, standing: &Standing) -> Result<Decimal, String> {
        let ranking = &self.head.ranking;
        if let Some(reason) = ranking.excluded.get(&standing.unit) {
            return Err(reason.clone());
        }
        let value = if ranking.on_rounded {
            standing.value
        } else {
            standing.exact
        };
        let value = value.ok_or_else(|| match standing.reason.as_str() {
            "" => "no total".to_owned(),
            reason => format!("no total: {reason}"),
        })?;
        if standing.max < ranking.least_max {
            let (max, least) = (standing.max, ranking.least_max);
            return Err(format!(
                "only {max} points were possible, a rank needs {least}"
            ));
        }
        Ok(value)
    }
}
