//! Between the contracts and the domain: requests, resources and refusals.

use contracts::problem::Problem;
use contracts::registry::v1 as pb;
use directory::{Invalid, wire};
use eventlog::Version;
use ids::{ProcedureCode, UnitCode};
use jiff::civil::Date;
use unit::{
    Announcement, CalendarRefusal, Founding, InForce, PolicyCommand, PolicyEvent, PolicyRefusal,
    ProcedureRefusal, Setting, Statement, Succession, UnitOnDay, UnitRefusal,
};

// === requests ===

/// A field that does not hold what it should, as the caller is told.
pub(crate) fn invalid(error: Invalid) -> Problem {
    Problem::invalid(error.field, error.why)
}

/// The wanted content of a unit.
pub(crate) fn put_unit(request: pb::PutUnitRequest) -> Result<Founding, Problem> {
    let pb::PutUnitRequest {
        context: _,
        code,
        other_codes,
        name,
        group,
        parent,
        valid_from,
    } = request;
    wire::founding(pb::UnitFounded {
        code,
        other_codes,
        name,
        group,
        parent,
        valid_from,
    })
    .map_err(invalid)
}

/// A unit and its wanted end.
pub(crate) fn succeed_unit(
    request: pb::SucceedUnitRequest,
) -> Result<(UnitCode, Succession), Problem> {
    let pb::SucceedUnitRequest {
        context: _,
        code,
        kind,
        successors,
        valid_until,
    } = request;
    let code = wire::unit_code("code", &code).map_err(invalid)?;
    let end = pb::UnitSucceeded {
        kind,
        successors,
        valid_until,
    };
    Ok((code, wire::succession(&end).map_err(invalid)?))
}

/// The wanted content of a procedure.
pub(crate) fn put_procedure(
    request: pb::PutProcedureRequest,
) -> Result<(ProcedureCode, Statement, Date), Problem> {
    wire::publication(pb::ProcedurePublished {
        code: request.code,
        name: request.name,
        sector: request.sector,
        limit: request.limit,
        online: request.online,
        payment_duty: request.payment_duty,
        payment_integrated: request.payment_integrated,
        result_paper: request.result_paper,
        identity_connected: request.identity_connected,
        authority: request.authority,
        units: request.units,
        valid_from: request.valid_from,
    })
    .map_err(invalid)
}

/// The calendar to announce. It is checked here, as its name becomes the name of a stream.
pub(crate) fn put_calendar(request: pb::PutCalendarRequest) -> Result<Announcement, Problem> {
    let announcement = wire::announcement(pb::CalendarAnnounced {
        name: request.name,
        utc_offset_minutes: request.utc_offset_minutes,
        week: request.week,
        days: request.days,
        covers_from: request.covers_from,
        covers_until: request.covers_until,
        source: request.source,
    })
    .map_err(invalid)?;
    announcement.check().map_err(Refused::problem)?;
    Ok(announcement)
}

/// The policy to set. Its name is checked here, as it becomes the name of a stream.
pub(crate) fn put_policy(request: pb::PutPolicyRequest) -> Result<PolicyCommand, Problem> {
    let pb::PutPolicyRequest {
        context: _,
        name,
        value,
        valid_from,
        source,
    } = request;
    if unit::policy_values(&name).is_none() {
        return Err(PolicyRefusal::UnknownName { name }.problem());
    }
    let PolicyEvent {
        name,
        setting,
        valid_from,
    } = wire::policy(pb::PolicySet {
        name,
        value,
        valid_from,
        source,
    })
    .map_err(invalid)?;
    Ok(PolicyCommand {
        name,
        setting,
        valid_from,
    })
}

/// The day that a query asks about; none when it leaves it open.
pub(crate) fn on(text: &str) -> Result<Option<Date>, Problem> {
    if text.is_empty() {
        return Ok(None);
    }
    wire::date("on", text).map(Some).map_err(invalid)
}

// === resources ===
// The position is not known yet when a command's answer is made; whoever sends a resource sets it.

/// A unit on a day.
pub(crate) fn unit(unit: &UnitOnDay<'_>, version: Version) -> pb::Unit {
    let successors = unit.end.map(|end| &end.successors);
    pb::Unit {
        code: unit.code.to_string(),
        other_codes: unit.other_codes.iter().map(ToString::to_string).collect(),
        name: Some(wire::name_to_pb(unit.name)),
        group: wire::group_to_pb(unit.place.group).into(),
        parent: unit
            .place
            .parent
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        valid_from: unit.valid_from.to_string(),
        valid_until: optional(unit.valid_until()),
        successors: successors
            .into_iter()
            .flatten()
            .map(ToString::to_string)
            .collect(),
        version,
        position: 0,
    }
}

/// A procedure on a day.
pub(crate) fn procedure(in_force: &InForce<'_>, version: Version) -> pb::Procedure {
    let InForce {
        code,
        statement,
        valid_from,
        valid_until,
    } = in_force;
    pb::Procedure {
        code: code.to_string(),
        name: Some(wire::name_to_pb(&statement.name)),
        sector: statement.sector.to_string(),
        limit: statement.limit.map(wire::limit_to_pb),
        online: wire::online_to_pb(statement.online).into(),
        payment_duty: statement.payment_duty,
        payment_integrated: statement.payment_integrated,
        result_paper: statement.result_paper,
        identity_connected: statement.identity_connected,
        authority: wire::group_to_pb(statement.authority).into(),
        units: statement.units.iter().map(ToString::to_string).collect(),
        valid_from: valid_from.to_string(),
        valid_until: optional(*valid_until),
        version,
        position: 0,
    }
}

/// A calendar as announced.
pub(crate) fn calendar(announcement: &Announcement, version: Version) -> pb::Calendar {
    let announced = wire::announced(announcement);
    pb::Calendar {
        name: announced.name,
        utc_offset_minutes: announced.utc_offset_minutes,
        week: announced.week,
        days: announced.days,
        covers_from: announced.covers_from,
        covers_until: announced.covers_until,
        source: announced.source,
        version,
        position: 0,
    }
}

/// What a policy says from a day on.
pub(crate) fn policy(
    name: &str,
    valid_from: Date,
    setting: &Setting,
    version: Version,
) -> pb::Policy {
    pb::Policy {
        name: name.to_owned(),
        value: setting.value.clone(),
        valid_from: valid_from.to_string(),
        source: setting.source.to_string(),
        version,
        position: 0,
    }
}

fn optional(date: Option<Date>) -> String {
    date.as_ref().map(ToString::to_string).unwrap_or_default()
}

// === refusals ===

/// A refusal that becomes a status, chosen by what the caller should do next.
pub(crate) trait Refused {
    /// The status.
    fn problem(self) -> Problem;
}

impl Refused for UnitRefusal {
    fn problem(self) -> Problem {
        let why = self.to_string();
        match self {
            Self::NotFounded => Problem::not_found("UNIT_NOT_FOUND", why),
            Self::OwnParent | Self::ParentDoesNotFitGroup => Problem::invalid("parent", why),
            Self::OwnSuccessor | Self::SuccessorCount { .. } => Problem::invalid("successors", why),
            Self::BeforeFounding { .. } => Problem::refused("BEFORE_FOUNDING", why),
            Self::Ended { .. } => Problem::refused("UNIT_ENDED", why),
            Self::EndsOtherwise { .. } => Problem::refused("UNIT_ENDS_OTHERWISE", why),
            Self::EndsBeforeItsStatements { .. } => Problem::refused("ENDS_BEFORE_STATEMENTS", why),
            Self::CodeTaken { owner, .. } => {
                Problem::refused("CODE_TAKEN", why).with("owner", owner.to_string())
            }
            Self::ParentNotThere { parent, .. } => {
                Problem::refused("PARENT_NOT_THERE", why).with("parent", parent.to_string())
            }
            Self::ParentBelow { .. } => Problem::refused("PARENT_BELOW", why),
            Self::ProvinceExists { province } => {
                Problem::refused("PROVINCE_EXISTS", why).with("province", province.to_string())
            }
            Self::SuccessorNotThere { successor, .. } => {
                Problem::refused("SUCCESSOR_NOT_THERE", why)
                    .with("successor", successor.to_string())
            }
            Self::HasUnitsUnder { unit, .. } => {
                Problem::refused("HAS_UNITS_UNDER", why).with("unit", unit.to_string())
            }
            Self::IsSuccessor { unit, .. } => {
                Problem::refused("IS_SUCCESSOR", why).with("unit", unit.to_string())
            }
        }
    }
}

impl Refused for ProcedureRefusal {
    fn problem(self) -> Problem {
        let why = self.to_string();
        match self {
            Self::NotPublished => Problem::not_found("PROCEDURE_NOT_FOUND", why),
            Self::BeforePublication { .. } => Problem::refused("BEFORE_PUBLICATION", why),
            Self::UnitNotThere { unit, .. } => {
                Problem::refused("UNIT_NOT_THERE", why).with("unit", unit.to_string())
            }
            Self::LimitOutOfRange => Problem::invalid("limit", why),
            Self::NothingToPay => Problem::invalid("payment_integrated", why),
        }
    }
}

impl Refused for CalendarRefusal {
    fn problem(self) -> Problem {
        use calendar::InvalidCalendar as I;
        let why = self.to_string();
        let field = match self {
            Self::Name | Self::Invalid(I::Name { .. }) => "name",
            Self::Invalid(I::Offset { .. }) => "utc_offset_minutes",
            Self::Invalid(I::Cover { .. }) | Self::CoversTooMuch { .. } => "covers_until",
            Self::Invalid(I::Interval { .. } | I::Overlap { .. }) | Self::NeverOpen => "week",
            Self::Invalid(I::Repeated { .. } | I::Outside { .. })
            | Self::WorkedWithoutHours { .. }
            | Self::ClosedWithHours { .. } => "days",
        };
        Problem::invalid(field, why)
    }
}

impl Refused for PolicyRefusal {
    fn problem(self) -> Problem {
        let why = self.to_string();
        match self {
            Self::UnknownName { .. } => Problem::invalid("name", why),
            Self::UnknownValue { .. } => Problem::invalid("value", why),
        }
    }
}
