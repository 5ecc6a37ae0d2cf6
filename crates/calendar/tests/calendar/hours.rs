//! Limits in hours, time passed, and calendars that cannot be.

use calendar::{
    Calendar, DayRule, Definition, Hours, Interval, InvalidCalendar, Limit, SpecialDay, Week,
};

use crate::vietnam::{date, local, show, vietnam};

fn due(start: &str, minutes: u32) -> String {
    show(
        vietnam()
            .due(local(start), Limit::Minutes(minutes))
            .expect("covered"),
    )
}

fn passed(from: &str, until: &str) -> i64 {
    vietnam()
        .working_minutes_between(local(from), local(until))
        .expect("covered")
}

#[test]
fn hours_run_only_while_the_office_is_open() {
    assert_eq!(due("2026-03-02 10:00", 60), "2026-03-02 11:00");
    assert_eq!(due("2026-03-02 10:00", 90), "2026-03-02 11:30");
    assert_eq!(due("2026-03-02 10:00", 91), "2026-03-02 13:31");
    assert_eq!(due("2026-03-02 10:00", 480), "2026-03-03 10:00");
    assert_eq!(due("2026-03-06 16:30", 60), "2026-03-09 07:30");
    // Friday, the worked Saturday, and Monday.
    assert_eq!(due("2026-08-21 16:30", 60), "2026-08-22 07:30");
    assert_eq!(Limit::hours(8).minutes(), Limit::Days(1).minutes());
}

#[test]
fn a_limit_used_up_at_closing_ends_there() {
    assert_eq!(due("2026-03-02 16:00", 60), "2026-03-02 17:00");
    assert_eq!(due("2026-03-02 17:00", 0), "2026-03-02 17:00");
    assert_eq!(due("2026-03-02 17:01", 0), "2026-03-03 07:00");
}

#[test]
fn only_working_time_passes() {
    assert_eq!(passed("2026-03-02 10:00", "2026-03-02 14:00"), 120);
    assert_eq!(passed("2026-03-06 17:00", "2026-03-09 07:00"), 0);
    // Over Tet: Friday the 13th and Monday the 23rd are a day each.
    assert_eq!(passed("2026-02-13 07:00", "2026-02-23 17:00"), 960);
    assert_eq!(passed("2026-03-03 10:00", "2026-03-02 10:00"), 0);
}

#[test]
fn part_of_a_minute_does_not_count() {
    let from = local("2026-03-02 10:00");
    let until = from + jiff::SignedDuration::from_secs(119);
    assert_eq!(vietnam().working_minutes_between(from, until), Ok(1));
}

#[test]
fn hours_that_make_no_sense_are_refused() {
    let hours = |spans: &[(u16, u16)]| {
        let intervals = spans
            .iter()
            .map(|&(from_minute, to_minute)| Interval {
                from_minute,
                to_minute,
            })
            .collect();
        Hours::new(intervals)
    };
    assert_eq!(
        hours(&[(600, 600)]),
        Err(InvalidCalendar::Interval {
            from_minute: 600,
            to_minute: 600
        })
    );
    assert!(hours(&[(600, 1_441)]).is_err());
    assert_eq!(
        hours(&[(420, 700), (690, 800)]),
        Err(InvalidCalendar::Overlap {
            to_minute: 700,
            from_minute: 690
        })
    );
    assert!(hours(&[(0, 720), (720, 1_440)]).is_ok());
}

#[test]
fn calendars_that_make_no_sense_are_refused() {
    let sound = || Definition {
        name: "vietnam".to_owned(),
        version: 1,
        utc_offset_minutes: 420,
        week: Week::office(),
        days: vec![SpecialDay {
            date: date("2026-01-01"),
            rule: DayRule::Closed,
        }],
        covers_from: date("2026-01-01"),
        covers_until: date("2026-12-31"),
    };
    assert!(Calendar::new(sound()).is_ok());
    let refused = |spoil: fn(&mut Definition)| {
        let mut definition = sound();
        spoil(&mut definition);
        Calendar::new(definition)
            .expect_err("it makes no sense")
            .to_string()
    };
    assert!(refused(|d| d.name.clear()).contains("1 to 64"));
    assert!(refused(|d| d.utc_offset_minutes = 900).contains("420"));
    assert!(refused(|d| d.covers_until = date("2025-12-31")).contains("in order"));
    assert!(refused(|d| d.covers_until = date("2201-01-01")).contains("2200"));
    assert!(refused(|d| d.days.push(d.days[0].clone())).contains("twice"));
    assert!(refused(|d| d.days[0].date = date("2027-01-01")).contains("outside"));
}
