//! What exists in a province: units, procedures, working calendars and dated policies, as deciders.
//!
//! All of it is effective-dated. A thing is never overwritten: each statement holds from a date on,
//! and [`Unit::as_of`], [`Procedure::as_of`] and [`Policy::as_of`] say what held on a day. A put
//! command states the whole wanted content; only what differs becomes an event, and nothing does
//! when all of it holds already.
//!
//! Rules between things (a parent that must exist, a code that only one unit may have) need more
//! than one aggregate and belong to whoever holds them all: the registry service.
#![forbid(unsafe_code)]

mod policy;
mod procedure;
mod text;
mod unit;
mod working_calendar;

pub use policy::{
    CLOCK_POLICY, Policy, PolicyCommand, PolicyEvent, PolicyRefusal, Setting, policy_values,
};
pub use procedure::{
    InForce, MAX_WORKING_DAYS, MAX_WORKING_HOURS, OnlineLevel, Procedure, ProcedureCommand,
    ProcedureEvent, ProcedureRefusal, Statement, TimeLimit,
};
pub use text::{MAX_TEXT_CHARS, Name, Text, TextError};
pub use unit::{
    Founding, Group, Place, Succession, SuccessionKind, Unit, UnitCommand, UnitEvent, UnitOnDay,
    UnitRefusal,
};
pub use working_calendar::{
    Announcement, CalendarRefusal, DayKind, Hours, MAX_COVERED_DAYS, SpecialDay, WorkingCalendar,
    WorkingCalendarCommand, WorkingCalendarEvent,
};
