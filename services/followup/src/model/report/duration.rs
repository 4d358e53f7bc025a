//! How long things took, counted in steps that grow: a few numbers instead of a row for each.

use std::collections::BTreeMap;

use jiff::SignedDuration;

use super::suppression::THRESHOLD;

/// Each step reaches a tenth further than the one before. What is told of a duration is the middle
/// of its step, and so at most 5% away from what it was. Own default, not validated.
const GROWTH: f64 = 1.1;

/// The last step, which holds everything longer: two years and more.
const LAST: u16 = 146;

/// A step of time. The first holds what took less than a minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimeStep(u16);

impl TimeStep {
    /// The step in which a duration lies; a negative one, of clocks that disagree, in the first.
    #[must_use]
    pub fn of(took: SignedDuration) -> Self {
        let minutes = took.as_secs_f64() / 60.0;
        (0..LAST)
            .map(Self)
            .find(|step| minutes < step.end())
            .unwrap_or(Self(LAST))
    }

    /// The step with this number, if there is one.
    #[must_use]
    pub fn numbered(number: u16) -> Option<Self> {
        (number <= LAST).then_some(Self(number))
    }

    /// Its number, from 0.
    #[must_use]
    pub const fn number(self) -> u16 {
        self.0
    }

    /// What is told of a duration in it: the middle, by ratio.
    #[must_use]
    pub fn middle(self) -> SignedDuration {
        let minutes = match self.0 {
            0 => 0.5,
            _ => self.end() / GROWTH.sqrt(),
        };
        SignedDuration::from_secs_f64((minutes * 60.0).round())
    }

    /// Where it ends, in minutes.
    fn end(self) -> f64 {
        GROWTH.powi(i32::from(self.0))
    }
}

/// How many took how long.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Durations(BTreeMap<TimeStep, u64>);

impl Durations {
    /// Counts some more that took so long.
    pub fn add(&mut self, step: TimeStep, count: u64) {
        *self.0.entry(step).or_default() += count;
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.values().sum()
    }

    /// The duration that so many of a hundred did not exceed (the nearest-rank method). Nothing
    /// where that would say something of few: it parts the durations in two, and each part is a
    /// cell under the threshold rule. So a median needs 20, a 90th percentile 100. Own default, not
    /// validated.
    #[must_use]
    pub fn percentile(&self, percent: u64) -> Option<SignedDuration> {
        let count = self.count();
        let above = count * (100 - percent) / 100;
        if count * percent / 100 < THRESHOLD || above < THRESHOLD {
            return None;
        }
        let rank = (count * percent).div_ceil(100);
        let mut reached = 0;
        self.0.iter().find_map(|(step, count)| {
            reached += count;
            (reached >= rank).then(|| step.middle())
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn durations(counts: &[(i64, u64)]) -> Durations {
        let mut durations = Durations::default();
        for (minutes, count) in counts {
            durations.add(TimeStep::of(SignedDuration::from_mins(*minutes)), *count);
        }
        durations
    }

    #[test]
    fn what_few_took_is_not_told() {
        for (counts, median, ninetieth) in [
            (&[(60, 9)][..], false, false),
            (&[(60, 19)], false, false),
            (&[(60, 20)], true, false),
            (&[(60, 99)], true, false),
            (&[(60, 100)], true, true),
        ] {
            let durations = durations(counts);
            assert_eq!(durations.percentile(50).is_some(), median, "{counts:?}");
            assert_eq!(durations.percentile(90).is_some(), ninetieth, "{counts:?}");
        }
    }

    #[test]
    fn percentiles_are_those_of_the_ranks() {
        let durations = durations(&[(10, 50), (100, 39), (1_000, 10), (10_000, 1)]);
        let near = |percent, minutes: f64| {
            let told = durations.percentile(percent).unwrap().as_secs_f64() / 60.0;
            assert!((told / minutes - 1.0).abs() < 0.051, "{told} for {minutes}");
        };
        near(50, 10.0);
        near(51, 100.0);
        near(90, 1_000.0);
    }

    #[test]
    fn what_is_out_of_reach_is_kept_in_the_first_and_the_last() {
        assert_eq!(TimeStep::of(SignedDuration::from_hours(-1)).number(), 0);
        assert_eq!(TimeStep::of(SignedDuration::MAX).number(), LAST);
        assert_eq!(TimeStep::numbered(LAST + 1), None);
        let last = TimeStep::numbered(LAST).unwrap().middle();
        assert!(last > SignedDuration::from_hours(2 * 365 * 24));
    }

    proptest! {
        #[test]
        fn a_duration_is_told_to_five_percent(seconds in 60_i64..60_000_000) {
            let told = TimeStep::of(SignedDuration::from_secs(seconds)).middle();
            #[expect(clippy::cast_precision_loss, reason = "two years of seconds")]
            let ratio = told.as_secs_f64() / seconds as f64;
            prop_assert!((ratio - 1.0).abs() < 0.051, "{} is told as {}", seconds, told);
        }
    }
}
