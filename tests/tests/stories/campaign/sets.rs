//! The shipped sets, read without the engine: a leaf's examples are figures with the points that the set itself says.

use std::collections::BTreeMap;

use contracts::assessments::v1 as pb;
use rust_decimal::Decimal;

/// A case that a set gives as an example.
#[derive(Debug, Clone)]
pub(super) struct Case {
    /// Figures, as the set writes them.
    pub(super) figures: Vec<pb::Figure>,
    /// Points that follow; none when the leaf does not apply.
    pub(super) points: Option<Decimal>,
}

/// A leaf of a set.
#[derive(Debug, Clone, Default)]
pub(super) struct Leaf {
    /// Whether the unit claims it.
    pub(super) claimed: bool,
    /// Most points.
    pub(super) max: Decimal,
    /// Its examples.
    pub(super) cases: Vec<Case>,
}

/// A set: its leaves by code. Those of a bonus begin with `C.`, those of a penalty with `T.`.
#[derive(Debug, Clone)]
pub(super) struct Set {
    /// Code of the index.
    pub(super) code: &'static str,
    /// The document.
    pub(super) document: &'static str,
    /// Its leaves.
    pub(super) leaves: BTreeMap<String, Leaf>,
}

/// The set of a group.
pub(super) fn of(group: &str) -> Set {
    let (code, document) = match group {
        "department" => (
            "par-departments",
            include_str!("../../../../deploy/catalog/indices/par-departments.yaml"),
        ),
        "district" => (
            "par-districts",
            include_str!("../../../../deploy/catalog/indices/par-districts.yaml"),
        ),
        other => panic!("no set is shipped for {other}"),
    };
    let leaves = leaves(document);
    Set {
        code,
        document,
        leaves,
    }
}

/// A line at a time: what a code introduces is a leaf when it has a source.
fn leaves(document: &str) -> BTreeMap<String, Leaf> {
    let mut leaves: BTreeMap<String, Leaf> = BTreeMap::new();
    let (mut code, mut max) = (String::new(), Decimal::ZERO);
    for line in document.lines().map(str::trim) {
        if let Some(quoted) = line.strip_prefix("- code: ") {
            code = quoted.trim_matches('"').to_owned();
        } else if let Some(number) = line.strip_prefix("max: ") {
            max = number.parse().expect("points");
        } else if let Some(source) = line.strip_prefix("source: ")
            && !code.is_empty()
        {
            let claimed = source == "appraised";
            let cases = Vec::new();
            let leaf = Leaf {
                claimed,
                max,
                cases,
            };
            leaves.insert(code.clone(), leaf);
        } else if let Some(example) = line.strip_prefix("- { inputs: { ")
            && let Some((figures, points)) = example.split_once(" }, points: ")
            && let Some(leaf) = leaves.get_mut(&code)
        {
            let points = points.trim_end_matches(" }").parse().ok();
            let figures = figures.split(", ").map(figure).collect();
            leaf.cases.push(Case { figures, points });
        }
    }
    leaves
}

fn figure(text: &str) -> pb::Figure {
    let (name, value) = text.split_once(": ").expect("a name and a value");
    let value = match value {
        "yes" => pb::figure::Value::YesNo(true),
        "no" => pb::figure::Value::YesNo(false),
        number if number.parse::<Decimal>().is_ok() => pb::figure::Value::Number(number.to_owned()),
        state => pb::figure::Value::State(state.to_owned()),
    };
    pb::Figure {
        name: name.to_owned(),
        value: Some(value),
    }
}

/// Points of leaves, added up as the sets say: a bonus adds, a penalty takes off, and what does not apply leaves the
/// maximum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sum {
    /// Points, 0 to `max`.
    pub(super) total: Decimal,
    /// The most that was possible.
    pub(super) max: Decimal,
}

/// The sum of decided leaves; no points where one does not apply.
pub(super) fn sum(set: &Set, decided: &BTreeMap<String, Option<Decimal>>) -> Sum {
    let mut sum = Sum {
        total: Decimal::ZERO,
        max: Decimal::ZERO,
    };
    for (code, leaf) in &set.leaves {
        match (code.as_bytes()[0], decided[code]) {
            (b'C', points) => sum.total += points.unwrap_or_default(),
            (b'T', points) => sum.total -= points.unwrap_or_default(),
            (_, Some(points)) => {
                sum.total += points;
                sum.max += leaf.max;
            }
            (_, None) => {}
        }
    }
    sum.total = sum.total.clamp(Decimal::ZERO, sum.max);
    sum
}
