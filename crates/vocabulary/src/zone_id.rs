//! The id of a primary-care zone.

use std::{fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Serialize};

/// The id of a primary-care zone, such as `oostende-bredene`.
///
/// 1 to 40 lower-case letters (a to z), digits and hyphens. It is one token of a NATS subject,
/// where a dot would open another token, a blank would end the subject, and `*` and `>` would
/// match other zones. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ZoneId(Arc<str>);

/// A text that is not a zone id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ZoneIdError {
    /// Nothing there.
    #[error("a zone id is missing: give one such as oostende-bredene")]
    Empty,
    /// More than 40 characters.
    #[error("a zone id has at most {} characters", ZoneId::MAX_LENGTH)]
    TooLong,
    /// A character that may not be in a zone id.
    #[error("`{found}` may not be in a zone id: use lower-case letters, digits and hyphens")]
    Character {
        /// The first such character.
        found: char,
    },
}

impl ZoneId {
    /// The longest zone id, in characters.
    pub const MAX_LENGTH: usize = 40;

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ZoneId {
    type Err = ZoneIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() {
            return Err(ZoneIdError::Empty);
        }
        let fits = |c: &char| matches!(c, 'a'..='z' | '0'..='9' | '-');
        if let Some(found) = text.chars().find(|c| !fits(c)) {
            return Err(ZoneIdError::Character { found });
        }
        if text.len() > Self::MAX_LENGTH {
            return Err(ZoneIdError::TooLong);
        }
        Ok(Self(text.into()))
    }
}

impl TryFrom<String> for ZoneId {
    type Error = ZoneIdError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<ZoneId> for String {
    fn from(id: ZoneId) -> Self {
        id.as_str().to_owned()
    }
}

impl fmt::Display for ZoneId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn takes_the_ids_in_use() {
        for text in ["a", "we40", "n-o-waasland", "oostende-bredene"] {
            assert_eq!(text.parse::<ZoneId>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn refuses_what_would_break_a_subject() {
        for found in ['.', ' ', '*', '>', '\t', 'A', 'é', '_', '/'] {
            let text = format!("gent{found}");
            assert_eq!(
                text.parse::<ZoneId>(),
                Err(ZoneIdError::Character { found })
            );
        }
        assert_eq!("".parse::<ZoneId>(), Err(ZoneIdError::Empty));
        assert!("z".repeat(40).parse::<ZoneId>().is_ok());
        assert_eq!("z".repeat(41).parse::<ZoneId>(), Err(ZoneIdError::TooLong));
    }

    proptest! {
        #[test]
        fn is_always_one_token_of_a_subject(text: String) {
            if let Ok(id) = ZoneId::try_from(text.clone()) {
                prop_assert!(id.as_str().bytes().all(|b| b.is_ascii_graphic() && !b".*>".contains(&b)));
                prop_assert_eq!(String::from(id), text);
            }
        }
    }
}
