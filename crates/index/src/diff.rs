//! What changed from one definition to another.

use std::collections::BTreeSet;

use ids::LeafCode;
use rust_decimal::Decimal;

use crate::definition::{Aggregate, Bands, Component, Cuts, Definition, IndexValue, Missing, Part};
use crate::leaf::Leaf;
use crate::rank::Ties;
use crate::text::Name;

/// What is not the same in two definitions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Which part of a definition.
    pub part: Differing,
    /// Its code; empty for the head.
    pub code: String,
    /// Its name, in the newer definition where it has one.
    pub name: Name,
    /// Its maximum before; none where it is new.
    pub before: Option<Decimal>,
    /// Its maximum afterwards; none where it is gone.
    pub after: Option<Decimal>,
    /// What else changed.
    pub changes: Vec<Changed>,
}

/// A part of a definition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Differing {
    /// What holds for the whole.
    Head,
    /// A component or criterion.
    Component,
    /// A leaf.
    Leaf,
}

/// A setting that changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// Which one: `rule`, `source`, `bands`, …
    pub what: &'static str,
    /// What it was; empty where there was none.
    pub from: String,
    /// What it is; empty where there is none.
    pub to: String,
}

impl Differing {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Head => "head",
            Self::Component => "component",
            Self::Leaf => "leaf",
        }
    }
}

impl Difference {
    /// Points more (or less) than before; what is new or gone counts whole.
    pub fn points(&self) -> Decimal {
        self.after.unwrap_or_default() - self.before.unwrap_or_default()
    }
}

/// A setting by its name.
type Settings = Vec<(&'static str, String)>;

impl Definition {
    /// What changed from this definition to `newer`: the head first, then components and leaves as they stand in the newer
    /// one, then what is gone. Empty where both judge alike; notes, examples, editions and days in force do not count.
    pub fn differences(&self, newer: &Self) -> Vec<Difference> {
        let mut differences = Vec::new();
        let head = Difference {
            part: Differing::Head,
            code: String::new(),
            name: newer.name().clone(),
            before: Some(self.max()),
            after: Some(newer.max()),
            changes: changed(head(self), head(newer)),
        };
        push(&mut differences, head);
        for component in newer.components() {
            let before = find(self, &component.code);
            push(
                &mut differences,
                Difference {
                    part: Differing::Component,
                    code: component.code.to_string(),
                    name: component.name.clone(),
                    before: before.map(|before| before.max),
                    after: Some(component.max),
                    changes: before.map_or_else(Vec::new, |before| {
                        changed(of_component(before), of_component(component))
                    }),
                },
            );
        }
        for leaf in newer.leaves() {
            let before = self.leaf(leaf.code());
            push(
                &mut differences,
                Difference {
                    part: Differing::Leaf,
                    code: leaf.code().to_string(),
                    name: leaf.name().clone(),
                    before: before.map(Leaf::max),
                    after: Some(leaf.max()),
                    changes: before.map_or_else(Vec::new, |before| {
                        changed(
                            of_leaf(self, before, leaf.max()),
                            of_leaf(newer, leaf, leaf.max()),
                        )
                    }),
                },
            );
        }
        differences.extend(gone(self, newer));
        differences
    }
}

fn push(differences: &mut Vec<Difference>, difference: Difference) {
    if difference.before != difference.after || !difference.changes.is_empty() {
        differences.push(difference);
    }
}

fn find<'a>(definition: &'a Definition, code: &LeafCode) -> Option<&'a Component> {
    let mut components = definition.components().iter();
    components.find(|component| component.code == *code)
}

fn gone<'a>(older: &'a Definition, newer: &'a Definition) -> impl Iterator<Item = Difference> + 'a {
    let gone = |part, code: &LeafCode, name: &Name, max| Difference {
        part,
        code: code.to_string(),
        name: name.clone(),
        before: Some(max),
        after: None,
        changes: Vec::new(),
    };
    let components = older
        .components()
        .iter()
        .filter(|component| find(newer, &component.code).is_none())
        .map(move |component| {
            gone(
                Differing::Component,
                &component.code,
                &component.name,
                component.max,
            )
        });
    let leaves = older
        .leaves()
        .iter()
        .filter(|leaf| newer.leaf(leaf.code()).is_none())
        .map(move |leaf| gone(Differing::Leaf, leaf.code(), leaf.name(), leaf.max()));
    components.chain(leaves)
}

/// Both have the same settings in the same order.
fn changed(before: Settings, after: Settings) -> Vec<Changed> {
    let pairs = before.into_iter().zip(after);
    pairs
        .filter(|((_, from), (_, to))| from != to)
        .map(|((what, from), (_, to))| Changed { what, from, to })
        .collect()
}

fn head(definition: &Definition) -> Settings {
    let head = &definition.head;
    let mut rounded = vec![format!("{} digits", head.rounding.digits)];
    rounded.extend(head.rounding.leaves.then(|| "leaf".to_owned()));
    rounded.extend(head.rounding.components.then(|| "component".to_owned()));
    let ties = match head.ranking.ties {
        Ties::Standard => "standard",
        Ties::Dense => "dense",
    };
    let on = if head.ranking.on_rounded {
        "rounded"
    } else {
        "unrounded"
    };
    let excluded: Vec<_> = head.ranking.excluded.keys().map(String::as_str).collect();
    let groups: BTreeSet<_> = definition.groups().iter().copied().collect();
    let groups: Vec<_> = groups.into_iter().collect();
    vec![
        ("code", definition.code().to_string()),
        ("groups", groups.join(", ")),
        ("rounding", rounded.join(", ")),
        (
            "missing",
            match head.missing {
                Missing::Withhold => "withhold",
                Missing::LeaveOut => "leave_out",
            }
            .to_owned(),
        ),
        (
            "value",
            match head.index_value {
                IndexValue::Points => "points",
                IndexValue::Percent => "percent",
            }
            .to_owned(),
        ),
        ("min", head.total.min.to_string()),
        (
            "over",
            if head.total.may_exceed {
                "allowed"
            } else {
                "capped"
            }
            .to_owned(),
        ),
        ("aggregate", aggregate(definition.root.aggregate)),
        (
            "ranking",
            format!("{ties}, on {on}, least_max {}", head.ranking.least_max),
        ),
        ("excluded", excluded.join(", ")),
        ("bands", bands(&definition.bands)),
    ]
}

fn bands(bands: &Bands) -> String {
    if bands.list.is_empty() {
        return String::new();
    }
    let list: Vec<_> = bands
        .list
        .iter()
        .map(|band| format!("{} from {}", band.code, band.from))
        .collect();
    let cuts = match bands.cuts {
        Cuts::Values => "",
        Cuts::Ranked => ", percentiles of ranked",
        Cuts::Everyone => ", percentiles of everyone",
    };
    let at = if bands.cut_is_higher {
        "higher"
    } else {
        "lower"
    };
    format!("{}{cuts}, at a cut {at}", list.join(", "))
}

fn aggregate(aggregate: Aggregate) -> String {
    match aggregate {
        Aggregate::Sum => "sum".to_owned(),
        Aggregate::Mean => "mean".to_owned(),
        Aggregate::WeightedMean => "weighted_mean".to_owned(),
        Aggregate::Rescale { low } => format!("rescale_from {low}"),
    }
}

fn shown<T: ToString>(value: Option<&T>) -> String {
    value.map(ToString::to_string).unwrap_or_default()
}

fn of_component(component: &Component) -> Settings {
    let part = match component.part {
        Part::Regular => "regular",
        Part::Bonus => "bonus",
        Part::Penalty => "penalty",
    };
    vec![
        ("name", component.name.vi.clone()),
        ("number", component.number.clone()),
        ("component", shown(component.parent.as_ref())),
        ("part", part.to_owned()),
        ("weight", shown(component.weight.as_ref())),
        ("aggregate", aggregate(component.branch.aggregate)),
        ("capped", component.branch.capped.to_string()),
    ]
}

/// `full` is the newer maximum: a rule that only has another maximum is not another rule.
fn of_leaf(definition: &Definition, leaf: &Leaf, full: Decimal) -> Settings {
    let applies = leaf.applies.as_ref();
    let inputs: Vec<_> = leaf
        .inputs()
        .filter_map(|name| definition.input(name.as_str()))
        .map(|input| format!("{} ({})", input.name, input.kind.word()))
        .collect();
    vec![
        ("name", leaf.name.vi.clone()),
        ("number", leaf.number.clone()),
        ("component", shown(leaf.parent.as_ref())),
        ("source", leaf.source.word().to_owned()),
        ("weight", shown(leaf.weight.as_ref())),
        (
            "applies",
            applies.map_or_else(String::new, |applies| applies.source().to_owned()),
        ),
        ("inputs", inputs.join(", ")),
        ("rule", leaf.rule.told(full)),
    ]
}
