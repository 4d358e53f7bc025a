//! Chance that is the same every time: one seed, one world.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, LogNormal, Poisson};
use uuid::{Builder, Uuid};

/// How far what takes time strays: two thirds lie between half and twice the median.
const SPREAD: f64 = 0.7;

/// Where all chance comes from.
#[derive(Debug, Clone)]
pub(crate) struct Chance(ChaCha8Rng);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// Whether something happens that happens in this share of all cases.
    pub(crate) fn happens(&mut self, share: f64) -> bool {
        self.0.random::<f64>() < share
    }

    /// Between 0 and 1.
    pub(crate) fn share(&mut self) -> f64 {
        self.0.random()
    }

    /// One of these, the likelier the more it weighs.
    pub(crate) fn pick<T: Clone>(&mut self, of: &[(T, f64)]) -> Option<T> {
        let all: f64 = of.iter().map(|(_, weight)| weight).sum();
        let mut left = self.0.random::<f64>() * all;
        for (one, weight) in of {
            left -= weight;
            if left < 0.0 {
                return Some(one.clone());
            }
        }
        of.last().map(|(one, _)| one.clone())
    }

    /// One of these.
    pub(crate) fn any<T: Clone>(&mut self, of: &[T]) -> Option<T> {
        (!of.is_empty()).then(|| of[self.0.random_range(0..of.len())].clone())
    }

    /// How often something happens that happens so often on average.
    pub(crate) fn how_often(&mut self, mean: f64) -> u32 {
        // Nothing happens zero times on average.
        let Ok(poisson) = Poisson::new(mean) else {
            return 0;
        };
        let times: f64 = poisson.sample(&mut self.0);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a count that was drawn as a float"
        )]
        let times = times as u32;
        times
    }

    /// How long something takes, half of the time more than `median`.
    pub(crate) fn around(&mut self, median: f64) -> f64 {
        LogNormal::new(0.0, SPREAD).map_or(median, |times| median * times.sample(&mut self.0))
    }

    pub(crate) fn uuid(&mut self) -> Uuid {
        Builder::from_random_bytes(self.0.random()).into_uuid()
    }
}
