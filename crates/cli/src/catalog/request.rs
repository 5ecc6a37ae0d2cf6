//! Entries of a catalog as the commands that they become.

use contracts::assessments::v1::ReportMeasureRequest;
use contracts::registry::v1 as pb;

use super::item::Wanted;
use crate::yaml::{Fault, Fields, Node};

/// Reads an entry; notes what is wrong.
pub(super) type Read = fn(&Node, &mut Vec<Fault>) -> Option<Wanted>;

const GROUPS: [(&str, pb::UnitGroup); 5] = [
    ("province", pb::UnitGroup::Province),
    ("department", pb::UnitGroup::Department),
    ("district", pb::UnitGroup::District),
    ("commune", pb::UnitGroup::Commune),
    ("central_agency", pb::UnitGroup::CentralAgency),
];
const ONLINE: [(&str, pb::OnlineLevel); 3] = [
    ("none", pb::OnlineLevel::None),
    ("partial", pb::OnlineLevel::Partial),
    ("full", pb::OnlineLevel::Full),
];
const SUCCESSIONS: [(&str, pb::SuccessionKind); 3] = [
    ("merged", pb::SuccessionKind::Merged),
    ("split", pb::SuccessionKind::Split),
    ("abolished", pb::SuccessionKind::Abolished),
];
/// Minutes of an hour and hours of a day.
const HOUR: i32 = 60;
const DAY_HOURS: i32 = 24;

pub(super) fn unit(node: &Node, faults: &mut Vec<Fault>) -> Option<Wanted> {
    let mut fields = Fields::of("a unit", node, faults)?;
    let request = pb::PutUnitRequest {
        context: None,
        code: fields.needed("code"),
        other_codes: fields.texts("other_codes"),
        name: name(&mut fields),
        group: needed_word(&mut fields, "group", &GROUPS).map_or(0, i32::from),
        parent: fields.text("parent"),
        valid_from: fields.needed("valid_from"),
    };
    fields.end();
    Some(Wanted::Unit(request))
}

pub(super) fn succession(node: &Node, faults: &mut Vec<Fault>) -> Option<Wanted> {
    let mut fields = Fields::of("a succession", node, faults)?;
    let request = pb::SucceedUnitRequest {
        context: None,
        code: fields.needed("code"),
        kind: needed_word(&mut fields, "kind", &SUCCESSIONS).map_or(0, i32::from),
        successors: fields.texts("successors"),
        valid_until: fields.needed("valid_until"),
    };
    fields.end();
    Some(Wanted::Succession(request))
}

pub(super) fn procedure(node: &Node, faults: &mut Vec<Fault>) -> Option<Wanted> {
    let mut fields = Fields::of("a procedure", node, faults)?;
    let request = pb::PutProcedureRequest {
        context: None,
        code: fields.needed("code"),
        name: name(&mut fields),
        sector: fields.text("sector"),
        limit: limit(&mut fields),
        online: fields.word("online", &ONLINE).map_or(0, i32::from),
        payment_duty: fields.flag("payment_duty"),
        payment_integrated: fields.flag("payment_integrated"),
        result_paper: fields.flag("result_paper"),
        identity_connected: fields.flag("identity_connected"),
        authority: needed_word(&mut fields, "authority", &GROUPS).map_or(0, i32::from),
        units: fields.texts("units"),
        valid_from: fields.needed("valid_from"),
    };
    fields.end();
    Some(Wanted::Procedure(request))
}

pub(super) fn calendar(node: &Node, faults: &mut Vec<Fault>) -> Option<Wanted> {
    let mut fields = Fields::of("a calendar", node, faults)?;
    let week = fields.list("week");
    let week = week
        .iter()
        .filter_map(|node| day_hours(node, fields.faults()))
        .collect();
    let days = fields.list("days");
    let days = days
        .iter()
        .filter_map(|node| special_day(node, fields.faults()))
        .collect();
    let request = pb::PutCalendarRequest {
        context: None,
        name: fields.needed("name"),
        utc_offset_minutes: fields.number("utc_offset_minutes"),
        week,
        days,
        covers_from: fields.needed("covers_from"),
        covers_until: fields.needed("covers_until"),
        source: fields.text("source"),
    };
    fields.end();
    Some(Wanted::Calendar(request))
}

pub(super) fn policy(node: &Node, faults: &mut Vec<Fault>) -> Option<Wanted> {
    let mut fields = Fields::of("a policy", node, faults)?;
    let request = pb::PutPolicyRequest {
        context: None,
        name: fields.needed("name"),
        value: fields.needed("value"),
        valid_from: fields.needed("valid_from"),
        source: fields.text("source"),
    };
    fields.end();
    Some(Wanted::Policy(request))
}

pub(super) fn report(node: &Node, faults: &mut Vec<Fault>) -> Option<Wanted> {
    let mut fields = Fields::of("a report", node, faults)?;
    let request = ReportMeasureRequest {
        context: None,
        unit: fields.needed("unit"),
        month: fields.needed("month"),
        measure: fields.needed("measure"),
        value: fields.needed("value"),
        source: fields.needed("source"),
    };
    fields.end();
    Some(Wanted::Report(request))
}

fn needed_word<T: Copy>(
    fields: &mut Fields<'_>,
    key: &'static str,
    words: &[(&str, T)],
) -> Option<T> {
    fields.needed(key);
    fields.word(key, words)
}

fn name(fields: &mut Fields<'_>) -> Option<pb::Name> {
    let Some(node) = fields.node("name") else {
        let line = fields.line();
        fields.fault(line, "name is missing; write name: { vi: …, en: … }");
        return None;
    };
    let mut fields = Fields::of("name", node, fields.faults())?;
    let name = pb::Name {
        vi: fields.needed("vi"),
        en: fields.text("en"),
    };
    fields.end();
    Some(name)
}

fn limit(fields: &mut Fields<'_>) -> Option<pb::TimeLimit> {
    use pb::time_limit::Limit;

    let node = fields.node("limit")?;
    let mut fields = Fields::of("limit", node, fields.faults())?;
    let days = fields.node("days").is_some().then(|| fields.number("days"));
    let hours = fields
        .node("hours")
        .is_some()
        .then(|| fields.number("hours"));
    let limit = match (days, hours) {
        (Some(days), None) => Some(Limit::WorkingDays(days)),
        (None, Some(hours)) => Some(Limit::WorkingHours(hours)),
        _ => {
            fields.fault(
                node.line,
                "limit needs either days or hours; leave it out where there is none",
            );
            None
        }
    };
    fields.end();
    Some(pb::TimeLimit { limit })
}

fn day_hours(node: &Node, faults: &mut Vec<Fault>) -> Option<pb::DayHours> {
    let mut fields = Fields::of("a day of the week", node, faults)?;
    let hours = pb::DayHours {
        weekday: fields.number("weekday"),
        intervals: intervals(&mut fields),
    };
    fields.end();
    Some(hours)
}

fn special_day(node: &Node, faults: &mut Vec<Fault>) -> Option<pb::SpecialDay> {
    let mut fields = Fields::of("a day", node, faults)?;
    let day = pb::SpecialDay {
        date: fields.needed("date"),
        kind: fields.needed("kind"),
        label: fields.text("label"),
        intervals: intervals(&mut fields),
    };
    fields.end();
    Some(day)
}

fn intervals(fields: &mut Fields<'_>) -> Vec<pb::Interval> {
    let mut intervals = Vec::new();
    for node in fields.list("intervals") {
        match node.text().and_then(interval) {
            Some(interval) => intervals.push(interval),
            None => fields.fault(node.line, "an interval is not like \"07:00-11:30\""),
        }
    }
    intervals
}

fn interval(text: &str) -> Option<pb::Interval> {
    let (from, to) = text.split_once('-')?;
    Some(pb::Interval {
        from_minute: minute(from.trim())?,
        to_minute: minute(to.trim())?,
    })
}

/// Minutes since midnight; `24:00` is the end of the day.
fn minute(text: &str) -> Option<i32> {
    let (hours, minutes) = text.split_once(':')?;
    let digits = |part: &str| part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
    if !digits(hours) || !digits(minutes) {
        return None;
    }
    let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
    let sound = minutes < HOUR && hours * HOUR + minutes <= DAY_HOURS * HOUR;
    sound.then_some(hours * HOUR + minutes)
}
