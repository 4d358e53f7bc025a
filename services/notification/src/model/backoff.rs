//! When a failed delivery is tried again, and when it is given up.

use jiff::{SignedDuration, Timestamp};

/// So long after it began to wait, a delivery that still fails is given up: 3 days, as the design
/// says.
pub(crate) const GIVEN_UP_AFTER: SignedDuration = SignedDuration::from_hours(72);

/// The first pause, and by how much each next one is longer (own defaults, not validated; Standard
/// Webhooks recommends seconds at first and hours in the end).
const FIRST: SignedDuration = SignedDuration::from_secs(5);
const FACTOR: i32 = 4;

/// The longest pause (own default, not validated).
const LONGEST: SignedDuration = SignedDuration::from_hours(6);

/// The pause after so many failures in a row, from 1: 5 s, 20 s, 80 s, ... at most 6 hours; 20%
/// less or more, by `dice`, so that receivers that fell together are not called together.
pub(crate) fn pause(failures: u32, dice: u32) -> SignedDuration {
    let doublings = failures.saturating_sub(1).min(10);
    let plain = (0..doublings).fold(FIRST, |pause, _| (pause * FACTOR).min(LONGEST));
    let tenths_of_percent = 800 + i32::try_from(dice % 401).unwrap_or_default();
    SignedDuration::from_millis(
        i64::try_from(plain.as_millis()).unwrap_or_default() * i64::from(tenths_of_percent) / 1000,
    )
}

/// When a delivery that waits since `queued` and just failed is tried again; nothing when it is
/// given up instead. Its last attempt is at the very end of its time.
pub(crate) fn next_try(
    now: Timestamp,
    queued: Timestamp,
    failures: u32,
    dice: u32,
) -> Option<Timestamp> {
    let end = queued.saturating_add(GIVEN_UP_AFTER).unwrap_or(queued);
    let next = now.saturating_add(pause(failures, dice)).unwrap_or(now);
    (now < end).then(|| next.min(end))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Whatever the dice, a delivery that always fails is tried often in its first hour, never
        /// twice at once, last at the end of its third day, and then given up.
        #[test]
        fn what_always_fails_ends_after_three_days(dice in prop::collection::vec(any::<u32>(), 60)) {
            let queued = Timestamp::UNIX_EPOCH;
            let (mut now, mut tries) = (queued, vec![queued]);
            for (failures, dice) in (1..).zip(dice) {
                let Some(next) = next_try(now, queued, failures, dice) else { break };
                prop_assert!(next > now);
                now = next;
                tries.push(now);
            }
            prop_assert_eq!(now, queued + GIVEN_UP_AFTER);
            let within_an_hour = tries.iter().filter(|at| **at < queued + SignedDuration::from_hours(1));
            prop_assert!((5..=7).contains(&within_an_hour.count()));
            prop_assert!(tries.len() <= 26);
        }
    }
}
