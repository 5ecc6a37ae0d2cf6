//! Opening hours of a day and of a week.

use jiff::civil::Weekday;

use crate::definition::InvalidCalendar;

/// Minutes from midnight to midnight.
const DAY_MINUTES: u16 = 1_440;

/// A span of local time within a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Interval {
    /// Minutes since midnight, 0 to 1,439.
    pub from_minute: u16,
    /// Minutes since midnight, above `from_minute`, at most 1,440.
    pub to_minute: u16,
}

/// The opening hours of one day: intervals in order, none overlapping another; none at all: closed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Hours(Vec<Interval>);

/// The opening hours of every weekday.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Week([Hours; 7]);

// === impl Hours ===

impl Hours {
    /// Checks that the intervals lie within the day, in order and apart.
    ///
    /// # Errors
    /// [`InvalidCalendar::Interval`] or [`InvalidCalendar::Overlap`], naming the interval.
    pub fn new(intervals: Vec<Interval>) -> Result<Self, InvalidCalendar> {
        for interval in &intervals {
            let Interval {
                from_minute,
                to_minute,
            } = *interval;
            if from_minute >= to_minute || to_minute > DAY_MINUTES {
                return Err(InvalidCalendar::Interval {
                    from_minute,
                    to_minute,
                });
            }
        }
        for pair in intervals.windows(2) {
            if pair[0].to_minute > pair[1].from_minute {
                return Err(InvalidCalendar::Overlap {
                    to_minute: pair[0].to_minute,
                    from_minute: pair[1].from_minute,
                });
            }
        }
        Ok(Self(intervals))
    }

    /// No opening at all.
    pub fn closed() -> Self {
        Self(Vec::new())
    }

    /// 07:00 to 11:30 and 13:30 to 17:00.
    pub fn office() -> Self {
        Self(vec![
            Interval {
                from_minute: 7 * 60,
                to_minute: 11 * 60 + 30,
            },
            Interval {
                from_minute: 13 * 60 + 30,
                to_minute: 17 * 60,
            },
        ])
    }

    /// The intervals, earliest first.
    pub fn intervals(&self) -> &[Interval] {
        &self.0
    }

    /// Whether there is no opening on such a day.
    pub fn is_closed(&self) -> bool {
        self.0.is_empty()
    }
}

// === impl Week ===

impl Week {
    /// The hours of Monday to Sunday, in that order.
    pub fn new(monday_to_sunday: [Hours; 7]) -> Self {
        Self(monday_to_sunday)
    }

    /// Office hours from Monday to Friday, closed at the weekend.
    pub fn office() -> Self {
        Self(std::array::from_fn(|day| {
            if day < 5 {
                Hours::office()
            } else {
                Hours::closed()
            }
        }))
    }

    /// The hours of that weekday.
    pub fn on(&self, weekday: Weekday) -> &Hours {
        let index = usize::from(weekday.to_monday_zero_offset().unsigned_abs());
        &self.0[index]
    }
}
