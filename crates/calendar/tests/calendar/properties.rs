//! What holds in every calendar, also in strange ones: night hours, half days, whole days.

use std::collections::BTreeMap;

use calendar::{BeyondCalendar, Calendar, DayRule, Definition, Hours, Interval, SpecialDay, Week};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use crate::vietnam::{date, local};

fn hours() -> impl Strategy<Value = Hours> {
    prop_oneof![
        3 => Just(vec![(420, 690), (810, 1_020)]),
        1 => Just(vec![]),
        1 => Just(vec![(480, 660)]),
        1 => Just(vec![(0, 1_440)]),
        1 => Just(vec![(0, 60), (60, 120), (1_320, 1_440)]),
    ]
    .prop_map(|spans: Vec<(u16, u16)>| {
        let spans = spans.into_iter();
        let intervals = spans.map(|(from_minute, to_minute)| Interval {
            from_minute,
            to_minute,
        });
        Hours::new(intervals.collect()).expect("sound hours")
    })
}

prop_compose! {
    fn calendars()(
        week in proptest::array::uniform7(hours()),
        special in proptest::collection::vec((0_i64..700, proptest::option::of(hours())), 0..40),
    ) -> Calendar {
        let first = date("2025-01-01");
        let days: BTreeMap<_, _> = special
            .into_iter()
            .map(|(day, hours)| {
                let date = first + jiff::Span::new().days(day);
                (date, hours.map_or(DayRule::Closed, DayRule::Open))
            })
            .collect();
        Calendar::new(Definition {
            name: "strange".to_owned(),
            version: 1,
            utc_offset_minutes: 420,
            week: Week::new(week),
            days: days.into_iter().map(|(date, rule)| SpecialDay { date, rule }).collect(),
            covers_from: first,
            covers_until: date("2026-12-31"),
        })
        .expect("a sound calendar")
    }
}

fn moments() -> impl Strategy<Value = Timestamp> {
    let minutes = 0_i64..200 * 1_440;
    let seconds = prop_oneof![2 => Just(0), 1 => 0_i64..60];
    (minutes, seconds).prop_map(|(minutes, seconds)| {
        local("2025-01-01 00:00") + SignedDuration::from_secs(minutes * 60 + seconds)
    })
}

/// A calendar that is hardly ever open ends before a limit does: nothing is to be said of it then.
fn covered<T>(result: Result<T, BeyondCalendar>) -> Result<T, TestCaseError> {
    result.map_err(|error| TestCaseError::reject(error.to_string()))
}

proptest! {
    #[test]
    fn a_later_reception_is_never_due_earlier(
        calendar in calendars(), one in moments(), other in moments(), limit in 0_u32..40,
    ) {
        let (early, late) = (one.min(other), one.max(other));
        let days = |start| covered(calendar.add_working_days(start, limit));
        prop_assert!(days(early)? <= days(late)?);
        let minutes = |start| covered(calendar.add_working_minutes(start, limit * 100));
        prop_assert!(minutes(early)? <= minutes(late)?);
    }

    #[test]
    fn a_longer_limit_is_never_due_earlier(
        calendar in calendars(), start in moments(), short in 0_u32..40, more in 0_u32..10,
    ) {
        let days = |limit| covered(calendar.add_working_days(start, limit));
        prop_assert!(days(short)? <= days(short + more)?);
        let minutes = |limit| covered(calendar.add_working_minutes(start, limit));
        prop_assert!(minutes(short)? <= minutes(short + more)?);
    }

    #[test]
    fn what_is_due_is_due_while_the_office_is_open_and_not_before_its_reception(
        calendar in calendars(), start in moments(), limit in 0_u32..40,
    ) {
        for due in [
            covered(calendar.add_working_days(start, limit))?,
            covered(calendar.add_working_minutes(start, limit * 37))?,
        ] {
            prop_assert!(due >= start);
            prop_assert_eq!(calendar.is_open(due), Ok(true));
        }
    }

    #[test]
    fn the_minutes_added_are_the_minutes_passed(
        calendar in calendars(), start in moments(), minutes in 0_u32..5_000,
    ) {
        let due = covered(calendar.add_working_minutes(start, minutes))?;
        prop_assert_eq!(calendar.working_minutes_between(start, due), Ok(i64::from(minutes)));
    }

    #[test]
    fn adding_the_minutes_passed_comes_back_to_the_end(
        calendar in calendars(), one in moments(), other in moments(),
    ) {
        let (start, end) = (one.min(other), one.max(other));
        let minutes = covered(calendar.working_minutes_between(start, end))?;
        let minutes = u32::try_from(minutes).expect("less than a year");
        let back = covered(calendar.add_working_minutes(start, minutes))?;
        prop_assert!(back <= end || minutes == 0);
        prop_assert_eq!(calendar.working_minutes_between(back, end), Ok(0));
    }

    #[test]
    fn time_passed_adds_up(
        calendar in calendars(), mut moments in [moments(), moments(), moments()],
    ) {
        moments.sort();
        let [a, b, c] = moments;
        let between = |from, until| covered(calendar.working_minutes_between(from, until));
        let parts = between(a, b)? + between(b, c)?;
        let whole = between(a, c)?;
        // Two parts of a minute may make a minute.
        prop_assert!(parts == whole || parts + 1 == whole);
    }
}
