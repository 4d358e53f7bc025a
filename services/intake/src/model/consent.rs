//! What a reporter may record of the carer's consent.

use knipperlicht_vocabulary::Consent;

/// What recording a consent comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConsentMove {
    /// It is what it was.
    Unchanged,
    /// It becomes this.
    To(Consent),
}

/// Whether an organisation may learn who it is about: only if it accepted, and only while the carer
/// agrees or a vital interest outweighs that (rule 3).
#[must_use]
pub const fn may_learn(has_accepted: bool, consent: Consent) -> bool {
    has_accepted && consent.allows_sharing()
}

/// Whether a signal may begin with this consent, and with this reason for a vital interest.
pub fn first_consent(consent: Consent, reason: &str) -> Result<(), &'static str> {
    if consent == Consent::Withdrawn {
        return Err("a signal cannot begin with consent withdrawn: say `refused`");
    }
    vital_reason(consent, reason)
}

/// What becomes of `now` when the reporter records `next`.
pub fn change_consent(
    now: Consent,
    next: Consent,
    reason: &str,
) -> Result<ConsentMove, &'static str> {
    vital_reason(next, reason)?;
    match (now, next) {
        (now, next) if now == next => Ok(ConsentMove::Unchanged),
        (_, Consent::NotAsked) => Err("consent that was asked cannot become `not_asked`"),
        (Consent::NotAsked, Consent::Withdrawn) => {
            Err("consent that was never given cannot be withdrawn: say `refused`")
        }
        (_, next) => Ok(ConsentMove::To(next)),
    }
}

fn vital_reason(consent: Consent, reason: &str) -> Result<(), &'static str> {
    match (consent, reason.trim().is_empty()) {
        (Consent::VitalInterest, true) => {
            Err("a vital interest needs its reason in `vital_interest_reason`")
        }
        (Consent::VitalInterest, false) | (_, true) => Ok(()),
        (_, false) => Err("a reason goes with `vital_interest` only"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn consent_moves() {
        use Consent::{Given, NotAsked, Refused, VitalInterest, Withdrawn};
        let change = |now, next| change_consent(now, next, "");
        assert_eq!(change(NotAsked, Given), Ok(ConsentMove::To(Given)));
        assert_eq!(change(Given, Withdrawn), Ok(ConsentMove::To(Withdrawn)));
        assert_eq!(change(Withdrawn, Given), Ok(ConsentMove::To(Given)));
        assert_eq!(change(Refused, Refused), Ok(ConsentMove::Unchanged));
        assert!(change(Given, NotAsked).is_err());
        assert!(change(NotAsked, Withdrawn).is_err());
        assert!(change(NotAsked, VitalInterest).is_err());
        assert!(change_consent(NotAsked, VitalInterest, "lies on the floor").is_ok());
        assert!(first_consent(Withdrawn, "").is_err());
        assert!(first_consent(Given, "a reason").is_err());
    }
}
