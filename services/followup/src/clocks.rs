//! Fires the clocks that are due. Several instances may run: each clock is fired by one.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use knipperlicht_contracts::{event::EventBody, events::v1 as events, to_proto};
use knipperlicht_eventing::Kit;
use knipperlicht_runtime::{Stop, rounds_by_the_clock};
use knipperlicht_vocabulary::{ClockKind, SituationId, Urgency};
use sqlx::PgConnection;

use crate::{
    error::FollowupError,
    model::rung,
    store::clocks::{self, About, Breach},
    story::{self, Telling},
    unreadable::Unreadable,
};

/// Clocks at most in one transaction.
const BATCH: i64 = 500;

/// How often to look: clocks start in other processes, and time may be moved.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Between two looks at least, so that a clock that another instance is at is not looked at all the
/// time.
const SHORTEST: Duration = Duration::from_millis(5);

/// Fires the clocks that are due.
pub struct Clocks {
    kit: Kit,
    unreadable: Unreadable,
}

impl Clocks {
    pub(crate) fn new(kit: Kit) -> Self {
        Self {
            kit,
            unreadable: Unreadable::default(),
        }
    }

    /// Fires until it is time to stop.
    pub async fn run(self, stop: Stop) {
        rounds_by_the_clock(&stop, "clocks wait", || self.pass()).await;
    }

    /// Fires one batch; says how long to rest, or how long nothing will be due.
    async fn pass(&self) -> Result<Duration, FollowupError> {
        let environment = &self.kit.environment;
        let began = Instant::now();
        let now = environment.now();
        let mut transaction = self.kit.database.begin(&self.kit.principal).await?;
        let breaches = clocks::breach(&mut transaction, now, BATCH, &self.unreadable).await?;
        let fired = breaches.len();
        let kinds: Vec<ClockKind> = breaches.iter().map(|one| one.clock.kind).collect();
        if fired > 0 {
            let tellings = breaches.into_iter().map(telling).collect();
            story::tell(&mut transaction, environment, now, tellings).await?;
        }
        let next_due = clocks::next_due(&mut transaction, &self.unreadable).await?;
        transaction.commit().await?;
        if fired > 0 {
            tracing::debug!(fired, "promises were not kept in time");
            for kind in kinds {
                clocks::count_ended(kind, "broken");
            }
            self.kit.committed();
        }
        let until_due = next_due.map_or(LOOK_EVERY, |due| {
            // Already due: more than one batch, or another instance is at them.
            Duration::try_from(due.duration_since(now)).unwrap_or(Duration::ZERO)
        });
        // After a night, a holiday or a stop there may be thousands: whoever works beside gets the
        // machine for as long as a batch took.
        let rest = began.elapsed().clamp(SHORTEST, LOOK_EVERY);
        Ok(until_due.clamp(rest, LOOK_EVERY))
    }
}

/// Of whom a promise has run out by `at` that nobody was told of yet: for whoever moves time, and waits for
/// what follows.
pub async fn overdue(
    connection: &mut PgConnection,
    at: Timestamp,
) -> Result<Vec<SituationId>, sqlx::Error> {
    clocks::overdue(connection, at).await
}

fn telling(breach: Breach) -> Telling {
    let (referral_id, item_id, item_promise) = match breach.about {
        About::Referral(referral) => (referral.to_string(), String::new(), None),
        About::Item { id, promise } => (String::new(), id.to_string(), promise),
    };
    let body = EventBody::from(events::ClockBreached {
        clock_id: breach.clock.id.to_string(),
        kind: breach.clock.kind.number(),
        referral_id,
        due_at: Some(to_proto(breach.clock.due_at)),
        rung: rung(breach.clock.kind).number(),
        item_id,
        item_promise: item_promise.map_or(0, ClockKind::number),
        urgency: breach.urgency.map_or(0, Urgency::number),
    });
    Telling {
        situation: breach.situation,
        zone: breach.zone,
        body,
        traceparent: breach.traceparent,
    }
}
