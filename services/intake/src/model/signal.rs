//! When something can have been noticed.

use jiff::{SignedDuration, Timestamp};

/// A phone's clock may be so far ahead.
const AHEAD: SignedDuration = SignedDuration::from_mins(5);

/// An observation older than this is no signal any more. Own default.
const OLDEST: SignedDuration = SignedDuration::from_hours(90 * 24);

/// Why a moment cannot be when something was noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MomentFault {
    /// It has not come yet.
    Future,
    /// It is too long ago.
    TooOld,
}

/// Whether something received at `now` can have been noticed then.
pub fn check_reported_at(reported_at: Timestamp, now: Timestamp) -> Result<(), MomentFault> {
    let age = now.duration_since(reported_at);
    if age < -AHEAD {
        Err(MomentFault::Future)
    } else if age > OLDEST {
        Err(MomentFault::TooOld)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_little_ahead_and_some_weeks_old_is_fine() {
        let now: Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
        let check = |text: &str| check_reported_at(text.parse().unwrap(), now);
        assert_eq!(check("2026-11-21T12:05:00Z"), Ok(()));
        assert_eq!(check("2026-11-21T12:05:01Z"), Err(MomentFault::Future));
        assert_eq!(check("2026-08-24T12:00:00Z"), Ok(()));
        assert_eq!(check("2026-08-22T12:00:00Z"), Err(MomentFault::TooOld));
    }
}
