//! Scores, counted in tenths so that they add up and compare exactly.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Beyond any instrument, and far from where sums would overflow.
const LARGEST: f64 = 10_000.0;

/// A score, or a distance between two.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Score(i32);

/// A number that is no score.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("`{0}` is not a score: a number between -10000 and 10000 with at most one decimal")]
pub struct NoScore(pub f64);

impl Score {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// So many tenths.
    #[must_use]
    pub const fn from_tenths(tenths: i32) -> Self {
        Self(tenths)
    }

    /// In tenths.
    #[must_use]
    pub const fn tenths(self) -> i32 {
        self.0
    }

    /// As a number.
    #[must_use]
    pub fn number(self) -> f64 {
        f64::from(self.0) / 10.0
    }

    /// Both together.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// What lies between `other` and this.
    #[must_use]
    pub const fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// Whether it is a multiple of `step`.
    #[must_use]
    pub const fn is_multiple_of(self, step: Self) -> bool {
        step.0 != 0 && self.0 % step.0 == 0
    }
}

impl TryFrom<f64> for Score {
    type Error = NoScore;

    fn try_from(number: f64) -> Result<Self, NoScore> {
        let tenths = number * 10.0;
        // Twelve and a half is 12.5 whichever way the sender's machine rounds it.
        if number.abs() <= LARGEST && (tenths - tenths.round()).abs() < 1e-6 {
            #[allow(
                clippy::cast_possible_truncation,
                reason = "within the range checked above"
            )]
            Ok(Self(tenths.round() as i32))
        } else {
            Err(NoScore(number))
        }
    }
}

impl From<Score> for f64 {
    fn from(score: Score) -> Self {
        score.number()
    }
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.number().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_numbers_with_one_decimal_are_scores() {
        assert_eq!(Score::try_from(12.5), Ok(Score::from_tenths(125)));
        assert_eq!(Score::try_from(0.1 + 0.2), Ok(Score::from_tenths(3)));
        assert_eq!(Score::try_from(-3.0), Ok(Score::from_tenths(-30)));
        for no in [12.25, f64::NAN, f64::INFINITY, 1e9] {
            assert!(Score::try_from(no).is_err(), "{no}");
        }
        assert_eq!(Score::from_tenths(125).to_string(), "12.5");
        assert_eq!(Score::from_tenths(120).to_string(), "12");
    }
}
