//! The days that the worked cases turn on, and helpers to write moments of local time.

use calendar::{Calendar, DayRule, Definition, SpecialDay, Week};
use jiff::Timestamp;
use jiff::civil::{Date, Weekday};

/// Weekdays off.
const CLOSED: [&str; 27] = [
    "2024-04-29",
    "2024-04-30",
    "2024-05-01",
    "2025-01-01",
    "2025-01-27",
    "2025-01-28",
    "2025-01-29",
    "2025-01-30",
    "2025-01-31",
    "2025-05-02",
    "2026-01-01",
    "2026-01-02",
    "2026-02-16",
    "2026-02-17",
    "2026-02-18",
    "2026-02-19",
    "2026-02-20",
    "2026-04-26",
    "2026-04-27",
    "2026-04-30",
    "2026-05-01",
    "2026-08-31",
    "2026-09-01",
    "2026-09-02",
    "2026-11-24",
    "2027-01-01",
    "2027-09-02",
];

/// Saturdays worked in exchange.
const WORKED: [&str; 4] = ["2024-05-04", "2025-04-26", "2026-01-10", "2026-08-22"];

/// The Vietnamese calendar around the worked cases, 2024 to 2027.
pub(crate) fn vietnam() -> Calendar {
    let closed = CLOSED.map(|day| SpecialDay {
        date: date(day),
        rule: DayRule::Closed,
    });
    let worked = WORKED.map(|day| SpecialDay {
        date: date(day),
        rule: DayRule::As(Weekday::Monday),
    });
    calendar(closed.into_iter().chain(worked).collect())
}

/// Office hours and these special days, 2023 to 2027.
pub(crate) fn calendar(days: Vec<SpecialDay>) -> Calendar {
    Calendar::new(Definition {
        name: "vietnam".to_owned(),
        version: 3,
        utc_offset_minutes: 420,
        week: Week::office(),
        days,
        covers_from: date("2023-01-01"),
        covers_until: date("2027-12-31"),
    })
    .expect("a sound calendar")
}

pub(crate) fn date(text: &str) -> Date {
    text.parse().expect("a date")
}

/// A moment written in local time, `2026-08-21 10:00`.
pub(crate) fn local(text: &str) -> Timestamp {
    let (date, time) = text.split_once(' ').expect("a date and a time");
    format!("{date}T{time}+07:00").parse().expect("a moment")
}

/// The local time of a moment, as `local` reads it.
pub(crate) fn show(at: Timestamp) -> String {
    let offset = jiff::tz::Offset::from_seconds(7 * 3_600).expect("an offset");
    offset
        .to_datetime(at)
        .strftime("%Y-%m-%d %H:%M")
        .to_string()
}
