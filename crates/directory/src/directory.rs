//! What exists, by code and by day.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use calendar::Calendar;
use decider::Decider;
use ids::{ProcedureCode, UnitCode};
use jiff::civil::Date;
use unit::{
    Announcement, Group, InForce, Policy, Procedure, Setting, Succession, Unit, UnitEvent,
    UnitOnDay, WorkingCalendar,
};

use crate::codec::{self, DecodeError, Event};
use crate::wire::Invalid;

#[cfg(test)]
mod tests;

/// Names of the registry's streams.
pub mod stream {
    use ids::{ProcedureCode, UnitCode};

    pub(super) const UNIT: &str = "unit-";
    pub(super) const PROCEDURE: &str = "procedure-";
    pub(super) const CALENDAR: &str = "calendar-";
    pub(super) const POLICY: &str = "policy-";

    /// The stream of a unit.
    pub fn unit(code: &UnitCode) -> String {
        format!("{UNIT}{code}")
    }

    /// The stream of a procedure.
    pub fn procedure(code: &ProcedureCode) -> String {
        format!("{PROCEDURE}{code}")
    }

    /// The stream of a calendar.
    pub fn calendar(name: &str) -> String {
        format!("{CALENDAR}{name}")
    }

    /// The stream of a policy.
    pub fn policy(name: &str) -> String {
        format!("{POLICY}{name}")
    }
}

/// Everything that the registry's log says, folded.
///
/// Units answer to any of their codes. Should two units claim the same code, the one that claimed it
/// first keeps it, in every replay.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Directory {
    units: BTreeMap<UnitCode, Unit>,
    /// Every code of every unit, with the code that names its stream.
    codes: BTreeMap<UnitCode, UnitCode>,
    procedures: BTreeMap<ProcedureCode, Procedure>,
    calendars: BTreeMap<String, (WorkingCalendar, Vec<Arc<Calendar>>)>,
    policies: BTreeMap<String, Policy>,
    versions: BTreeMap<String, i64>,
}

impl Directory {
    /// Folds the next event of the registry's log: events come in the order of their positions,
    /// each once.
    ///
    /// # Errors
    /// When the event cannot be read; nothing is changed then.
    pub fn apply(&mut self, stream: &str, kind: &str, payload: &[u8]) -> Result<(), DecodeError> {
        let misplaced = || DecodeError::Misplaced {
            kind: kind.to_owned(),
            stream: stream.to_owned(),
        };
        match codec::decode(kind, payload)? {
            Event::Unit(event) => {
                let code = stream
                    .strip_prefix(stream::UNIT)
                    .and_then(|code| code.parse().ok());
                self.apply_unit(&code.ok_or_else(misplaced)?, &event);
            }
            Event::Procedure(event) => {
                let code = stream.strip_prefix(stream::PROCEDURE);
                let code: ProcedureCode = code
                    .and_then(|code| code.parse().ok())
                    .ok_or_else(misplaced)?;
                self.procedures.entry(code).or_default().evolve(&event);
            }
            Event::Calendar(event) => {
                let name = stream
                    .strip_prefix(stream::CALENDAR)
                    .ok_or_else(misplaced)?;
                let known = self.calendars.get(name).map_or(0, |(_, built)| built.len());
                let version = i64::try_from(known).unwrap_or(i64::MAX).saturating_add(1);
                let built = event
                    .0
                    .to_calendar(version)
                    .map_err(|error| DecodeError::Invalid {
                        kind: kind.to_owned(),
                        source: Invalid::new("days", error),
                    })?;
                let (calendar, versions) = self.calendars.entry(name.to_owned()).or_default();
                calendar.evolve(&event);
                versions.push(Arc::new(built));
            }
            Event::Policy(event) => {
                let name = stream.strip_prefix(stream::POLICY).ok_or_else(misplaced)?;
                self.policies
                    .entry(name.to_owned())
                    .or_default()
                    .evolve(&event);
            }
        }
        *self.versions.entry(stream.to_owned()).or_default() += 1;
        Ok(())
    }

    fn apply_unit(&mut self, code: &UnitCode, event: &UnitEvent) {
        let unit = self.units.entry(code.clone()).or_default();
        unit.evolve(event);
        let mut claim = |claimed: &UnitCode| {
            self.codes
                .entry(claimed.clone())
                .or_insert_with(|| code.clone());
        };
        match event {
            UnitEvent::Founded(founding) => {
                claim(code);
                founding.other_codes.iter().for_each(claim);
            }
            UnitEvent::CodeAdded { code: added } => claim(added),
            UnitEvent::Renamed { .. } | UnitEvent::Moved { .. } | UnitEvent::Succeeded(_) => (),
        }
    }

    /// How many events a stream has: its newest version.
    pub fn version(&self, stream: &str) -> i64 {
        self.versions.get(stream).copied().unwrap_or_default()
    }

    // === units ===

    /// The code that names a unit's stream, by any of its codes.
    pub fn resolve(&self, code: &UnitCode) -> Option<&UnitCode> {
        self.codes.get(code)
    }

    /// A unit with its past and future, by any of its codes.
    pub fn unit_history(&self, code: &UnitCode) -> Option<&Unit> {
        self.units.get(self.resolve(code)?)
    }

    /// A unit on a day, by any of its codes; none when it does not exist then.
    pub fn unit(&self, code: &UnitCode, day: Date) -> Option<UnitOnDay<'_>> {
        self.unit_history(code)?.as_of(day)
    }

    /// Every unit that ever was or will be, by code.
    pub fn all_units(&self) -> impl Iterator<Item = &Unit> {
        self.units.values().filter(|unit| unit.code().is_some())
    }

    /// The units of a day, by code.
    pub fn units(&self, day: Date) -> impl Iterator<Item = UnitOnDay<'_>> {
        self.units.values().filter_map(move |unit| unit.as_of(day))
    }

    /// The units of a group on a day, by code.
    pub fn units_in(&self, group: Group, day: Date) -> impl Iterator<Item = UnitOnDay<'_>> {
        self.units(day)
            .filter(move |unit| unit.place.group == group)
    }

    /// The province on a day.
    pub fn province(&self, day: Date) -> Option<UnitOnDay<'_>> {
        self.units_in(Group::Province, day).next()
    }

    /// How a unit ended or will end, by any of its codes.
    pub fn succession(&self, code: &UnitCode) -> Option<&Succession> {
        self.unit_history(code)?.end()
    }

    /// The units that do a unit's work on a day: itself while it exists, then its successors, their
    /// successors, and so on. Empty when it is unknown, not yet founded, or ended without a successor.
    pub fn successors(&self, code: &UnitCode, day: Date) -> BTreeSet<&UnitCode> {
        let mut found = BTreeSet::new();
        let mut seen = BTreeSet::new();
        let mut open: Vec<&UnitCode> = self.resolve(code).into_iter().collect();
        while let Some(code) = open.pop() {
            if !seen.insert(code) {
                continue;
            }
            let Some(unit) = self.units.get(code) else {
                continue;
            };
            match unit.end() {
                Some(end) if end.valid_until <= day => {
                    open.extend(end.successors.iter().filter_map(|code| self.resolve(code)));
                }
                _ if unit.founded().is_some_and(|founded| founded <= day) => {
                    found.insert(code);
                }
                _ => (),
            }
        }
        found
    }

    // === procedures ===

    /// A procedure with its past and future.
    pub fn procedure_history(&self, code: &ProcedureCode) -> Option<&Procedure> {
        self.procedures.get(code)
    }

    /// A procedure on a day; none when it does not exist then.
    pub fn procedure(&self, code: &ProcedureCode, day: Date) -> Option<InForce<'_>> {
        self.procedures.get(code)?.as_of(day)
    }

    /// Every procedure that ever was or will be, by code.
    pub fn all_procedures(&self) -> impl Iterator<Item = &Procedure> {
        self.procedures
            .values()
            .filter(|procedure| procedure.code().is_some())
    }

    /// The procedures of a day, by code.
    pub fn procedures(&self, day: Date) -> impl Iterator<Item = InForce<'_>> {
        self.procedures
            .values()
            .filter_map(move |procedure| procedure.as_of(day))
    }

    /// The procedures that a unit resolves on a day, by code; see [`resolves`](Self::resolves).
    pub fn procedures_of(&self, unit: &UnitCode, day: Date) -> Vec<InForce<'_>> {
        self.procedures(day)
            .filter(|procedure| self.resolves(procedure, unit, day))
            .collect()
    }

    /// Whether a unit resolves a procedure on a day: it is named, it carries on the work of a unit
    /// that is named and has ended, or none is named and the procedure belongs to its group.
    pub fn resolves(&self, procedure: &InForce<'_>, unit: &UnitCode, day: Date) -> bool {
        let Some(unit) = self.unit(unit, day) else {
            return false;
        };
        let named = &procedure.statement.units;
        if named.is_empty() {
            return procedure.statement.authority == unit.place.group;
        }
        named
            .iter()
            .any(|named| self.successors(named, day).contains(unit.code))
    }

    // === calendars ===

    /// The newest version of a calendar.
    pub fn calendar(&self, name: &str) -> Option<&Arc<Calendar>> {
        self.calendars.get(name)?.1.last()
    }

    /// A version of a calendar, counted from 1.
    pub fn calendar_version(&self, name: &str, version: i64) -> Option<&Arc<Calendar>> {
        let index = usize::try_from(version.checked_sub(1)?).ok()?;
        self.calendars.get(name)?.1.get(index)
    }

    /// A calendar as announced, with its version: 0 asks for the newest.
    pub fn announcement(&self, name: &str, version: i64) -> Option<(i64, &Announcement)> {
        let (calendar, _) = self.calendars.get(name)?;
        match version {
            0 => calendar.newest(),
            _ => calendar
                .version(version)
                .map(|announcement| (version, announcement)),
        }
    }

    // === policies ===

    /// What a policy says on a day, and since when.
    pub fn policy(&self, name: &str, day: Date) -> Option<(Date, &Setting)> {
        self.policies.get(name)?.as_of(day)
    }
}
