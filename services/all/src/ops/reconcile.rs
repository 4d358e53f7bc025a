//! What was said, compared with what was handled; and saying it again.

use std::{collections::BTreeMap, time::Duration};

use indicatif::ProgressBar;
use jiff::Timestamp;
use knipperlicht_contracts::event::Service;
use knipperlicht_eventing::reconciler::{self, After, Ledger, compare};

use super::{Desk, OpsError, table};
use crate::print::tell;

/// Events looked at in one go.
const AT_ONCE: i64 = 5_000;

/// Prints who has not heard what; an error when there is such.
pub(super) fn print(ledgers: &BTreeMap<Service, Ledger>) -> Result<(), OpsError> {
    let shortfalls = compare(ledgers);
    if shortfalls.is_empty() {
        tell!("everything that was said has been handled")?;
        return Ok(());
    }
    let mut table = table(["said by", "not handled by", "partition", "events"]);
    for shortfall in shortfalls {
        table.add_row([
            shortfall.source.name().to_owned(),
            shortfall.listener.name().to_owned(),
            shortfall.partition.to_string(),
            shortfall.missing.to_string(),
        ]);
    }
    tell!("{table}")?;
    Err(OpsError::Shortfall)
}

/// Marks everything said from `from` on to be said again.
pub(super) async fn replay(desk: &Desk, from: Timestamp) -> Result<(), OpsError> {
    for service in Service::ALL {
        let progress =
            ProgressBar::new_spinner().with_message(format!("{}: marking", service.name()));
        progress.enable_steady_tick(Duration::from_millis(200));
        let again = replay_of(desk, *service, from, &progress).await?;
        progress.finish_and_clear();
        tell!("{}: {again} events go out again", service.name())?;
    }
    Ok(())
}

/// Part by part, each committed: what is marked goes out while the rest is looked at, and whoever is
/// interrupted asks again.
async fn replay_of(
    desk: &Desk,
    service: Service,
    from: Timestamp,
    progress: &ProgressBar,
) -> Result<u64, OpsError> {
    let database = desk.database(service, 1)?;
    let mut transaction = database.begin(&desk.principal).await?;
    desk.note(&mut transaction, "replay.asked", format!("from {from}"), "")
        .await?;
    transaction.commit().await?;
    let (mut again, mut after) = (0, After::default());
    loop {
        let mut transaction = database.begin(&desk.principal).await?;
        let part = reconciler::replay(&mut transaction, from, after, AT_ONCE).await?;
        transaction.commit().await?;
        let Some(part) = part else { break };
        again += part.again;
        after = part.after;
        progress.set_message(format!("{}: {again} marked", service.name()));
    }
    database.close().await;
    Ok(again)
}
