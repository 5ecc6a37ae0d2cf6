//! Aggregates as the log knew them: what a read with `as_of` is about.

use contracts::problem::Problem;
use contracts::wire;
use eventlog::command::{Codec, LoadError};
use eventlog::{EventLog, Position, Version};
use jiff::Timestamp;
use prost_types::Timestamp as WireTimestamp;

use crate::view::Kept;

/// How far streams are folded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Until {
    /// To the newest event that was recorded by a moment.
    Moment(Timestamp),
    /// To the event of this version.
    Version(Version),
    /// To the newest event up to a position of the log.
    Position(Position),
}

/// An aggregate as it was.
#[derive(Debug)]
pub(crate) struct Past<A> {
    /// It, without version where the log did not know it yet.
    pub(crate) kept: Kept<A>,
    /// When it was so: for what depends on the time, such as a deadline.
    pub(crate) at: Timestamp,
    /// How far other streams are folded to be of the same moment.
    pub(crate) beside: Until,
}

/// The moment that a read is about; none: now.
///
/// # Errors
/// When it is no moment, or in the future.
pub(crate) fn moment(
    as_of: Option<&WireTimestamp>,
    now: Timestamp,
) -> Result<Option<Timestamp>, Problem> {
    let Some(as_of) = as_of else {
        return Ok(None);
    };
    let at = wire::instant(as_of).ok_or_else(|| {
        let why = "is no moment of the years 0001 to 9999; correct seconds and nanos";
        Problem::invalid("as_of", why)
    })?;
    if at > now {
        let why =
            format!("is {at}, and now it is {now}; ask for a moment up to now, or leave it out");
        return Err(Problem::out_of_range("as_of", why));
    }
    Ok(Some(at))
}

/// How far a read folds; none: all there is.
///
/// # Errors
/// As [`moment`], and when both are there or the version is negative.
pub(crate) fn until(
    version: Version,
    as_of: Option<&WireTimestamp>,
    now: Timestamp,
) -> Result<Option<Until>, Problem> {
    match (version, moment(as_of, now)?) {
        (0, moment) => Ok(moment.map(Until::Moment)),
        (..0, _) => {
            let why = "is negative; 0 asks for the newest";
            Err(Problem::invalid("version", why))
        }
        (version, None) => Ok(Some(Until::Version(version))),
        (_, Some(_)) => {
            let why = "cannot come together with version; choose one";
            Err(Problem::invalid("as_of", why))
        }
    }
}

/// What a stream was.
///
/// # Errors
/// When the stream has no such version, or the database does not answer.
pub(crate) async fn fold<C: Codec>(
    log: &EventLog,
    stream: &str,
    until: Until,
    now: Timestamp,
) -> Result<Past<C::Aggregate>, Problem> {
    let events = log.load(stream).await?;
    let newest = events.last().map_or(0, |event| event.version);
    let mut kept = Kept::default();
    let mut recorded_at = now;
    for event in &events {
        let within = match until {
            Until::Moment(moment) => event.recorded_at <= moment,
            Until::Version(version) => event.version <= version,
            Until::Position(position) => event.position <= position,
        };
        if !within {
            break;
        }
        let told = C::read(event).map_err(|source| LoadError::Decode {
            position: event.position,
            source,
        })?;
        kept.apply(event, |state: &mut C::Aggregate| {
            decider::Decider::evolve(state, &told);
        });
        recorded_at = event.recorded_at;
    }
    let position = kept.position;
    let (at, beside) = match until {
        Until::Version(version) if version > newest => {
            let why = format!("is {version} and the newest is {newest}; ask for one up to that");
            return Err(Problem::out_of_range("version", why));
        }
        // The newest version is what is now.
        Until::Version(version) if version == newest => (now, Until::Moment(now)),
        Until::Version(_) => (recorded_at, Until::Position(position)),
        Until::Moment(moment) => (moment, until),
        Until::Position(_) => (recorded_at, until),
    };
    Ok(Past { kept, at, beside })
}
