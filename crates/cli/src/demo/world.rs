//! The simulator's world: what the registry says.

use anyhow::{Context as _, anyhow};
use calendar::Limit;
use contracts::registry::v1 as pb;
use contracts::registry::v1::time_limit;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::Offset;
use simulator::{End, Group, Online, Plan, Procedure, Unit, World};

use crate::Services;

/// Name of the catalog's calendar.
const CALENDAR: &str = "office";
/// Units or procedures a page, the most that the registry gives.
const PAGE: i32 = 1_000;
/// What a city has to do beside a district: the city of Nam Định has about twice the people of a district.
const CITY: u32 = 200;
const USUAL: u32 = 100;
/// Viet Nam's time.
const LOCAL: Offset = Offset::constant(7);

/// Units, procedures and the calendar as of the middle of the year.
pub(super) async fn of(services: &Services, plan: Plan) -> anyhow::Result<World> {
    let on = format!("{}-07-01", plan.year);
    let units = units_on(services, &on).await?;
    let mut registry = services.registry.clone();
    let asked = pb::ListProceduresRequest {
        on,
        page_size: PAGE,
        ..Default::default()
    };
    let procedures = registry
        .list_procedures(asked)
        .await
        .context("listing procedures")?;
    let asked = pb::GetCalendarRequest {
        name: CALENDAR.to_owned(),
        version: 0,
    };
    let calendar = registry
        .get_calendar(asked)
        .await
        .context("asking for the calendar")?
        .into_inner();
    let offset =
        Offset::from_seconds(calendar.utc_offset_minutes * 60).context("reading the calendar")?;
    Ok(World {
        units: units.into_iter().filter_map(unit).collect(),
        procedures: procedures
            .into_inner()
            .procedures
            .into_iter()
            .filter_map(procedure)
            .collect(),
        calendar: working_calendar(calendar)?,
        offset,
    })
}

/// All units that the registry knows on a day.
pub(super) async fn units_on(services: &Services, day: &str) -> anyhow::Result<Vec<pb::Unit>> {
    let asked = pb::ListUnitsRequest {
        on: day.to_owned(),
        page_size: PAGE,
        ..Default::default()
    };
    let listed = services.registry.clone().list_units(asked).await;
    Ok(listed.context("listing units")?.into_inner().units)
}

/// The local date of a moment.
pub(super) fn day(at: Timestamp) -> Date {
    LOCAL.to_datetime(at).date()
}

fn unit(of: pb::Unit) -> Option<Unit> {
    let group = group(of.group())?;
    let prefix = of
        .other_codes
        .iter()
        .find(|code| code.starts_with("000."))
        .unwrap_or(&of.code);
    let city = of.name.is_some_and(|name| name.vi.contains("thành phố"));
    Some(Unit {
        prefix: prefix.clone(),
        group,
        size: if city { CITY } else { USUAL },
        end: end(&of.valid_until, &of.successors),
        code: of.code,
    })
}

/// None while the unit exists, and where nobody goes on with its work.
fn end(on: &str, successors: &[String]) -> Option<End> {
    Some(End {
        on: on.parse().ok()?,
        successor: successors.first()?.clone(),
    })
}

fn procedure(of: pb::Procedure) -> Option<Procedure> {
    let limit = match of.limit.as_ref()?.limit.as_ref()? {
        time_limit::Limit::WorkingDays(days) => Limit::Days(u32::try_from(*days).ok()?),
        time_limit::Limit::WorkingHours(hours) => Limit::hours(u32::try_from(*hours).ok()?),
    };
    let online = match of.online() {
        pb::OnlineLevel::Full => Online::Full,
        pb::OnlineLevel::Partial => Online::Partial,
        pb::OnlineLevel::None | pb::OnlineLevel::Unspecified => Online::None,
    };
    Some(Procedure {
        limit,
        online,
        group: group(of.authority())?,
        payment_duty: of.payment_duty,
        payment_integrated: of.payment_integrated,
        units: of.units,
        code: of.code,
    })
}

/// The group of units that dossiers and campaigns are about.
pub(super) fn group(of: pb::UnitGroup) -> Option<Group> {
    match of {
        pb::UnitGroup::Department => Some(Group::Department),
        pb::UnitGroup::District => Some(Group::District),
        _ => None,
    }
}

fn working_calendar(of: pb::Calendar) -> anyhow::Result<calendar::Calendar> {
    let version = of.version;
    let announced = pb::CalendarAnnounced {
        name: of.name,
        utc_offset_minutes: of.utc_offset_minutes,
        week: of.week,
        days: of.days,
        covers_from: of.covers_from,
        covers_until: of.covers_until,
        source: of.source,
    };
    let announcement = directory::wire::announcement(announced)
        .map_err(|invalid| anyhow!("the calendar: {invalid}"))?;
    announcement
        .to_calendar(version)
        .context("reading the calendar")
}
