//! Instants between the domain's type and the wire's.

use jiff::Timestamp;

/// The first and the last second that `google.protobuf.Timestamp` allows: years 0001 and 9999.
const FIRST_SECOND: i64 = -62_135_596_800;
const LAST_SECOND: i64 = 253_402_300_799;

/// An instant for the wire.
///
/// Instants before the year 1, which the wire cannot say, become its first second: none comes from
/// a clock, and [`instant`] lets none in.
pub fn timestamp(instant: Timestamp) -> prost_types::Timestamp {
    let (mut seconds, mut nanos) = (instant.as_second(), instant.subsec_nanosecond());
    if nanos < 0 {
        // The wire counts nanoseconds forwards from the second before, also before 1970.
        seconds -= 1;
        nanos += 1_000_000_000;
    }
    if seconds < FIRST_SECOND {
        (seconds, nanos) = (FIRST_SECOND, 0);
    }
    prost_types::Timestamp { seconds, nanos }
}

/// The instant that the wire says, or none when it is outside the years 0001 to 9999 or its
/// nanoseconds are not 0 to 999,999,999.
pub fn instant(timestamp: &prost_types::Timestamp) -> Option<Timestamp> {
    let in_range = (FIRST_SECOND..=LAST_SECOND).contains(&timestamp.seconds)
        && (0..1_000_000_000).contains(&timestamp.nanos);
    // The domain's type ends some hours before the wire's does, so the range check alone is not
    // enough.
    in_range
        .then(|| Timestamp::new(timestamp.seconds, timestamp.nanos).ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_come_back_as_they_were() {
        for text in [
            "1970-01-01T00:00:00Z",
            "2024-02-29T16:59:59.999999999Z",
            "1969-12-31T23:59:59.25Z",
            "0001-01-01T00:00:00Z",
            "9999-12-30T00:00:00Z",
        ] {
            let at: Timestamp = text.parse().unwrap();
            assert_eq!(instant(&timestamp(at)), Some(at), "{text}");
        }
    }

    #[test]
    fn what_the_wire_does_not_allow_is_no_instant() {
        for (seconds, nanos) in [
            (FIRST_SECOND - 1, 0),
            (LAST_SECOND + 1, 0),
            (i64::MIN, 0),
            (i64::MAX, i32::MAX),
            (0, -1),
            (0, 1_000_000_000),
        ] {
            assert_eq!(instant(&prost_types::Timestamp { seconds, nanos }), None);
        }
    }

    #[test]
    fn an_instant_before_the_wire_begins_becomes_its_first_second() {
        assert_eq!(timestamp(Timestamp::MIN).seconds, FIRST_SECOND);
    }
}
