//! How a follow-up ended.

use knipperlicht_vocabulary::{OutcomeReason, OutcomeResult};

/// How a follow-up ended, with a reason unless the carer was helped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    result: OutcomeResult,
    reason: Option<OutcomeReason>,
}

/// A carer who was not, or only partly, helped, and nobody said why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("say why the outcome is `{0}`: only `helped` goes without a reason")]
pub struct ReasonMissing(OutcomeResult);

impl Outcome {
    /// An outcome. What was needed and not given has to be known, so that a zone learns from it.
    pub fn new(
        result: OutcomeResult,
        reason: Option<OutcomeReason>,
    ) -> Result<Self, ReasonMissing> {
        if result != OutcomeResult::Helped && reason.is_none() {
            return Err(ReasonMissing(result));
        }
        Ok(Self { result, reason })
    }

    /// Whether it helped.
    #[must_use]
    pub const fn result(self) -> OutcomeResult {
        self.result
    }

    /// Why so.
    #[must_use]
    pub const fn reason(self) -> Option<OutcomeReason> {
        self.reason
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_helped_goes_without_a_reason() {
        for result in OutcomeResult::ALL {
            let without = Outcome::new(*result, None).is_ok();
            assert_eq!(without, *result == OutcomeResult::Helped);
            assert!(Outcome::new(*result, Some(OutcomeReason::Moved)).is_ok());
        }
    }
}
