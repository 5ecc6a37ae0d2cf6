//! Fields of requests: each is checked once, and an error names the field and what to write
//! instead.

use std::fmt::Display;
use std::str::FromStr;

use contracts::problem::Problem;
use contracts::wire;
use ids::DossierCode;
use jiff::Timestamp;

use crate::wire::terms::Term;

/// Longest reason, in characters.
pub(crate) const REASON_MAX: usize = 1_000;
/// Longest staff code or payment reference, in characters.
pub(crate) const STAFF_MAX: usize = 100;
/// Longest activity, fee, step or applicant, in characters.
pub(crate) const LINE_MAX: usize = 200;
/// Most dong of one payment.
pub(crate) const DONG_MAX: i64 = 1_000_000_000_000;
/// Most components counted in one command.
pub(crate) const COMPONENTS_MAX: i32 = 1_000;
/// Most steps of a linked procedure.
pub(crate) const STEPS_MAX: i32 = 50;
/// Longest limit of a step: 1,000 working days.
pub(crate) const STEP_MINUTES_MAX: i64 = 480_000;

/// A code of any kind; needed.
pub(crate) fn code<C>(field: &str, text: &str) -> Result<C, Problem>
where
    C: FromStr<Err: Display>,
{
    if text.is_empty() {
        return Err(Problem::invalid(field, "is missing; give one"));
    }
    text.parse()
        .map_err(|error| Problem::invalid(field, format!("{error}")))
}

/// A dossier's code that a stream can be named after.
pub(crate) fn dossier(text: &str) -> Result<DossierCode, Problem> {
    code("code", text)
}

/// Text of at most `max` characters, which may be empty.
pub(crate) fn text(field: &str, text: String, max: usize) -> Result<String, Problem> {
    let chars = text.chars().count();
    if chars > max {
        let why = format!("has {chars} characters and may have {max}; shorten it");
        return Err(Problem::invalid(field, why));
    }
    Ok(text)
}

/// Text of 1 to `max` characters, not only blanks.
pub(crate) fn needed(field: &str, value: String, max: usize) -> Result<String, Problem> {
    if value.trim().is_empty() {
        return Err(Problem::invalid(
            field,
            format!("is empty; write 1 to {max} characters"),
        ));
    }
    text(field, value, max)
}

/// A number within bounds, both included.
pub(crate) fn number<N, T>(field: &str, value: N, min: N, max: N) -> Result<T, Problem>
where
    N: PartialOrd + Display + Copy,
    T: TryFrom<N>,
{
    let why = || Problem::invalid(field, format!("is {value} and must be {min} to {max}"));
    if value < min || value > max {
        return Err(why());
    }
    T::try_from(value).map_err(|_| why())
}

/// One of an enumeration's values; needed.
pub(crate) fn term<T: Term>(field: &str, number: i32) -> Result<T, Problem> {
    let why = if number == 0 {
        "is missing; choose a value"
    } else {
        "has a number of no value"
    };
    T::from_number(number).ok_or_else(|| Problem::invalid(field, why))
}

/// A moment that the wire allows, if there is one.
pub(crate) fn moment(
    field: &str,
    at: Option<&prost_types::Timestamp>,
) -> Result<Option<Timestamp>, Problem> {
    let why = "is no moment of the years 0001 to 9999; correct seconds and nanos";
    at.map(|at| wire::instant(at).ok_or_else(|| Problem::invalid(field, why)))
        .transpose()
}

/// A due date: a moment from 1990 to 2199, to the microsecond, as the database keeps it.
pub(crate) fn due_date(
    field: &str,
    at: Option<&prost_types::Timestamp>,
) -> Result<Option<Timestamp>, Problem> {
    let Some(at) = moment(field, at)? else {
        return Ok(None);
    };
    if !(EARLIEST..LATEST).contains(&at) {
        return Err(Problem::invalid(
            field,
            "lies outside the years 1990 to 2199; correct it",
        ));
    }
    Ok(Some(whole_microseconds(at)))
}

/// The first moment that anything here may speak of.
pub(crate) const EARLIEST: Timestamp = Timestamp::constant(631_152_000, 0);
/// The first moment that is too far away for any date.
pub(crate) const LATEST: Timestamp = Timestamp::constant(7_258_118_400, 0);

/// The moment to the microsecond, as the database keeps it, so that it reads back as it was given.
pub(crate) fn whole_microseconds(at: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(at.as_microsecond()).unwrap_or(at)
}
