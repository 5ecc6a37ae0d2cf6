//! Counting working time.

use jiff::civil::{Date, Time};
use jiff::{SignedDuration, Timestamp};

use crate::MINUTES_A_DAY;
use crate::definition::{BeyondCalendar, Calendar};

/// A statutory limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// Working days; the day of reception is not counted, due at the same time of day. 0: answered
    /// on the day of reception, before closing.
    Days(u32),
    /// Working minutes, counted from the moment of reception.
    Minutes(u32),
}

/// One opening of the office.
struct Opening {
    from: Timestamp,
    until: Timestamp,
}

// === impl Limit ===

impl Limit {
    /// A limit of that many working hours.
    pub fn hours(hours: u32) -> Self {
        Self::Minutes(hours.saturating_mul(60))
    }

    /// Its length in working minutes; a day counts for 480.
    pub fn minutes(self) -> i64 {
        match self {
            Self::Days(days) => i64::from(days) * i64::from(MINUTES_A_DAY),
            Self::Minutes(minutes) => i64::from(minutes),
        }
    }
}

// === impl Calendar ===

impl Calendar {
    /// The local date of a moment.
    pub fn date_of(&self, at: Timestamp) -> Date {
        self.offset.to_datetime(at).date()
    }

    /// The moment from which something received at `at` counts: `at` itself while the office is
    /// open, otherwise the next opening (13:30 in the break, 07:00 before opening, the next working
    /// day after closing).
    ///
    /// # Errors
    /// [`BeyondCalendar`] when the search leaves the covered days.
    pub fn next_opening(&self, at: Timestamp) -> Result<Timestamp, BeyondCalendar> {
        Ok(self.opening(at)?.1)
    }

    /// Whether the office is open at that moment; the moment of closing is still open.
    ///
    /// # Errors
    /// [`BeyondCalendar`] when the search leaves the covered days.
    pub fn is_open(&self, at: Timestamp) -> Result<bool, BeyondCalendar> {
        Ok(self.next_opening(at)? == at)
    }

    /// When `limit` ends for something received at `start`.
    ///
    /// # Errors
    /// [`BeyondCalendar`] when the search leaves the covered days.
    pub fn due(&self, start: Timestamp, limit: Limit) -> Result<Timestamp, BeyondCalendar> {
        match limit {
            Limit::Days(days) => self.add_working_days(start, days),
            Limit::Minutes(minutes) => self.add_working_minutes(start, minutes),
        }
    }

    /// The same time of day, `days` working days after the day on which `start` counts; that day
    /// itself is not counted. For 0 days, the last closing of that day: what is answered at once
    /// has no other limit.
    ///
    /// When the office is closed at that time of the last day (a half day, other hours), it falls
    /// due when the office opens next on that day, or at its last closing when it does not: never
    /// on a later day, for the limit is in days, and never at a moment when nothing can be handed
    /// over.
    ///
    /// # Errors
    /// [`BeyondCalendar`] when the search leaves the covered days.
    pub fn add_working_days(
        &self,
        start: Timestamp,
        days: u32,
    ) -> Result<Timestamp, BeyondCalendar> {
        let (mut date, start) = self.opening(start)?;
        if days == 0 {
            let closing = self.openings(date)?.last().map(|opening| opening.until);
            return Ok(closing.unwrap_or(start));
        }
        let time_of_day = start.duration_since(self.midnight(date));
        let mut left = days;
        while left > 0 {
            date = tomorrow(date);
            if self.is_working_day(date)? {
                left -= 1;
            }
        }
        let wanted = self.midnight(date) + time_of_day;
        let mut due = wanted;
        for opening in self.openings(date)? {
            due = wanted.clamp(opening.from, opening.until);
            if opening.until >= wanted {
                break;
            }
        }
        Ok(due)
    }

    /// The moment at which `minutes` working minutes have passed since `start`. A limit that is
    /// used up at a closing ends there, not at the next opening.
    ///
    /// # Errors
    /// [`BeyondCalendar`] when the search leaves the covered days.
    pub fn add_working_minutes(
        &self,
        start: Timestamp,
        minutes: u32,
    ) -> Result<Timestamp, BeyondCalendar> {
        let (mut date, start) = self.opening(start)?;
        let mut left = SignedDuration::from_mins(i64::from(minutes));
        loop {
            for opening in self
                .openings(date)?
                .filter(|opening| opening.until >= start)
            {
                let from = opening.from.max(start);
                let length = opening.until.duration_since(from);
                if length >= left {
                    return Ok(from + left);
                }
                left -= length;
            }
            date = tomorrow(date);
        }
    }

    /// Whole working minutes from `from` to `until`; 0 when `until` is not later.
    ///
    /// # Errors
    /// [`BeyondCalendar`] when a day between them is not covered.
    pub fn working_minutes_between(
        &self,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<i64, BeyondCalendar> {
        if until <= from {
            return Ok(0);
        }
        let last = self.closing_date(until);
        let mut total = SignedDuration::ZERO;
        let mut date = self.date_of(from);
        while date <= last {
            for opening in self.openings(date)? {
                let (start, end) = (opening.from.max(from), opening.until.min(until));
                if start < end {
                    total += end.duration_since(start);
                }
            }
            date = tomorrow(date);
        }
        Ok(total.as_mins())
    }

    /// The opening that `at` lies in or that follows it: its date, and the moment from which `at`
    /// counts.
    fn opening(&self, at: Timestamp) -> Result<(Date, Timestamp), BeyondCalendar> {
        let mut date = self
            .closing_date(at)
            .max(self.covers_from.min(self.date_of(at)));
        loop {
            let found = self.openings(date)?.find(|opening| opening.until >= at);
            if let Some(opening) = found {
                return Ok((date, opening.from.max(at)));
            }
            date = tomorrow(date);
        }
    }

    /// The date that `at` may close: its own, but for midnight, which ends the day before.
    fn closing_date(&self, at: Timestamp) -> Date {
        let local = self.offset.to_datetime(at);
        if local.time() == Time::midnight() {
            local.date().yesterday().unwrap_or(Date::MIN)
        } else {
            local.date()
        }
    }

    fn openings(&self, date: Date) -> Result<impl Iterator<Item = Opening>, BeyondCalendar> {
        let hours = self.hours_on(date)?;
        let midnight = self.midnight(date);
        let at = move |minute: u16| midnight + SignedDuration::from_mins(i64::from(minute));
        Ok(hours.intervals().iter().map(move |interval| Opening {
            from: at(interval.from_minute),
            until: at(interval.to_minute),
        }))
    }

    fn midnight(&self, date: Date) -> Timestamp {
        self.offset
            .to_timestamp(date.at(0, 0, 0, 0))
            .expect("covered days lie between 1990 and 2200, far inside the range of timestamps")
    }
}

fn tomorrow(date: Date) -> Date {
    date.tomorrow()
        .expect("a search ends at the last covered day, which is not after 2200")
}
