//! What carers agree to.

use jiff::Timestamp;
use knipperlicht_vocabulary::Consent;

/// What a carer agreed to, and which word of theirs that was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Agreement {
    /// What holds.
    pub consent: Consent,
    /// Its place among all that was said of the situation: the highest holds.
    pub sequence: i64,
    /// When it was said.
    pub since: Timestamp,
    /// What the cared-for person says of it.
    pub cared_for: CaredFor,
}

/// Whether the cared-for person lets what concerns them be shared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaredFor {
    /// They said nothing against it.
    Silent,
    /// They object.
    Objects,
}

impl CaredFor {
    /// By whether they object.
    #[must_use]
    pub const fn of(objects: bool) -> Self {
        if objects { Self::Objects } else { Self::Silent }
    }

    /// Whether they object.
    #[must_use]
    pub const fn objects(self) -> bool {
        matches!(self, Self::Objects)
    }
}

impl Agreement {
    /// Whether the carer does not, or no longer, agree that anything is done.
    #[must_use]
    pub const fn forbids(self) -> bool {
        matches!(self.consent, Consent::Refused | Consent::Withdrawn)
    }
}
