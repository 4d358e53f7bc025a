//! Brings deliveries to their receivers. Several processes may run: each line is worked on by one.

mod lane;
mod post;
mod web;

use std::sync::Arc;

use jiff::tz::TimeZone;
use knipperlicht_eventing::Kit;
use knipperlicht_privacy::Vault;
use knipperlicht_runtime::{Stop, retry_pause};
use tokio::task::JoinSet;

use self::web::Caller;
use crate::{
    settings::NotificationSettings,
    store::lanes::{self, Claimed},
};

/// Lines worked on at once: each waits for its receiver most of the time.
const AT_ONCE: usize = 32;

/// Brings deliveries to their receivers.
pub struct Courier {
    round: Arc<Round>,
}

/// What is needed on the way.
struct Round {
    kit: Kit,
    settings: Arc<NotificationSettings>,
    vault: Vault,
    caller: Caller,
    /// In which mailboxes have their quiet hours.
    local: TimeZone,
}

impl Courier {
    pub(crate) fn new(kit: Kit, settings: Arc<NotificationSettings>, vault: Vault) -> Self {
        let round = Round {
            caller: Caller::new(settings.reach(), settings.authorities.clone()),
            local: TimeZone::get("Europe/Brussels").unwrap_or(TimeZone::UTC),
            kit,
            settings,
            vault,
        };
        Self {
            round: Arc::new(round),
        }
    }

    /// Delivers until it is time to stop; what is under way is finished.
    pub async fn run(self, stop: Stop) {
        let mut bell = self.round.kit.bell.listen();
        let mut under_way = JoinSet::new();
        let mut failures = 0;
        loop {
            match self.claim(AT_ONCE - under_way.len()).await {
                Ok(lanes) => {
                    failures = 0;
                    for claimed in lanes {
                        under_way.spawn(lane::work(Arc::clone(&self.round), claimed, stop.clone()));
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "deliveries wait");
                    if !stop.pause(retry_pause(failures)).await {
                        break;
                    }
                    failures += 1;
                }
            }
            tokio::select! {
                () = bell.wait() => {}
                Some(_) = under_way.join_next(), if under_way.len() == AT_ONCE => {}
                () = stop.requested() => break,
            }
            while under_way.try_join_next().is_some() {}
        }
        while under_way.join_next().await.is_some() {}
    }

    async fn claim(&self, free: usize) -> Result<Vec<Claimed>, sqlx::Error> {
        if free == 0 {
            return Ok(Vec::new());
        }
        let kit = &self.round.kit;
        let mut transaction = kit.database.begin(&kit.principal).await?;
        let limit = i64::try_from(free).unwrap_or(i64::MAX);
        let now = kit.environment.now();
        let claim = kit.environment.uuid();
        let lanes = lanes::claim(&mut transaction, now, claim, limit).await?;
        transaction.commit().await?;
        Ok(lanes)
    }
}
