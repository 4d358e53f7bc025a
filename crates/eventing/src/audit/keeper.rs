//! Keeps checkpoints of a service's log while the service runs.

use std::{sync::Arc, time::Duration};

use knipperlicht_access::{Database, Principal};
use knipperlicht_contracts::event::Service;
use knipperlicht_privacy::audit::{Checkpoint, CheckpointKey};
use knipperlicht_runtime::Stop;
use knipperlicht_runtime::metrics::RULE_BROKEN;
use knipperlicht_vocabulary::Environment;

use super::{
    checkpoints::{Checkpoints, CheckpointsError},
    verify::{Chain, hashes, verify},
};

/// How often to look whether something was added. What is written anew within this time is not
/// found by its checkpoints. Own default.
const EVERY: Duration = Duration::from_mins(1);

/// Keeps checkpoints of the log of one service. What was added since the last one is read first: a
/// log that does not hold is not signed.
pub struct Keeper {
    /// Whose log.
    pub service: Service,
    /// Where it is.
    pub database: Database,
    /// In whose name it is read.
    pub principal: Principal,
    /// Time.
    pub environment: Environment,
    /// Where checkpoints are kept.
    pub checkpoints: Checkpoints,
    /// What they are signed with.
    pub key: Arc<CheckpointKey>,
}

/// What a look at the log led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kept {
    /// Nothing was added.
    Nothing,
    /// Something was.
    Checkpoint(Checkpoint),
    /// The log does not hold, for this reason.
    Refused(String),
}

impl Keeper {
    /// Looks every minute until it is time to stop, and then once more.
    pub async fn run(self, stop: Stop) {
        loop {
            let goes_on = stop.pause(EVERY).await;
            let service = self.service.name();
            match self.keep().await {
                Ok(Kept::Nothing | Kept::Checkpoint(_)) => {}
                Ok(Kept::Refused(fault)) => {
                    RULE_BROKEN.add(1, &[("service", service), ("rule", "audit_holds")]);
                    tracing::error!(
                        code = "KL6001",
                        service,
                        fault,
                        "the audit log does not hold: no checkpoint was made of it"
                    );
                }
                Err(error) => {
                    tracing::warn!(service, %error, "no checkpoint was made of the audit log");
                }
            }
            if !goes_on {
                return;
            }
        }
    }

    /// Makes a checkpoint if something was added since the last one, and holds.
    pub async fn keep(&self) -> Result<Kept, CheckpointsError> {
        let Self {
            service,
            database,
            principal,
            ..
        } = self;
        let last = self.checkpoints.last(*service, &self.key.readers())?;
        let after = last.as_ref().map_or(0, |last| last.number);
        if let Some(last) = &last {
            let mut transaction = database.begin(principal).await?;
            let held = hashes(&mut transaction, &[last.number]).await?;
            transaction.rollback().await?;
            if held.first().map(|(_, hash)| hash.as_slice()) != Some(last.hash.as_slice()) {
                return Ok(Kept::Refused(format!(
                    "row {} is not what it was on {}",
                    last.number, last.at
                )));
            }
        }
        let Chain { head, faults } = verify(database, principal, after, 1, |_| {}).await?;
        if let Some(fault) = faults.first.first() {
            return Ok(Kept::Refused(fault.to_string()));
        }
        let Some((number, hash)) = head.filter(|(number, _)| *number > after) else {
            return Ok(Kept::Nothing);
        };
        let checkpoint = Checkpoint {
            service: service.name().to_owned(),
            number,
            hash: hash
                .try_into()
                .map_err(|_| CheckpointsError::Hash(number))?,
            at: self.environment.now(),
        };
        self.checkpoints.keep(*service, &checkpoint, &self.key)?;
        Ok(Kept::Checkpoint(checkpoint))
    }
}
