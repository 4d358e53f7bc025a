//! `knipperlicht ops drain`: waits until the line ran dry. Before NATS is moved or changed for another
//! one, so that nothing is under way; with the services running, and nobody sending.

use std::time::{Duration, Instant};

use async_nats::jetstream;
use indicatif::ProgressBar;
use knipperlicht_eventing::reconciler::compare;

use super::{Desk, Ledgers, OpsError, lag};

/// How often to look.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Waits until everything that was said is published and handled, at most so long.
pub async fn drain(
    desk: &Desk,
    jetstream: &jetstream::Context,
    within: Duration,
) -> Result<(), OpsError> {
    let ledgers = Ledgers::open(&desk.url)?;
    let began = Instant::now();
    let progress = ProgressBar::new_spinner();
    progress.enable_steady_tick(Duration::from_millis(200));
    loop {
        let lags = lag::read(desk, jetstream).await?;
        let waiting: Vec<&str> = lags
            .iter()
            .filter(|lag| !lag.is_none())
            .map(|lag| lag.service.name())
            .collect();
        let is_dry = waiting.is_empty() && compare(&ledgers.read().await?).is_empty();
        if is_dry {
            progress.finish_and_clear();
            return Ok(());
        }
        if began.elapsed() >= within {
            progress.finish_and_clear();
            return Err(OpsError::NotDry(within.as_secs()));
        }
        progress.set_message(format!("waiting for {}", waiting.join(", ")));
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
