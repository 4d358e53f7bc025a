//! Clears away deliveries that are long over, with their attempts. Several instances may run: each
//! delivery is cleared away by one.

use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use knipperlicht_eventing::Kit;
use knipperlicht_runtime::{Stop, retry_pause};

use crate::{
    model::retention::Retention,
    store::{
        deliveries::{self, End},
        subscriptions,
    },
};

/// Deliveries at most in one transaction.
const BATCH: u16 = 500;

/// How often to clear: what is kept for months does not matter within the hour.
const EVERY: SignedDuration = SignedDuration::from_hours(1);

/// How often to see whether it is time: time may be moved.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Clears away what is long over.
pub struct Clearing {
    kit: Kit,
    retention: Retention,
}

/// Whether there is more to do at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Left {
    Nothing,
    More,
}

impl Clearing {
    pub(crate) const fn new(kit: Kit, retention: Retention) -> Self {
        Self { kit, retention }
    }

    /// Clears until it is time to stop.
    pub async fn run(self, stop: Stop) {
        let mut failures = 0;
        let mut due = Timestamp::MIN;
        loop {
            let (now, began) = (self.kit.environment.now(), Instant::now());
            let pause = if now < due {
                LOOK_EVERY
            } else {
                match self.pass(now).await {
                    Ok(left) => {
                        failures = 0;
                        match left {
                            // Whoever works beside gets the machine for as long as a batch took.
                            Left::More => began.elapsed().min(LOOK_EVERY),
                            Left::Nothing => {
                                due = now.saturating_add(EVERY).unwrap_or(Timestamp::MAX);
                                LOOK_EVERY
                            }
                        }
                    }
                    Err(error) => {
                        tracing::warn!(%error, "deliveries that are long over stay");
                        failures += 1;
                        retry_pause(failures)
                    }
                }
            };
            if !stop.pause(pause).await {
                return;
            }
        }
    }

    /// Clears one batch of those that were delivered, one of those that were given up, and one of
    /// subscriptions that ended as long ago.
    async fn pass(&self, now: Timestamp) -> Result<Left, sqlx::Error> {
        let delivered = self
            .clear(End::Delivered, self.retention.delivered_since(now))
            .await?;
        let dead = self
            .clear(End::Dead, self.retention.dead_since(now))
            .await?;
        let mut transaction = self.kit.database.begin(&self.kit.principal).await?;
        let (since, limit) = (self.retention.dead_since(now), i64::from(BATCH));
        let ended = subscriptions::clear(&mut transaction, since, limit).await?;
        transaction.commit().await?;
        if delivered + dead + ended > 0 {
            tracing::info!(
                delivered,
                dead,
                ended,
                "deliveries and subscriptions that were long over are cleared away"
            );
        }
        let full = u64::from(BATCH);
        Ok(if delivered < full && dead < full && ended < full {
            Left::Nothing
        } else {
            Left::More
        })
    }

    async fn clear(&self, end: End, since: Timestamp) -> Result<u64, sqlx::Error> {
        let mut transaction = self.kit.database.begin(&self.kit.principal).await?;
        let cleared = deliveries::clear(&mut transaction, end, since, i64::from(BATCH)).await?;
        transaction.commit().await?;
        Ok(cleared)
    }
}
