//! The ledger as it is scored: who makes up a subject, what they offer, and every figure that follows.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use ids::{Month, Period, Subject, UnitCode};
use index::Definition;
use jiff::civil::Date;
use rust_decimal::Decimal;

use crate::figures::{Pool, Pooled};
use crate::{Figures, Ledger};

/// The ledger as it is scored, with answers that are needed again and again kept.
#[derive(Debug)]
pub struct View<'a> {
    /// What it is a view of.
    pub ledger: &'a Ledger,
    /// Units that anything was counted or reported for, and the first month that it was.
    pub active: BTreeMap<UnitCode, Month>,
    groups: RefCell<BTreeMap<(UnitCode, Period), Option<&'static str>>>,
    offers: RefCell<BTreeMap<(UnitCode, Date), std::rc::Rc<Offer>>>,
}

/// The procedures of a unit, or of several, on a day, by what rules ask of them.
#[derive(Debug, Default)]
pub struct Offer {
    all: BTreeSet<String>,
    online: BTreeSet<String>,
    with_fee: BTreeSet<String>,
    payment_integrated: BTreeSet<String>,
    identity_connected: BTreeSet<String>,
}

impl Offer {
    /// The procedures that a measure which counts procedures may count.
    pub fn counted_by(&self, measure: &str) -> &BTreeSet<String> {
        match measure {
            "procedures_paid_online" => &self.with_fee,
            _ => &self.online,
        }
    }

    /// An offer of procedures that may be asked for online, and of some that cost a fee.
    pub fn of_online_and_with_fee(online: &[&str], with_fee: &[&str]) -> Self {
        let set = |codes: &[&str]| codes.iter().map(ToString::to_string).collect();
        Self {
            online: set(online),
            with_fee: set(with_fee),
            ..Self::default()
        }
    }

    /// How many there are of each kind, by the name of the measure.
    fn sizes(&self) -> impl Iterator<Item = (String, Decimal)> {
        let parts = [
            &self.all,
            &self.online,
            &self.with_fee,
            &self.payment_integrated,
            &self.identity_connected,
        ];
        let sizes = measures::OFFERED.into_iter().zip(parts);
        sizes.map(|(name, part)| (name.to_owned(), part.len().into()))
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

impl<'a> View<'a> {
    /// A view of a ledger that does not change meanwhile.
    pub fn new(ledger: &'a Ledger) -> Self {
        let active = ledger.active_units().into_iter().filter_map(|unit| {
            let first = ledger.first_month(unit)?;
            Some((unit.parse().ok()?, first))
        });
        Self {
            ledger,
            active: active.collect(),
            groups: RefCell::default(),
            offers: RefCell::default(),
        }
    }

    /// The group of a unit at the end of a period, or when it last was in it; none when it was not.
    pub fn group(&self, unit: &UnitCode, period: Period) -> Option<&'static str> {
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
            .find_map(|day| Some(self.ledger.directory.unit(unit, day)?.place.group.as_str()));
        self.groups.borrow_mut().insert(key, found);
        found
    }

    /// The province, as it is called at the end of a period.
    pub fn province(&self, period: Period) -> Option<UnitCode> {
        Some(
            self.ledger
                .directory
                .province(period.last_day())?
                .code
                .clone(),
        )
    }

    /// The units whose figures make a subject's: those that anything was counted or reported for by the end of the
    /// period. One that comes later changes no period before it came, whenever that is looked at.
    pub fn members(&self, period: Period, subject: &Subject) -> Vec<UnitCode> {
        let active = || {
            let begun = self.active.iter();
            let begun = begun.filter(|(_, first)| **first <= period.last_month());
            begun.map(|(unit, _)| unit)
        };
        match subject {
            Subject::Group(group) => active()
                .filter(|unit| self.group(unit, period) == Some(group))
                .cloned()
                .collect(),
            Subject::Unit(unit) if self.group(unit, period) == Some("province") => active()
                .filter(|unit| self.group(unit, period).is_some())
                .cloned()
                .collect(),
            Subject::Unit(unit) => vec![unit.clone()],
        }
    }

    /// The day up to which the followed logs have come; none while they are empty.
    pub fn today(&self) -> Option<Date> {
        let horizon = self.ledger.horizon?;
        Some(self.ledger.offset.to_datetime(horizon).date())
    }

    /// The definitions that judge a subject in a period.
    pub fn definitions(&self, period: Period, subject: &Subject) -> Vec<&'a Definition> {
        let group = match subject {
            Subject::Group(group) => Some(*group),
            Subject::Unit(unit) => self.group(unit, period),
        };
        group.map_or_else(Vec::new, |group| self.definitions_of(group, period))
    }

    /// The definitions that judge a group in a period.
    pub fn definitions_of(&self, group: &str, period: Period) -> Vec<&'a Definition> {
        let editions = self.ledger.definitions.values().flat_map(BTreeMap::values);
        editions
            .filter(|edition| edition.applies_to(group) && edition.covers(period))
            .collect()
    }

    /// Every figure of a subject in a period.
    pub fn inputs(&self, period: Period, subject: &Subject) -> Figures {
        self.inputs_of(&self.members(period, subject), period, false)
    }

    /// Every figure of these units together in a period. With `existing`, a stock that was reported counts only of
    /// units that exist at the end: whoever carries on the work of the others reports it anew.
    pub fn inputs_of(&self, members: &[UnitCode], period: Period, existing: bool) -> Figures {
        let offer = self.offer_of(members, period);
        let units: Vec<_> = members
            .iter()
            .filter_map(|unit| self.ledger.units.get(unit.as_str()))
            .collect();
        let counted = measures::figures(&units, period, |name| offer.counted_by(name).clone());
        let counted = counted
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.into()));
        Figures {
            counted: counted.chain(offer.sizes()).collect(),
            reported: self.reported(members, period, existing),
        }
    }

    /// The procedures that `members` offer at the end of a period, each once.
    pub fn offer_of(&self, members: &[UnitCode], period: Period) -> Offer {
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
        for procedure in self.ledger.directory.procedures_of(unit, day) {
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

    /// Reported figures of all members: those of the period's months together, and each member's newest by its end. Who
    /// has none, as they are withheld, is left out while others have some.
    fn reported(
        &self,
        members: &[UnitCode],
        period: Period,
        existing: bool,
    ) -> BTreeMap<String, Pooled> {
        let mut together: BTreeMap<String, Pooled> = BTreeMap::new();
        let (from, until) = (period.first_month(), period.last_month());
        for unit in members {
            let Some(reports) = self.ledger.reported.get(unit.as_str()) else {
                continue;
            };
            let at_the_end = self.ledger.directory.unit(unit, period.last_day());
            let stands = !existing || at_the_end.is_some();
            for (measure, months) in reports {
                let Some((newest, at_end)) = months.range(..=until).next_back() else {
                    continue;
                };
                if *newest < from && !stands {
                    continue;
                }
                let of = together.entry(measure.clone()).or_default();
                if stands {
                    of.newest.get_or_insert_default().and(&Pool::of([at_end]));
                }
                // A flow has nothing to say of a later period; a stock still stands as it was last reported.
                let within = months.range(from..=until).map(|(_, stated)| stated);
                of.flow.and(&Pool::of(within).or_nothing_like(at_end));
            }
        }
        together
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contracts::registry::v1 as registry;
    use measures::{Counter, Key};
    use prost::Message as _;

    /// Two departments, each with a procedure of its own.
    fn province() -> Ledger {
        let mut ledger = Ledger::new(jiff::tz::offset(7));
        for (unit, procedure) in [("H40.01", "1.000001"), ("H40.02", "1.000002")] {
            let founded = registry::UnitFounded {
                code: unit.into(),
                name: name(),
                group: registry::UnitGroup::Department.into(),
                parent: "H40".into(),
                valid_from: "2020-01-01".into(),
                ..Default::default()
            };
            let published = registry::ProcedurePublished {
                code: procedure.into(),
                name: name(),
                sector: "test".into(),
                online: registry::OnlineLevel::Full.into(),
                authority: registry::UnitGroup::Department.into(),
                units: vec![unit.into()],
                valid_from: "2020-01-01".into(),
                ..Default::default()
            };
            hear(
                &mut ledger,
                &format!("unit-{unit}"),
                "UnitFounded",
                &founded.encode_to_vec(),
            );
            let stream = format!("procedure-{procedure}");
            hear(
                &mut ledger,
                &stream,
                "ProcedurePublished",
                &published.encode_to_vec(),
            );
        }
        ledger
    }

    fn name() -> Option<registry::Name> {
        let text = String::from("Một tên");
        Some(registry::Name {
            vi: text.clone(),
            en: text,
        })
    }

    fn hear(ledger: &mut Ledger, stream: &str, kind: &str, payload: &[u8]) {
        let kind = format!("chiso.registry.v1.{kind}");
        let heard = ledger.apply_registry(stream, &kind, payload);
        heard.expect("an event of the registry");
    }

    fn receive(ledger: &mut Ledger, unit: &str, month: &str) {
        let Ok(Period::Month(month)) = month.parse() else {
            panic!("{month} is a month");
        };
        let key = Key {
            unit: unit.into(),
            month,
            counter: Counter::Received,
            procedure: None,
        };
        ledger.count(&key, 1);
    }

    fn offered(ledger: &Ledger, period: &str) -> Decimal {
        let subject = "group:department".parse().expect("a group");
        let figures = View::new(ledger).inputs(period.parse().expect("a period"), &subject);
        figures.counted["procedures_online"]
    }

    #[test]
    fn a_unit_that_comes_later_changes_no_month_before_it_came() {
        let mut ledger = province();
        receive(&mut ledger, "H40.01", "2024-01");
        assert_eq!(offered(&ledger, "2024-01"), 1.into());
        receive(&mut ledger, "H40.02", "2024-03");
        assert_eq!(offered(&ledger, "2024-01"), 1.into());
        assert_eq!(offered(&ledger, "2024-03"), 2.into());
        assert_eq!(offered(&ledger, "2024-Q1"), 2.into());
    }
}
