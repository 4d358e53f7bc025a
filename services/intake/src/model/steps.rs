//! How far a signal has come.

use std::collections::HashMap;

use jiff::Timestamp;
use knipperlicht_vocabulary::{Consent, OutcomeResult, Step};

/// When each step, as it was taken, was first seen.
pub type Seen = HashMap<(Step, Timestamp), Timestamp>;

/// What is known of a signal by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignalFacts {
    /// When it was received.
    pub received_at: Timestamp,
    /// When it was taken back, if it was.
    pub withdrawn_at: Option<Timestamp>,
    /// When its situation was forgotten, if it was.
    pub erased_at: Option<Timestamp>,
    /// What the carer agreed to, as it stands.
    pub consent: Consent,
    /// Since when, if that changed.
    pub consent_at: Option<Timestamp>,
}

/// What a reporter is told of a signal: received, each step of its situation once, taken back.
/// The step and, on `closed`, whether it helped; never why, and never health detail.
///
/// Where the carer refused or no longer agrees, a reporter is told that and nothing else, be it of
/// what happened before or since: the same for whoever asks, whatever is under way. Of a situation
/// that was forgotten, only that is left to tell.
#[must_use]
pub fn told(signal: &SignalFacts, steps: &[TakenStep]) -> Vec<TakenStep> {
    let step = |step, at| TakenStep {
        step,
        at,
        outcome: None,
    };
    if let Some(at) = signal.erased_at {
        return vec![step(Step::Erased, at)];
    }
    let received = step(Step::Received, signal.received_at);
    let way = if matches!(signal.consent, Consent::Refused | Consent::Withdrawn) {
        let since = signal.consent_at.unwrap_or(signal.received_at);
        vec![step(Step::NotShared, since.max(signal.received_at))]
    } else {
        without_repeats(steps)
    };
    let withdrawn = signal.withdrawn_at.map(|at| step(Step::Withdrawn, at));
    std::iter::once(received)
        .chain(way)
        .chain(withdrawn)
        .collect()
}

/// Whether, by what a reporter was told, something is closed that can open again, whatever else is
/// under way: a situation may be followed up by several partners. Who took the signal back has said
/// that there is nothing.
#[must_use]
pub fn may_reopen(told: &[TakenStep]) -> bool {
    let mut way = told.iter().rev().map(|taken| taken.step);
    let last = way.find(|step| {
        matches!(
            step,
            Step::Closed | Step::Confirmed | Step::Reopened | Step::Withdrawn
        )
    });
    matches!(last, Some(Step::Closed | Step::Confirmed))
}

/// A step that a situation took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TakenStep {
    /// Which.
    pub step: Step,
    /// When.
    pub at: Timestamp,
    /// How it ended, on the step `closed`.
    pub outcome: Option<OutcomeResult>,
}

/// The steps as a reporter reads them: two partners asked at once are one step, and a situation
/// that is judged anew, upon a form or another signal, goes on from where it stands.
#[must_use]
pub fn without_repeats(steps: &[TakenStep]) -> Vec<TakenStep> {
    let mut assessed = false;
    let mut steps: Vec<TakenStep> = steps
        .iter()
        .filter(|taken| taken.step != Step::Assessed || !std::mem::replace(&mut assessed, true))
        .copied()
        .collect();
    steps.dedup_by_key(|taken| taken.step);
    steps
}

/// Where it stands: the last step taken. Steps come in the order they were taken.
#[must_use]
pub fn current_step(steps: &[TakenStep]) -> Step {
    let last = without_repeats(steps).pop();
    last.map_or(Step::Received, |taken| taken.step)
}

/// A signal can be taken back for as long as no partner has taken it up.
#[must_use]
pub fn may_withdraw(steps: &[TakenStep]) -> bool {
    !steps.iter().any(|taken| taken.step == Step::Accepted)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn taken(steps: &[Step]) -> Vec<TakenStep> {
        steps
            .iter()
            .map(|step| TakenStep {
                step: *step,
                at: Timestamp::UNIX_EPOCH,
                outcome: None,
            })
            .collect()
    }

    #[test]
    fn the_last_step_counts_and_repeats_are_one() {
        let steps = taken(&[
            Step::Received,
            Step::Referred,
            Step::Referred,
            Step::Accepted,
            Step::Reopened,
        ]);
        assert_eq!(current_step(&steps), Step::Reopened);
        assert_eq!(current_step(&[]), Step::Received);
        assert_eq!(without_repeats(&steps).len(), 4);
        let judged_anew = taken(&[
            Step::Received,
            Step::Assessed,
            Step::Accepted,
            Step::Assessed,
        ]);
        assert_eq!(current_step(&judged_anew), Step::Accepted);
        assert_eq!(without_repeats(&judged_anew).len(), 3);
        let joined = taken(&[
            Step::Assessed,
            Step::Referred,
            Step::Accepted,
            Step::Assessed,
        ]);
        assert_eq!(
            current_step(&without_repeats(&joined)),
            Step::Accepted,
            "a second signal takes nothing back"
        );
    }

    const STEPS: [Step; 8] = [
        Step::Assessed,
        Step::Referred,
        Step::WithCoordinator,
        Step::Accepted,
        Step::Contacted,
        Step::Closed,
        Step::Confirmed,
        Step::Reopened,
    ];

    fn facts(consent: Consent) -> SignalFacts {
        SignalFacts {
            received_at: Timestamp::UNIX_EPOCH,
            withdrawn_at: None,
            erased_at: None,
            consent,
            consent_at: None,
        }
    }

    proptest! {
        /// Every step is told once: as the way grows nothing that was told is taken back or told
        /// anew, at most one step is added, and it is the one that was taken.
        #[test]
        fn every_step_is_told_exactly_once(
            way in prop::collection::vec(prop::sample::select(STEPS.to_vec()), 0..30),
        ) {
            let way: Vec<TakenStep> = way
                .iter()
                .zip(1_i64..)
                .map(|(step, second)| TakenStep {
                    step: *step,
                    at: Timestamp::from_second(second).unwrap(),
                    outcome: None,
                })
                .collect();
            let signal = facts(Consent::Given);
            let mut before = told(&signal, &[]);
            for length in 1..=way.len() {
                let now = told(&signal, &way[..length]);
                prop_assert_eq!(&now[..before.len()], &before[..]);
                match &now[before.len()..] {
                    [] => {
                        let repeats = way[length - 1].step;
                        prop_assert!(before.iter().any(|told| told.step == repeats));
                    }
                    [new] => prop_assert_eq!(*new, way[length - 1]),
                    more => prop_assert!(false, "told at once: {more:?}"),
                }
                before = now;
            }
        }

        /// Of what was forgotten nothing is told but that.
        #[test]
        fn what_was_forgotten_is_told_as_that_and_nothing_else(
            way in prop::collection::vec(prop::sample::select(STEPS.to_vec()), 0..30),
        ) {
            for consent in Consent::ALL {
                let erased = SignalFacts {
                    erased_at: Some(Timestamp::UNIX_EPOCH),
                    ..facts(*consent)
                };
                prop_assert_eq!(told(&erased, &taken(&way)), taken(&[Step::Erased]));
            }
        }

        /// Where the carer does not agree, what is told is the same whatever happens.
        #[test]
        fn nothing_is_told_where_the_carer_refused(
            way in prop::collection::vec(prop::sample::select(STEPS.to_vec()), 0..30),
        ) {
            for consent in [Consent::Refused, Consent::Withdrawn] {
                let said = told(&facts(consent), &taken(&way));
                let said: Vec<Step> = said.iter().map(|taken| taken.step).collect();
                prop_assert_eq!(said, vec![Step::Received, Step::NotShared]);
            }
        }
    }

    #[test]
    fn only_what_is_closed_can_open_again() {
        use Step::{Accepted, Closed, Confirmed, Reopened, WithCoordinator};

        let reopens = |consent, way: &[Step]| may_reopen(&told(&facts(consent), &taken(way)));
        for (way, may) in [
            (&[Accepted][..], false),
            (&[Accepted, Closed], true),
            (&[Accepted, Closed, Confirmed], true),
            (&[Accepted, Closed, Reopened], false),
            (&[Accepted, Closed, Reopened, Closed], true),
            // Another partner is at work, or a coordinator looks for one.
            (&[Accepted, Closed, Accepted], true),
            (&[Accepted, Closed, WithCoordinator], true),
            (&[Accepted, Closed, Reopened, WithCoordinator], false),
        ] {
            assert_eq!(reopens(Consent::Given, way), may, "{way:?}");
        }
        assert!(!reopens(Consent::Withdrawn, &[Accepted, Closed]));
        let taken_back = SignalFacts {
            withdrawn_at: Some(Timestamp::UNIX_EPOCH),
            ..facts(Consent::Given)
        };
        assert!(!may_reopen(&told(&taken_back, &taken(&[Accepted, Closed]))));
    }

    #[test]
    fn what_was_accepted_can_no_longer_be_taken_back() {
        assert!(may_withdraw(&taken(&[Step::Received, Step::Referred])));
        assert!(!may_withdraw(&taken(&[
            Step::Referred,
            Step::Accepted,
            Step::Contacted
        ])));
    }
}
