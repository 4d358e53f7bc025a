//! How long what is over stays listed.

use jiff::{SignedDuration, Timestamp};

/// How long what is over stays listed, with its attempts. What waits stays as long as it waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    delivered: SignedDuration,
    dead: SignedDuration,
}

impl Retention {
    /// So many days, counted from when it was delivered, or given up.
    #[must_use]
    pub fn of_days(delivered: u16, dead: u16) -> Self {
        let days = |days: u16| SignedDuration::from_hours(24 * i64::from(days));
        Self {
            delivered: days(delivered),
            dead: days(dead),
        }
    }

    /// What was delivered before is cleared away.
    pub(crate) fn delivered_since(self, now: Timestamp) -> Timestamp {
        before(now, self.delivered)
    }

    /// What was given up before is cleared away.
    pub(crate) fn dead_since(self, now: Timestamp) -> Timestamp {
        before(now, self.dead)
    }

    /// What happened before is told to nobody: its delivery may have been cleared away, and it
    /// would be told a second time when it is heard once more.
    pub(crate) fn told_since(self, now: Timestamp) -> Timestamp {
        before(now, self.delivered.min(self.dead))
    }
}

fn before(now: Timestamp, so_long: SignedDuration) -> Timestamp {
    now.saturating_sub(so_long).unwrap_or(Timestamp::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_cleared_away_is_not_told_again() {
        let now: Timestamp = "2026-11-23T10:00:00Z".parse().unwrap();
        for (delivered, dead) in [(90, 180), (180, 90), (7, 3650)] {
            let keep = Retention::of_days(delivered, dead);
            assert!(keep.told_since(now) >= keep.delivered_since(now));
            assert!(keep.told_since(now) >= keep.dead_since(now));
        }
        let keep = Retention::of_days(90, 180);
        assert_eq!(keep.told_since(now).to_string(), "2026-08-25T10:00:00Z");
        assert_eq!(keep.dead_since(now).to_string(), "2026-05-27T10:00:00Z");
    }
}
