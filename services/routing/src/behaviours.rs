//! How services behaved when they were asked: measured by one process an hour, held in memory by
//! all.

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use knipperlicht_eventing::Kit;
use knipperlicht_runtime::Stop;
use sqlx::PgConnection;

use crate::{RoutingError, model::behaviour::Behaviours, store};

/// How old what is measured may be: behaviour of 90 days does not change within the hour.
const AGE: SignedDuration = SignedDuration::from_hours(1);

/// How often to look whether it is time: another process may have measured, and time may be moved.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// What was measured last, loaded when that changes.
#[derive(Debug, Clone, Default)]
pub(crate) struct CachedBehaviours(Arc<RwLock<Held>>);

#[derive(Debug, Clone, Default)]
struct Held {
    measured_at: Option<Timestamp>,
    behaviours: Arc<Behaviours>,
}

impl CachedBehaviours {
    /// The behaviour as this transaction sees it.
    pub(crate) async fn current(
        &self,
        connection: &mut PgConnection,
    ) -> Result<Arc<Behaviours>, RoutingError> {
        let measured_at = store::measured_at(connection).await?;
        let held = self
            .0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        if held.measured_at == measured_at {
            return Ok(held.behaviours);
        }
        let behaviours = Arc::new(store::behaviours(connection).await?);
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Held {
            measured_at,
            behaviours: Arc::clone(&behaviours),
        };
        Ok(behaviours)
    }
}

/// Measures from time to time.
pub struct Measuring {
    kit: Kit,
    over: SignedDuration,
}

impl Measuring {
    /// Over so many days.
    pub(crate) fn new(kit: Kit, days: u16) -> Self {
        Self {
            kit,
            over: SignedDuration::from_hours(24 * i64::from(days)),
        }
    }

    /// Measures until it is time to stop.
    pub async fn run(self, stop: Stop) {
        loop {
            if let Err(error) = self.measure_if_due().await {
                tracing::warn!(%error, "behaviour is not measured; the last figures hold");
            }
            if !stop.pause(LOOK_EVERY).await {
                return;
            }
        }
    }

    async fn measure_if_due(&self) -> Result<(), RoutingError> {
        let now = self.kit.environment.now();
        let mut transaction = self.kit.database.begin(&self.kit.principal).await?;
        if store::claim_measuring(&mut transaction, now, now - AGE).await? {
            store::measure_behaviour(&mut transaction, now - self.over).await?;
        }
        transaction.commit().await?;
        Ok(())
    }
}
