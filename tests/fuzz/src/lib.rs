//! What comes from outside, in every wrong form: files, tokens, messages, calls, bodies of requests. Nothing may panic
//! and nothing may fail inside. Never part of a release.
//!
//! Each target draws its inputs with [bolero]: at random in `make test`, as many as
//! `KL_FUZZ_INPUTS` says by hand, and led by what they reach with `cargo bolero test` (libFuzzer).

#![allow(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "a test that cannot go on should say so loudly"
)]

mod calls;
mod changed;
mod choices;
mod fields;
mod nodes;
mod seen;

use std::{env, fmt::Debug, panic::AssertUnwindSafe};

use bolero::TypeGenerator;

pub use calls::{Book, Call};
pub use changed::{Changed, change};
pub use choices::Choices;
pub use nodes::put_somewhere;
pub use seen::Seen;

/// How many inputs a target gets: `KL_FUZZ_INPUTS`, else these.
#[must_use]
pub fn inputs(otherwise: usize) -> usize {
    env::var("KL_FUZZ_INPUTS")
        .ok()
        .and_then(|number| number.parse().ok())
        .unwrap_or(otherwise)
}

/// Tries a reader of files on what these `seeds` become when they are changed, and on what has
/// nothing to do with them; says how many that were.
pub fn try_reader(target: &str, seeds: &[&[u8]], otherwise: usize, read: impl Fn(&[u8])) {
    for seed in seeds {
        read(seed);
    }
    let number = inputs(otherwise);
    let read = AssertUnwindSafe(read);
    bolero::check!()
        .with_iterations(number)
        .with_type::<Changed>()
        .for_each(|changed| {
            let AssertUnwindSafe(read) = &read;
            read(&change(seeds, changed));
        });
    tell(target, number + seeds.len());
}

/// Tries something on any value of a type.
pub fn try_any<T: TypeGenerator + Debug + Clone + 'static>(
    target: &str,
    otherwise: usize,
    read: impl Fn(&T),
) {
    let number = inputs(otherwise);
    let read = AssertUnwindSafe(read);
    bolero::check!()
        .with_iterations(number)
        .with_type::<T>()
        .for_each(|value| {
            let AssertUnwindSafe(read) = &read;
            read(value);
        });
    tell(target, number);
}

/// The line that `docs/security.md` is made of.
pub fn tell(target: &str, number: usize) {
    println!("fuzzed {target}: {number} inputs, no panic");
}
