//! Limits in days.

use calendar::{Calendar, DayRule, Hours, Interval, Limit, SpecialDay};
use jiff::civil::{Date, Weekday};

use crate::vietnam::{calendar, date, local, show, vietnam};

/// Reception day, working days, due day.
const WORKED_CASES: [(&str, u32, &str); 8] = [
    ("2026-08-21", 3, "2026-08-25"),
    ("2026-08-28", 2, "2026-09-04"),
    ("2026-02-12", 5, "2026-02-26"),
    ("2024-04-26", 3, "2024-05-04"),
    ("2026-04-24", 2, "2026-04-29"),
    ("2025-01-24", 1, "2025-02-03"),
    ("2025-12-31", 3, "2026-01-07"),
    ("2026-11-23", 1, "2026-11-25"),
];

fn due(calendar: &Calendar, start: &str, days: u32) -> String {
    show(
        calendar
            .due(local(start), Limit::Days(days))
            .expect("covered"),
    )
}

#[test]
fn the_worked_cases_fall_due_as_published() {
    let calendar = vietnam();
    for (start, days, expected) in WORKED_CASES {
        let start = format!("{start} 09:15");
        assert_eq!(
            due(&calendar, &start, days),
            format!("{expected} 09:15"),
            "{start} +{days}"
        );
    }
}

#[test]
fn the_announced_days_give_the_known_counts_and_the_worked_cases() {
    let Some(calendar) = announced() else { return };
    for (start, days, expected) in WORKED_CASES {
        let start = format!("{start} 16:40");
        assert_eq!(
            due(&calendar, &start, days),
            format!("{expected} 16:40"),
            "{start} +{days}"
        );
    }
    for (year, expected) in [(2023, 249), (2024, 251), (2025, 250), (2026, 249)] {
        let days = Date::constant(year, 1, 1).series(jiff::Span::new().days(1));
        let working = days
            .take_while(|day| day.year() == year)
            .filter(|day| calendar.is_working_day(*day).expect("covered"))
            .count();
        assert_eq!(working, expected, "{year}");
    }
}

/// The calendar of `holidays.json`, if the shared data are there.
fn announced() -> Option<Calendar> {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../shared/data/holidays.json"
    );
    let Ok(text) = std::fs::read_to_string(path) else {
        eprintln!("SKIPPED: {path} is not there; the counts of working days were not checked");
        return None;
    };
    let data: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let days = data["days"]
        .as_array()
        .expect("days")
        .iter()
        .map(|day| SpecialDay {
            date: date(day["date"].as_str().expect("a date")),
            rule: match day["kind"].as_str() {
                Some("swap_work") => DayRule::As(Weekday::Monday),
                Some("statutory" | "compensatory" | "swap_off") => DayRule::Closed,
                kind => panic!("an unknown kind of day: {kind:?}"),
            },
        });
    Some(calendar(days.collect()))
}

#[test]
fn what_comes_after_closing_counts_from_the_next_opening() {
    let calendar = vietnam();
    assert_eq!(due(&calendar, "2026-03-02 17:00", 1), "2026-03-03 17:00");
    assert_eq!(due(&calendar, "2026-03-02 17:01", 1), "2026-03-04 07:00");
    // A Friday evening, the weekend, and early on Monday are all Monday at seven.
    for start in [
        "2026-03-06 18:00",
        "2026-03-07 09:00",
        "2026-03-08 23:59",
        "2026-03-09 05:00",
    ] {
        assert_eq!(due(&calendar, start, 1), "2026-03-10 07:00", "{start}");
    }
}

#[test]
fn what_comes_in_the_break_counts_from_its_end() {
    let calendar = vietnam();
    assert_eq!(due(&calendar, "2026-03-02 11:30", 1), "2026-03-03 11:30");
    assert_eq!(due(&calendar, "2026-03-02 11:31", 1), "2026-03-03 13:30");
    assert_eq!(due(&calendar, "2026-03-02 06:00", 1), "2026-03-03 07:00");
}

#[test]
fn no_days_are_answered_before_the_closing_of_the_day() {
    let calendar = vietnam();
    assert_eq!(due(&calendar, "2026-03-02 09:00", 0), "2026-03-02 17:00");
    assert_eq!(due(&calendar, "2026-03-06 17:30", 0), "2026-03-09 17:00");
}

#[test]
fn a_half_day_falls_due_at_its_closing_at_the_latest() {
    let morning = vec![Interval {
        from_minute: 8 * 60,
        to_minute: 11 * 60,
    }];
    let half = DayRule::Open(Hours::new(morning).expect("sound hours"));
    let calendar = calendar(vec![SpecialDay {
        date: date("2026-03-03"),
        rule: half,
    }]);
    assert_eq!(due(&calendar, "2026-03-02 09:00", 1), "2026-03-03 09:00");
    assert_eq!(due(&calendar, "2026-03-02 07:10", 1), "2026-03-03 08:00");
    assert_eq!(due(&calendar, "2026-03-02 15:00", 1), "2026-03-03 11:00");
    // Received on the half day after its closing: counts from the next morning.
    assert_eq!(due(&calendar, "2026-03-03 11:01", 1), "2026-03-05 07:00");
    // Two days count it as a whole day.
    assert_eq!(due(&calendar, "2026-03-02 15:00", 2), "2026-03-04 15:00");
}

#[test]
fn beyond_the_covered_days_the_error_says_what_to_announce() {
    let calendar = vietnam();
    let error = calendar
        .due(local("2027-12-30 09:00"), Limit::Days(10))
        .expect_err("2028 is not announced");
    assert_eq!(
        error.to_string(),
        "calendar vietnam version 3 covers 2023-01-01 to 2027-12-31, not 2028-01-01; announce a \
         version of it that covers that day"
    );
    let before =
        calendar.working_minutes_between(local("2022-12-30 09:00"), local("2023-02-01 09:00"));
    assert_eq!(before.map_err(|error| error.date), Err(date("2022-12-30")));
    assert!(calendar.next_opening(jiff::Timestamp::MIN).is_err());
    assert!(calendar.next_opening(jiff::Timestamp::MAX).is_err());
}
