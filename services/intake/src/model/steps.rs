//! How far a signal has come.

use jiff::Timestamp;
use knipperlicht_vocabulary::{OutcomeResult, Step};

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
