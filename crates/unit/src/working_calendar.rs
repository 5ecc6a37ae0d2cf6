//! Working calendars as announced: each announcement is a new version of the whole.
//!
//! Some exchanged days are announced a week ahead, so a calendar changes after due dates were given.
//! A due date therefore names the version that it was counted with, and every version stays.

use std::collections::BTreeMap;

use calendar::{Calendar, DayRule, Definition, InvalidCalendar, Week};
use decider::Decider;
use jiff::civil::{Date, Weekday};

use crate::text::Text;

pub use calendar::Hours;

#[cfg(test)]
mod tests;

/// Most days that one calendar covers: thirty years, so that a whole statement stays small.
pub const MAX_COVERED_DAYS: i32 = 10_958;

/// Longest name, in characters.
const MAX_NAME_CHARS: usize = 64;

/// Why a day differs from its weekday.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DayKind {
    /// A holiday by law; may fall on a weekend.
    Statutory,
    /// Closed for a holiday that fell on a weekly day of rest.
    Compensatory,
    /// Closed in exchange for a worked Saturday.
    SwapOff,
    /// Open in exchange for a day off.
    SwapWork,
}

impl DayKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [
        Self::Statutory,
        Self::Compensatory,
        Self::SwapOff,
        Self::SwapWork,
    ];

    /// The word that contracts and catalogs use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Statutory => "statutory",
            Self::Compensatory => "compensatory",
            Self::SwapOff => "swap_off",
            Self::SwapWork => "swap_work",
        }
    }

    /// The kind with that word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// A day that differs from its weekday.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpecialDay {
    /// Why.
    pub kind: DayKind,
    /// What it is.
    pub label: Text,
    /// Its own hours, on an open day; closed hours stand for Monday's.
    pub hours: Hours,
}

/// A calendar as announced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announcement {
    /// 1 to 64 small letters, digits and hyphens.
    pub name: String,
    /// Local time minus UTC, in minutes: +420 for Viet Nam.
    pub utc_offset_minutes: i32,
    /// The hours of days that are not special.
    pub week: Week,
    /// The days that differ.
    pub days: BTreeMap<Date, SpecialDay>,
    /// First day for which every special day is known.
    pub covers_from: Date,
    /// Last day for which every special day is known.
    pub covers_until: Date,
    /// The letter that announces it.
    pub source: Text,
}

/// What may be asked of a calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkingCalendarCommand(pub Announcement);

/// What happens to a calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkingCalendarEvent(pub Announcement);

/// Why a calendar is not announced.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CalendarRefusal {
    /// The name has other characters.
    #[error("a calendar's name has 1 to 64 small letters, digits and hyphens, such as hanh-chinh")]
    Name,
    /// It contradicts itself.
    #[error(transparent)]
    Invalid(#[from] InvalidCalendar),
    /// It covers too much.
    #[error("the calendar covers {days} days; announce at most 30 years at once")]
    CoversTooMuch {
        /// How many days it covers.
        days: i32,
    },
    /// No weekday is ever open.
    #[error("no weekday has opening hours, so nothing would ever fall due; give some")]
    NeverOpen,
    /// A worked day without hours of its own takes Monday's, and there are none.
    #[error("{date} is worked, but has no hours and Monday has none either; give it hours")]
    WorkedWithoutHours {
        /// The day.
        date: Date,
    },
    /// A closed day with hours.
    #[error("{date} is closed and has opening hours; drop them or make it a swap_work day")]
    ClosedWithHours {
        /// The day.
        date: Date,
    },
}

impl Announcement {
    /// The calendar that due dates are counted with.
    ///
    /// # Errors
    /// When it contradicts itself: days out of range or hours out of order.
    pub fn to_calendar(&self, version: i64) -> Result<Calendar, InvalidCalendar> {
        let rule = |day: &SpecialDay| match day.kind {
            DayKind::Statutory | DayKind::Compensatory | DayKind::SwapOff => DayRule::Closed,
            DayKind::SwapWork if day.hours.is_closed() => DayRule::As(Weekday::Monday),
            DayKind::SwapWork => DayRule::Open(day.hours.clone()),
        };
        Calendar::new(Definition {
            name: self.name.clone(),
            version,
            utc_offset_minutes: self.utc_offset_minutes,
            week: self.week.clone(),
            days: self
                .days
                .iter()
                .map(|(date, day)| calendar::SpecialDay {
                    date: *date,
                    rule: rule(day),
                })
                .collect(),
            covers_from: self.covers_from,
            covers_until: self.covers_until,
        })
    }

    /// Whether it can be announced at all; that does not depend on what was announced before.
    ///
    /// # Errors
    /// The first thing wrong with it.
    pub fn check(&self) -> Result<(), CalendarRefusal> {
        let accepts = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if !(1..=MAX_NAME_CHARS).contains(&self.name.len()) || !self.name.chars().all(accepts) {
            return Err(CalendarRefusal::Name);
        }
        self.to_calendar(1)?;
        let days = (self.covers_until - self.covers_from).get_days() + 1;
        if days > MAX_COVERED_DAYS {
            return Err(CalendarRefusal::CoversTooMuch { days });
        }
        let mut weekdays = Weekday::Monday.cycle_forward().take(7);
        if weekdays.all(|weekday| self.week.on(weekday).is_closed()) {
            return Err(CalendarRefusal::NeverOpen);
        }
        for (&date, day) in &self.days {
            match (day.kind, day.hours.is_closed()) {
                (DayKind::SwapWork, true) if self.week.on(Weekday::Monday).is_closed() => {
                    return Err(CalendarRefusal::WorkedWithoutHours { date });
                }
                (DayKind::SwapWork, _) | (_, true) => (),
                (_, false) => return Err(CalendarRefusal::ClosedWithHours { date }),
            }
        }
        Ok(())
    }
}

/// A calendar with every version that was announced.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WorkingCalendar {
    announcements: Vec<Announcement>,
}

impl WorkingCalendar {
    /// The newest announcement and its version; none before the first.
    pub fn newest(&self) -> Option<(i64, &Announcement)> {
        let version = i64::try_from(self.announcements.len()).ok()?;
        Some((version, self.announcements.last()?))
    }

    /// The announcement with that version; versions begin at 1.
    pub fn version(&self, version: i64) -> Option<&Announcement> {
        let index = usize::try_from(version.checked_sub(1)?).ok()?;
        self.announcements.get(index)
    }
}

impl Decider for WorkingCalendar {
    type Command = WorkingCalendarCommand;
    type Event = WorkingCalendarEvent;
    type Refusal = CalendarRefusal;

    fn decide(
        &self,
        WorkingCalendarCommand(wanted): WorkingCalendarCommand,
    ) -> Result<Vec<WorkingCalendarEvent>, CalendarRefusal> {
        wanted.check()?;
        if self.newest().is_some_and(|(_, newest)| *newest == wanted) {
            return Ok(vec![]);
        }
        Ok(vec![WorkingCalendarEvent(wanted)])
    }

    fn evolve(&mut self, WorkingCalendarEvent(announcement): &WorkingCalendarEvent) {
        self.announcements.push(announcement.clone());
    }
}
