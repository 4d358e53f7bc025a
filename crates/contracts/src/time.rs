//! Moments on the wire.

use jiff::Timestamp;

/// When the year 1 began, in seconds since 1970.
const YEAR_ONE: i64 = -62_135_596_800;

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
    from_micros(moment.as_microsecond())
}

/// A moment in microseconds since 1970. What lies before the year 1 PostgreSQL may not know: whoever
/// says it is told so, and not that the database is away.
pub fn from_micros(micros: i64) -> Result<Timestamp, TimeError> {
    let moment = Timestamp::from_microsecond(micros).map_err(|_| TimeError)?;
    if moment.as_second() < YEAR_ONE {
        return Err(TimeError);
    }
    Ok(moment)
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
        let at = |seconds| from_proto(prost_types::Timestamp { seconds, nanos: 0 });
        assert_eq!(at(YEAR_ONE).unwrap().to_string(), "0001-01-01T00:00:00Z");
        for outside in [i64::MIN, YEAR_ONE - 1, i64::MAX] {
            assert_eq!(at(outside), Err(TimeError));
        }
    }
}
