//! A small province.

use calendar::{Calendar, DayRule, Definition, Limit, SpecialDay, Week};
use jiff::tz::Offset;
use simulator::{End, Group, Online, Procedure, Unit, World};

/// Two departments, two districts of which one is merged into the other, five procedures, and the calendar of 2024.
pub(crate) fn small() -> World {
    let closed = [
        "2024-01-01",
        "2024-02-08",
        "2024-02-09",
        "2024-02-12",
        "2024-02-13",
        "2024-02-14",
        "2024-04-18",
        "2024-04-29",
        "2024-04-30",
        "2024-05-01",
        "2024-09-02",
        "2024-09-03",
    ];
    let day = |text: &str| text.parse().expect("a date");
    let days = closed.map(|text| SpecialDay {
        date: day(text),
        rule: DayRule::Closed,
    });
    let calendar = Calendar::new(Definition {
        name: "office".to_owned(),
        version: 1,
        utc_offset_minutes: 420,
        week: Week::office(),
        days: days.into(),
        covers_from: day("2023-01-01"),
        covers_until: day("2026-12-31"),
    });
    World {
        units: vec![
            unit("H40.12", Group::Department),
            unit("H40.04", Group::Department),
            unit("H40.20", Group::District),
            Unit {
                end: Some(End {
                    on: day("2024-09-01"),
                    successor: "H40.20".to_owned(),
                }),
                ..unit("H40.21", Group::District)
            },
        ],
        procedures: vec![
            procedure("1.000001", Limit::Days(30), Online::Full, &["H40.12"]),
            procedure("1.000002", Limit::hours(8), Online::Full, &["H40.04"]),
            procedure("1.000003", Limit::Days(5), Online::None, &["H40.04"]),
            procedure("1.000004", Limit::Days(0), Online::Partial, &[]),
            procedure("1.000005", Limit::Days(3), Online::Full, &[]),
        ],
        calendar: calendar.expect("a sound calendar"),
        offset: Offset::from_seconds(7 * 3_600).expect("an offset"),
    }
}

fn unit(code: &str, group: Group) -> Unit {
    let (province, number) = code.split_once('.').expect("a code of two parts");
    let prefix = format!("000.00.{number}.{province}");
    Unit {
        code: code.to_owned(),
        prefix,
        group,
        size: 100,
        end: None,
    }
}

/// Those without units are the districts'.
fn procedure(code: &str, limit: Limit, online: Online, units: &[&str]) -> Procedure {
    Procedure {
        code: code.to_owned(),
        limit,
        online,
        payment_duty: true,
        payment_integrated: true,
        group: if units.is_empty() {
            Group::District
        } else {
            Group::Department
        },
        units: units.iter().map(|unit| (*unit).to_owned()).collect(),
    }
}
