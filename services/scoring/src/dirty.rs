//! What has to be scored again after a batch.

use std::collections::BTreeMap;

use ids::Month;
use measures::Key;

/// Units and months whose figures may have changed.
#[derive(Debug, Default)]
pub(crate) struct Dirty {
    everything: bool,
    all_since: Option<Month>,
    units: BTreeMap<String, Span>,
}

/// Months of one unit: `from` up to and including `until`, or without an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) from: Month,
    pub(crate) until: Option<Month>,
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

    /// One unit from a month on.
    pub(crate) fn unit_since(&mut self, unit: &str, month: Month) {
        self.add(
            unit,
            Span {
                from: month,
                until: None,
            },
        );
    }

    /// The months that changed counters reach: flows reach their own month; a stock that is different at the end
    /// reaches every later month too.
    pub(crate) fn deltas(&mut self, deltas: &BTreeMap<Key, i64>) {
        let mut touched: BTreeMap<&str, (Month, Month, BTreeMap<&str, i64>)> = BTreeMap::new();
        for (key, delta) in deltas {
            let (from, until, stocks) = touched
                .entry(&key.unit)
                .or_insert_with(|| (key.month, key.month, BTreeMap::new()));
            *from = key.month.min(*from);
            *until = key.month.max(*until);
            if let Some((stock, sign)) = stock(key.counter.name()) {
                *stocks.entry(stock).or_default() += sign * delta;
            }
        }
        for (unit, (from, until, stocks)) in touched {
            let settled = stocks.values().all(|change| *change == 0);
            self.add(
                unit,
                Span {
                    from,
                    until: settled.then_some(until),
                },
            );
        }
    }

    fn add(&mut self, unit: &str, span: Span) {
        let merged = match self.units.get(unit) {
            None => span,
            Some(before) => Span {
                from: before.from.min(span.from),
                until: before
                    .until
                    .zip(span.until)
                    .map(|(one, other)| one.max(other)),
            },
        };
        self.units.insert(unit.to_owned(), merged);
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
        if self.everything {
            return Some(Span {
                from: first,
                until: None,
            });
        }
        let own = self.units.get(unit).copied();
        match (own, self.all_since) {
            (own, None) => own,
            (None, Some(since)) => Some(Span {
                from: since.max(first),
                until: None,
            }),
            (Some(own), Some(since)) => Some(Span {
                from: own.from.min(since),
                until: None,
            }),
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

    #[test]
    fn what_opened_and_ended_reaches_no_later_month() {
        let mut dirty = Dirty::default();
        dirty.deltas(&BTreeMap::from([
            (key(1, Counter::Opened), 2),
            (key(3, Counter::Ended), 2),
        ]));
        let months = dirty.span("H40.01", Month::new(2024, 1).expect("a month"));
        assert_eq!(
            months,
            Some(Span {
                from: Month::new(2024, 1).expect("a month"),
                until: Month::new(2024, 3)
            })
        );
    }

    #[test]
    fn what_stays_open_reaches_every_later_month() {
        let mut dirty = Dirty::default();
        dirty.deltas(&BTreeMap::from([
            (key(1, Counter::Opened), 2),
            (key(3, Counter::Ended), 1),
        ]));
        let months = dirty.span("H40.01", Month::new(2024, 1).expect("a month"));
        assert_eq!(
            months,
            Some(Span {
                from: Month::new(2024, 1).expect("a month"),
                until: None
            })
        );
    }
}
