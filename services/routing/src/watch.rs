//! Looks, every minute, whether a rule that never bends is broken where routing would break it. Told
//! by the process that tells of the whole service.

use std::time::{Duration, Instant};

use knipperlicht_eventing::Kit;
use knipperlicht_runtime::{Stop, metrics::RULE_BROKEN};

use crate::{RoutingError, store};

/// How often to look.
const EVERY: Duration = Duration::from_mins(1);

/// A look may take one part in so many of the time between two.
const SHARE: u32 = 20;

/// Rule 3: a partner is asked though the carer does not agree.
const ASKED_AGAINST_CONSENT: [(&str, &str); 2] =
    [("service", "routing"), ("rule", "asked_against_consent")];

/// Looks whether rules hold.
pub struct Watch {
    kit: Kit,
}

impl Watch {
    pub(crate) const fn new(kit: Kit) -> Self {
        Self { kit }
    }

    /// Looks until it is time to stop.
    pub async fn run(self, stop: Stop) {
        RULE_BROKEN.add(0, &ASKED_AGAINST_CONSENT);
        loop {
            let began = Instant::now();
            if self.kit.lead.is_held()
                && let Err(error) = self.look().await
            {
                tracing::debug!(%error, "rules not looked at");
            }
            if !stop.pause(EVERY.max(began.elapsed() * SHARE)).await {
                return;
            }
        }
    }

    async fn look(&self) -> Result<(), RoutingError> {
        let kit = &self.kit;
        let mut transaction = kit.database.begin(&kit.principal).await?;
        let broken = store::asked_against_consent(&mut transaction).await?;
        transaction.rollback().await?;
        if broken > 0 {
            tracing::error!(broken, "partners are asked against the carer's will");
            RULE_BROKEN.add(usize::try_from(broken).unwrap_or(0), &ASKED_AGAINST_CONSENT);
        }
        Ok(())
    }
}
