//! Moments on the wire.

use jiff::Timestamp;

/// A moment outside the years 1 to 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a moment outside the years 1 to 9999")]
pub struct TimeError;

/// The wire's form of a moment.
#[must_use]
pub fn to_proto(at: Timestamp) -> prost_types::Timestamp {
    // `jiff` counts a moment before 1970 with negative nanoseconds, protobuf with positive ones.
    let nanos = at.as_nanosecond();
    let seconds = i64::try_from(nanos.div_euclid(1_000_000_000)).unwrap_or_default();
    let rest = i32::try_from(nanos.rem_euclid(1_000_000_000)).unwrap_or_default();
    prost_types::Timestamp {
        seconds,
        nanos: rest,
    }
}

/// A moment from the wire, in microseconds (what PostgreSQL keeps).
pub fn from_proto(at: prost_types::Timestamp) -> Result<Timestamp, TimeError> {
    let moment = Timestamp::new(at.seconds, at.nanos).map_err(|_| TimeError)?;
    Timestamp::from_microsecond(moment.as_microsecond()).map_err(|_| TimeError)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_survives_the_wire() {
        for micros in [-1, 0, 1, 1_700_000_000_123_456] {
            let at = Timestamp::from_microsecond(micros).unwrap();
            assert_eq!(from_proto(to_proto(at)), Ok(at));
        }
        assert_eq!(
            from_proto(prost_types::Timestamp {
                seconds: i64::MAX,
                nanos: 0
            }),
            Err(TimeError)
        );
    }
}
