use calendar::Interval;
use decider::spec::given;
use jiff::civil::date;
use proptest::prelude::*;

use super::*;

const SWAPPED: Date = date(2024, 5, 4);

fn special(kind: DayKind) -> SpecialDay {
    SpecialDay {
        kind,
        label: Text::default(),
        hours: Hours::closed(),
    }
}

fn announced() -> Announcement {
    Announcement {
        name: "hanh-chinh".into(),
        utc_offset_minutes: 420,
        week: Week::office(),
        days: [
            (date(2024, 4, 29), special(DayKind::SwapOff)),
            (date(2024, 4, 30), special(DayKind::Statutory)),
            (SWAPPED, special(DayKind::SwapWork)),
        ]
        .into(),
        covers_from: date(2024, 1, 1),
        covers_until: date(2024, 12, 31),
        source: Text::new("2450/VPCP-KGVX").expect("a text"),
    }
}

fn put(announcement: &Announcement) -> WorkingCalendarCommand {
    WorkingCalendarCommand(announcement.clone())
}

#[track_caller]
fn refused(change: impl FnOnce(&mut Announcement), refusal: &CalendarRefusal) {
    let mut wanted = announced();
    change(&mut wanted);
    given::<WorkingCalendar>([])
        .when(put(&wanted))
        .then_refused(refusal);
}

#[test]
fn every_announcement_that_differs_is_a_new_version() {
    let first = announced();
    let second = Announcement {
        covers_until: date(2025, 12, 31),
        ..announced()
    };
    let event = WorkingCalendarEvent(first.clone());
    given::<WorkingCalendar>([])
        .when(put(&first))
        .then([event.clone()]);
    given::<WorkingCalendar>([event.clone()])
        .when(put(&first))
        .then([]);
    let newer = WorkingCalendarEvent(second.clone());
    given::<WorkingCalendar>([event.clone()])
        .when(put(&second))
        .then([newer.clone()]);
    let calendar: WorkingCalendar = decider::fold(&[event, newer]);
    assert_eq!(calendar.newest(), Some((2, &second)));
    assert_eq!(calendar.version(1), Some(&first));
    for unknown in [i64::MIN, -1, 0, 3, i64::MAX] {
        assert_eq!(calendar.version(unknown), None, "{unknown}");
    }
}

#[test]
fn swapped_days_and_holidays_reach_the_calendar_that_counts() {
    let calendar = announced().to_calendar(7).expect("a sound calendar");
    assert_eq!(calendar.version(), 7);
    assert_eq!(calendar.hours_on(SWAPPED), Ok(&Hours::office()));
    assert_eq!(calendar.is_working_day(date(2024, 4, 29)), Ok(false));
    assert_eq!(calendar.is_working_day(date(2024, 4, 30)), Ok(false));
    let mut half = announced();
    let morning = Hours::new(vec![Interval {
        from_minute: 420,
        to_minute: 690,
    }])
    .expect("hours");
    half.days.insert(
        SWAPPED,
        SpecialDay {
            hours: morning.clone(),
            ..special(DayKind::SwapWork)
        },
    );
    let calendar = half.to_calendar(1).expect("a sound calendar");
    assert_eq!(calendar.hours_on(SWAPPED), Ok(&morning));
}

#[test]
fn a_calendar_that_contradicts_itself_is_refused() {
    refused(|c| c.name = "Hành chính".into(), &CalendarRefusal::Name);
    refused(|c| c.name = "a".repeat(65), &CalendarRefusal::Name);
    refused(
        |c| c.covers_until = date(2023, 1, 1),
        &CalendarRefusal::Invalid(InvalidCalendar::Cover {
            from: date(2024, 1, 1),
            until: date(2023, 1, 1),
        }),
    );
    refused(
        |c| {
            c.days.insert(date(2030, 1, 1), special(DayKind::Statutory));
        },
        &CalendarRefusal::Invalid(InvalidCalendar::Outside {
            date: date(2030, 1, 1),
        }),
    );
    refused(
        |c| c.covers_until = date(2100, 1, 1),
        &CalendarRefusal::CoversTooMuch { days: 27_760 },
    );
    refused(
        |c| c.week = Week::new(std::array::from_fn(|_| Hours::closed())),
        &CalendarRefusal::NeverOpen,
    );
    refused(
        |c| {
            c.week = Week::new(std::array::from_fn(|day| {
                if day == 0 {
                    Hours::closed()
                } else {
                    Hours::office()
                }
            }));
        },
        &CalendarRefusal::WorkedWithoutHours { date: SWAPPED },
    );
    refused(
        |c| {
            let open = SpecialDay {
                hours: Hours::office(),
                ..special(DayKind::Statutory)
            };
            c.days.insert(date(2024, 9, 2), open);
        },
        &CalendarRefusal::ClosedWithHours {
            date: date(2024, 9, 2),
        },
    );
}

proptest! {
    #[test]
    fn deciding_again_decides_nothing(
        history in prop::collection::vec(1i8..12, 0..6),
        month in 1i8..12,
    ) {
        let until = |month| Announcement { covers_until: date(2025, month, 1), ..announced() };
        let mut calendar = WorkingCalendar::default();
        for earlier in history {
            for event in calendar.decide(put(&until(earlier))).unwrap_or_default() {
                calendar.evolve(&event);
            }
        }
        if let Ok(events) = calendar.decide(put(&until(month))) {
            events.iter().for_each(|event| calendar.evolve(event));
            prop_assert_eq!(calendar.decide(put(&until(month))), Ok(vec![]));
        }
    }
}
