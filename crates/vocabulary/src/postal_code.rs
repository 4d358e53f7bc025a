//! Belgian postal codes.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// A Belgian postal code: four digits, from 1000 to 9999. Not every one of them is in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PostalCode(u16);

/// A text that is not a Belgian postal code.
///
/// The text itself is left out: people type names and phone numbers into the wrong field, and
/// errors end up in logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PostalCodeError {
    /// Anything but four digits, as in `8400 Oostende` or `B-8400`.
    #[error("a Belgian postal code is four digits, such as 8400: leave out everything else")]
    NotFourDigits,
    /// Four digits that start with a zero.
    #[error("a Belgian postal code lies between 1000 and 9999: it never starts with 0")]
    StartsWithZero,
}

/// Who governs care and welfare where a postal code lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Region {
    /// The Brussels-Capital Region: one primary-care zone.
    Brussels,
    /// Wallonia, of which the German-speaking Community is a part: no primary-care zones there.
    WalloniaOrGermanSpeaking,
    /// Flanders: every municipality lies in a primary-care zone.
    Flanders,
}

impl PostalCode {
    /// Reads four digits, with or without blanks around them.
    pub fn parse(text: &str) -> Result<Self, PostalCodeError> {
        let digits = text.trim();
        if digits.len() != 4 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(PostalCodeError::NotFourDigits);
        }
        match digits.parse() {
            Ok(number @ 1000..=9999) => Ok(Self(number)),
            _ => Err(PostalCodeError::StartsWithZero),
        }
    }

    /// The region, by the ranges in which bpost deals out postal codes.
    ///
    /// The ranges also cover codes that no place has, so a region says nothing about existence.
    #[must_use]
    pub const fn region(self) -> Region {
        match self.0 {
            ..=1299 => Region::Brussels,
            // Walloon Brabant; then Liège, Namur, Luxembourg and Hainaut.
            1300..=1499 | 4000..=7999 => Region::WalloniaOrGermanSpeaking,
            _ => Region::Flanders,
        }
    }
}

impl FromStr for PostalCode {
    type Err = PostalCodeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl TryFrom<String> for PostalCode {
    type Error = PostalCodeError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<PostalCode> for String {
    fn from(code: PostalCode) -> Self {
        code.to_string()
    }
}

impl fmt::Display for PostalCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Never below 1000, so four digits without padding.
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn refuses_what_is_not_a_postal_code_without_repeating_it() {
        for text in [
            "",
            " ",
            "840",
            "84000",
            "B-8400",
            "8400 Oostende",
            "84 00",
            "+840",
            "８４００",
        ] {
            assert_eq!(
                PostalCode::parse(text),
                Err(PostalCodeError::NotFourDigits),
                "{text:?}"
            );
        }
        assert_eq!(
            PostalCode::parse("0999"),
            Err(PostalCodeError::StartsWithZero)
        );
        let error = PostalCode::parse("Maria Peeters").unwrap_err().to_string();
        assert!(!error.contains("Maria"), "{error}");
    }

    #[test]
    fn blanks_around_it_are_a_slip_of_the_thumb() {
        assert_eq!(PostalCode::parse(" 8400\n").unwrap().to_string(), "8400");
    }

    #[test]
    fn lies_in_the_region_of_its_range() {
        let table = [
            ("1000", Region::Brussels),
            ("1210", Region::Brussels),
            ("1299", Region::Brussels),
            ("1300", Region::WalloniaOrGermanSpeaking),
            ("1499", Region::WalloniaOrGermanSpeaking),
            ("1500", Region::Flanders),
            ("1999", Region::Flanders),
            ("2000", Region::Flanders),
            ("3790", Region::Flanders),
            ("3999", Region::Flanders),
            ("4000", Region::WalloniaOrGermanSpeaking),
            ("4700", Region::WalloniaOrGermanSpeaking),
            ("5000", Region::WalloniaOrGermanSpeaking),
            ("6700", Region::WalloniaOrGermanSpeaking),
            ("7999", Region::WalloniaOrGermanSpeaking),
            ("8000", Region::Flanders),
            ("9999", Region::Flanders),
        ];
        for (code, region) in table {
            assert_eq!(PostalCode::parse(code).unwrap().region(), region, "{code}");
        }
    }

    proptest! {
        #[test]
        fn text_and_value_say_the_same(number in 1000_u16..=9999) {
            let text = number.to_string();
            let code: PostalCode = text.parse().unwrap();
            prop_assert_eq!(String::from(code), text.clone());
            prop_assert_eq!(PostalCode::try_from(text), Ok(code));
        }

        #[test]
        fn any_text_is_read_or_refused(text: String) {
            if let Ok(code) = PostalCode::parse(&text) {
                prop_assert_eq!(code.to_string(), text.trim());
            }
        }
    }
}
