//! Where time and randomness come from: always a parameter, so that tests move the one and
//! repeat the other.

use std::sync::Arc;

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use uuid::Uuid;

/// Tells the time.
pub trait Clock: Send + Sync {
    /// The present moment.
    fn now(&self) -> Timestamp;
}

/// Gives random bytes.
pub trait Random: Send + Sync {
    /// Fills `bytes` with bytes nobody can predict.
    fn fill(&self, bytes: &mut [u8]);
}

/// What a service may take from the world besides its stores: time and randomness.
#[derive(Clone)]
pub struct Environment {
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    zone: TimeZone,
}

impl Environment {
    /// An environment in Belgian time.
    ///
    /// # Errors
    ///
    /// When the time zone database does not know Europe/Brussels.
    pub fn new(clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> Result<Self, jiff::Error> {
        Ok(Self {
            clock,
            random,
            zone: TimeZone::get("Europe/Brussels")?,
        })
    }

    /// The present moment, in microseconds: what PostgreSQL keeps, so that a value read back
    /// equals the value written.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let now = self.clock.now();
        Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now)
    }

    /// Today in Belgium.
    #[must_use]
    pub fn today(&self) -> Date {
        self.day_of(self.now())
    }

    /// The day on which a moment lies in Belgium.
    #[must_use]
    pub fn day_of(&self, at: Timestamp) -> Date {
        self.zone.to_datetime(at).date()
    }

    /// When a day begins in Belgium; nothing for a day that no calendar reaches.
    #[must_use]
    pub fn start_of(&self, day: Date) -> Option<Timestamp> {
        let start = day.to_zoned(self.zone.clone()).ok()?;
        Some(start.timestamp())
    }

    /// Fills `bytes` with bytes nobody can predict.
    pub fn fill(&self, bytes: &mut [u8]) {
        self.random.fill(bytes);
    }

    /// A fresh UUID, version 7.
    #[must_use]
    pub fn uuid(&self) -> Uuid {
        let mut random = [0; 10];
        self.random.fill(&mut random);
        let millis = u64::try_from(self.clock.now().as_millisecond()).unwrap_or_default();
        uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
    }
}
