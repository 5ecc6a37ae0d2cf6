//! What the rules of an index are given.

use std::collections::BTreeMap;

use contracts::scoring::v1 as pb;
use ids::LeafCode;
use index::{Definition, InputKind, Inputs};
use rust_decimal::Decimal;

/// Every figure of a subject and period, by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figures {
    pub(crate) counted: BTreeMap<String, Decimal>,
    /// Reported figures by month, for flows (their sum) and stocks (the newest, if one stands at the end).
    pub(crate) reported: BTreeMap<String, (Decimal, Option<Decimal>)>,
}

impl Figures {
    /// What the rule of a leaf is given.
    pub fn of(&self, definition: &Definition, leaf: &LeafCode) -> Inputs {
        let names = definition
            .leaf(leaf)
            .into_iter()
            .flat_map(index::Leaf::inputs);
        names
            .filter_map(|name| Some((name.as_str(), self.value(definition, name.as_str())?)))
            .collect()
    }

    /// The value of an input; none when nothing was reported.
    pub fn value(&self, definition: &Definition, name: &str) -> Option<Decimal> {
        if let Some(value) = self.counted.get(name) {
            return Some(*value);
        }
        let (flow, stock) = self.reported.get(name)?;
        let is_stock = definition
            .input(name)
            .is_some_and(|input| input.kind == InputKind::Stock);
        if is_stock { *stock } else { Some(*flow) }
    }

    /// Names of the figures that are not zero, and of those that were reported at all.
    pub fn names_of_something(&self) -> impl Iterator<Item = &str> {
        let counted = self.counted.iter().filter(|(_, value)| !value.is_zero());
        let counted = counted.map(|(name, _)| name.as_str());
        counted.chain(self.reported.keys().map(String::as_str))
    }

    /// Every figure with its name, reported ones as flows and with the newest figure, which they are as stocks.
    pub fn all(&self) -> BTreeMap<String, (Decimal, Option<Decimal>)> {
        let reported = self
            .reported
            .iter()
            .map(|(name, (flow, stock))| (name.clone(), (*flow, *stock)));
        let counted = self.counted.iter();
        let counted = counted.map(|(name, value)| (name.clone(), (*value, None)));
        reported.chain(counted).collect()
    }

    /// The log that a figure comes from: that of dossiers, also where it counts procedures that dossiers used, of the
    /// registry, or of assessments, where it was reported.
    pub fn log_of(&self, name: &str) -> &'static str {
        match self.counted.contains_key(name) {
            true if measures::sources().contains_key(name) => "dossiers",
            true => "registry",
            false => "assessments",
        }
    }

    /// Every figure, for the wire.
    pub fn measures(&self) -> Vec<pb::Input> {
        self.all().into_iter().map(to_wire).collect()
    }
}

/// A figure with its name, and with the newest of the period where it was reported, for the wire.
pub fn to_wire((name, (value, newest)): (String, (Decimal, Option<Decimal>))) -> pb::Input {
    pb::Input {
        name,
        value: value.normalize().to_string(),
        newest: newest
            .map(|newest| newest.normalize().to_string())
            .unwrap_or_default(),
    }
}
