//! A subject as its units were organised in the period, or as they are organised today.
//!
//! Today's unit has all that the units did whose work it alone carries on: counts of dossiers are added up (a dossier
//! that was handed over left the stock of the one when it came to that of the other), counts of procedures are made of
//! the procedures of all of them, each once, and reported figures are added up, of stocks those of the units that
//! still exist at the end of the period. The past of a unit that went to several cannot be parted: where all of them
//! belong to the subject it is counted whole, and otherwise a leaf that needs a figure of it has no score, and says so.

use std::collections::{BTreeMap, BTreeSet};

use contracts::problem::Problem;
use contracts::scoring::v1 as pb;
use figures::{Figures, View, to_wire};
use ids::{Period, Subject, UnitCode};
use index::{Definition, Leaf, LeafScore};
use jiff::civil::Date;
use unit::Group;

/// A subject with all that it is judged by.
pub(crate) struct Judged<'a> {
    pub(crate) subject: Subject,
    /// The definitions that judge it.
    pub(crate) definitions: Vec<&'a Definition>,
    /// The units whose figures make its own.
    pub(crate) members: Vec<UnitCode>,
    pub(crate) figures: Figures,
    predecessors: Vec<Predecessor>,
    /// Why there is no such figure, by its name.
    withheld: BTreeMap<String, String>,
}

/// A unit that has ended.
struct Predecessor {
    unit: UnitCode,
    valid_until: Date,
    /// Why its figures are not part of the subject's; none when they are.
    left_out: Option<String>,
    figures: Figures,
}

impl<'a> Judged<'a> {
    /// The subject as it was in the period.
    pub(crate) fn then(view: &View<'a>, period: Period, subject: Subject) -> Self {
        Self {
            definitions: view.definitions(period, &subject),
            members: view.members(period, &subject),
            figures: view.inputs(period, &subject),
            predecessors: Vec::new(),
            withheld: BTreeMap::new(),
            subject,
        }
    }

    /// The subject as its units are organised today, with their past.
    ///
    /// # Errors
    /// A unit that does not exist today.
    pub(crate) fn now(view: &View<'a>, period: Period, subject: Subject) -> Result<Self, Problem> {
        let today = view.today().ok_or_else(|| unknown(&subject))?;
        let (group, own) = own(view, &subject, today)?;
        let predecessors = predecessors(view, period, &own, (group, today));
        let counted = predecessors.iter().filter(|it| it.left_out.is_none());
        let mut members: Vec<UnitCode> = own.into_iter().collect();
        members.extend(counted.map(|it| it.unit.clone()));
        let mut withheld = BTreeMap::new();
        for predecessor in &predecessors {
            if let Some(why) = &predecessor.left_out {
                let names = predecessor.figures.names_of_something();
                withheld.extend(names.map(|name| (name.to_owned(), why.clone())));
            }
        }
        Ok(Self {
            definitions: view.definitions_of(group, period),
            figures: view.inputs_of(&members, period, true),
            members,
            predecessors,
            withheld,
            subject,
        })
    }

    /// The definition of an index that judges it.
    pub(crate) fn definition(&self, index: &str) -> Option<&'a Definition> {
        let mut definitions = self.definitions.iter().copied();
        definitions.find(|definition| definition.code().as_str() == index)
    }

    /// The score of a leaf.
    pub(crate) fn score(&self, definition: &Definition, leaf: &Leaf) -> LeafScore {
        let mut inputs = leaf.inputs();
        match inputs.find_map(|name| self.withheld.get(name.as_str())) {
            Some(why) => LeafScore::told(None, leaf.max(), why),
            None => leaf.score(&self.figures.of(definition, leaf.code())),
        }
    }

    /// Every figure that it has, by name.
    pub(crate) fn measures(&self) -> Vec<pb::Input> {
        let mut all = self.figures.all();
        all.retain(|name, _| !self.withheld.contains_key(*name));
        all.into_iter().map(to_wire).collect()
    }

    /// The units of before for the wire, with their figures of these names.
    pub(crate) fn predecessors(&self, shown: impl Fn(&str) -> bool) -> Vec<pb::Predecessor> {
        let predecessors = self.predecessors.iter();
        let predecessors = predecessors.map(|it| pb::Predecessor {
            unit: it.unit.to_string(),
            valid_until: it.valid_until.to_string(),
            counted: it.left_out.is_none(),
            reason: it.left_out.clone().unwrap_or_default(),
            inputs: it
                .figures
                .all()
                .into_iter()
                .filter(|(name, _)| shown(name))
                .map(to_wire)
                .collect(),
        });
        predecessors.collect()
    }
}

/// The units that a subject is made of today, and their group.
fn own(
    view: &View<'_>,
    subject: &Subject,
    today: Date,
) -> Result<(&'static str, BTreeSet<UnitCode>), Problem> {
    let directory = &view.ledger.directory;
    match subject {
        Subject::Group(group) => {
            let units = directory.units(today);
            let units = units.filter(|unit| unit.place.group.as_str() == *group);
            Ok((group, units.map(|unit| unit.code.clone()).collect()))
        }
        Subject::Unit(code) => {
            let Some(unit) = directory.unit(code, today) else {
                return Err(ended(view, code, today));
            };
            let units = match unit.place.group {
                Group::Province => directory.units(today).map(|it| it.code.clone()).collect(),
                _ => [unit.code.clone()].into(),
            };
            Ok((unit.place.group.as_str(), units))
        }
    }
}

/// The units that have ended, had figures by the end of the period, and whose work some of `own` carry on.
fn predecessors(
    view: &View<'_>,
    period: Period,
    own: &BTreeSet<UnitCode>,
    (group, today): (&str, Date),
) -> Vec<Predecessor> {
    let directory = &view.ledger.directory;
    let begun = view.active.iter();
    let begun = begun.filter(|(_, first)| **first <= period.last_month());
    let found = begun.filter_map(|(unit, _)| {
        let end = directory.succession(unit)?;
        let valid_until = end.valid_until;
        let heirs = directory.successors(unit, today);
        let whole = group == "province" || heirs.iter().all(|heir| own.contains(*heir));
        let concerned = group == "province" || heirs.iter().any(|heir| own.contains(*heir));
        if valid_until > today || !concerned {
            return None;
        }
        let left_out = (!whole).then(|| {
            let heirs: Vec<&str> = heirs.iter().map(|heir| heir.as_str()).collect();
            format!(
                "{unit} went to {} on {valid_until}: its figures cannot be parted",
                heirs.join(", ")
            )
        });
        Some(Predecessor {
            unit: unit.clone(),
            valid_until,
            left_out,
            figures: view.inputs_of(std::slice::from_ref(unit), period, true),
        })
    });
    found.collect()
}

fn ended(view: &View<'_>, code: &UnitCode, today: Date) -> Problem {
    let directory = &view.ledger.directory;
    let Some(end) = directory.succession(code) else {
        return unknown(&Subject::Unit(code.clone()));
    };
    let heirs: Vec<String> = directory
        .successors(code, today)
        .into_iter()
        .map(ToString::to_string)
        .collect();
    let message = format!(
        "{code} ended on {}; ask for one that carries on its work ({}), or as units were organised then",
        end.valid_until,
        heirs.join(", ")
    );
    Problem::refused("UNIT_ENDED", message).with("unit", code.to_string())
}

fn unknown(subject: &Subject) -> Problem {
    let message = format!("{subject} does not exist today; put it into the registry first");
    Problem::not_found("NO_SUCH_UNIT", message)
}
