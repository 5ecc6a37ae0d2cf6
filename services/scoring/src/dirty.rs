//! What has to be scored again after a batch.

use std::collections::{BTreeMap, BTreeSet};

use ids::Month;
use measures::{Key, reached_by};

/// Units and months whose figures may have changed.
#[derive(Debug, Default)]
pub(crate) struct Dirty {
    everything: bool,
    all_since: Option<Month>,
    units: BTreeMap<String, Span>,
}

/// Months of one unit: `from` up to and including `until`, or without an end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) from: Month,
    pub(crate) until: Option<Month>,
    pub(crate) reach: Reach,
}

/// Which measures may have changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reach {
    All,
    Named(BTreeSet<String>),
}

impl Reach {
    pub(crate) fn extend(&mut self, other: &Self) {
        match (&mut *self, other) {
            (Self::Named(names), Self::Named(others)) => names.extend(others.iter().cloned()),
            (_, Self::All) => *self = Self::All,
            (Self::All, Self::Named(_)) => (),
        }
    }

    /// Whether one of these may have changed.
    pub(crate) fn holds<'a>(&self, mut names: impl Iterator<Item = &'a str>) -> bool {
        match self {
            Self::All => true,
            Self::Named(changed) => names.any(|name| changed.contains(name)),
        }
    }
}

impl Dirty {
    /// All units in all months.
    pub(crate) fn everything(&mut self) {
        self.everything = true;
    }

    /// All units from a month on.
    pub(crate) fn all_since(&mut self, month: Month) {
        self.all_since = Some(self.all_since.map_or(month, |since| since.min(month)));
    }

    /// One unit from a month on: it may be new among those that its group is made of.
    pub(crate) fn unit_since(&mut self, unit: &str, month: Month) {
        self.since(unit, month, Reach::All);
    }

    /// A reported figure of one unit from a month on.
    pub(crate) fn reported(&mut self, unit: &str, month: Month, measure: &str) {
        self.since(unit, month, Reach::Named([measure.to_owned()].into()));
    }

    fn since(&mut self, unit: &str, from: Month, reach: Reach) {
        let until = None;
        self.add(unit, Span { from, until, reach });
    }

    /// The months that changed counters reach: flows reach their own month; a stock that is different at the end
    /// reaches every later month too.
    pub(crate) fn deltas(&mut self, deltas: &BTreeMap<Key, i64>) {
        let mut touched: BTreeMap<&str, (Span, BTreeMap<&str, i64>)> = BTreeMap::new();
        for (key, delta) in deltas {
            let (span, stocks) = touched.entry(&key.unit).or_insert_with(|| {
                let span = Span {
                    from: key.month,
                    until: Some(key.month),
                    reach: Reach::Named(BTreeSet::new()),
                };
                (span, BTreeMap::new())
            });
            span.from = key.month.min(span.from);
            span.until = span.until.max(Some(key.month));
            let names = reached_by(key.counter).into_iter().map(str::to_owned);
            span.reach.extend(&Reach::Named(names.collect()));
            if let Some((stock, sign)) = stock(key.counter.name()) {
                *stocks.entry(stock).or_default() += sign * delta;
            }
        }
        for (unit, (mut span, stocks)) in touched {
            let settled = stocks.values().all(|change| *change == 0);
            span.until = span.until.filter(|_| settled);
            self.add(unit, span);
        }
    }

    fn add(&mut self, unit: &str, span: Span) {
        match self.units.get_mut(unit) {
            None => {
                self.units.insert(unit.to_owned(), span);
            }
            Some(known) => {
                known.from = known.from.min(span.from);
                let until = known.until.zip(span.until);
                known.until = until.map(|(one, other)| one.max(other));
                known.reach.extend(&span.reach);
            }
        }
    }

    /// Whether everything has to be scored.
    pub(crate) fn is_everything(&self) -> bool {
        self.everything
    }

    /// Whether nothing has to be scored.
    pub(crate) fn is_clean(&self) -> bool {
        !self.everything && self.all_since.is_none() && self.units.is_empty()
    }

    /// The months of `unit` to score again, given the first month that it has figures for.
    pub(crate) fn span(&self, unit: &str, first: Month) -> Option<Span> {
        let all_from = |from| Span {
            from,
            until: None,
            reach: Reach::All,
        };
        if self.everything {
            return Some(all_from(first));
        }
        let own = self.units.get(unit).cloned();
        match (own, self.all_since) {
            (own, None) => own,
            (None, Some(since)) => Some(all_from(since.max(first))),
            (Some(own), Some(since)) => Some(all_from(own.from.min(since))),
        }
    }
}

/// The stock that a counter belongs to, and whether it adds to it or takes from it.
fn stock(counter: &str) -> Option<(&str, i64)> {
    match counter {
        "opened" => Some(("", 1)),
        "ended" => Some(("", -1)),
        _ => counter
            .strip_suffix("_opened")
            .map(|stock| (stock, 1))
            .or_else(|| counter.strip_suffix("_ended").map(|stock| (stock, -1))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use measures::Counter;

    fn key(month: i8, counter: Counter) -> Key {
        Key {
            unit: "H40.01".into(),
            month: Month::new(2024, month).expect("a month"),
            counter,
            procedure: None,
        }
    }

    fn month(month: i8) -> Month {
        Month::new(2024, month).expect("a month")
    }

    fn span(dirty: &Dirty) -> Span {
        dirty.span("H40.01", month(1)).expect("it is dirty")
    }

    #[test]
    fn what_opened_and_ended_reaches_no_later_month() {
        let mut dirty = Dirty::default();
        dirty.deltas(&BTreeMap::from([
            (key(1, Counter::Opened), 2),
            (key(3, Counter::Ended), 2),
        ]));
        let span = span(&dirty);
        assert_eq!((span.from, span.until), (month(1), Some(month(3))));
    }

    #[test]
    fn what_stays_open_reaches_every_later_month() {
        let mut dirty = Dirty::default();
        dirty.deltas(&BTreeMap::from([
            (key(1, Counter::Opened), 2),
            (key(3, Counter::Ended), 1),
        ]));
        let span = span(&dirty);
        assert_eq!((span.from, span.until), (month(1), None));
    }

    #[test]
    fn what_changed_reaches_its_own_measures_until_a_unit_is_new() {
        let mut dirty = Dirty::default();
        dirty.deltas(&BTreeMap::from([(key(1, Counter::Petitions), 1)]));
        dirty.reported("H40.01", month(1), "suggestions");
        let reach = span(&dirty).reach;
        assert!(reach.holds(["petitions", "handled"].into_iter()));
        assert!(reach.holds(["suggestions"].into_iter()));
        assert!(!reach.holds(["handled", "procedures"].into_iter()));
        dirty.unit_since("H40.01", month(1));
        assert_eq!(span(&dirty).reach, Reach::All);
    }
}
