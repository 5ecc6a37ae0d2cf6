//! The frozen figures of a publication, counted again from the logs that it names for them.

use std::collections::BTreeMap;

use assessment::campaign::Plan;
use contracts::assessments::v1 as pb;
use eventlog::{Position, Recorded};
use figures::{Ledger, View};
use ids::{Period, Subject, UnitCode};
use index::{Definition, Inputs};
use jiff::tz::Offset;
use measures::{Facts, Key};

use super::document::Editions;
use super::waves::Waves;
use super::{Difference, Unreadable};
use crate::campaigns::figures::{COUNTED, DOSSIERS, REGISTRY, taken};

/// What the logs say up to where scoring had applied them when figures were frozen.
#[derive(Debug)]
pub(super) struct Counting {
    ledger: Ledger,
    dossiers: BTreeMap<String, Facts>,
    deltas: BTreeMap<Key, i64>,
    waves: Waves,
    /// Up to where, by log.
    until: BTreeMap<String, Position>,
}

/// What the figures are, and why.
#[derive(Debug)]
pub(super) struct Counted {
    ledger: Ledger,
    waves: Waves,
}

/// The figures of the units of a campaign, counted again.
#[derive(Debug, Default)]
pub(super) struct Again {
    pub(super) figures: BTreeMap<UnitCode, Inputs>,
    /// How many there are, by the log that they come from.
    pub(super) by_log: BTreeMap<String, usize>,
    /// Of those of assessments: how many counted waves stated.
    pub(super) surveyed: usize,
    /// What was reported in the name of waves that never said it.
    pub(super) differences: Vec<Difference>,
}

impl Counting {
    /// From what a publication names for its figures.
    ///
    /// # Errors
    /// When it does not name all of it.
    pub(super) fn of(basis: &pb::FiguresBasis) -> Result<Self, Unreadable> {
        let absent = |why: String| Unreadable::Absent(why);
        let seconds = basis.utc_offset_minutes.checked_mul(60);
        let offset = seconds.and_then(|seconds| Offset::from_seconds(seconds).ok());
        let offset = offset.ok_or_else(|| {
            let minutes = basis.utc_offset_minutes;
            absent(format!(
                "the document counts by a local time of {minutes} minutes from UTC, which is none"
            ))
        })?;
        let until = basis.logs.iter().map(|it| (it.log.clone(), it.position));
        let until: BTreeMap<_, _> = until.collect();
        for log in COUNTED {
            if !until.contains_key(log) {
                return Err(absent(format!(
                    "the document does not name what of {log} its figures were counted from"
                )));
            }
        }
        Ok(Self {
            ledger: Ledger::new(offset),
            dossiers: BTreeMap::new(),
            deltas: BTreeMap::new(),
            waves: Waves::default(),
            until,
        })
    }

    /// The next event of a log; nothing beyond what the publication names is counted.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) fn apply(&mut self, log: &str, event: &Recorded) -> Result<(), Unreadable> {
        if self
            .until
            .get(log)
            .is_none_or(|until| event.position > *until)
        {
            return Ok(());
        }
        let unreadable = |why: Box<dyn std::error::Error + Send + Sync>| Unreadable::Source {
            log: log.to_owned(),
            position: event.position,
            source: why,
        };
        self.ledger.horizon = self.ledger.horizon.max(Some(event.recorded_at));
        let content = (&*event.stream, &*event.kind, &*event.payload);
        match log {
            REGISTRY => {
                let (stream, kind, payload) = content;
                let applied = self.ledger.apply_registry(stream, kind, payload);
                applied.map(|_| ()).map_err(|why| unreadable(why.into()))
            }
            DOSSIERS => {
                let when = (event.occurred_at(), event.position);
                let (offset, deltas) = (self.ledger.offset, &mut self.deltas);
                figures::take_in(&mut self.dossiers, content, when, offset, deltas)
                    .map_err(|why| unreadable(why.into()))
            }
            _ => {
                let applied = self.ledger.apply_assessments(&event.kind, &event.payload);
                applied.map_err(|why| unreadable(why.into()))?;
                self.waves
                    .apply(event)
                    .map_err(|why| unreadable(why.into()))
            }
        }
    }

    /// When all is read.
    pub(super) fn counted(mut self) -> Counted {
        self.ledger.add(&self.deltas);
        Counted {
            ledger: self.ledger,
            waves: self.waves,
        }
    }
}

impl Counted {
    /// The figures of every participant that the rules of its group take.
    pub(super) fn again(&self, plan: &Plan, editions: &Editions) -> Again {
        let view = View::new(&self.ledger);
        let mut again = Again::default();
        let until = plan.period.last_month();
        for (unit, group) in &plan.participants {
            let Some(definition) = editions.get(group) else {
                continue;
            };
            let of = self.named(unit);
            let figures = view.inputs(plan.period, &Subject::Unit(of.clone()));
            let taken = taken(definition, figures.measures());
            let surveyed = self.waves.inputs(of, until);
            for (name, _) in taken.iter() {
                *again
                    .by_log
                    .entry(figures.log_of(name).to_owned())
                    .or_default() += 1;
                again.surveyed += usize::from(surveyed.contains(name));
            }
            let of_waves = self.waves.differences(of, until, &taken);
            again.differences.extend(of_waves);
            again.figures.insert(unit.clone(), taken);
        }
        again
    }

    /// Whether scoring, knowing the same, had to score a unit in a period by an edition: it does from the first month on that
    /// anything was counted or reported of a unit, up to the month that the logs have come to.
    pub(super) fn is_scored(&self, unit: &UnitCode, period: Period, by: &Definition) -> bool {
        let view = View::new(&self.ledger);
        let of = self.named(unit);
        let first = view.active.get(of);
        let now = self.ledger.horizon_month();
        let begun = first.zip(now).is_some_and(|(first, now)| {
            *first <= period.last_month() && now >= period.first_month().max(*first)
        });
        let judging = view.definitions(period, &Subject::Unit(of.clone()));
        let same = |it: &&Definition| it.code() == by.code() && it.edition() == by.edition();
        begun && judging.iter().any(same)
    }

    /// The code that a unit's stream is named by.
    fn named<'a>(&'a self, unit: &'a UnitCode) -> &'a UnitCode {
        self.ledger.directory.resolve(unit).unwrap_or(unit)
    }
}
