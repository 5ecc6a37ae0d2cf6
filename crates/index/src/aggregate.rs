//! From leaf scores to components, a total and a band.

use std::collections::{BTreeMap, BTreeSet};

use ids::LeafCode;
use rust_decimal::Decimal;

use crate::definition::{Aggregate, Branch, Child, Definition, IndexValue, Missing, Part};
use crate::score::LeafScore;

/// The index of one subject in one period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexResult {
    /// Points, rounded.
    pub total: Option<Decimal>,
    /// Points before the last rounding.
    pub exact: Option<Decimal>,
    /// The most points that were possible here: without what does not apply or is left out.
    pub max: Decimal,
    /// Points over the applicable maximum, times 100, rounded.
    pub percent: Option<Decimal>,
    /// What bands and ranks look at, rounded: the total or the percentage, as the definition says.
    pub value: Option<Decimal>,
    /// The same before the last rounding.
    pub exact_value: Option<Decimal>,
    /// Every component, in the order of the definition.
    pub components: Vec<ComponentScore>,
    /// Code of the band.
    pub band: Option<String>,
    /// Leaves that apply and have no score, in the order of the definition.
    pub unscored: Vec<LeafCode>,
    /// Why there is no total; empty when there is one.
    pub reason: String,
}

/// The points of a component.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComponentScore {
    /// Code of the component.
    pub code: LeafCode,
    /// Points, rounded; none when it has no score.
    pub points: Option<Decimal>,
    /// Points before rounding.
    pub exact: Option<Decimal>,
    /// The most points that were possible here; 0 when nothing in it applies or has a score.
    pub max: Decimal,
    /// Points over the applicable maximum, times 100, rounded.
    pub percent: Option<Decimal>,
}

/// What a node came to.
#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    exact: Option<Decimal>,
    /// What its parent adds up.
    counted: Option<Decimal>,
    max: Decimal,
    /// Something in it applies and has no score, and the definition withholds.
    withheld: bool,
}

/// Points that stand in for what follows from below, by component.
pub(crate) type Given = BTreeMap<LeafCode, Decimal>;

struct Run<'a> {
    definition: &'a Definition,
    scores: &'a BTreeMap<LeafCode, LeafScore>,
    given: &'a Given,
    tallies: Vec<Tally>,
    unscored: Vec<usize>,
}

impl Definition {
    /// The index that follows from leaf scores. A leaf of the definition that is not among them has no score yet;
    /// scores of other leaves are ignored.
    pub fn aggregate(&self, scores: &BTreeMap<LeafCode, LeafScore>) -> IndexResult {
        self.aggregate_given(scores, &Given::new())
    }

    /// The same with components whose points are known without their leaves, as from a published table: the points of
    /// `given` stand in for what would follow from below. Codes that are no component's are ignored.
    pub fn aggregate_given(
        &self,
        scores: &BTreeMap<LeafCode, LeafScore>,
        given: &BTreeMap<LeafCode, Decimal>,
    ) -> IndexResult {
        let tallies = vec![Tally::default(); self.components.len()];
        let mut run = Run {
            definition: self,
            scores,
            given,
            tallies,
            unscored: Vec::new(),
        };
        let total = run.total();
        let Run {
            tallies,
            mut unscored,
            ..
        } = run;
        unscored.sort_unstable();
        let percent = |exact: Option<Decimal>, max| exact.and_then(|exact| percent_of(exact, max));
        let components = self
            .components
            .iter()
            .zip(tallies)
            .map(|(component, tally)| ComponentScore {
                code: component.code.clone(),
                points: tally.exact.map(|exact| self.round(exact)),
                exact: tally.exact,
                max: tally.max,
                percent: percent(tally.exact, tally.max).map(|percent| self.round(percent)),
            });
        let exact_percent = percent(total.exact, total.max);
        let exact_value = match self.head.index_value {
            IndexValue::Points => total.exact,
            IndexValue::Percent => exact_percent,
        };
        let value = exact_value.map(|value| self.round(value));
        let banded = if self.head.ranking.on_rounded {
            value
        } else {
            exact_value
        };
        let unscored: Vec<_> = unscored
            .into_iter()
            .map(|leaf| self.leaves[leaf].code.clone())
            .collect();
        IndexResult {
            total: total.exact.map(|exact| self.round(exact)),
            exact: total.exact,
            max: total.max,
            percent: exact_percent.map(|percent| self.round(percent)),
            value,
            exact_value,
            components: components.collect(),
            band: banded
                .and_then(|value| self.band_of(value))
                .map(|band| band.code.clone()),
            reason: if total.exact.is_some() {
                String::new()
            } else {
                why_none(&unscored, scores)
            },
            unscored,
        }
    }
}

/// Leaves that a reason names at most; `unscored` holds all of them.
const NAMED: usize = 5;

/// Reasons why figures are withheld that a reason names at most.
const REASONS: usize = 3;

fn why_none(unscored: &[LeafCode], scores: &BTreeMap<LeafCode, LeafScore>) -> String {
    if unscored.is_empty() {
        return "nothing applies here".to_owned();
    }
    let named: Vec<_> = unscored.iter().take(NAMED).map(LeafCode::as_str).collect();
    let more = if unscored.len() > NAMED {
        format!(" and {} more", unscored.len() - NAMED)
    } else {
        String::new()
    };
    let unscored = unscored.iter().filter_map(|leaf| scores.get(leaf));
    let withheld: BTreeSet<&str> = unscored.filter_map(LeafScore::withheld).collect();
    let withheld: String = withheld
        .into_iter()
        .take(REASONS)
        .map(|reason| format!("; withheld: {reason}"))
        .collect();
    format!("no score for {}{more}{withheld}", named.join(", "))
}

fn percent_of(points: Decimal, max: Decimal) -> Option<Decimal> {
    points.checked_mul(Decimal::ONE_HUNDRED)?.checked_div(max)
}

/// A child that counts: its points, its applicable maximum, its weight.
struct Counted {
    points: Decimal,
    max: Decimal,
    weight: Decimal,
}

impl Run<'_> {
    fn total(&mut self) -> Tally {
        let definition = self.definition;
        let (mut bonus, mut penalty) = (Decimal::ZERO, Decimal::ZERO);
        let mut regular = Vec::new();
        for child in &definition.root.children {
            let part = match child {
                Child::Component(place) => definition.components[*place].part,
                Child::Leaf(_) => Part::Regular,
            };
            match part {
                Part::Regular => regular.push(*child),
                Part::Bonus => bonus += self.child(*child).counted.unwrap_or_default(),
                Part::Penalty => penalty += self.child(*child).counted.unwrap_or_default(),
            }
        }
        let total = definition.head.total;
        let mut tally = self.branch(&definition.root, &regular, total.max, false);
        tally.exact = tally.exact.map(|exact| {
            let moved = (exact + bonus - penalty).max(total.min);
            if total.may_exceed {
                moved
            } else {
                moved.min(tally.max.max(exact))
            }
        });
        tally
    }

    fn child(&mut self, child: Child) -> Tally {
        match child {
            Child::Leaf(place) => self.leaf(place),
            Child::Component(place) => {
                let component = &self.definition.components[place];
                let tally = match self.given.get(&component.code) {
                    Some(points) => Tally {
                        exact: Some(*points),
                        counted: Some(*points),
                        max: component.max,
                        withheld: false,
                    },
                    None => {
                        let branch = &component.branch;
                        let capped = branch.capped || component.part != Part::Regular;
                        self.branch(branch, &branch.children, component.max, capped)
                    }
                };
                self.tallies[place] = tally;
                tally
            }
        }
    }

    fn leaf(&mut self, place: usize) -> Tally {
        let leaf = &self.definition.leaves[place];
        let (points, max) = match self.scores.get(&leaf.code) {
            Some(score) => (score.points, score.max),
            None => (None, leaf.max),
        };
        if points.is_none() && !max.is_zero() {
            self.unscored.push(place);
            let withheld = self.definition.head.missing == Missing::Withhold;
            return Tally {
                withheld,
                ..Tally::default()
            };
        }
        Tally {
            exact: points,
            counted: points,
            max,
            withheld: false,
        }
    }

    fn branch(&mut self, branch: &Branch, children: &[Child], max: Decimal, capped: bool) -> Tally {
        let mut counted = Vec::new();
        let mut withheld = false;
        for child in children {
            let tally = self.child(*child);
            withheld |= tally.withheld;
            if let Some(points) = tally.counted
                && !tally.max.is_zero()
            {
                counted.push(Counted {
                    points,
                    max: tally.max,
                    weight: self.weight(*child),
                });
            }
        }
        if withheld || counted.is_empty() {
            return Tally {
                withheld,
                ..Tally::default()
            };
        }
        let (exact, applicable) = match branch.aggregate {
            Aggregate::Sum => {
                let points: Decimal = counted.iter().map(|child| child.points).sum();
                let possible: Decimal = counted.iter().map(|child| child.max).sum();
                if capped {
                    (points.min(max), possible.min(max))
                } else {
                    (points, possible)
                }
            }
            Aggregate::Mean | Aggregate::WeightedMean => (max * mean(&counted), max),
            Aggregate::Rescale { low } => (low + (max - low) * mean(&counted), max),
        };
        let rounding = self.definition.head.rounding;
        let carried = if rounding.components {
            self.definition.round(exact)
        } else {
            exact
        };
        Tally {
            exact: Some(exact),
            counted: Some(carried),
            max: applicable,
            withheld: false,
        }
    }

    fn weight(&self, child: Child) -> Decimal {
        let weight = match child {
            Child::Component(place) => self.definition.components[place].weight,
            Child::Leaf(place) => self.definition.leaves[place].weight,
        };
        weight.unwrap_or(Decimal::ONE)
    }
}

/// The weighted mean of shares. Maxima and weights are above zero.
fn mean(counted: &[Counted]) -> Decimal {
    let weights: Decimal = counted.iter().map(|child| child.weight).sum();
    let shares: Decimal = counted
        .iter()
        .map(|child| child.weight * child.points / child.max)
        .sum();
    shares / weights
}
