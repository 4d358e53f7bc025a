//! How partners behaved when they were asked: how often they took it, and how soon.

use std::collections::BTreeMap;

use knipperlicht_vocabulary::ServiceId;
use serde::{Deserialize, Serialize};

/// What a service did with the referrals that it answered, or let expire, in the measured days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Behaviour {
    /// Referrals that came to an end at this service: accepted, declined or expired.
    pub answered: u32,
    /// Those it accepted.
    pub accepted: u32,
    /// Minutes from request to acceptance, of all it accepted together.
    pub minutes_to_accept: u64,
}

/// The behaviour of every service that was asked lately, as it was measured at one moment.
pub type Behaviours = BTreeMap<ServiceId, Behaviour>;

/// As if a service had been asked some more times before, in the middle of what can be expected:
/// one decline of a newcomer then says little, fifty say much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prior {
    /// So many times it was asked.
    pub asked: u32,
    /// So many of those it accepted.
    pub accepted: u32,
    /// So many minutes each acceptance took.
    pub minutes: u64,
}

impl Behaviour {
    /// The part of `whole` points that it earns by accepting.
    #[must_use]
    pub fn of_acceptance(self, whole: u32, prior: Prior) -> u32 {
        let accepted = u64::from(self.accepted) + u64::from(prior.accepted);
        let asked = u64::from(self.answered.max(self.accepted)) + u64::from(prior.asked);
        share(whole, accepted, asked)
    }

    /// The part of `whole` points that it earns by accepting soon; nothing from `slowest` minutes
    /// on.
    #[must_use]
    pub fn of_speed(self, whole: u32, prior: Prior, slowest: u64) -> u32 {
        let accepted = u64::from(self.accepted) + u64::from(prior.asked);
        let minutes = self
            .minutes_to_accept
            .saturating_add(u64::from(prior.asked) * prior.minutes);
        let mean = minutes.checked_div(accepted).unwrap_or(slowest);
        share(whole, slowest.saturating_sub(mean), slowest)
    }
}

/// `whole * part / of`, at most `whole`; nothing of nothing.
fn share(whole: u32, part: u64, of: u64) -> u32 {
    let points = u64::from(whole)
        .saturating_mul(part.min(of))
        .checked_div(of)
        .unwrap_or_default();
    u32::try_from(points).unwrap_or(whole)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PRIOR: Prior = Prior {
        asked: 10,
        accepted: 5,
        minutes: 960,
    };
    const SLOWEST: u64 = 5_760;

    fn behaviour(answered: u32, accepted: u32, minutes_each: u64) -> Behaviour {
        Behaviour {
            answered,
            accepted,
            minutes_to_accept: u64::from(accepted) * minutes_each,
        }
    }

    #[test]
    fn one_answer_says_little_and_fifty_say_much() {
        let acceptance =
            |answered, accepted| behaviour(answered, accepted, 60).of_acceptance(60, PRIOR);
        assert_eq!(acceptance(0, 0), 30);
        assert_eq!(acceptance(1, 0), 27);
        assert_eq!(acceptance(1, 1), 32);
        assert_eq!(acceptance(50, 0), 5);
        assert_eq!(acceptance(50, 50), 55);
    }

    #[test]
    fn who_answers_within_the_hour_earns_more_than_who_takes_days() {
        let speed = |minutes| behaviour(40, 40, minutes).of_speed(40, PRIOR, SLOWEST);
        assert_eq!(speed(30), 38);
        assert_eq!(speed(2 * 1_440), 22);
        assert_eq!(speed(30 * 1_440), 0);
        assert_eq!(Behaviour::default().of_speed(40, PRIOR, SLOWEST), 33);
    }

    proptest! {
        #[test]
        fn nothing_measured_earns_more_than_there_is(answered: u32, accepted: u32, minutes: u64, whole in 0..1_000_u32) {
            let behaviour = Behaviour { answered, accepted, minutes_to_accept: minutes };
            prop_assert!(behaviour.of_acceptance(whole, PRIOR) <= whole);
            prop_assert!(behaviour.of_speed(whole, PRIOR, SLOWEST) <= whole);
        }

        #[test]
        fn accepting_more_never_earns_less(answered in 0..1_000_u32, accepted in 0..1_000_u32, whole in 0..100_u32) {
            let accepted = accepted.min(answered);
            let fewer = behaviour(answered, accepted.saturating_sub(1), 60);
            prop_assert!(fewer.of_acceptance(whole, PRIOR) <= behaviour(answered, accepted, 60).of_acceptance(whole, PRIOR));
        }
    }
}
