//! A clock that tests move: time is never slept.

use std::sync::Arc;

use knipperlicht_runtime::{MovableClock, OsRandom};
use knipperlicht_vocabulary::Environment;

/// An environment with a clock to move.
#[must_use]
pub fn movable_environment() -> (Environment, MovableClock) {
    let clock = MovableClock::default();
    let environment =
        Environment::new(Arc::new(clock.clone()), Arc::new(OsRandom)).expect("Europe/Brussels");
    (environment, clock)
}
