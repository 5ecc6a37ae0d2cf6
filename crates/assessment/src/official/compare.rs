//! What the engine makes of published figures, beside them.

use std::collections::{BTreeMap, BTreeSet};

use ids::LeafCode;
use index::{Definition, IndexResult, LeafScore, Ranked};
use rust_decimal::{Decimal, RoundingStrategy};

use super::Row;

/// A figure as published and as computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Beside {
    /// As it was printed.
    pub published: Option<Decimal>,
    /// What follows from the figures below it, before any rounding; none where nothing below it was published.
    pub computed: Option<Decimal>,
}

impl Beside {
    /// Computed less published, after rounding to the digits that were printed; none where one of them is missing.
    pub fn difference(&self) -> Option<Decimal> {
        let (published, computed) = (self.published?, self.computed?);
        let rounded = computed
            .round_dp_with_strategy(published.scale(), RoundingStrategy::MidpointAwayFromZero);
        Some(rounded - published)
    }

    /// As published, and where that is missing as computed.
    pub fn value(&self) -> Option<Decimal> {
        self.published.or(self.computed)
    }
}

/// A row beside what the engine makes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compared {
    /// What was published.
    pub row: Row,
    /// The total.
    pub total: Beside,
    /// The rank that follows among the rows of the table.
    pub rank: Option<u32>,
    /// Code of the band that follows.
    pub band: Option<String>,
    /// Every component and every published leaf, in the order of the definition.
    pub figures: Vec<(LeafCode, Beside)>,
    /// Why there is no computed total or rank; empty where there is one.
    pub reason: String,
}

impl Compared {
    /// A figure by its code.
    pub fn figure(&self, code: &LeafCode) -> Option<Beside> {
        let mut figures = self.figures.iter();
        figures
            .find(|(known, _)| known == code)
            .map(|(_, figure)| *figure)
    }
}

/// Recomputes a table: components from the figures below them, totals from components, ranks and bands from totals. A
/// component of which nothing below was published counts as published. Ranked rows come first, by rank; then the others, by
/// code.
pub fn compare(definition: &Definition, rows: &[Row]) -> Vec<Compared> {
    let computed: Vec<_> = rows.iter().map(|row| recomputed(definition, row)).collect();
    let standings = rows
        .iter()
        .zip(&computed)
        .map(|(row, result)| result.standing(&row.subject));
    let places = definition.rank(standings);
    let mut by_subject: BTreeMap<&str, _> = rows
        .iter()
        .zip(&computed)
        .map(|(row, result)| (row.subject.as_str(), (row, result)))
        .collect();
    places
        .into_iter()
        .filter_map(|place| {
            let (row, result) = by_subject.remove(place.unit.as_str())?;
            Some(beside(definition, row, result, place))
        })
        .collect()
}

fn recomputed(definition: &Definition, row: &Row) -> IndexResult {
    let mut scores = BTreeMap::new();
    for leaf in definition.leaves() {
        if let Some(printed) = row.figures.get(leaf.code()) {
            let score = LeafScore::told(Some(printed.value), leaf.max(), "");
            scores.insert(leaf.code().clone(), score);
        }
    }
    let computable = computable(definition, row);
    let given = row
        .figures
        .iter()
        .filter(|(code, _)| !computable.contains(*code))
        .map(|(code, printed)| (code.clone(), printed.value));
    definition.aggregate_given(&scores, &given.collect())
}

/// Components with a published figure somewhere below them.
fn computable(definition: &Definition, row: &Row) -> BTreeSet<LeafCode> {
    let parents: BTreeMap<&LeafCode, Option<&LeafCode>> = definition
        .components()
        .iter()
        .map(|component| (&component.code, component.parent.as_ref()))
        .chain(
            definition
                .leaves()
                .iter()
                // A leaf that only informs says nothing about what it belongs to.
                .filter(|leaf| !leaf.max().is_zero())
                .map(|leaf| (leaf.code(), leaf.component())),
        )
        .collect();
    let mut computable = BTreeSet::new();
    for code in row.figures.keys() {
        let mut above = parents.get(code).copied().flatten();
        while let Some(parent) = above {
            computable.insert(parent.clone());
            above = parents.get(parent).copied().flatten();
        }
    }
    computable
}

fn beside(definition: &Definition, row: &Row, result: &IndexResult, place: Ranked) -> Compared {
    let published = |code: &LeafCode| row.figures.get(code).map(|printed| printed.value);
    let computable = computable(definition, row);
    let components = result.components.iter().map(|score| {
        let figure = Beside {
            published: published(&score.code),
            computed: score.exact.filter(|_| computable.contains(&score.code)),
        };
        (score.code.clone(), figure)
    });
    let leaves = definition.leaves().iter().filter_map(|leaf| {
        let figure = Beside {
            published: Some(published(leaf.code())?),
            computed: None,
        };
        Some((leaf.code().clone(), figure))
    });
    let has_value = |(_, figure): &(LeafCode, Beside)| figure.value().is_some();
    let reason = match (row.withheld.is_empty(), result.exact_value) {
        (false, _) => row.withheld.clone(),
        (true, None) => result.reason.clone(),
        (true, Some(_)) => place.reason,
    };
    Compared {
        total: Beside {
            published: row.total,
            computed: result.exact_value,
        },
        rank: place.rank,
        band: place.band,
        figures: components.chain(leaves).filter(has_value).collect(),
        reason,
        row: row.clone(),
    }
}

/// How a component moved from one year to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Code of the component.
    pub code: LeafCode,
    /// Before.
    pub before: Decimal,
    /// Now.
    pub now: Decimal,
}

impl Change {
    /// Points more (or less) than before.
    pub fn points(&self) -> Decimal {
        self.now - self.before
    }
}

/// How the components at the top of the tree (dimensions) moved, in the order of the definition; those that one of the
/// years does not have are left out.
pub fn changes(definition: &Definition, before: &Compared, now: &Compared) -> Vec<Change> {
    let at_the_top = definition
        .components()
        .iter()
        .filter(|component| component.parent.is_none());
    at_the_top
        .filter_map(|component| {
            let code = component.code.clone();
            let before = before.figure(&code)?.value()?;
            let now = now.figure(&code)?.value()?;
            Some(Change { code, before, now })
        })
        .collect()
}
