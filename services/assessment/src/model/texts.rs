//! Texts for people, in the languages of the screens.

use serde::{Deserialize, Serialize};

/// One text in Dutch, French and English.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Texts {
    /// Dutch.
    pub nl: String,
    /// French.
    pub fr: String,
    /// English.
    pub en: String,
}

impl Texts {
    /// The same words in each language.
    #[must_use]
    pub fn same(text: &str) -> Self {
        Self {
            nl: text.to_owned(),
            fr: text.to_owned(),
            en: text.to_owned(),
        }
    }

    /// Whether it says something in each language.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        [&self.nl, &self.fr, &self.en]
            .iter()
            .all(|text| !text.trim().is_empty())
    }
}
