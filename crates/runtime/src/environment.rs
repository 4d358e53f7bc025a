//! Time and randomness from the system: the only place that takes them from the air.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use jiff::{SignedDuration, Timestamp};
use knipperlicht_vocabulary::{Clock, Environment, Random};

/// The system's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[allow(
        clippy::disallowed_methods,
        reason = "this is the `Clock` that others are given"
    )]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// The system's clock, moved: for tests, and for the invented years of a demonstration.
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

/// The system's source of randomness.
#[derive(Debug, Clone, Copy, Default)]
pub struct OsRandom;

impl Random for OsRandom {
    /// Ends the process when the system has no randomness: nothing could be kept secret then.
    #[allow(
        clippy::disallowed_methods,
        reason = "this is the `Random` that others are given"
    )]
    fn fill(&self, bytes: &mut [u8]) {
        if let Err(error) = getrandom::fill(bytes) {
            tracing::error!(%error, "the system gives no randomness");
            std::process::abort();
        }
    }
}

/// The environment of a real process.
pub fn system_environment() -> Result<Environment, jiff::Error> {
    Environment::new(Arc::new(SystemClock), Arc::new(OsRandom))
}
