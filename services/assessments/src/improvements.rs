//! Improvement plans: shortcomings and items of the year's plan as tasks of units, followed up until somebody else confirms
//! them.
//!
//! A task is one stream. What it is about (points of a leaf, a measure's figure) is read at its assignment and at its
//! confirmation, and beside it whenever somebody looks; where scoring does not answer, the reading says so.

mod api;
mod assignment;
mod codec;
mod gauge;
mod handover;
mod orders;
mod overdue;
mod query;
mod refusal;
mod register;
mod resource;
mod terms;
mod wish;

pub(crate) use api::Api;
pub(crate) use overdue::DueDates;
pub(crate) use register::Tasks;

/// Local time of every province of Viet Nam (no daylight saving since 1975): what "today" is.
const LOCAL: jiff::tz::Offset = jiff::tz::offset(7);
