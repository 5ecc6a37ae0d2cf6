//! An index definition: what is judged, by which rules, and how it comes together.

mod build;
mod checks;
mod head;
mod inputs;
mod leaves;
mod tree;

use std::collections::{BTreeMap, BTreeSet};

use ids::{IndexCode, LeafCode, MeasureName, Period};
use jiff::civil::Date;
use rust_decimal::{Decimal, RoundingStrategy};

use crate::expression::Type;
use crate::fault::Fault;
use crate::leaf::Leaf;
use crate::rank::Ranking;
use crate::text::Name;

/// A definition that passed every check, its own examples included.
///
/// Everything that it computes is exact and depends on nothing but its arguments; it may be shared between threads.
#[derive(Debug, Clone)]
pub struct Definition {
    pub(crate) head: Head,
    pub(crate) inputs: BTreeMap<MeasureName, Input>,
    /// In the order of the document, parents before children.
    pub(crate) components: Vec<Component>,
    /// In the order of the document.
    pub(crate) leaves: Vec<Leaf>,
    pub(crate) leaf_places: BTreeMap<LeafCode, usize>,
    /// What the total is made of.
    pub(crate) root: Branch,
    pub(crate) bands: Bands,
}

/// What stands at the top of a definition.
#[derive(Debug, Clone)]
pub(crate) struct Head {
    pub(crate) code: IndexCode,
    pub(crate) edition: String,
    pub(crate) name: Name,
    pub(crate) source: String,
    pub(crate) groups: BTreeSet<&'static str>,
    pub(crate) from: Date,
    pub(crate) until: Option<Date>,
    pub(crate) rounding: Rounding,
    pub(crate) missing: Missing,
    pub(crate) index_value: IndexValue,
    pub(crate) total: Total,
    pub(crate) ranking: Ranking,
}

/// How far and where points are rounded, half up.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rounding {
    pub(crate) digits: u32,
    pub(crate) leaves: bool,
    pub(crate) components: bool,
}

/// What a leaf without a score (though it applies) does to what it belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Missing {
    /// No score either.
    Withhold,
    /// It leaves the maximum, as a leaf that does not apply does.
    LeaveOut,
}

/// What bands and ranks look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IndexValue {
    Points,
    /// Points over the applicable maximum, times 100.
    Percent,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Total {
    pub(crate) min: Decimal,
    pub(crate) max: Decimal,
    /// Whether a bonus may lift the total above `max`.
    pub(crate) may_exceed: bool,
}

/// How the children of a node make its points.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aggregate {
    /// Their points added up.
    Sum,
    /// The node's maximum times the mean of the children's shares of their own maximum.
    Mean,
    /// The same with weights.
    WeightedMean,
    /// `low + (max − low) × mean of the children's shares`, as in PAPI, where every dimension starts at 1.
    Rescale {
        /// Points where every child has 0.
        low: Decimal,
    },
}

/// A node's children and how they come together.
#[derive(Debug, Clone)]
pub(crate) struct Branch {
    pub(crate) aggregate: Aggregate,
    pub(crate) capped: bool,
    pub(crate) children: Vec<Child>,
}

/// A child by its place among the definition's components or leaves.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Child {
    Component(usize),
    Leaf(usize),
}

/// What a component does to the total.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Its points and its maximum count.
    Regular,
    /// Its points are added, its maximum does not count.
    Bonus,
    /// Its points are taken off, its maximum does not count.
    Penalty,
}

/// A component or criterion: a node of the tree with children.
#[derive(Debug, Clone)]
pub struct Component {
    /// Unique among components and leaves.
    pub code: LeafCode,
    /// Number in the legal text; empty where it has none.
    pub number: String,
    /// Name.
    pub name: Name,
    /// The most points it can give; for a bonus or penalty the cap.
    pub max: Decimal,
    /// Remark of the definition's author; empty where there is none.
    pub note: String,
    /// What it does to the total.
    pub part: Part,
    /// The component that it belongs to; none at the top.
    pub parent: Option<LeafCode>,
    pub(crate) weight: Option<Decimal>,
    pub(crate) branch: Branch,
}

/// An input that rules name.
#[derive(Debug, Clone)]
pub struct Input {
    /// What it is called in rules; the measure's name where it is a measure.
    pub name: MeasureName,
    /// What it is called in explanations.
    pub label: Name,
    /// Where it comes from.
    pub kind: InputKind,
    pub(crate) kind_of_value: Type,
}

/// Where an input comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum InputKind {
    /// Counted over the period, from dossiers.
    Flow,
    /// Counted at the end of the period, from dossiers.
    Stock,
    /// Counted in the registry of procedures.
    Registry,
    /// Reported by a unit or another system.
    Reported,
    /// Declared by the unit and confirmed by appraisers.
    Appraised,
    /// Answers of a survey.
    Surveyed,
}

/// Bands from the highest to the lowest.
#[derive(Debug, Clone)]
pub(crate) struct Bands {
    pub(crate) list: Vec<Band>,
    /// Whether a value at a cut belongs to the band above it.
    pub(crate) cut_is_higher: bool,
    /// What the ends of bands are.
    pub(crate) cuts: Cuts,
}

/// What the ends of bands are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cuts {
    /// Index values.
    Values,
    /// Percentiles of the values of ranked units.
    Ranked,
    /// Percentiles of the values of all units; one without a rank counts as 0.
    Everyone,
}

/// A band of index values.
#[derive(Debug, Clone)]
pub struct Band {
    /// Code, unique among the bands.
    pub code: String,
    /// Name.
    pub name: Name,
    /// Its lower end: an index value, or a percentile where bands are percentiles.
    pub from: Decimal,
    /// Its upper end, the lower end of the band above.
    pub until: Decimal,
}

impl Input {
    /// Whether its value is a number, not an answer or a state.
    pub fn is_number(&self) -> bool {
        self.kind_of_value == Type::Number
    }
}

impl Component {
    /// How its children make its points.
    pub fn aggregate(&self) -> Aggregate {
        self.branch.aggregate
    }
}

impl Bands {
    /// The highest band whose lower end `value` reaches, or the lowest band; `cut` says where a lower end is.
    pub(crate) fn reached(&self, value: Decimal, cut: impl Fn(&Band) -> Decimal) -> Option<&Band> {
        let reached = |band: &&Band| {
            let cut = cut(band);
            value > cut || (self.cut_is_higher && value == cut)
        };
        self.list.iter().find(reached).or(self.list.last())
    }
}

impl InputKind {
    /// The word for it in definitions.
    pub fn word(self) -> &'static str {
        INPUT_KINDS
            .iter()
            .find(|(_, kind)| *kind == self)
            .map_or("", |(word, _)| word)
    }
}

pub(crate) const INPUT_KINDS: [(&str, InputKind); 6] = [
    ("flow", InputKind::Flow),
    ("stock", InputKind::Stock),
    ("registry", InputKind::Registry),
    ("reported", InputKind::Reported),
    ("appraised", InputKind::Appraised),
    ("surveyed", InputKind::Surveyed),
];

impl Definition {
    /// Reads and checks a definition. `file_name` is what faults call the document.
    ///
    /// # Errors
    /// Everything that is wrong with it, at once, in the order of the document. Examples run when nothing else is
    /// wrong.
    pub fn parse(text: &str, file_name: &str) -> Result<Self, Vec<Fault>> {
        build::build(text, file_name, false)
    }

    /// Reads a definition that is to be in force: inputs that are counted from dossiers or in the registry have to be
    /// measures that are counted there, as others would never have a value; only a stock may be reported as well. What is
    /// in force already may name measures of its time.
    ///
    /// # Errors
    /// As [`Definition::parse`], and inputs that nothing counts.
    pub fn check(text: &str, file_name: &str) -> Result<Self, Vec<Fault>> {
        build::build(text, file_name, true)
    }

    /// Code of the index, the same in every edition.
    pub fn code(&self) -> &IndexCode {
        &self.head.code
    }

    /// Which edition this is.
    pub fn edition(&self) -> &str {
        &self.head.edition
    }

    /// Name of the index.
    pub fn name(&self) -> &Name {
        &self.head.name
    }

    /// The decision or other text that it follows.
    pub fn source(&self) -> &str {
        &self.head.source
    }

    /// The groups of units that it judges, words of [`ids::GROUPS`].
    pub fn groups(&self) -> &BTreeSet<&'static str> {
        &self.head.groups
    }

    /// Whether it judges units of `group`.
    pub fn applies_to(&self, group: &str) -> bool {
        self.head.groups.contains(group)
    }

    /// Its first day in force.
    pub fn in_force_from(&self) -> Date {
        self.head.from
    }

    /// Its last day in force; none while there is no end.
    pub fn in_force_until(&self) -> Option<Date> {
        self.head.until
    }

    /// Ends it with `last`, unless it ends before that.
    pub fn end(&mut self, last: Date) {
        self.head.until = Some(self.head.until.map_or(last, |until| until.min(last)));
    }

    /// Whether it is in force on every day of `period`.
    pub fn covers(&self, period: Period) -> bool {
        self.head.from <= period.first_day()
            && self
                .head
                .until
                .is_none_or(|until| period.last_day() <= until)
    }

    /// The most points that the total can have where every leaf applies, without a bonus.
    pub fn max(&self) -> Decimal {
        self.head.total.max
    }

    /// Digits behind the point of rounded figures.
    pub fn digits(&self) -> u32 {
        self.head.rounding.digits
    }

    /// Every input that a rule names, by name; each is used by at least one leaf.
    pub fn inputs(&self) -> impl Iterator<Item = &Input> {
        self.inputs.values()
    }

    /// The input called `name`.
    pub fn input(&self, name: &str) -> Option<&Input> {
        self.inputs.get(&name.parse().ok()?)
    }

    /// The leaves, in the order of the document.
    pub fn leaves(&self) -> &[Leaf] {
        &self.leaves
    }

    /// The leaf with that code.
    pub fn leaf(&self, code: &LeafCode) -> Option<&Leaf> {
        self.leaf_places.get(code).map(|place| &self.leaves[*place])
    }

    /// The components, in the order of the document, parents before their children.
    pub fn components(&self) -> &[Component] {
        &self.components
    }

    /// The bands, from the highest to the lowest; none where the definition has none.
    pub fn bands(&self) -> &[Band] {
        &self.bands.list
    }

    /// The band with that code.
    pub fn band(&self, code: &str) -> Option<&Band> {
        self.bands.list.iter().find(|band| band.code == code)
    }

    /// The band of an index value. None where there are no bands, or where they are percentiles: those need everyone's
    /// value, see [`Definition::rank`].
    pub fn band_of(&self, value: Decimal) -> Option<&Band> {
        match self.bands.cuts {
            Cuts::Values => self.bands.reached(value, |band| band.from),
            Cuts::Ranked | Cuts::Everyone => None,
        }
    }

    /// Rounds half up, to the definition's digits; the result has exactly as many.
    pub fn round(&self, points: Decimal) -> Decimal {
        round(points, self.head.rounding.digits)
    }
}

/// Rounds half up to exactly `digits` behind the point.
pub(crate) fn round(number: Decimal, digits: u32) -> Decimal {
    let mut rounded = number.round_dp_with_strategy(digits, RoundingStrategy::MidpointAwayFromZero);
    rounded.rescale(digits);
    rounded
}
