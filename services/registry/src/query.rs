//! Questions, answered from the view.

use contracts::page::{Page, Sizes};
use contracts::problem::Problem;
use contracts::registry::v1 as pb;
use directory::{stream, wire as common};
use ids::{ProcedureCode, UnitCode};
use jiff::civil::Date;
use unit::{InForce, UnitOnDay};

use crate::view::View;
use crate::wire;

/// Rows of a page: a screen or two by default, half a megabyte at most.
const SIZES: Sizes = Sizes {
    default: 100,
    max: 1_000,
};

/// The day that a query asks about.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Asked {
    /// As it was on that day, and not at all when it did not exist then.
    On(Date),
    /// As it is today; as it was last or will be first, when it does not exist today.
    Around(Date),
}

impl View {
    /// A unit by any of its codes.
    pub(crate) fn get_unit(&self, code: &UnitCode, asked: Asked) -> Result<pb::Unit, Problem> {
        let unknown = || {
            Problem::not_found(
                "UNIT_NOT_FOUND",
                format!("no unit has the code {code}; put it first"),
            )
        };
        let unit = self.directory.unit_history(code).ok_or_else(unknown)?;
        match asked {
            Asked::Around(today) => unit.nearest(today),
            Asked::On(day) => match unit.as_of(day) {
                None => return Err(not_on(code, day, unit.nearest(day))),
                found => found,
            },
        }
        .map(|unit| self.unit(&unit))
        .ok_or_else(unknown)
    }

    /// A page of the units of a group, or of every unit.
    pub(crate) fn list_units(
        &self,
        request: &pb::ListUnitsRequest,
        today: Date,
    ) -> Result<pb::ListUnitsResponse, Problem> {
        let on = wire::on(&request.on)?;
        let group = match request.group {
            0 => None,
            group => Some(common::group("group", group).map_err(wire::invalid)?),
        };
        let list = format!("units {} {}", request.group, request.on);
        let page = Page::parse(list, request.page_size, &request.page_token, SIZES)?;
        let units = self
            .directory
            .all_units()
            .filter_map(|unit| on.map_or_else(|| unit.nearest(today), |day| unit.as_of(day)))
            .filter(|unit| group.is_none_or(|group| unit.place.group == group));
        let (units, next_page_token) = page.take(units, |unit| unit.code.to_string());
        let units = units.iter().map(|unit| self.unit(unit)).collect();
        Ok(pb::ListUnitsResponse {
            units,
            next_page_token,
        })
    }

    /// A procedure.
    pub(crate) fn get_procedure(
        &self,
        code: &ProcedureCode,
        asked: Asked,
    ) -> Result<pb::Procedure, Problem> {
        let procedure = self.directory.procedure_history(code).ok_or_else(|| {
            let why = format!("no procedure has the code {code}; put it first");
            Problem::not_found("PROCEDURE_NOT_FOUND", why)
        })?;
        let (found, day) = match asked {
            Asked::Around(today) => (procedure.nearest(today), today),
            Asked::On(day) => (procedure.as_of(day), day),
        };
        found
            .map(|in_force| self.procedure(&in_force))
            .ok_or_else(|| {
                let why =
                    format!("the procedure {code} does not exist on {day}; ask for another day");
                Problem::not_found("PROCEDURE_NOT_IN_FORCE", why)
            })
    }

    /// A page of the procedures of an authority, or of every procedure.
    pub(crate) fn list_procedures(
        &self,
        request: &pb::ListProceduresRequest,
        today: Date,
    ) -> Result<pb::ListProceduresResponse, Problem> {
        let on = wire::on(&request.on)?;
        let authority = match request.authority {
            0 => None,
            group => Some(common::group("authority", group).map_err(wire::invalid)?),
        };
        let list = format!("procedures {} {}", request.authority, request.on);
        let page = Page::parse(list, request.page_size, &request.page_token, SIZES)?;
        let procedures = self
            .directory
            .all_procedures()
            .filter_map(|procedure| {
                on.map_or_else(|| procedure.nearest(today), |day| procedure.as_of(day))
            })
            .filter(|it| authority.is_none_or(|group| it.statement.authority == group));
        let (procedures, next_page_token) = page.take(procedures, |it| it.code.to_string());
        let procedures = procedures.iter().map(|it| self.procedure(it)).collect();
        Ok(pb::ListProceduresResponse {
            procedures,
            next_page_token,
        })
    }

    /// A calendar in a version; 0 asks for the newest.
    pub(crate) fn get_calendar(&self, name: &str, version: i64) -> Result<pb::Calendar, Problem> {
        if version < 0 {
            return Err(Problem::invalid(
                "version",
                "is negative; give 0 for the newest",
            ));
        }
        let (found, announcement) =
            self.directory
                .announcement(name, version)
                .ok_or_else(|| match version {
                    0 => Problem::not_found(
                        "CALENDAR_NOT_FOUND",
                        format!("no calendar is named {name:?}; put it first"),
                    ),
                    _ => Problem::not_found(
                        "CALENDAR_VERSION_NOT_FOUND",
                        format!(
                            "the calendar {name:?} has no version {version}; ask for the newest, 0"
                        ),
                    ),
                })?;
        let position = self.changed(&stream::calendar(name));
        Ok(pb::Calendar {
            position,
            ..wire::calendar(announcement, found)
        })
    }

    /// What a policy says on a day.
    pub(crate) fn get_policy(&self, name: &str, day: Date) -> Result<pb::Policy, Problem> {
        let (valid_from, setting) = self.directory.policy(name, day).ok_or_else(|| {
            let why = format!("no policy named {name:?} is in force on {day}; put it first");
            Problem::not_found("POLICY_NOT_FOUND", why)
        })?;
        let stream = stream::policy(name);
        let version = self.directory.version(&stream);
        let policy = wire::policy(name, valid_from, setting, version);
        Ok(pb::Policy {
            position: self.changed(&stream),
            ..policy
        })
    }

    fn unit(&self, unit: &UnitOnDay<'_>) -> pb::Unit {
        let stream = stream::unit(unit.code);
        let resource = wire::unit(unit, self.directory.version(&stream));
        pb::Unit {
            position: self.changed(&stream),
            ..resource
        }
    }

    fn procedure(&self, in_force: &InForce<'_>) -> pb::Procedure {
        let stream = stream::procedure(in_force.code);
        let resource = wire::procedure(in_force, self.directory.version(&stream));
        pb::Procedure {
            position: self.changed(&stream),
            ..resource
        }
    }
}

fn not_on(code: &UnitCode, day: Date, nearest: Option<UnitOnDay<'_>>) -> Problem {
    let ended = nearest
        .and_then(|unit| unit.end)
        .filter(|end| end.valid_until <= day);
    let reason = "UNIT_NOT_IN_FORCE";
    match ended {
        Some(end) => {
            let successors: Vec<&str> = end.successors.iter().map(UnitCode::as_str).collect();
            let successors = successors.join(", ");
            let why = format!("the unit {code} ended on {}", end.valid_until);
            let remedy = if successors.is_empty() {
                "; ask for an earlier day".to_owned()
            } else {
                format!("; ask for its successors: {successors}")
            };
            Problem::not_found(reason, why + &remedy).with("successors", successors)
        }
        None => Problem::not_found(
            reason,
            format!("the unit {code} does not exist on {day} yet; ask for a later day"),
        ),
    }
}
