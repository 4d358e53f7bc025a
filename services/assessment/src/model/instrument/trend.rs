//! What becomes of the scores of a situation: that shows whether help helped.

use super::{Direction, Instrument};
use crate::model::{Score, Texts};

/// What became of a score.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trend {
    /// Better, by at least the smallest change that counts.
    Better,
    /// Worse, by at least that.
    Worse,
    /// It changed by less than that.
    Same,
    /// There is one score only.
    TooFew,
}

/// How the latest score compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trends {
    /// With the one before.
    pub latest: Trend,
    /// With the first, so that many small steps are seen too.
    pub since_first: Trend,
}

impl Instrument {
    /// How the latest of these scores compares, the oldest first.
    #[must_use]
    pub fn trends(&self, scores: &[Score]) -> Trends {
        let [first, before, latest] = match scores {
            [first, latest] => [*first, *first, *latest],
            [first, .., before, latest] => [*first, *before, *latest],
            _ => {
                return Trends {
                    latest: Trend::TooFew,
                    since_first: Trend::TooFew,
                };
            }
        };
        Trends {
            latest: self.compare(before, latest),
            since_first: self.compare(first, latest),
        }
    }

    fn compare(&self, before: Score, now: Score) -> Trend {
        let up = now.minus(before);
        let better = match self.scoring.direction {
            Direction::HigherIsBetter => up,
            Direction::HigherIsWorse => Score::ZERO.minus(up),
        };
        let least = self.scoring.smallest_change.points;
        if better >= least {
            Trend::Better
        } else if Score::ZERO.minus(better) >= least {
            Trend::Worse
        } else {
            Trend::Same
        }
    }
}

impl Trend {
    /// In words.
    #[must_use]
    pub fn words(self) -> Texts {
        let [nl, fr, en] = match self {
            Self::Better => [
                "Het gaat beter dan de vorige keer.",
                "Cela va mieux que la fois précédente.",
                "It is better than the time before.",
            ],
            Self::Worse => [
                "Het gaat minder goed dan de vorige keer.",
                "Cela va moins bien que la fois précédente.",
                "It is less good than the time before.",
            ],
            Self::Same => [
                "Het is ongeveer zoals de vorige keer.",
                "C'est à peu près comme la fois précédente.",
                "It is about the same as the time before.",
            ],
            Self::TooFew => [
                "Er is nog maar één meting: te weinig om te vergelijken.",
                "Il n'y a encore qu'une mesure : trop peu pour comparer.",
                "There is one measurement only: too few to compare.",
            ],
        };
        Texts {
            nl: nl.to_owned(),
            fr: fr.to_owned(),
            en: en.to_owned(),
        }
    }
}
