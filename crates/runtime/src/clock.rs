//! The only source of time.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp, Unit};

/// Tells the time: the system's, or for a simulated deployment the system's with a fixed offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    offset: SignedDuration,
}

impl Clock {
    /// The system's time.
    pub fn system() -> Self {
        Self {
            offset: SignedDuration::ZERO,
        }
    }

    /// A clock that says `start` now and goes on from there as fast as the system's. For simulated
    /// deployments only, hence the warning in the log.
    pub fn shifted_to(start: Timestamp) -> Self {
        let offset = start.duration_since(system_now());
        tracing::warn!(
            %start,
            offset_s = offset.as_secs(),
            "THE CLOCK IS SHIFTED: due dates and records of this process are not of today; never \
             do this with real dossiers"
        );
        Self { offset }
    }

    /// The time now, in whole microseconds: what the database keeps, so that an instant reads back
    /// as it was written.
    pub fn now(&self) -> Timestamp {
        let now = system_now();
        now.checked_add(self.offset)
            .and_then(|shifted| {
                shifted.round(
                    jiff::TimestampRound::new()
                        .smallest(Unit::Microsecond)
                        .mode(jiff::RoundMode::Trunc),
                )
            })
            .unwrap_or(now)
    }

    /// The clock as a function, for what does not know this crate.
    pub fn as_fn(&self) -> Arc<dyn Fn() -> Timestamp + Send + Sync> {
        let clock = *self;
        Arc::new(move || clock.now())
    }
}

#[allow(clippy::disallowed_methods, reason = "this is where time enters")]
fn system_now() -> Timestamp {
    Timestamp::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shifted_clock_starts_where_it_was_told_and_goes_on() {
        let start: Timestamp = "2024-02-08T08:00:00Z".parse().unwrap();
        let clock = Clock::shifted_to(start);
        let (first, second) = (clock.now(), clock.now());
        // A microsecond may be lost to truncation.
        assert!(
            first.duration_since(start) >= SignedDuration::from_micros(-1),
            "{first}"
        );
        assert!(
            first.duration_since(start) < SignedDuration::from_secs(60),
            "{first}"
        );
        assert!(second >= first);
    }

    #[test]
    fn time_comes_in_whole_microseconds() {
        let now = Clock::system().as_fn()();
        assert_eq!(now.subsec_nanosecond() % 1_000, 0);
    }
}
