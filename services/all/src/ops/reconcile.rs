//! What was said, compared with what was handled; and saying it again.

use std::{collections::BTreeMap, time::Duration};

use indicatif::ProgressBar;
use jiff::Timestamp;
use knipperlicht_contracts::event::Service;
use knipperlicht_eventing::reconciler::{self, Ledger, compare};

use super::{Desk, OpsError, table};

/// Prints who has not heard what; an error when there is such.
pub(super) fn print(ledgers: &BTreeMap<Service, Ledger>) -> Result<(), OpsError> {
    let shortfalls = compare(ledgers);
    if shortfalls.is_empty() {
        println!("everything that was said has been handled");
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
    println!("{table}");
    Err(OpsError::Shortfall)
}

/// Marks everything said from `from` on to be said again.
pub(super) async fn replay(desk: &Desk, from: Timestamp) -> Result<(), OpsError> {
    for service in Service::ALL {
        let progress =
            ProgressBar::new_spinner().with_message(format!("{}: marking", service.name()));
        progress.enable_steady_tick(Duration::from_millis(200));
        let mut transaction = desk.open(*service).await?;
        let again = reconciler::replay(&mut transaction, from).await?;
        let again_said = format!("{again} events");
        desk.note(
            &mut transaction,
            "replay.asked",
            format!("from {from}"),
            &again_said,
        )
        .await?;
        transaction.commit().await?;
        progress.finish_and_clear();
        println!("{}: {again} events go out again", service.name());
    }
    Ok(())
}
