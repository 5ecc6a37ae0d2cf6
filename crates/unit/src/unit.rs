//! Units: who handles dossiers and is judged, through foundings, renamings, moves and successions.

use std::collections::{BTreeMap, BTreeSet};

use decider::Decider;
use ids::UnitCode;
use jiff::civil::Date;

use crate::text::Name;

mod refusal;
#[cfg(test)]
mod tests;

pub use refusal::UnitRefusal;

/// A group of units ("khối") that is judged by one set of indices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// The province itself.
    Province,
    /// Sở, ban, ngành.
    Department,
    /// Huyện, thành phố, thị xã.
    District,
    /// Xã, phường, thị trấn.
    Commune,
    /// A central agency's branch in the province.
    CentralAgency,
}

impl Group {
    /// Every group, from the top down.
    pub const ALL: [Self; 5] = [
        Self::Province,
        Self::Department,
        Self::District,
        Self::Commune,
        Self::CentralAgency,
    ];

    /// The word used in catalogs and index definitions, e.g. `central_agency`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Province => "province",
            Self::Department => "department",
            Self::District => "district",
            Self::Commune => "commune",
            Self::CentralAgency => "central_agency",
        }
    }
}

/// Where a unit stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The group it is judged in.
    pub group: Group,
    /// The unit above it; none for the province only.
    pub parent: Option<UnitCode>,
}

/// The first statement of a unit, and the wanted content of one in a put command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Founding {
    /// The code that names its stream.
    pub code: UnitCode,
    /// Its codes beside that one: the other style, older ones.
    pub other_codes: BTreeSet<UnitCode>,
    /// What it is called.
    pub name: Name,
    /// Where it stands.
    pub place: Place,
    /// First day of the founding; of the change, when the unit exists.
    pub valid_from: Date,
}

/// How a unit ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SuccessionKind {
    /// It goes on within exactly one successor.
    Merged,
    /// Its parts become two or more successors.
    Split,
    /// It ends; any number of successors take over its work.
    Abolished,
}

/// The end of a unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Succession {
    /// How.
    pub kind: SuccessionKind,
    /// Who comes after it.
    pub successors: BTreeSet<UnitCode>,
    /// The first day on which it exists no more.
    pub valid_until: Date,
}

/// What may be asked of a unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UnitCommand {
    /// It shall be so from a day on.
    Put(Founding),
    /// It shall end.
    Succeed(Succession),
}

/// What happens to a unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UnitEvent {
    /// It exists from a day on.
    Founded(Founding),
    /// It has another name from a day on.
    Renamed {
        /// The new name.
        name: Name,
        /// First day of the new name.
        valid_from: Date,
    },
    /// It stands elsewhere from a day on.
    Moved {
        /// The new place.
        place: Place,
        /// First day of the new place.
        valid_from: Date,
    },
    /// It answers to one more code.
    CodeAdded {
        /// The added code.
        code: UnitCode,
    },
    /// It ends.
    Succeeded(Succession),
}

/// A unit with its whole past and its announced future.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unit {
    code: Option<UnitCode>,
    other_codes: BTreeSet<UnitCode>,
    names: BTreeMap<Date, Name>,
    places: BTreeMap<Date, Place>,
    end: Option<Succession>,
}

/// A unit as it is on one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnitOnDay<'a> {
    /// The code that names its stream.
    pub code: &'a UnitCode,
    /// Its other codes, whenever they were added: old codes stay valid for look-up.
    pub other_codes: &'a BTreeSet<UnitCode>,
    /// Its name on that day.
    pub name: &'a Name,
    /// Its place on that day.
    pub place: &'a Place,
    /// The unit's first day.
    pub valid_from: Date,
    /// Its end, when one is known.
    pub end: Option<&'a Succession>,
}

impl UnitOnDay<'_> {
    /// The first day on which it exists no more, when one is known.
    pub fn valid_until(&self) -> Option<Date> {
        self.end.map(|end| end.valid_until)
    }
}

impl Unit {
    /// The code that names its stream; none before the founding.
    pub fn code(&self) -> Option<&UnitCode> {
        self.code.as_ref()
    }

    /// Its first day; none before the founding.
    pub fn founded(&self) -> Option<Date> {
        self.names.keys().next().copied()
    }

    /// Its end, when one is known.
    pub fn end(&self) -> Option<&Succession> {
        self.end.as_ref()
    }

    /// How it is on `day`; none when it does not exist then.
    pub fn as_of(&self, day: Date) -> Option<UnitOnDay<'_>> {
        let exists = self.end.as_ref().is_none_or(|end| day < end.valid_until);
        if exists { self.statement(day) } else { None }
    }

    /// How it is on `day`; when it does not exist then, how it was last, or how it will be first.
    pub fn nearest(&self, day: Date) -> Option<UnitOnDay<'_>> {
        let founded = self.founded()?;
        self.statement(day.max(founded))
    }

    fn statement(&self, day: Date) -> Option<UnitOnDay<'_>> {
        Some(UnitOnDay {
            code: self.code.as_ref()?,
            other_codes: &self.other_codes,
            name: self.names.range(..=day).next_back()?.1,
            place: self.places.range(..=day).next_back()?.1,
            valid_from: self.founded()?,
            end: self.end.as_ref(),
        })
    }

    /// The days after `day` on which it gets another place.
    pub fn moves_after(&self, day: Date) -> impl Iterator<Item = Date> {
        self.places
            .keys()
            .copied()
            .filter(move |begins| *begins > day)
    }

    /// Whether it has any place with that parent on `day` or later, while it exists.
    pub fn is_under_from(&self, parent: &UnitCode, day: Date) -> bool {
        let on_day = self.as_of(day).map(|unit| unit.place);
        let later = self.places.range(day..).map(|(_, place)| place);
        on_day
            .into_iter()
            .chain(later)
            .any(|place| place.parent.as_ref() == Some(parent))
    }

    fn put(&self, wanted: Founding) -> Result<Vec<UnitEvent>, UnitRefusal> {
        if wanted.place.parent.as_ref() == Some(&wanted.code) {
            return Err(UnitRefusal::OwnParent);
        }
        if (wanted.place.group == Group::Province) != wanted.place.parent.is_none() {
            return Err(UnitRefusal::ParentDoesNotFitGroup);
        }
        let (Some(code), Some(founded)) = (&self.code, self.founded()) else {
            let mut founding = wanted;
            founding.other_codes.remove(&founding.code);
            return Ok(vec![UnitEvent::Founded(founding)]);
        };
        let asked = wanted.valid_from;
        if asked < founded {
            return Err(UnitRefusal::BeforeFounding { founded, asked });
        }
        if let Some(Succession { valid_until, .. }) = self.end
            && asked >= valid_until
        {
            return Err(UnitRefusal::Ended { valid_until, asked });
        }
        let mut events: Vec<_> = wanted
            .other_codes
            .into_iter()
            .filter(|other| other != code && !self.other_codes.contains(other))
            .map(|code| UnitEvent::CodeAdded { code })
            .collect();
        let holds = self.statement(asked);
        if holds.is_none_or(|now| *now.name != wanted.name) {
            events.push(UnitEvent::Renamed {
                name: wanted.name,
                valid_from: asked,
            });
        }
        if holds.is_none_or(|now| *now.place != wanted.place) {
            events.push(UnitEvent::Moved {
                place: wanted.place,
                valid_from: asked,
            });
        }
        Ok(events)
    }

    fn succeed(&self, wanted: Succession) -> Result<Vec<UnitEvent>, UnitRefusal> {
        let Some(code) = &self.code else {
            return Err(UnitRefusal::NotFounded);
        };
        if self.end.as_ref() == Some(&wanted) {
            return Ok(vec![]);
        }
        if let Some(end) = &self.end {
            return Err(UnitRefusal::EndsOtherwise {
                valid_until: end.valid_until,
            });
        }
        if wanted.successors.contains(code) {
            return Err(UnitRefusal::OwnSuccessor);
        }
        let actual = wanted.successors.len();
        let expected = match wanted.kind {
            SuccessionKind::Merged if actual != 1 => "a merged unit has exactly one successor",
            SuccessionKind::Split if actual < 2 => "a split unit has two successors or more",
            _ => "",
        };
        if !expected.is_empty() {
            return Err(UnitRefusal::SuccessorCount { expected, actual });
        }
        let newest = [
            self.names.keys().next_back(),
            self.places.keys().next_back(),
        ];
        if let Some(begins) = newest.into_iter().flatten().max().copied()
            && wanted.valid_until <= begins
        {
            return Err(UnitRefusal::EndsBeforeItsStatements {
                begins,
                asked: wanted.valid_until,
            });
        }
        Ok(vec![UnitEvent::Succeeded(wanted)])
    }
}

impl Decider for Unit {
    type Command = UnitCommand;
    type Event = UnitEvent;
    type Refusal = UnitRefusal;

    fn decide(&self, command: UnitCommand) -> Result<Vec<UnitEvent>, UnitRefusal> {
        match command {
            UnitCommand::Put(wanted) => self.put(wanted),
            UnitCommand::Succeed(wanted) => self.succeed(wanted),
        }
    }

    fn evolve(&mut self, event: &UnitEvent) {
        match event.clone() {
            UnitEvent::Founded(founding) => {
                self.code = Some(founding.code);
                self.other_codes = founding.other_codes;
                self.names.insert(founding.valid_from, founding.name);
                self.places.insert(founding.valid_from, founding.place);
            }
            UnitEvent::Renamed { name, valid_from } => {
                self.names.insert(valid_from, name);
            }
            UnitEvent::Moved { place, valid_from } => {
                self.places.insert(valid_from, place);
            }
            UnitEvent::CodeAdded { code } => {
                self.other_codes.insert(code);
            }
            UnitEvent::Succeeded(succession) => self.end = Some(succession),
        }
    }
}
