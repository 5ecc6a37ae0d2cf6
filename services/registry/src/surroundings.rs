//! Rules between things, decided on everything that exists.
//!
//! Each takes the events that the thing itself decided; when there are none, nothing is asked of the
//! surroundings either, so what holds already is never refused.

use directory::Directory;
use ids::UnitCode;
use jiff::civil::Date;
use unit::{
    Group, Place, ProcedureEvent, ProcedureRefusal, Statement, Succession, UnitEvent, UnitRefusal,
};

/// Most levels from a unit up to the province. There are three in law; a longer walk is a ring.
const MAX_LEVELS: usize = 16;

/// Whether the events of a unit fit everything else.
pub(crate) fn admit_unit(
    directory: &Directory,
    code: &UnitCode,
    events: &[UnitEvent],
) -> Result<(), UnitRefusal> {
    for event in events {
        match event {
            UnitEvent::Founded(founding) => {
                for claimed in founding.other_codes.iter().chain([code]) {
                    free_code(directory, code, claimed)?;
                }
                place_exists(directory, code, &founding.place, founding.valid_from)?;
            }
            UnitEvent::CodeAdded { code: claimed } => free_code(directory, code, claimed)?,
            UnitEvent::Moved { place, valid_from } => {
                place_exists(directory, code, place, *valid_from)?;
                no_ring(directory, code, place, *valid_from)?;
            }
            UnitEvent::Succeeded(succession) => successors_exist(directory, code, succession)?,
            UnitEvent::Renamed { .. } => (),
        }
    }
    Ok(())
}

/// Whether the units that a procedure names exist and belong to its authority.
pub(crate) fn admit_procedure(
    directory: &Directory,
    events: &[ProcedureEvent],
) -> Result<(), ProcedureRefusal> {
    for event in events {
        let ProcedureEvent::Published {
            statement,
            valid_from,
            ..
        } = event
        else {
            continue;
        };
        let Statement {
            units, authority, ..
        } = statement;
        let fits = |code: &UnitCode| {
            directory
                .unit(code, *valid_from)
                .is_some_and(|unit| unit.place.group == *authority)
        };
        if let Some(unit) = units.iter().find(|code| !fits(code)) {
            let day = *valid_from;
            return Err(ProcedureRefusal::UnitNotThere {
                unit: unit.clone(),
                day,
            });
        }
    }
    Ok(())
}

fn free_code(
    directory: &Directory,
    code: &UnitCode,
    claimed: &UnitCode,
) -> Result<(), UnitRefusal> {
    match directory.resolve(claimed) {
        Some(owner) if owner != code => Err(UnitRefusal::CodeTaken {
            code: claimed.clone(),
            owner: owner.clone(),
        }),
        _ => Ok(()),
    }
}

fn place_exists(
    directory: &Directory,
    code: &UnitCode,
    place: &Place,
    day: Date,
) -> Result<(), UnitRefusal> {
    match &place.parent {
        Some(parent) if directory.unit(parent, day).is_none() => Err(UnitRefusal::ParentNotThere {
            parent: parent.clone(),
            day,
        }),
        Some(_) => Ok(()),
        None => {
            let other = directory
                .all_units()
                .filter_map(|unit| unit.nearest(day))
                .find(|unit| {
                    unit.place.group == Group::Province
                        && unit.code != code
                        && unit.valid_until().is_none_or(|until| until > day)
                });
            match other {
                Some(unit) => Err(UnitRefusal::ProvinceExists {
                    province: unit.code.clone(),
                }),
                None => Ok(()),
            }
        }
    }
}

/// A unit that moves must not come to stand below itself, on that day or when others move later.
fn no_ring(
    directory: &Directory,
    code: &UnitCode,
    place: &Place,
    day: Date,
) -> Result<(), UnitRefusal> {
    let Some(parent) = &place.parent else {
        return Ok(());
    };
    let until = directory
        .unit_history(code)
        .and_then(|unit| unit.moves_after(day).next())
        .unwrap_or(Date::MAX);
    let later = directory.all_units().flat_map(|unit| unit.moves_after(day));
    let mut days: Vec<Date> = later.filter(|later| *later < until).chain([day]).collect();
    days.sort_unstable();
    days.dedup();
    for day in days {
        if stands_below(directory, parent, code, day) {
            return Err(UnitRefusal::ParentBelow {
                parent: parent.clone(),
                day,
            });
        }
    }
    Ok(())
}

fn stands_below(directory: &Directory, unit: &UnitCode, above: &UnitCode, day: Date) -> bool {
    let mut at = directory.resolve(unit);
    for _ in 0..MAX_LEVELS {
        let Some(code) = at else { return false };
        if code == above {
            return true;
        }
        let parent = directory
            .unit(code, day)
            .and_then(|unit| unit.place.parent.as_ref());
        at = parent.and_then(|parent| directory.resolve(parent));
    }
    true
}

fn successors_exist(
    directory: &Directory,
    code: &UnitCode,
    succession: &Succession,
) -> Result<(), UnitRefusal> {
    let day = succession.valid_until;
    let missing = succession
        .successors
        .iter()
        .find(|code| directory.unit(code, day).is_none());
    if let Some(successor) = missing {
        return Err(UnitRefusal::SuccessorNotThere {
            successor: successor.clone(),
            day,
        });
    }
    for unit in directory.all_units() {
        let Some(other) = unit.code() else { continue };
        if unit.is_under_from(code, day) {
            return Err(UnitRefusal::HasUnitsUnder {
                unit: other.clone(),
                day,
            });
        }
        // Successions go forward in time, so that following them always comes to an end.
        if let Some(end) = unit.end()
            && end.valid_until >= day
            && end.successors.contains(code)
        {
            let valid_until = end.valid_until;
            return Err(UnitRefusal::IsSuccessor {
                unit: other.clone(),
                valid_until,
            });
        }
    }
    Ok(())
}
