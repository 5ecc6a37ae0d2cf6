//! Scoring again what a batch made dirty: a pure function of the model.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use contracts::scoring::v1 as pb;
use ids::{IndexKey, LeafCode, Month, Period, Subject, UnitCode};
use index::{Definition, InputKind, Inputs, LeafScore};
use jiff::civil::Date;
use measures::figures;
use rust_decimal::Decimal;

use crate::dirty::Dirty;
use crate::model::Model;

/// What has other points than were told before.
#[derive(Debug)]
pub(crate) struct Change {
    pub(crate) key: IndexKey,
    pub(crate) edition: String,
    pub(crate) leaves: Vec<pb::LeafScore>,
}

/// Everything that has other points after `dirty` was computed again, by key.
pub(crate) fn rescore(model: &Model, dirty: &Dirty) -> Vec<Change> {
    if dirty.is_clean() {
        return Vec::new();
    }
    let view = View::new(model);
    let mut changes = Vec::new();
    for (period, subject) in subjects(&view, dirty) {
        let mut inputs = None;
        for definition in view.definitions(period, &subject) {
            let inputs = inputs.get_or_insert_with(|| view.inputs(period, &subject));
            let key = IndexKey {
                index: definition.code().to_string(),
                period,
                subject: subject.clone(),
            };
            changes.extend(changed(model, definition, key, inputs));
        }
    }
    changes
}

/// The leaves of one index that have other points than were told.
fn changed(
    model: &Model,
    definition: &Definition,
    key: IndexKey,
    inputs: &Figures,
) -> Option<Change> {
    let told = model.leaves.get(&key);
    let edition = definition.edition();
    let mut leaves = Vec::new();
    for leaf in definition.leaves() {
        let score = leaf.score(&inputs.of(definition, leaf.code()));
        let score = wire(leaf.code(), &score);
        let same = told
            .and_then(|told| told.get(&score.leaf))
            .is_some_and(|told| {
                told.edition == edition
                    && (&told.points, &told.max, &told.reason)
                        == (&score.points, &score.max, &score.reason)
            });
        if !same {
            leaves.push(score);
        }
    }
    (!leaves.is_empty()).then(|| Change {
        key,
        edition: edition.to_owned(),
        leaves,
    })
}

/// A leaf's score for the wire.
pub(crate) fn wire(code: &LeafCode, score: &LeafScore) -> pb::LeafScore {
    pb::LeafScore {
        leaf: code.to_string(),
        points: score
            .points
            .map(|points| points.to_string())
            .unwrap_or_default(),
        max: score.max.to_string(),
        reason: score.reason(),
        inputs: score
            .inputs
            .iter()
            .map(|(name, value)| pb::Input {
                name: name.clone(),
                value: value.to_string(),
            })
            .collect(),
    }
}

/// Every subject and period whose figures may have changed: units, the groups that they are in, and the province.
fn subjects(view: &View<'_>, dirty: &Dirty) -> BTreeSet<(Period, Subject)> {
    let mut subjects = BTreeSet::new();
    let Some(horizon) = view.model.horizon_month() else {
        return subjects;
    };
    for unit in view.model.active_units() {
        let Some(first) = view.model.first_month(unit) else {
            continue;
        };
        let Some(span) = dirty.span(unit, first) else {
            continue;
        };
        let Ok(code) = unit.parse::<UnitCode>() else {
            continue;
        };
        let until = span.until.map_or(horizon, |until| until.min(horizon));
        let months = (span.from.ordinal()..=until.ordinal()).filter_map(Month::from_ordinal);
        let periods: BTreeSet<Period> = months.flat_map(Month::periods).collect();
        for period in periods {
            let Some(group) = view.group(&code, period) else {
                continue;
            };
            subjects.insert((period, Subject::Unit(code.clone())));
            subjects.extend(Subject::group(group).map(|group| (period, group)));
            let province = view
                .province(period)
                .map(|province| (period, Subject::Unit(province)));
            subjects.extend(province);
        }
    }
    if dirty.is_everything() {
        // Who left a group leaves it with other figures, or none.
        let told = view.model.leaves.keys();
        subjects.extend(told.map(|key| (key.period, key.subject.clone())));
    }
    subjects
}

/// The model as it is scored, with answers that are needed again and again kept.
pub(crate) struct View<'a> {
    model: &'a Model,
    groups: RefCell<BTreeMap<(UnitCode, Period), Option<&'static str>>>,
    offers: RefCell<BTreeMap<(UnitCode, Date), std::rc::Rc<Offer>>>,
}

/// The procedures of a unit, or of several, on a day, by what rules ask of them.
#[derive(Debug, Default)]
pub(crate) struct Offer {
    all: BTreeSet<String>,
    online: BTreeSet<String>,
    with_fee: BTreeSet<String>,
    payment_integrated: BTreeSet<String>,
    identity_connected: BTreeSet<String>,
}

impl Offer {
    /// The procedures that a measure which counts procedures may count.
    pub(crate) fn counted_by(&self, measure: &str) -> &BTreeSet<String> {
        match measure {
            "procedures_paid_online" => &self.with_fee,
            _ => &self.online,
        }
    }

    #[cfg(test)]
    pub(crate) fn of_online_and_with_fee(online: &[&str], with_fee: &[&str]) -> Self {
        let set = |codes: &[&str]| codes.iter().map(ToString::to_string).collect();
        Self {
            online: set(online),
            with_fee: set(with_fee),
            ..Self::default()
        }
    }

    fn extend(&mut self, other: &Self) {
        let parts = [
            (&mut self.all, &other.all),
            (&mut self.online, &other.online),
            (&mut self.with_fee, &other.with_fee),
            (&mut self.payment_integrated, &other.payment_integrated),
            (&mut self.identity_connected, &other.identity_connected),
        ];
        for (part, other) in parts {
            part.extend(other.iter().cloned());
        }
    }
}

/// Every figure of a subject and period, by name.
pub(crate) struct Figures {
    pub(crate) counted: BTreeMap<String, Decimal>,
    /// Reported figures by month, for flows (their sum) and stocks (the newest).
    reported: BTreeMap<String, (Decimal, Decimal)>,
}

impl<'a> View<'a> {
    pub(crate) fn new(model: &'a Model) -> Self {
        Self {
            model,
            groups: RefCell::default(),
            offers: RefCell::default(),
        }
    }

    /// The group of a unit at the end of a period, or when it last was in it; none when it was not.
    fn group(&self, unit: &UnitCode, period: Period) -> Option<&'static str> {
        let key = (unit.clone(), period);
        if let Some(group) = self.groups.borrow().get(&key) {
            return *group;
        }
        let first = period.first_month().ordinal();
        let days = (first..=period.last_month().ordinal())
            .rev()
            .filter_map(Month::from_ordinal)
            .map(|month| Period::Month(month).last_day());
        let found = days
            .chain([period.first_day()])
            .find_map(|day| Some(self.model.directory.unit(unit, day)?.place.group.as_str()));
        self.groups.borrow_mut().insert(key, found);
        found
    }

    fn province(&self, period: Period) -> Option<UnitCode> {
        Some(
            self.model
                .directory
                .province(period.last_day())?
                .code
                .clone(),
        )
    }

    /// The units whose figures make a subject's.
    pub(crate) fn members(&self, period: Period, subject: &Subject) -> Vec<UnitCode> {
        let active = || {
            self.model
                .active_units()
                .into_iter()
                .filter_map(|unit| unit.parse().ok())
        };
        match subject {
            Subject::Group(group) => active()
                .filter(|unit| self.group(unit, period) == Some(group))
                .collect(),
            Subject::Unit(unit) if self.group(unit, period) == Some("province") => active()
                .filter(|unit| self.group(unit, period).is_some())
                .collect(),
            Subject::Unit(unit) => vec![unit.clone()],
        }
    }

    /// The definitions that judge a subject in a period.
    pub(crate) fn definitions(&self, period: Period, subject: &Subject) -> Vec<&'a Definition> {
        let group = match subject {
            Subject::Group(group) => Some(*group),
            Subject::Unit(unit) => self.group(unit, period),
        };
        let Some(group) = group else {
            return Vec::new();
        };
        let editions = self.model.definitions.values().flat_map(BTreeMap::values);
        editions
            .filter(|edition| edition.applies_to(group) && edition.covers(period))
            .collect()
    }

    /// Every figure of a subject in a period.
    pub(crate) fn inputs(&self, period: Period, subject: &Subject) -> Figures {
        let members = self.members(period, subject);
        let offer = self.offer_of(&members, period);
        let units: Vec<_> = members
            .iter()
            .filter_map(|unit| self.model.units.get(unit.as_str()))
            .collect();
        let counted = figures(&units, period, |name| offer.counted_by(name).clone());
        let mut counted: BTreeMap<String, Decimal> = counted
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.into()))
            .collect();
        let sizes = [
            ("procedures", &offer.all),
            ("procedures_online", &offer.online),
            ("procedures_with_fee", &offer.with_fee),
            ("procedures_payment_integrated", &offer.payment_integrated),
            ("procedures_identity_connected", &offer.identity_connected),
        ];
        counted.extend(sizes.map(|(name, part)| (name.to_owned(), part.len().into())));
        Figures {
            counted,
            reported: self.reported(&members, period),
        }
    }

    /// The procedures that `members` offer at the end of a period, each once.
    pub(crate) fn offer_of(&self, members: &[UnitCode], period: Period) -> Offer {
        let mut whole = Offer::default();
        for unit in members {
            whole.extend(&self.offer(unit, period.last_day()));
        }
        whole
    }

    fn offer(&self, unit: &UnitCode, day: Date) -> std::rc::Rc<Offer> {
        let key = (unit.clone(), day);
        if let Some(offer) = self.offers.borrow().get(&key) {
            return offer.clone();
        }
        let mut offer = Offer::default();
        for procedure in self.model.directory.procedures_of(unit, day) {
            let code = procedure.code.to_string();
            let statement = procedure.statement;
            let parts = [
                (
                    statement.online != unit::OnlineLevel::Information,
                    &mut offer.online,
                ),
                (statement.payment_duty, &mut offer.with_fee),
                (
                    statement.payment_duty && statement.payment_integrated,
                    &mut offer.payment_integrated,
                ),
                (statement.identity_connected, &mut offer.identity_connected),
            ];
            for (_, part) in parts.into_iter().filter(|(holds, _)| *holds) {
                part.insert(code.clone());
            }
            offer.all.insert(code);
        }
        let offer = std::rc::Rc::new(offer);
        self.offers.borrow_mut().insert(key, offer.clone());
        offer
    }

    /// Reported figures of all members: the sum over the period's months, and the sum of each member's newest by its
    /// end.
    fn reported(
        &self,
        members: &[UnitCode],
        period: Period,
    ) -> BTreeMap<String, (Decimal, Decimal)> {
        let mut sums: BTreeMap<String, (Decimal, Decimal)> = BTreeMap::new();
        let (from, until) = (period.first_month(), period.last_month());
        for reports in members
            .iter()
            .filter_map(|unit| self.model.reported.get(unit.as_str()))
        {
            for (measure, months) in reports {
                let Some((newest, at_end)) = months.range(..=until).next_back() else {
                    continue;
                };
                if *newest < from {
                    // A flow has nothing to say of this period; a stock still stands as it was last reported.
                    sums.entry(measure.clone()).or_default().1 += at_end;
                    continue;
                }
                let sum = sums.entry(measure.clone()).or_default();
                sum.0 += months
                    .range(from..=until)
                    .map(|(_, value)| value)
                    .sum::<Decimal>();
                sum.1 += at_end;
            }
        }
        sums
    }
}

impl Figures {
    /// What the rule of a leaf is given.
    pub(crate) fn of(&self, definition: &Definition, leaf: &LeafCode) -> Inputs {
        let names = definition
            .leaf(leaf)
            .into_iter()
            .flat_map(index::Leaf::inputs);
        names
            .filter_map(|name| Some((name.as_str(), self.value(definition, name.as_str())?)))
            .collect()
    }

    /// The value of an input; none when nothing was reported.
    pub(crate) fn value(&self, definition: &Definition, name: &str) -> Option<Decimal> {
        if let Some(value) = self.counted.get(name) {
            return Some(*value);
        }
        let (flow, stock) = self.reported.get(name)?;
        let is_stock = definition
            .input(name)
            .is_some_and(|input| input.kind == InputKind::Stock);
        Some(if is_stock { *stock } else { *flow })
    }

    /// Every figure with its name, reported ones as flows.
    pub(crate) fn all(&self) -> BTreeMap<String, Decimal> {
        let reported = self
            .reported
            .iter()
            .map(|(name, (flow, _))| (name.clone(), *flow));
        reported.chain(self.counted.clone()).collect()
    }
}
