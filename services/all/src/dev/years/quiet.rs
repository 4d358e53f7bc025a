//! Waits until everybody has heard what was said.

use std::{collections::BTreeMap, time::Duration};

use futures::future::try_join_all;
use jiff::Timestamp;
use knipperlicht_access::{Database, DatabaseOptions, Principal};
use knipperlicht_contracts::event::Service;
use knipperlicht_eventing::quiet::{Progress, is_quiet, progress};
use knipperlicht_vocabulary::SituationId;
use tokio::time::{Instant, sleep};

use super::YearsError;
use crate::dev::DevError;

/// The services that keep what they say and hear; notification only listens.
const SPEAKERS: [Service; 4] = [
    Service::Intake,
    Service::Assessment,
    Service::Routing,
    Service::Followup,
];

/// Between two looks: an event takes longer from one service to the next.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// Far longer than half a day's events take.
const PATIENCE: Duration = Duration::from_mins(1);

/// Looks how far each service got.
pub(super) struct Quiet {
    databases: Vec<(Service, Database)>,
    followup: Database,
    principal: Principal,
}

impl Quiet {
    pub(super) fn new(database_url: &str) -> Result<Self, DevError> {
        let database = |service: Service| {
            Database::new(&DatabaseOptions {
                url: database_url.to_owned(),
                service: service.name(),
                connections: 1,
            })
        };
        let named = |service| Ok::<_, DevError>((service, database(service)?));
        Ok(Self {
            databases: SPEAKERS.into_iter().map(named).collect::<Result<_, _>>()?,
            followup: database(Service::Followup)?,
            principal: Principal::service("dev".parse()?),
        })
    }

    /// Waits until everybody has heard what was said of these situations, and what was said because
    /// of that.
    pub(super) async fn around(&self, situations: &[SituationId]) -> Result<(), DevError> {
        if situations.is_empty() {
            return Ok(());
        }
        let deadline = Instant::now() + PATIENCE;
        while !is_quiet(&self.look(situations).await?) {
            if Instant::now() > deadline {
                return Err(YearsError::Stalled.into());
            }
            sleep(LOOK_EVERY).await;
        }
        Ok(())
    }

    /// Of whom a promise has run out by `at`, and nobody was told yet.
    pub(super) async fn overdue(&self, at: Timestamp) -> Result<Vec<SituationId>, DevError> {
        let mut transaction = self.followup.begin(&self.principal).await?;
        let found = knipperlicht_followup::overdue(&mut transaction, at).await?;
        transaction.rollback().await?;
        Ok(found)
    }

    /// Waits until it was told of all of them.
    pub(super) async fn until_none_is_overdue(&self, at: Timestamp) -> Result<(), DevError> {
        let deadline = Instant::now() + PATIENCE;
        while !self.overdue(at).await?.is_empty() {
            if Instant::now() > deadline {
                return Err(YearsError::Stalled.into());
            }
            sleep(LOOK_EVERY).await;
        }
        Ok(())
    }

    async fn look(
        &self,
        situations: &[SituationId],
    ) -> Result<BTreeMap<Service, Progress>, sqlx::Error> {
        let looks = self.databases.iter().map(|(service, database)| async move {
            let mut transaction = database.begin(&self.principal).await?;
            let found = progress(&mut transaction, situations).await?;
            transaction.rollback().await?;
            Ok::<_, sqlx::Error>((*service, found))
        });
        Ok(try_join_all(looks).await?.into_iter().collect())
    }
}
