//! How long a call may last.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use http::HeaderMap;
use tokio::time::Instant;

use super::STREAM_AGE;
use super::methods::Kind;
use crate::Settings;

/// The header in which a client says how long it waits.
const TIMEOUT: &str = "grpc-timeout";
/// Digits that the header's number may have.
const DIGITS_MAX: usize = 8;
/// A stream ends up to a tenth before its age, in steps of a hundredth of that, so that streams
/// opened together do not come back together.
const SPREAD_STEPS: u32 = 100;

/// The rules for deadlines.
#[derive(Debug)]
pub(super) struct Deadlines {
    default: Duration,
    max: Duration,
    streams: AtomicU32,
}

/// When a call ends, and who wanted it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Deadline {
    pub(super) at: Instant,
    /// How long that is from the start.
    pub(super) after: Duration,
    /// The stream's age rather than anybody's deadline.
    pub(super) aged: bool,
}

impl Deadlines {
    pub(super) fn new(settings: &Settings) -> Self {
        Self {
            default: Duration::from_millis(settings.deadline_default_ms),
            max: Duration::from_millis(settings.deadline_max_ms),
            streams: AtomicU32::new(0),
        }
    }

    /// The end of a call that starts now.
    pub(super) fn of(&self, kind: Kind, headers: &HeaderMap) -> Deadline {
        let asked = asked(headers);
        let (after, aged) = match kind {
            Kind::Unary | Kind::Health => (asked.unwrap_or(self.default).min(self.max), false),
            Kind::Finite | Kind::Watch => {
                let age = self.stream_age();
                asked
                    .filter(|asked| *asked < age)
                    .map_or((age, true), |asked| (asked, false))
            }
        };
        Deadline {
            at: Instant::now() + after,
            after,
            aged,
        }
    }

    fn stream_age(&self) -> Duration {
        let step = self.streams.fetch_add(1, Ordering::Relaxed) % SPREAD_STEPS;
        STREAM_AGE - STREAM_AGE / 10 / SPREAD_STEPS * step
    }
}

/// What the client asked for; none when it did not, or not in the form of the protocol.
fn asked(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(TIMEOUT)?.to_str().ok()?;
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if digits.len() > DIGITS_MAX || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let number: u64 = digits.parse().ok()?;
    match unit {
        "H" => Some(Duration::from_secs(number * 3600)),
        "M" => Some(Duration::from_secs(number * 60)),
        "S" => Some(Duration::from_secs(number)),
        "m" => Some(Duration::from_millis(number)),
        "u" => Some(Duration::from_micros(number)),
        "n" => Some(Duration::from_nanos(number)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(timeout: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(TIMEOUT, timeout.parse().unwrap());
        headers
    }

    fn deadlines() -> Deadlines {
        let mut settings = Settings::local("postgres://x/y", "nats://z");
        settings.deadline_default_ms = 100;
        settings.deadline_max_ms = 1_000;
        Deadlines::new(&settings)
    }

    #[test]
    fn the_header_is_read_in_every_unit() {
        for (text, after) in [
            ("2H", Some(Duration::from_secs(7_200))),
            ("3M", Some(Duration::from_secs(180))),
            ("4S", Some(Duration::from_secs(4))),
            ("5m", Some(Duration::from_millis(5))),
            ("6u", Some(Duration::from_micros(6))),
            ("99999999n", Some(Duration::from_nanos(99_999_999))),
            ("99999999H", Some(Duration::from_secs(99_999_999 * 3_600))),
            ("", None),
            ("S", None),
            ("1", None),
            ("+1S", None),
            ("1s", None),
            ("999999999S", None),
        ] {
            assert_eq!(asked(&headers(text)), after, "{text:?}");
        }
    }

    #[test]
    fn a_unary_call_has_the_default_and_at_most_the_maximum() {
        let after = |headers: &HeaderMap| deadlines().of(Kind::Unary, headers).after;
        assert_eq!(after(&HeaderMap::new()), Duration::from_millis(100));
        assert_eq!(after(&headers("nonsense")), Duration::from_millis(100));
        assert_eq!(after(&headers("500m")), Duration::from_millis(500));
        assert_eq!(after(&headers("1H")), Duration::from_secs(1));
    }

    #[test]
    fn a_stream_has_its_age_unless_the_client_asks_for_less() {
        let deadlines = deadlines();
        let first = deadlines.of(Kind::Watch, &HeaderMap::new());
        let second = deadlines.of(Kind::Watch, &headers("9999H"));
        assert!(first.aged && second.aged);
        assert_eq!(first.after, STREAM_AGE);
        assert!(second.after < STREAM_AGE && second.after > STREAM_AGE * 9 / 10);
        let asked = deadlines.of(Kind::Finite, &headers("5S"));
        assert_eq!((asked.after, asked.aged), (Duration::from_secs(5), false));
    }
}
