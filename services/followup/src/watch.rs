//! What is told of promises and open loops, zone by zone, for dashboards and alerts: by the process
//! that tells of the whole service.

use std::time::{Duration, Instant};

use knipperlicht_eventing::Kit;
use knipperlicht_runtime::{
    Stop,
    metrics::{Labels, OLDEST_UNACCEPTED, OLDEST_UNCLOSED, OVERDUE, TIMER_LATE},
};

use crate::{
    error::FollowupError,
    store::watch::{self, Standing},
};

/// How often to look.
const EVERY: Duration = Duration::from_secs(15);

/// A look may take one part in so many of the time between two.
const SHARE: u32 = 20;

/// How soon it is seen that this process is to tell.
const TAKE_OVER: Duration = Duration::from_secs(2);

const SERVICE: &str = "followup";

/// Tells of promises and open loops.
pub struct Watch {
    kit: Kit,
}

impl Watch {
    pub(crate) const fn new(kit: Kit) -> Self {
        Self { kit }
    }

    /// Tells until it is time to stop.
    pub async fn run(self, stop: Stop) {
        loop {
            let began = Instant::now();
            if self.kit.lead.is_held() {
                if let Err(error) = self.look().await {
                    tracing::debug!(%error, "promises not looked at");
                }
            } else {
                tell(&[]);
                TIMER_LATE.tell(SERVICE, Vec::new());
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

    async fn look(&self) -> Result<(), FollowupError> {
        let kit = &self.kit;
        let now = kit.environment.now();
        let mut transaction = kit.database.begin(&kit.principal).await?;
        let standings = watch::standings(&mut transaction, now).await?;
        let late = watch::latest_timer(&mut transaction, now).await?;
        transaction.rollback().await?;
        tell(&standings);
        TIMER_LATE.tell_of(SERVICE, late);
        Ok(())
    }
}

/// Says how it stands, in the place of what was said before.
fn tell(standings: &[Standing]) {
    let of_zone = |age: fn(&Standing) -> Option<f64>| -> Vec<(Labels, f64)> {
        let mut ages: Vec<(Labels, f64)> = Vec::new();
        // Ordered by zone: the promises of one lie together.
        for zone in standings.chunk_by(|one, next| one.zone == next.zone) {
            let oldest = zone.iter().filter_map(age).reduce(f64::max);
            if let (Some(oldest), [first, ..]) = (oldest, zone) {
                ages.push((vec![("zone", first.zone.clone().into())], oldest));
            }
        }
        ages
    };
    OLDEST_UNACCEPTED.tell(SERVICE, of_zone(|one| one.unaccepted));
    OLDEST_UNCLOSED.tell(SERVICE, of_zone(|one| one.unclosed));
    let overdue = standings.iter().map(|one| {
        let labels: Labels = vec![
            ("promise", one.promise.clone().into()),
            ("zone", one.zone.clone().into()),
        ];
        (labels, one.overdue)
    });
    OVERDUE.tell(SERVICE, overdue.collect());
}
