//! Working calendars: which moments are working time, and when a statutory limit falls due.
//!
//! A [`Calendar`] is one announced version: weekly hours, the days that differ, the days between
//! which all of them are known, and a fixed offset from UTC. Offices open and close at whole
//! minutes; an office counts as open at the very moment of its closing. Nothing here reads a clock,
//! and every search ends at the last day covered.
#![forbid(unsafe_code)]

mod arithmetic;
mod definition;
mod hours;

pub use arithmetic::Limit;
pub use definition::{BeyondCalendar, Calendar, DayRule, Definition, InvalidCalendar, SpecialDay};
pub use hours::{Hours, Interval, Week};

/// Working minutes in a working day, where a limit in hours is compared with one in days (8 hours
/// are a day).
pub const MINUTES_A_DAY: u32 = 480;
