//! What is promised of a figure, and whether it holds. Pure.

use serde::Serialize;

/// A bound on a figure.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "bound", content = "value")]
pub(crate) enum Bound {
    /// Below it is well.
    Below(f64),
    /// At least so much is well.
    AtLeast(f64),
}

impl Bound {
    fn holds(self, measured: f64) -> bool {
        match self {
            Self::Below(limit) => measured < limit,
            Self::AtLeast(limit) => measured >= limit,
        }
    }
}

/// Whether what is promised holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verdict {
    /// As well as it is aimed for.
    ReachesTheAim,
    /// As well as it must be.
    Holds,
    /// Less than it must be.
    Misses,
    /// Nothing is promised: it is there to compare with.
    ForComparison,
}

impl Verdict {
    /// In words.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::ReachesTheAim => "reaches the aim",
            Self::Holds => "holds",
            Self::Misses => "MISSES",
            Self::ForComparison => "",
        }
    }
}

/// What is promised of a figure.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Promise {
    pub(crate) must: Bound,
    pub(crate) aim: Bound,
}

impl Promise {
    /// Whether it holds for what was measured.
    pub(crate) fn verdict(self, measured: f64) -> Verdict {
        if !self.must.holds(measured) {
            Verdict::Misses
        } else if self.aim.holds(measured) {
            Verdict::ReachesTheAim
        } else {
            Verdict::Holds
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_aim_from_must_from_missed() {
        let latency = Promise {
            must: Bound::Below(10.0),
            aim: Bound::Below(5.0),
        };
        assert_eq!(
            [4.9, 5.0, 10.0].map(|ms| latency.verdict(ms)),
            [Verdict::ReachesTheAim, Verdict::Holds, Verdict::Misses]
        );
        let rate = Promise {
            must: Bound::AtLeast(0.5),
            aim: Bound::AtLeast(1.0),
        };
        assert_eq!(
            [1.0, 0.5, 0.49].map(|ratio| rate.verdict(ratio)),
            [Verdict::ReachesTheAim, Verdict::Holds, Verdict::Misses]
        );
    }
}
