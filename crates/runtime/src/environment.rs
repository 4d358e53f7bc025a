//! Time and randomness from the system: the only place that takes them from the air.

use std::sync::Arc;

use jiff::Timestamp;
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
