//! What the rules of an index are given.

use std::collections::BTreeMap;

use contracts::scoring::v1 as pb;
use ids::LeafCode;
use index::{Definition, InputKind, Inputs};
use rust_decimal::Decimal;

use crate::ledger::Stated;

/// Every figure of a subject and period, by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figures {
    pub(crate) counted: BTreeMap<String, Decimal>,
    pub(crate) reported: BTreeMap<String, Pooled>,
}

/// A reported measure: as a flow, and as a stock if one stands at the end.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Pooled {
    pub(crate) flow: Pool,
    pub(crate) newest: Option<Pool>,
}

/// Figures of several months or units together: counts are added up, means by what they are made of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Pool {
    /// Whether there is any figure.
    known: bool,
    sum: Decimal,
    /// What the sum is divided by; none of counts.
    of: Option<Decimal>,
    /// Why there is no figure.
    withheld: Option<String>,
}

/// What there is of a measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told<'a> {
    /// Of the whole period.
    pub value: Option<Decimal>,
    /// The newest of the period, where it was reported: what it is as a stock.
    pub newest: Option<Decimal>,
    /// Why there is no value; empty where there is one, or nothing was reported.
    pub withheld: &'a str,
}

impl Pool {
    /// The months of one unit: while one of them is withheld, so is the whole.
    pub(crate) fn of<'a>(stated: impl IntoIterator<Item = &'a Stated>) -> Self {
        let mut pool = Self::default();
        for stated in stated {
            match stated {
                Stated::Figure(figure) => {
                    pool.known = true;
                    pool.sum += figure;
                }
                Stated::Mean { sum, of } => {
                    pool.known = true;
                    pool.sum += sum;
                    *pool.of.get_or_insert_default() += of;
                }
                Stated::Withheld(reason) => pool.withheld = Some(reason.clone()),
            }
        }
        match pool.withheld {
            Some(_) => Self {
                withheld: pool.withheld,
                ..Self::default()
            },
            None => pool,
        }
    }

    /// A period without reports: of a measure that was counted before nothing was, of a mean there is none.
    pub(crate) fn or_nothing_like(self, before: &Stated) -> Self {
        let counted = matches!(before, Stated::Figure(_));
        Self {
            known: self.known || (counted && self.withheld.is_none()),
            ..self
        }
    }

    /// Adds another unit's.
    pub(crate) fn and(&mut self, other: &Self) {
        if !other.known {
            let withheld = other.withheld.clone();
            self.withheld = self.withheld.take().or(withheld);
            return;
        }
        self.known = true;
        self.sum += other.sum;
        if let Some(of) = other.of {
            *self.of.get_or_insert_default() += of;
        }
    }

    fn value(&self) -> Option<Decimal> {
        match self.of {
            _ if !self.known => None,
            None => Some(self.sum),
            Some(of) => self.sum.checked_div(of),
        }
    }

    fn withheld(&self) -> Option<&str> {
        self.withheld.as_deref().filter(|_| !self.known)
    }
}

impl Figures {
    /// What the rule of a leaf is given.
    pub fn of(&self, definition: &Definition, leaf: &LeafCode) -> Inputs {
        let names = definition
            .leaf(leaf)
            .into_iter()
            .flat_map(index::Leaf::inputs);
        let mut inputs = Inputs::new();
        for name in names.map(|name| name.as_str()) {
            match (
                self.value(definition, name),
                self.withheld(definition, name),
            ) {
                (Some(value), _) => inputs.set(name, value),
                (None, Some(reason)) => inputs.withhold(name, reason),
                (None, None) => {}
            }
        }
        inputs
    }

    /// The value of an input; none when nothing was reported.
    pub fn value(&self, definition: &Definition, name: &str) -> Option<Decimal> {
        match self.counted.get(name) {
            Some(value) => Some(*value),
            None => self.pool(definition, name)?.value(),
        }
    }

    /// Why an input has no value, where it is withheld.
    pub fn withheld(&self, definition: &Definition, name: &str) -> Option<&str> {
        self.pool(definition, name)?.withheld()
    }

    fn pool(&self, definition: &Definition, name: &str) -> Option<&Pool> {
        let reported = self.reported.get(name)?;
        let is_stock = definition
            .input(name)
            .is_some_and(|input| input.kind == InputKind::Stock);
        match is_stock {
            true => reported.newest.as_ref(),
            false => Some(&reported.flow),
        }
    }

    /// Names of the figures that are not zero, and of those that were reported at all.
    pub fn names_of_something(&self) -> impl Iterator<Item = &str> {
        let counted = self.counted.iter().filter(|(_, value)| !value.is_zero());
        let counted = counted.map(|(name, _)| name.as_str());
        counted.chain(self.reported.keys().map(String::as_str))
    }

    /// Every figure with its name, reported ones as flows and with the newest figure, which they are as stocks.
    pub fn all(&self) -> BTreeMap<&str, Told<'_>> {
        let reported = self.reported.iter().map(|(name, reported)| {
            let told = Told {
                value: reported.flow.value(),
                newest: reported.newest.as_ref().and_then(Pool::value),
                withheld: reported.flow.withheld().unwrap_or_default(),
            };
            (name.as_str(), told)
        });
        let counted = self.counted.iter().map(|(name, value)| {
            let told = Told {
                value: Some(*value),
                newest: None,
                withheld: "",
            };
            (name.as_str(), told)
        });
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

/// A figure with its name, for the wire.
pub fn to_wire((name, told): (&str, Told<'_>)) -> pb::Input {
    let shown = |value: Option<Decimal>| {
        let value = value.map(|value| value.normalize().to_string());
        value.unwrap_or_default()
    };
    pb::Input {
        name: name.to_owned(),
        value: shown(told.value),
        newest: shown(told.newest),
        withheld_reason: told.withheld.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(value: i64) -> Stated {
        Stated::Figure(value.into())
    }

    fn mean(sum: i64, of: i64) -> Stated {
        Stated::Mean {
            sum: sum.into(),
            of: of.into(),
        }
    }

    fn withheld() -> Stated {
        Stated::Withheld("interference".into())
    }

    /// Units with their months in a period.
    fn together(units: &[&[Stated]]) -> (Option<Decimal>, Option<String>) {
        let mut pool = Pool::default();
        for months in units {
            pool.and(&Pool::of(*months));
        }
        (pool.value(), pool.withheld().map(str::to_owned))
    }

    #[test]
    fn counts_are_added_up_and_means_by_what_they_are_made_of() {
        let (value, _) = together(&[&[figure(2), figure(3)], &[figure(4)]]);
        assert_eq!(value, Some(9.into()));
        // 3 of 4 and 1 of 4 are 4 of 8, not 1.
        let (value, _) = together(&[&[mean(3, 4)], &[mean(1, 4)]]);
        assert_eq!(value, Some(Decimal::new(5, 1)));
        let (value, _) = together(&[&[mean(1, 2), mean(0, 6)]]);
        assert_eq!(value, Some(Decimal::new(125, 3)));
    }

    #[test]
    fn what_is_withheld_takes_out_the_unit_and_of_several_only_that_one() {
        let why = Some("interference".to_owned());
        assert_eq!(together(&[&[mean(3, 4), withheld()]]), (None, why.clone()));
        assert_eq!(
            together(&[&[withheld()], &[mean(1, 4)]]),
            (Some(Decimal::new(25, 2)), None)
        );
        assert_eq!(together(&[&[withheld()], &[withheld()]]), (None, why));
        assert_eq!(together(&[]), (None, None));
    }

    #[test]
    fn a_later_period_has_no_count_and_no_mean() {
        let none = || Pool::of([]);
        assert_eq!(
            none().or_nothing_like(&figure(7)).value(),
            Some(Decimal::ZERO)
        );
        for before in [mean(3, 4), withheld()] {
            let pool = none().or_nothing_like(&before);
            assert_eq!((pool.value(), pool.withheld()), (None, None));
        }
    }
}
