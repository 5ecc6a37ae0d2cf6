//! Values between the contracts and the domain; what is wrong is said of the field by name.
//!
//! Commands and events carry the same values, so both are read here: a command's error becomes a
//! field violation, an event's means that the log is damaged.

mod encode;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;

use calendar::{Hours, Interval, Week};
use contracts::registry::v1 as pb;
use ids::{ProcedureCode, UnitCode};
use jiff::civil::Date;
use unit::{
    Announcement, DayKind, Founding, Group, Name, OnlineLevel, Place, PolicyEvent, Setting,
    SpecialDay, Statement, Succession, SuccessionKind, Text, TimeLimit,
};

pub use encode::{
    announced, days, founded, group_to_pb, limit_to_pb, name_to_pb, online_to_pb, policy_set,
    published, succeeded, week_to_pb,
};

/// The first and the last year that a date may lie in; nothing that Chiso judges is older.
const YEARS: std::ops::RangeInclusive<i16> = 1900..=2200;

/// Most codes in one list: no unit has that many, no procedure is resolved by that many by name.
const MAX_CODES: usize = 500;

/// Most special days in one announcement: more than 60 a year for 30 years.
const MAX_DAYS: usize = 2_000;

/// Most opening intervals of one day: one an hour.
const MAX_INTERVALS: usize = 24;

/// A field that does not hold what it should.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {why}")]
pub struct Invalid {
    /// Path of the field, e.g. `days[3].date`.
    pub field: String,
    /// What is wrong and what is accepted.
    pub why: String,
}

impl Invalid {
    /// A field and what is wrong with it.
    pub fn new(field: impl Into<String>, why: impl Display) -> Self {
        Self {
            field: field.into(),
            why: why.to_string(),
        }
    }
}

/// An ISO date, `2024-04-29`, of the years 1900 to 2200.
///
/// # Errors
/// When the text is anything else.
pub fn date(field: &str, text: &str) -> Result<Date, Invalid> {
    let refuse = || {
        let shown: String = text.chars().take(32).collect();
        Invalid::new(
            field,
            format_args!(
                "{shown:?} is not a date of the years 1900 to 2200; write it as 2024-04-29"
            ),
        )
    };
    let date: Date = text.parse().map_err(|_| refuse())?;
    if YEARS.contains(&date.year()) && date.to_string() == text {
        Ok(date)
    } else {
        Err(refuse())
    }
}

/// A unit's code in either style.
///
/// # Errors
/// When the text is no such code.
pub fn unit_code(field: &str, text: &str) -> Result<UnitCode, Invalid> {
    text.parse().map_err(|error| Invalid::new(field, error))
}

/// A procedure's code.
///
/// # Errors
/// When the text is no such code.
pub fn procedure_code(field: &str, text: &str) -> Result<ProcedureCode, Invalid> {
    text.parse().map_err(|error| Invalid::new(field, error))
}

/// A list of units' codes, each at most once.
///
/// # Errors
/// When one is no code, comes twice, or there are more than 500.
pub fn unit_codes(field: &str, texts: &[String]) -> Result<BTreeSet<UnitCode>, Invalid> {
    at_most(field, texts.len(), MAX_CODES)?;
    let mut codes = BTreeSet::new();
    for (at, text) in texts.iter().enumerate() {
        let path = format!("{field}[{at}]");
        if !codes.insert(unit_code(&path, text)?) {
            return Err(Invalid::new(
                path,
                format_args!("{text} comes twice; name it once"),
            ));
        }
    }
    Ok(codes)
}

/// One printable line, which may be empty.
///
/// # Errors
/// When it is too long or not one printable line.
pub fn text(field: &str, text: String) -> Result<Text, Invalid> {
    Text::new(text).map_err(|error| Invalid::new(field, error))
}

/// A name in both languages.
///
/// # Errors
/// When it is absent, has no Vietnamese, or is not printable.
pub fn name(field: &str, name: Option<pb::Name>) -> Result<Name, Invalid> {
    let name =
        name.ok_or_else(|| Invalid::new(field, "is missing; give the name in Vietnamese"))?;
    let vi = Text::filled(name.vi).map_err(|why| Invalid::new(format!("{field}.vi"), why))?;
    Ok(Name {
        vi,
        en: text(&format!("{field}.en"), name.en)?,
    })
}

/// A group of units.
///
/// # Errors
/// When it is unspecified or unknown.
pub fn group(field: &str, value: i32) -> Result<Group, Invalid> {
    match pb::UnitGroup::try_from(value) {
        Ok(pb::UnitGroup::Province) => Ok(Group::Province),
        Ok(pb::UnitGroup::Department) => Ok(Group::Department),
        Ok(pb::UnitGroup::District) => Ok(Group::District),
        Ok(pb::UnitGroup::Commune) => Ok(Group::Commune),
        Ok(pb::UnitGroup::CentralAgency) => Ok(Group::CentralAgency),
        Ok(pb::UnitGroup::Unspecified) | Err(_) => Err(unspecified(
            field,
            value,
            "province, department, district, commune or central_agency",
        )),
    }
}

/// A unit's founding, or the wanted content of one.
///
/// # Errors
/// The first field that does not hold what it should.
pub fn founding(message: pb::UnitFounded) -> Result<Founding, Invalid> {
    Ok(Founding {
        code: unit_code("code", &message.code)?,
        other_codes: unit_codes("other_codes", &message.other_codes)?,
        name: name("name", message.name)?,
        place: place(message.group, &message.parent)?,
        valid_from: date("valid_from", &message.valid_from)?,
    })
}

/// Where a unit stands.
///
/// # Errors
/// When the group is unspecified or the parent is no code.
pub fn place(group_value: i32, parent: &str) -> Result<Place, Invalid> {
    let parent = if parent.is_empty() {
        None
    } else {
        Some(unit_code("parent", parent)?)
    };
    Ok(Place {
        group: group("group", group_value)?,
        parent,
    })
}

/// A unit's end.
///
/// # Errors
/// The first field that does not hold what it should.
pub fn succession(message: &pb::UnitSucceeded) -> Result<Succession, Invalid> {
    let kind = match pb::SuccessionKind::try_from(message.kind) {
        Ok(pb::SuccessionKind::Merged) => SuccessionKind::Merged,
        Ok(pb::SuccessionKind::Split) => SuccessionKind::Split,
        Ok(pb::SuccessionKind::Abolished) => SuccessionKind::Abolished,
        Ok(pb::SuccessionKind::Unspecified) | Err(_) => {
            return Err(unspecified(
                "kind",
                message.kind,
                "merged, split or abolished",
            ));
        }
    };
    Ok(Succession {
        kind,
        successors: unit_codes("successors", &message.successors)?,
        valid_until: date("valid_until", &message.valid_until)?,
    })
}

/// A procedure's code, content and first day.
///
/// # Errors
/// The first field that does not hold what it should.
pub fn publication(
    message: pb::ProcedurePublished,
) -> Result<(ProcedureCode, Statement, Date), Invalid> {
    let online = match pb::OnlineLevel::try_from(message.online) {
        Ok(pb::OnlineLevel::None) => OnlineLevel::Information,
        Ok(pb::OnlineLevel::Partial) => OnlineLevel::Partial,
        Ok(pb::OnlineLevel::Full) => OnlineLevel::Full,
        Ok(pb::OnlineLevel::Unspecified) | Err(_) => {
            return Err(unspecified(
                "online",
                message.online,
                "none, partial or full",
            ));
        }
    };
    let statement = Statement {
        name: name("name", message.name)?,
        sector: Text::filled(message.sector).map_err(|why| Invalid::new("sector", why))?,
        limit: limit(message.limit)?,
        online,
        payment_duty: message.payment_duty,
        payment_integrated: message.payment_integrated,
        result_paper: message.result_paper,
        identity_connected: message.identity_connected,
        authority: group("authority", message.authority)?,
        units: unit_codes("units", &message.units)?,
    };
    Ok((
        procedure_code("code", &message.code)?,
        statement,
        date("valid_from", &message.valid_from)?,
    ))
}

fn limit(message: Option<pb::TimeLimit>) -> Result<Option<TimeLimit>, Invalid> {
    use pb::time_limit::Limit;
    let Some(message) = message else {
        return Ok(None);
    };
    let count = |field, value: i32, min, max: u16| {
        u16::try_from(value)
            .ok()
            .filter(|count| (min..=max).contains(count))
            .ok_or_else(|| {
                Invalid::new(
                    field,
                    format_args!("{value} is out of range; give {min} to {max}"),
                )
            })
    };
    match message.limit {
        Some(Limit::WorkingDays(days)) => {
            let days = count("limit.working_days", days, 0, unit::MAX_WORKING_DAYS)?;
            Ok(Some(TimeLimit::WorkingDays(days)))
        }
        Some(Limit::WorkingHours(hours)) => {
            let hours = count("limit.working_hours", hours, 1, unit::MAX_WORKING_HOURS)?;
            Ok(Some(TimeLimit::WorkingHours(hours)))
        }
        None => Err(Invalid::new(
            "limit",
            "is empty; give working_days or working_hours, or leave it out where there is no limit",
        )),
    }
}

/// A calendar as announced.
///
/// # Errors
/// The first field that does not hold what it should.
pub fn announcement(message: pb::CalendarAnnounced) -> Result<Announcement, Invalid> {
    Ok(Announcement {
        week: week(message.week)?,
        days: special_days(message.days)?,
        covers_from: date("covers_from", &message.covers_from)?,
        covers_until: date("covers_until", &message.covers_until)?,
        source: text("source", message.source)?,
        name: message.name,
        utc_offset_minutes: message.utc_offset_minutes,
    })
}

fn week(message: Vec<pb::DayHours>) -> Result<Week, Invalid> {
    at_most("week", message.len(), 7)?;
    let mut week: [Option<Hours>; 7] = Default::default();
    for (at, day) in message.into_iter().enumerate() {
        let field = format!("week[{at}].weekday");
        let slot = usize::try_from(day.weekday)
            .ok()
            .and_then(|weekday| week.get_mut(weekday.checked_sub(1)?))
            .ok_or_else(|| Invalid::new(&field, "is not a weekday; give 1 Monday to 7 Sunday"))?;
        if slot.is_some() {
            return Err(Invalid::new(&field, "comes twice; give each weekday once"));
        }
        *slot = Some(hours(&format!("week[{at}].intervals"), &day.intervals)?);
    }
    Ok(Week::new(week.map(Option::unwrap_or_default)))
}

fn special_days(message: Vec<pb::SpecialDay>) -> Result<BTreeMap<Date, SpecialDay>, Invalid> {
    at_most("days", message.len(), MAX_DAYS)?;
    let mut days = BTreeMap::new();
    for (at, day) in message.into_iter().enumerate() {
        let field = format!("days[{at}]");
        let on = date(&format!("{field}.date"), &day.date)?;
        let kind = DayKind::from_word(&day.kind).ok_or_else(|| {
            let words = DayKind::ALL.map(DayKind::as_str).join(", ");
            Invalid::new(
                format!("{field}.kind"),
                format_args!("is unknown; write one of: {words}"),
            )
        })?;
        let label = text(&format!("{field}.label"), day.label)?;
        let hours = hours(&format!("{field}.intervals"), &day.intervals)?;
        if days.insert(on, SpecialDay { kind, label, hours }).is_some() {
            return Err(Invalid::new(
                field,
                format_args!("{on} comes twice; give each day once"),
            ));
        }
    }
    Ok(days)
}

fn hours(field: &str, message: &[pb::Interval]) -> Result<Hours, Invalid> {
    at_most(field, message.len(), MAX_INTERVALS)?;
    let minute = |value: i32| {
        u16::try_from(value).map_err(|_| {
            Invalid::new(
                field,
                format_args!("minute {value} is out of range; give 0 to 1,440"),
            )
        })
    };
    let intervals = message
        .iter()
        .map(|interval| {
            let from_minute = minute(interval.from_minute)?;
            Ok(Interval {
                from_minute,
                to_minute: minute(interval.to_minute)?,
            })
        })
        .collect::<Result<_, Invalid>>()?;
    Hours::new(intervals).map_err(|error| Invalid::new(field, error))
}

/// A policy's name, value and first day.
///
/// # Errors
/// The first field that does not hold what it should.
pub fn policy(message: pb::PolicySet) -> Result<PolicyEvent, Invalid> {
    let setting = Setting {
        source: text("source", message.source)?,
        value: message.value,
    };
    let valid_from = date("valid_from", &message.valid_from)?;
    Ok(PolicyEvent {
        name: message.name,
        setting,
        valid_from,
    })
}

fn at_most(field: &str, count: usize, limit: usize) -> Result<(), Invalid> {
    if count > limit {
        return Err(Invalid::new(
            field,
            format_args!("has {count} entries; give at most {limit}"),
        ));
    }
    Ok(())
}

fn unspecified(field: &str, value: i32, expected: &str) -> Invalid {
    if value == 0 {
        Invalid::new(field, format_args!("is missing; give {expected}"))
    } else {
        Invalid::new(
            field,
            format_args!("has the unknown value {value}; give {expected}"),
        )
    }
}
