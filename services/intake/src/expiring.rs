//! Forgets what was over for long, the way a coordinator would: every service forgets with it. A few
//! at a time, so that nobody waits; several instances may run, and each situation is forgotten by one.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use knipperlicht_eventing::merges::{hold_alone, survivors};
use knipperlicht_runtime::{Stop, rounds};
use knipperlicht_vocabulary::{Actor, ErasureReason, SituationId};
use tokio::sync::Mutex;
use uuid::Uuid;

use crate::{
    IntakeError,
    grpc::IntakeCalls,
    model::{Retention, is_over},
    store::{self, After},
};

/// Situations looked at in one round.
const BATCH: i64 = 100;

/// How often to begin anew: what is kept for years does not matter within the hour.
const EVERY: SignedDuration = SignedDuration::from_hours(1);

/// How often to see whether it is time: time may be moved.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Between two batches: whoever works beside gets the machine.
const REST: Duration = Duration::from_millis(100);

/// The beginning of a look at everything.
const START: After = After(Timestamp::UNIX_EPOCH, Uuid::nil());

/// Forgets what was over for long.
pub struct Expiring {
    calls: IntakeCalls,
    retention: Retention,
    /// When to begin anew, and where to go on until then.
    state: Mutex<(Timestamp, Option<After>)>,
}

impl Expiring {
    pub(crate) fn new(calls: IntakeCalls, retention: Retention) -> Self {
        Self {
            calls,
            retention,
            state: Mutex::new((Timestamp::MIN, None)),
        }
    }

    /// Forgets until it is time to stop.
    pub async fn run(self, stop: Stop) {
        rounds(&stop, "what was over for long is kept", || self.round()).await;
    }

    async fn round(&self) -> Result<Duration, IntakeError> {
        let kit = &self.calls.kit;
        let now = kit.environment.now();
        let mut state = self.state.lock().await;
        let (due, place) = *state;
        let after = match place {
            None if now < due => return Ok(LOOK_EVERY),
            place => place.unwrap_or(START),
        };
        let since = self.retention.over_since(now);
        let mut transaction = kit.database.begin(&kit.principal).await?;
        let silent = store::silent_since(&mut transaction, since, after, BATCH).await?;
        let ids: Vec<Uuid> = silent.iter().map(|one| one.situation.uuid()).collect();
        let steps = store::steps_of(&mut transaction, &ids).await?;
        store::clear_links(
            &mut transaction,
            Retention::uses_since(now),
            Retention::links_since(now),
        )
        .await?;
        transaction.commit().await?;
        let over = silent.iter().filter(|one| {
            let steps = steps.get(&one.situation).map_or(&[][..], Vec::as_slice);
            is_over(one.consent, one.some_signal_stands, steps)
        });
        for one in over {
            self.forget(one.situation, since, now).await?;
        }
        let last = silent
            .last()
            .map(|one| After(one.opened_at, one.situation.uuid()));
        let is_full = i64::try_from(silent.len()).is_ok_and(|count| count == BATCH);
        if is_full {
            *state = (due, last);
            Ok(REST)
        } else {
            let next = now.saturating_add(EVERY).unwrap_or(Timestamp::MAX);
            *state = (next, None);
            Ok(LOOK_EVERY)
        }
    }

    /// Forgets one, if nothing happened in it since it was looked at.
    async fn forget(
        &self,
        situation: SituationId,
        since: Timestamp,
        now: Timestamp,
    ) -> Result<(), IntakeError> {
        let kit = &self.calls.kit;
        let mut transaction = kit.database.begin(&kit.principal).await?;
        hold_alone(&mut transaction).await?;
        let held = store::lock_consent(&mut transaction, situation).await?;
        let alone = survivors(&mut transaction, &[situation.uuid()])
            .await?
            .is_empty();
        let steps = store::steps_of(&mut transaction, &[situation.uuid()]).await?;
        let steps = steps.get(&situation).map_or(&[][..], Vec::as_slice);
        let signals = store::signals_of(&mut transaction, situation).await?;
        let is_silent = steps.iter().all(|taken| taken.at < since)
            && signals.iter().all(|signal| signal.received_at < since);
        if held.erased || !alone || !is_silent || !is_over(held.consent, !signals.is_empty(), steps)
        {
            return Ok(());
        }
        let who = (&kit.principal, Actor::System);
        let reason = ErasureReason::NoLongerNeeded;
        self.calls
            .forget(&mut transaction, who, situation, reason, now)
            .await?;
        transaction.commit().await?;
        kit.committed();
        Ok(())
    }
}
