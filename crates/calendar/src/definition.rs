//! The calendar as a checked value.

use std::collections::BTreeMap;

use jiff::civil::{Date, Weekday};
use jiff::tz::Offset;

use crate::hours::{Hours, Week};

/// The first day that a calendar may cover; nothing that Chiso judges is older.
const FIRST_DAY: Date = Date::constant(1990, 1, 1);
/// The last day that a calendar may cover, so that every search for a working day ends.
const LAST_DAY: Date = Date::constant(2200, 12, 31);
/// The smallest offset from UTC in use on Earth, in minutes.
const OFFSET_MIN: i32 = -12 * 60;
/// The largest offset from UTC in use on Earth, in minutes.
const OFFSET_MAX: i32 = 14 * 60;

/// What a calendar is made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    /// Name of the calendar, 1 to 64 characters.
    pub name: String,
    /// Version of the announcement, as the registry counts it.
    pub version: i64,
    /// Local time minus UTC, in minutes: +420 for Viet Nam. −720 to +840.
    pub utc_offset_minutes: i32,
    /// The hours of days that are not special.
    pub week: Week,
    /// Days that differ from their weekday; each at most once.
    pub days: Vec<SpecialDay>,
    /// First day for which every special day is known; 1990 to 2200.
    pub covers_from: Date,
    /// Last day for which every special day is known; not before `covers_from`.
    pub covers_until: Date,
}

/// A day that differs from its weekday.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpecialDay {
    /// The day.
    pub date: Date,
    /// What holds on it.
    pub rule: DayRule,
}

/// What holds on a special day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DayRule {
    /// A holiday, or a weekday exchanged for a worked Saturday.
    Closed,
    /// A day worked with another weekday's hours: a Saturday worked in exchange.
    As(Weekday),
    /// A day with hours of its own: a half day, or a worked Saturday with a timetable of its own.
    Open(Hours),
}

/// A working calendar, one version of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    name: String,
    version: i64,
    pub(crate) offset: Offset,
    week: Week,
    days: BTreeMap<Date, DayRule>,
    pub(crate) covers_from: Date,
    pub(crate) covers_until: Date,
}

/// Why a calendar cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidCalendar {
    /// The name is empty or too long.
    #[error("a calendar's name has {characters} characters; give it 1 to 64")]
    Name {
        /// How long it is.
        characters: usize,
    },
    /// No place on Earth has that offset.
    #[error(
        "an offset of {minutes} minutes from UTC is not in use; give -720 to 840, 420 for Viet Nam"
    )]
    Offset {
        /// The offset asked for.
        minutes: i32,
    },
    /// An interval ends before it starts or leaves the day.
    #[error(
        "opening hours from minute {from_minute} to {to_minute} do not lie in order within 0 to \
         1440; correct them"
    )]
    Interval {
        /// Where it starts.
        from_minute: u16,
        /// Where it ends.
        to_minute: u16,
    },
    /// Two intervals of a day overlap or are out of order.
    #[error(
        "opening hours until minute {to_minute} overlap those from {from_minute}; list them in \
         order"
    )]
    Overlap {
        /// Where the earlier one ends.
        to_minute: u16,
        /// Where the later one starts.
        from_minute: u16,
    },
    /// The covered range is empty or out of bounds.
    #[error(
        "a calendar cannot cover {from} to {until}; give two dates in order within 1990 to 2200"
    )]
    Cover {
        /// First day.
        from: Date,
        /// Last day.
        until: Date,
    },
    /// A special day is listed twice.
    #[error("{date} is listed twice; keep one entry")]
    Repeated {
        /// The day.
        date: Date,
    },
    /// A special day lies outside the covered range.
    #[error("{date} lies outside the covered days; widen them or drop the entry")]
    Outside {
        /// The day.
        date: Date,
    },
}

/// A question about a day for which the special days are not known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "calendar {calendar} version {version} covers {from} to {until}, not {date}; announce a \
     version of it that covers that day"
)]
pub struct BeyondCalendar {
    /// Name of the calendar.
    pub calendar: String,
    /// Its version.
    pub version: i64,
    /// First day covered.
    pub from: Date,
    /// Last day covered.
    pub until: Date,
    /// The day asked about.
    pub date: Date,
}

// === impl Calendar ===

impl Calendar {
    /// Checks a definition.
    ///
    /// # Errors
    /// The first thing wrong with it.
    pub fn new(definition: Definition) -> Result<Self, InvalidCalendar> {
        let Definition {
            name,
            version,
            utc_offset_minutes,
            week,
            days,
            covers_from,
            covers_until,
        } = definition;
        let characters = name.chars().count();
        if !(1..=64).contains(&characters) {
            return Err(InvalidCalendar::Name { characters });
        }
        if !(OFFSET_MIN..=OFFSET_MAX).contains(&utc_offset_minutes) {
            return Err(InvalidCalendar::Offset {
                minutes: utc_offset_minutes,
            });
        }
        let offset =
            Offset::from_seconds(utc_offset_minutes * 60).map_err(|_| InvalidCalendar::Offset {
                minutes: utc_offset_minutes,
            })?;
        if covers_from < FIRST_DAY || covers_until > LAST_DAY || covers_from > covers_until {
            return Err(InvalidCalendar::Cover {
                from: covers_from,
                until: covers_until,
            });
        }
        let mut by_date = BTreeMap::new();
        for SpecialDay { date, rule } in days {
            if date < covers_from || date > covers_until {
                return Err(InvalidCalendar::Outside { date });
            }
            if by_date.insert(date, rule).is_some() {
                return Err(InvalidCalendar::Repeated { date });
            }
        }
        Ok(Self {
            name,
            version,
            offset,
            week,
            days: by_date,
            covers_from,
            covers_until,
        })
    }

    /// Name of the calendar.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Version of the announcement.
    pub fn version(&self) -> i64 {
        self.version
    }

    /// The opening hours on a day.
    ///
    /// # Errors
    /// [`BeyondCalendar`] when the special days around it are not known.
    pub fn hours_on(&self, date: Date) -> Result<&Hours, BeyondCalendar> {
        if date < self.covers_from || date > self.covers_until {
            return Err(self.beyond(date));
        }
        Ok(match self.days.get(&date) {
            None => self.week.on(date.weekday()),
            Some(DayRule::Closed) => &CLOSED,
            Some(DayRule::As(weekday)) => self.week.on(*weekday),
            Some(DayRule::Open(hours)) => hours,
        })
    }

    /// Whether there is any opening on that day.
    ///
    /// # Errors
    /// [`BeyondCalendar`] when the special days around it are not known.
    pub fn is_working_day(&self, date: Date) -> Result<bool, BeyondCalendar> {
        Ok(!self.hours_on(date)?.is_closed())
    }

    pub(crate) fn beyond(&self, date: Date) -> BeyondCalendar {
        BeyondCalendar {
            calendar: self.name.clone(),
            version: self.version,
            from: self.covers_from,
            until: self.covers_until,
            date,
        }
    }
}

static CLOSED: std::sync::LazyLock<Hours> = std::sync::LazyLock::new(Hours::closed);
