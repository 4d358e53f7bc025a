//! A clock that tests move: time is never slept.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use jiff::{SignedDuration, Timestamp};
use knipperlicht_runtime::{OsRandom, SystemClock};
use knipperlicht_vocabulary::{Clock, Environment};

/// The system's clock, moved ahead.
#[derive(Debug, Clone, Default)]
pub struct MovableClock(Arc<AtomicI64>);

impl MovableClock {
    /// Moves it ahead by so much.
    pub fn advance(&self, by: SignedDuration) {
        let micros = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
        self.0.fetch_add(micros, Ordering::SeqCst);
    }

    /// Moves it so that it is now `moment`.
    pub fn set(&self, moment: Timestamp) {
        self.0.store(
            moment.as_microsecond() - SystemClock.now().as_microsecond(),
            Ordering::SeqCst,
        );
    }
}

impl Clock for MovableClock {
    fn now(&self) -> Timestamp {
        let moved = SignedDuration::from_micros(self.0.load(Ordering::SeqCst));
        SystemClock
            .now()
            .saturating_add(moved)
            .unwrap_or(Timestamp::MAX)
    }
}

/// An environment with a clock to move.
#[must_use]
pub fn movable_environment() -> (Environment, MovableClock) {
    let clock = MovableClock::default();
    let environment =
        Environment::new(Arc::new(clock.clone()), Arc::new(OsRandom)).expect("Europe/Brussels");
    (environment, clock)
}
