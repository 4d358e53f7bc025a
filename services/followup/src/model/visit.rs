//! Planned visits.

use jiff::{SignedDuration, Timestamp};

/// A moment ahead of now, at most a year.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlannedVisit(Timestamp);

/// What came of a visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VisitResult {
    /// It took place.
    Seen,
    /// It did not.
    Missed,
}

/// A moment at which no visit can be planned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VisitTimeError {
    /// It is over.
    #[error("a visit is planned ahead: this moment has passed")]
    Past,
    /// It is too far away to be meant.
    #[error("a visit is planned at most a year ahead")]
    TooFar,
}

impl PlannedVisit {
    /// The same day next year can still be planned in a leap year.
    const FURTHEST: SignedDuration = SignedDuration::from_hours(366 * 24);

    /// A visit at `at`, planned at `now`.
    pub fn new(at: Timestamp, now: Timestamp) -> Result<Self, VisitTimeError> {
        let ahead = at.duration_since(now);
        if ahead <= SignedDuration::ZERO {
            Err(VisitTimeError::Past)
        } else if ahead > Self::FURTHEST {
            Err(VisitTimeError::TooFar)
        } else {
            Ok(Self(at))
        }
    }

    /// When.
    #[must_use]
    pub const fn at(self) -> Timestamp {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lies_ahead_and_within_a_year() {
        let now: Timestamp = "2026-11-20T10:00:00Z".parse().unwrap();
        let plan = |at: &str| PlannedVisit::new(at.parse().unwrap(), now).map(PlannedVisit::at);
        assert_eq!(plan("2026-11-20T10:00:00Z"), Err(VisitTimeError::Past));
        assert_eq!(plan("2026-11-19T10:00:00Z"), Err(VisitTimeError::Past));
        assert!(plan("2026-11-20T10:00:01Z").is_ok());
        assert!(plan("2027-11-20T10:00:00Z").is_ok());
        assert_eq!(plan("2027-11-22T10:00:00Z"), Err(VisitTimeError::TooFar));
    }
}
