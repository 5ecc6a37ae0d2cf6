//! From the domain to the contracts: total, as everything in the domain was checked.

use std::collections::{BTreeMap, BTreeSet};

use calendar::{Hours, Week};
use contracts::registry::v1 as pb;
use ids::{ProcedureCode, UnitCode};
use jiff::civil::{Date, Weekday};
use unit::{
    Announcement, Founding, Group, Name, OnlineLevel, PolicyEvent, SpecialDay, Statement,
    Succession, SuccessionKind, TimeLimit,
};

/// A group.
pub fn group_to_pb(group: Group) -> pb::UnitGroup {
    match group {
        Group::Province => pb::UnitGroup::Province,
        Group::Department => pb::UnitGroup::Department,
        Group::District => pb::UnitGroup::District,
        Group::Commune => pb::UnitGroup::Commune,
        Group::CentralAgency => pb::UnitGroup::CentralAgency,
    }
}

/// A name.
pub fn name_to_pb(name: &Name) -> pb::Name {
    pb::Name {
        vi: name.vi.to_string(),
        en: name.en.to_string(),
    }
}

/// An online level.
pub fn online_to_pb(online: OnlineLevel) -> pb::OnlineLevel {
    match online {
        OnlineLevel::Information => pb::OnlineLevel::None,
        OnlineLevel::Partial => pb::OnlineLevel::Partial,
        OnlineLevel::Full => pb::OnlineLevel::Full,
    }
}

/// A time limit.
pub fn limit_to_pb(limit: TimeLimit) -> pb::TimeLimit {
    use pb::time_limit::Limit;
    let limit = match limit {
        TimeLimit::WorkingDays(days) => Limit::WorkingDays(i32::from(days)),
        TimeLimit::WorkingHours(hours) => Limit::WorkingHours(i32::from(hours)),
    };
    pb::TimeLimit { limit: Some(limit) }
}

/// A founding.
pub fn founded(founding: &Founding) -> pb::UnitFounded {
    pb::UnitFounded {
        code: founding.code.to_string(),
        other_codes: codes(&founding.other_codes),
        name: Some(name_to_pb(&founding.name)),
        group: group_to_pb(founding.place.group).into(),
        parent: parent(founding.place.parent.as_ref()),
        valid_from: founding.valid_from.to_string(),
    }
}

/// The end of a unit.
pub fn succeeded(succession: &Succession) -> pb::UnitSucceeded {
    let kind = match succession.kind {
        SuccessionKind::Merged => pb::SuccessionKind::Merged,
        SuccessionKind::Split => pb::SuccessionKind::Split,
        SuccessionKind::Abolished => pb::SuccessionKind::Abolished,
    };
    pb::UnitSucceeded {
        kind: kind.into(),
        successors: codes(&succession.successors),
        valid_until: succession.valid_until.to_string(),
    }
}

/// A publication.
pub fn published(
    code: &ProcedureCode,
    statement: &Statement,
    valid_from: Date,
) -> pb::ProcedurePublished {
    pb::ProcedurePublished {
        code: code.to_string(),
        name: Some(name_to_pb(&statement.name)),
        sector: statement.sector.to_string(),
        limit: statement.limit.map(limit_to_pb),
        online: online_to_pb(statement.online).into(),
        payment_duty: statement.payment_duty,
        payment_integrated: statement.payment_integrated,
        result_paper: statement.result_paper,
        identity_connected: statement.identity_connected,
        authority: group_to_pb(statement.authority).into(),
        units: codes(&statement.units),
        valid_from: valid_from.to_string(),
    }
}

/// An announcement.
pub fn announced(announcement: &Announcement) -> pb::CalendarAnnounced {
    pb::CalendarAnnounced {
        name: announcement.name.clone(),
        utc_offset_minutes: announcement.utc_offset_minutes,
        week: week_to_pb(&announcement.week),
        days: days(&announcement.days),
        covers_from: announcement.covers_from.to_string(),
        covers_until: announcement.covers_until.to_string(),
        source: announcement.source.to_string(),
    }
}

/// A policy's setting.
pub fn policy_set(event: &PolicyEvent) -> pb::PolicySet {
    pb::PolicySet {
        name: event.name.clone(),
        value: event.setting.value.clone(),
        valid_from: event.valid_from.to_string(),
        source: event.setting.source.to_string(),
    }
}

/// The open weekdays.
pub fn week_to_pb(week: &Week) -> Vec<pb::DayHours> {
    Weekday::Monday
        .cycle_forward()
        .take(7)
        .map(|weekday| pb::DayHours {
            weekday: i32::from(weekday.to_monday_one_offset()),
            intervals: intervals(week.on(weekday)),
        })
        .filter(|day| !day.intervals.is_empty())
        .collect()
}

/// The special days, in order.
pub fn days(days: &BTreeMap<Date, SpecialDay>) -> Vec<pb::SpecialDay> {
    days.iter()
        .map(|(date, day)| pb::SpecialDay {
            date: date.to_string(),
            kind: day.kind.as_str().to_owned(),
            label: day.label.to_string(),
            intervals: intervals(&day.hours),
        })
        .collect()
}

pub(crate) fn parent(parent: Option<&UnitCode>) -> String {
    parent.map(ToString::to_string).unwrap_or_default()
}

fn codes(codes: &BTreeSet<UnitCode>) -> Vec<String> {
    codes.iter().map(ToString::to_string).collect()
}

fn intervals(hours: &Hours) -> Vec<pb::Interval> {
    hours
        .intervals()
        .iter()
        .map(|interval| pb::Interval {
            from_minute: i32::from(interval.from_minute),
            to_minute: i32::from(interval.to_minute),
        })
        .collect()
}
