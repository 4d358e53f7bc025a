//! When a carer is asked whether it helped.

use jiff::{SignedDuration, Timestamp};
use knipperlicht_vocabulary::{ClockKind, Urgency, WorkingCalendar};

use super::{Timeliness, due};

/// How often a carer is asked.
const TIMES: u8 = 2;

/// How long a link works beyond the moment in which a coordinator is to decide: nobody decides on
/// the spot. Own default, not validated.
const BEYOND: SignedDuration = SignedDuration::from_hours(4 * 24);

/// When a carer is asked, asked again, and a coordinator decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AskingRule {
    /// So long after the follow-up was closed.
    pub first_after: SignedDuration,
    /// So long after that, without an answer; and so long after the second time a coordinator
    /// decides.
    pub again_after: SignedDuration,
}

impl Default for AskingRule {
    /// Four weeks (DESIGN, section 5), then twice two: own default, not validated.
    fn default() -> Self {
        Self {
            first_after: SignedDuration::from_hours(28 * 24),
            again_after: SignedDuration::from_hours(14 * 24),
        }
    }
}

impl AskingRule {
    /// A rule in days, each at least one.
    #[must_use]
    pub fn of_days(first: u16, again: u16) -> Self {
        let days = |days: u16| SignedDuration::from_hours(i64::from(days.max(1)) * 24);
        Self {
            first_after: days(first),
            again_after: days(again),
        }
    }

    /// When the carer of a follow-up that was closed at `closed` is first asked.
    #[must_use]
    pub fn first(self, closed: Timestamp) -> Timestamp {
        later(closed, self.first_after)
    }

    /// When, after having been asked for the `times`-th time at `asked`, they are asked again.
    #[must_use]
    pub fn next(self, times: u8, asked: Timestamp) -> Option<Timestamp> {
        (times < TIMES).then(|| later(asked, self.again_after))
    }

    /// Until when a link works that is made at `made`: one that is handed over as the follow-up is
    /// closed answers the last question still.
    #[must_use]
    pub fn link_until(self, made: Timestamp) -> Timestamp {
        later(self.decide(made), BEYOND)
    }

    /// When a promise made at `from` falls due: by the table, but for the carer's word.
    #[must_use]
    pub fn due(
        self,
        calendar: &WorkingCalendar,
        kind: ClockKind,
        urgency: Urgency,
        from: Timestamp,
    ) -> Timestamp {
        match kind {
            ClockKind::Confirmation => self.decide(from),
            _ => due(calendar, kind, urgency, from),
        }
    }

    /// When a coordinator decides for want of an answer: by then the promise of
    /// [`ClockKind::Confirmation`] is broken.
    #[must_use]
    pub fn decide(self, closed: Timestamp) -> Timestamp {
        later(
            later(self.first(closed), self.again_after),
            self.again_after,
        )
    }
}

/// That a carer was asked as often as carers are, and let the time for an answer pass: what it
/// takes to close a loop without their word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Silence(());

/// A carer who may answer yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the carer may still answer: they were asked {times} of {TIMES} times, and a coordinator decides once the time for an answer has passed; until then it can be reopened"
)]
pub struct MayStillAnswer {
    /// How often they were asked.
    pub times: u8,
}

impl Silence {
    /// The silence of a carer who was asked so often, if the promise to hear them is broken by now.
    /// The one does not follow from the other: whoever asks may have been late.
    pub const fn of(times: u8, heard: Timeliness) -> Result<Self, MayStillAnswer> {
        if times >= TIMES && heard.is_late() {
            Ok(Self(()))
        } else {
            Err(MayStillAnswer { times })
        }
    }
}

fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.saturating_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Asked, asked again, decided: in that order, and never a third time.
        #[test]
        fn a_carer_is_asked_twice_and_then_somebody_decides(
            first in 0_u16..400, again in 0_u16..400, closed in 0_i64..4_000_000_000,
        ) {
            let rule = AskingRule::of_days(first, again);
            let closed = Timestamp::from_second(closed).unwrap();
            let one = rule.first(closed);
            let two = rule.next(1, one).unwrap();
            prop_assert!(closed < one && one < two && two < rule.decide(closed));
            prop_assert_eq!(rule.next(2, two), None);
            prop_assert!(rule.decide(closed) < rule.link_until(closed));
        }
    }

    #[test]
    fn nobody_is_closed_away_unheard() {
        use Timeliness::{InTime, Late};

        for (times, heard) in [(0, InTime), (0, Late), (1, Late), (2, InTime)] {
            assert_eq!(Silence::of(times, heard), Err(MayStillAnswer { times }));
        }
        assert!(Silence::of(2, Late).is_ok());
    }

    #[test]
    fn the_default_is_four_weeks_and_twice_two() {
        let closed: Timestamp = "2026-11-20T10:00:00Z".parse().unwrap();
        let rule = AskingRule::default();
        assert_eq!(rule.first(closed).to_string(), "2026-12-18T10:00:00Z");
        assert_eq!(rule.decide(closed).to_string(), "2027-01-15T10:00:00Z");
        assert_eq!(rule.link_until(closed).to_string(), "2027-01-19T10:00:00Z");
        assert_eq!(rule, AskingRule::of_days(28, 14));
        let calendar = WorkingCalendar::office_hours().unwrap();
        let (kind, urgency) = (ClockKind::Confirmation, Urgency::Soon);
        assert_eq!(due(&calendar, kind, urgency, closed), rule.decide(closed));
    }
}
