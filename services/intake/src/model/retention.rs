//! How long what is over is kept.

use jiff::{SignedDuration, Timestamp};
use knipperlicht_vocabulary::{Consent, Step};

use super::TakenStep;

/// How long intake keeps what. The table with sources is in docs/erasure.md.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    closed: SignedDuration,
}

/// In a card's hours of use nobody looks any more once the hour is over. Own default: a day.
const CARD_USES: SignedDuration = SignedDuration::from_hours(24);

/// A link that expired tells whoever holds it so for a while, then it is unknown. Own default.
const EXPIRED_LINKS: SignedDuration = SignedDuration::from_hours(90 * 24);

impl Retention {
    /// A situation is forgotten so many days after the last thing that happened in it, if that was
    /// its end.
    #[must_use]
    pub fn of_days(closed: u16) -> Self {
        Self {
            closed: SignedDuration::from_hours(24 * i64::from(closed)),
        }
    }

    /// What was over before is forgotten.
    pub(crate) fn over_since(self, now: Timestamp) -> Timestamp {
        before(now, self.closed)
    }

    /// Uses of cards before are cleared away.
    pub(crate) fn uses_since(now: Timestamp) -> Timestamp {
        before(now, CARD_USES)
    }

    /// Links that expired before are cleared away.
    pub(crate) fn links_since(now: Timestamp) -> Timestamp {
        before(now, EXPIRED_LINKS)
    }
}

fn before(now: Timestamp, so_long: SignedDuration) -> Timestamp {
    now.saturating_sub(so_long).unwrap_or(Timestamp::MIN)
}

/// Whether nothing is under way in a situation any more, by what intake knows of it: every signal
/// was taken back; or all that was accepted or opened again was closed, and nothing came after; or
/// the carer refused or withdrew, and no coordinator has it. In doubt it is not over.
#[must_use]
pub fn is_over(consent: Consent, some_signal_stands: bool, steps: &[TakenStep]) -> bool {
    if !some_signal_stands {
        return true;
    }
    let last = steps.last().map(|taken| taken.step);
    if matches!(consent, Consent::Refused | Consent::Withdrawn) {
        let with_somebody = [Step::WithCoordinator, Step::WaitingLonger, Step::Escalated];
        return last.is_none_or(|last| !with_somebody.contains(&last));
    }
    let count = |wanted: &[Step]| {
        let taken = steps.iter().filter(|taken| wanted.contains(&taken.step));
        taken.count()
    };
    let closed = count(&[Step::Closed]);
    matches!(last, Some(Step::Closed | Step::Confirmed))
        && count(&[Step::Accepted, Step::Reopened]) <= closed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_open_is_never_over() {
        use Consent::{Given, NotAsked, Refused, Withdrawn};
        use Step::{
            Accepted, Assessed, Closed, Confirmed, Contacted, Escalated, Referred, Reopened,
            WaitingForConsent, WithCoordinator,
        };
        for (consent, steps, over) in [
            (Given, &[][..], false),
            (Given, &[Assessed, Referred], false),
            (Given, &[Referred, Accepted, Contacted], false),
            (Given, &[Referred, Accepted, Contacted, Closed], true),
            (Given, &[Referred, Accepted, Closed, Confirmed], true),
            (Given, &[Referred, Accepted, Closed, Reopened], false),
            (Given, &[Accepted, Closed, Reopened, Closed], true),
            // Two partners, and one of them is done.
            (Given, &[Accepted, Accepted, Closed], false),
            (Given, &[Accepted, Accepted, Closed, Closed], true),
            (Given, &[Accepted, Closed, Referred], false),
            (NotAsked, &[Assessed, WaitingForConsent], false),
            (Refused, &[Assessed], true),
            (Refused, &[Assessed, WithCoordinator], false),
            (Withdrawn, &[Referred, Accepted, Contacted], true),
            (Withdrawn, &[Accepted, Escalated], false),
        ] {
            let taken: Vec<TakenStep> = steps
                .iter()
                .map(|step| TakenStep {
                    step: *step,
                    at: Timestamp::UNIX_EPOCH,
                    outcome: None,
                })
                .collect();
            assert_eq!(is_over(consent, true, &taken), over, "{consent} {steps:?}");
            assert!(is_over(consent, false, &taken), "all signals taken back");
        }
    }

    #[test]
    fn kept_for_as_long_as_was_said() {
        let now: Timestamp = "2026-11-23T10:00:00Z".parse().unwrap();
        let since = Retention::of_days(730).over_since(now);
        assert_eq!(since.to_string(), "2024-11-23T10:00:00Z");
    }
}
