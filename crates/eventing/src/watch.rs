//! What is told of a whole service, for dashboards and alerts: how long the oldest event waits for the
//! relay and for the service, how much waits, and what is parked. Looked up every 15 seconds by the
//! process that holds the [`Lead`](crate::Lead), and less often where that takes long.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use knipperlicht_runtime::{
    Stop,
    metrics::{DUPLICATES, OLDEST_UNHANDLED, OLDEST_UNPUBLISHED, PARKED, RULE_BROKEN, UNHANDLED},
};

use crate::{Kit, lag};

/// How often to look.
const EVERY: Duration = Duration::from_secs(15);

/// A look may take one part in so many of the time between two.
const SHARE: u32 = 20;

/// How soon it is seen that this process is to tell.
const TAKE_OVER: Duration = Duration::from_secs(2);

/// How a look failed: it is tried again with the next.
#[derive(Debug, thiserror::Error)]
enum LookError {
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    #[error("stream: {0}")]
    Stream(async_nats::Error),
}

/// Looks, for the service of a kit, until it is time to stop: see [`Kit::watch`].
pub struct Watch {
    pub(crate) kit: Kit,
}

impl Watch {
    /// Looks until it is time to stop.
    pub async fn run(self, stop: Stop) {
        let service = self.kit.service.name();
        DUPLICATES.add(0, &[("service", service)]);
        RULE_BROKEN.add(0, &[("service", service), ("rule", "audit_holds")]);
        loop {
            let began = Instant::now();
            if self.kit.lead.is_held() {
                if let Err(error) = self.look().await {
                    tracing::debug!(service, %error, "not looked at");
                }
            } else {
                // Another process tells.
                for gauge in [&OLDEST_UNPUBLISHED, &OLDEST_UNHANDLED, &UNHANDLED, &PARKED] {
                    gauge.tell(service, Vec::new());
                }
            }
            let pause = if self.kit.lead.is_held() {
                EVERY
            } else {
                TAKE_OVER
            };
            if !stop.pause(pause.max(began.elapsed() * SHARE)).await {
                return;
            }
        }
    }

    async fn look(&self) -> Result<(), LookError> {
        let kit = &self.kit;
        let service = kit.service.name();
        let mut transaction = kit.database.begin(&kit.principal).await?;
        let kept = lag::kept(&mut transaction).await?;
        transaction.rollback().await?;
        OLDEST_UNPUBLISHED.tell_of(service, self.age(kept.oldest_unpublished));
        PARKED.tell_of(service, count(kept.parked));
        let unhandled = lag::unhandled(&kit.jetstream, kit.service, &kept)
            .await
            .map_err(LookError::Stream)?;
        OLDEST_UNHANDLED.tell_of(service, self.age(unhandled.oldest));
        let events = i64::try_from(unhandled.events).unwrap_or(i64::MAX);
        UNHANDLED.tell_of(service, count(events));
        Ok(())
    }

    /// Seconds since then; none of what is not.
    fn age(&self, since: Option<Timestamp>) -> f64 {
        let now = self.kit.environment.now();
        since.map_or(0.0, |since| {
            now.duration_since(since).as_secs_f64().max(0.0)
        })
    }
}

/// A count as a metric holds it: exact up to nine thousand million million.
#[allow(clippy::cast_precision_loss, reason = "there are never so many events")]
const fn count(events: i64) -> f64 {
    events as f64
}
