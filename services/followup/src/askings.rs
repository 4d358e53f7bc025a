//! Has carers asked whether it helped, when it is time. Several instances may run: each carer is
//! claimed by one.

use std::time::Duration;

use jiff::Timestamp;
use knipperlicht_contracts::{event::EventBody, events::v1 as events};
use knipperlicht_eventing::Kit;
use knipperlicht_runtime::{Stop, rounds_by_the_clock};

use crate::{
    error::FollowupError,
    model::AskingRule,
    store::askings::{self, Due},
    story::{self, Telling},
    unreadable::Unreadable,
};

/// Carers at most in one transaction.
const BATCH: i64 = 200;

/// How often to look: time may be moved, and follow-ups are closed in other processes. Minutes do
/// not matter after four weeks; a test's patience does.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Between two looks.
const SHORTEST: Duration = Duration::from_millis(5);

/// Has carers asked.
pub struct Askings {
    kit: Kit,
    rule: AskingRule,
    unreadable: Unreadable,
}

impl Askings {
    pub(crate) fn new(kit: Kit, rule: AskingRule) -> Self {
        Self {
            kit,
            rule,
            unreadable: Unreadable::default(),
        }
    }

    /// Has them asked until it is time to stop.
    pub async fn run(self, stop: Stop) {
        rounds_by_the_clock(&stop, "carers wait to be asked", || self.pass()).await;
    }

    async fn pass(&self) -> Result<Duration, FollowupError> {
        let environment = &self.kit.environment;
        let now = environment.now();
        let mut transaction = self.kit.database.begin(&self.kit.principal).await?;
        let again_at = self.rule.next(1, now).unwrap_or(Timestamp::MAX);
        let due = askings::due(&mut transaction, now, BATCH, &self.unreadable).await?;
        askings::ask(&mut transaction, now, again_at, &due).await?;
        let asked = due.len();
        if asked > 0 {
            let tellings = due.into_iter().map(telling).collect();
            story::tell(&mut transaction, environment, now, tellings).await?;
        }
        let next = askings::next(&mut transaction, &self.unreadable).await?;
        transaction.commit().await?;
        if asked > 0 {
            tracing::debug!(asked, "carers are to be asked whether it helped");
            self.kit.committed();
        }
        let until = next.map_or(LOOK_EVERY, |next| {
            Duration::try_from(next.duration_since(now)).unwrap_or(SHORTEST)
        });
        Ok(until.clamp(SHORTEST, LOOK_EVERY))
    }
}

fn telling(due: Due) -> Telling {
    let body = EventBody::from(events::CarerAsked {
        task_id: due.task.to_string(),
        referral_id: due.referral.to_string(),
        organisation_id: due.organisation.to_string(),
        times: i32::from(due.times),
    });
    Telling {
        situation: due.situation,
        zone: due.zone,
        body,
        traceparent: due.traceparent,
    }
}
