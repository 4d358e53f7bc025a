//! Adds what was noted to the counters of the reports. Several instances may run: what is noted is
//! added by one.

use std::time::Duration;

use knipperlicht_eventing::Kit;
use knipperlicht_runtime::{Stop, rounds};

use crate::{error::FollowupError, store::report};

/// How long notes gather. Who asks for a report has them added first.
const GATHER: Duration = Duration::from_secs(10);

/// Adds what was noted to the counters.
pub struct Tallies {
    kit: Kit,
}

impl Tallies {
    pub(crate) const fn new(kit: Kit) -> Self {
        Self { kit }
    }

    /// Adds until it is time to stop.
    pub async fn run(self, stop: Stop) {
        let round = || async { add_up(&self.kit).await.map(|()| GATHER) };
        rounds(&stop, "what was counted waits", round).await;
    }
}

/// Adds all that was noted until now.
pub(crate) async fn add_up(kit: &Kit) -> Result<(), FollowupError> {
    loop {
        let mut transaction = kit.database.begin(&kit.principal).await?;
        let added = report::add_up(&mut transaction).await?;
        transaction.commit().await?;
        if added.is_last() {
            return Ok(());
        }
    }
}
