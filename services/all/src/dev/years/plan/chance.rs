//! Chance, by weight.

use fastrand::Rng;

/// One of these, the likelier the more it weighs.
pub(super) fn pick<T: Copy>(rng: &mut Rng, choices: &[(T, u32)]) -> T {
    let all: u32 = choices.iter().map(|(_, weight)| weight).sum();
    let mut left = rng.u32(0..all);
    for (choice, weight) in choices {
        if left < *weight {
            return *choice;
        }
        left -= weight;
    }
    choices[choices.len() - 1].0
}

/// One of these, each as likely.
pub(super) fn one_of<T: Copy>(rng: &mut Rng, choices: &[T]) -> T {
    choices[rng.usize(0..choices.len())]
}

/// Whether it happens that happens so often in a hundred.
pub(super) fn happens(rng: &mut Rng, of_a_hundred: u32) -> bool {
    rng.u32(0..100) < of_a_hundred
}
