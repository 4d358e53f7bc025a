//! Waiting until everything that was said has been heard.

use std::{collections::BTreeMap, time::Duration};

use knipperlicht_access::{Database, DatabaseOptions, Principal};
use knipperlicht_contracts::event::Service;
use knipperlicht_eventing::reconciler::{Ledger, compare, ledger};
use tokio::time::{Instant, sleep};

use crate::ChaosError;

/// How often to look: counting is work for the database that is waited for.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Nothing was heard for so long: what is still missing does not come. While something is, it is waited
/// for: under a load that it hardly bears, a line may be far behind.
const STALLED: Duration = Duration::from_secs(45);

/// How it ended.
#[derive(Debug, Clone)]
pub(crate) struct Drained {
    /// Whether nothing was under way any more.
    pub(crate) dry: bool,
    /// How long it took.
    pub(crate) took: Duration,
    /// Events said, of all services.
    pub(crate) said: i64,
    /// What is still under way, in words.
    pub(crate) left: Vec<String>,
}

/// Waits until every outbox is empty, everybody has heard everything and nothing is parked: twice
/// in a row, for what is heard last may lead to more being said.
pub(crate) async fn drain(database_url: &str) -> Result<Drained, ChaosError> {
    let principal = Principal::service("chaos".parse()?);
    let mut databases = Vec::new();
    for service in Service::ALL {
        let url = database_url.to_owned();
        let options = DatabaseOptions {
            url,
            service: service.name(),
            connections: 1,
        };
        databases.push((*service, Database::new(&options)?));
    }
    let begun = Instant::now();
    let (mut heard_before, mut moved_at) = (0, begun);
    let mut dry_before = None;
    loop {
        let mut ledgers = BTreeMap::new();
        for (service, database) in &databases {
            let mut transaction = database.begin(&principal).await?;
            ledgers.insert(*service, ledger(&mut transaction).await?);
        }
        let said = ledgers
            .values()
            .flat_map(|ledger| ledger.said.values())
            .sum();
        let heard = heard(&ledgers);
        if heard != heard_before {
            (heard_before, moved_at) = (heard, Instant::now());
        }
        let left = left(&ledgers);
        let dry = left.is_empty() && dry_before == Some(said);
        if dry || moved_at.elapsed() >= STALLED {
            return Ok(Drained {
                dry,
                took: begun.elapsed(),
                said,
                left,
            });
        }
        dry_before = left.is_empty().then_some(said);
        sleep(LOOK_EVERY).await;
    }
}

fn heard(ledgers: &BTreeMap<Service, Ledger>) -> i64 {
    ledgers
        .values()
        .flat_map(|ledger| ledger.heard.values())
        .sum()
}

fn left(ledgers: &BTreeMap<Service, Ledger>) -> Vec<String> {
    let mut left = Vec::new();
    for (service, ledger) in ledgers {
        let unpublished: i64 = ledger.unpublished.values().sum();
        for (count, what) in [(unpublished, "not published"), (ledger.parked, "parked")] {
            if count > 0 {
                left.push(format!("{}: {count} {what}", service.name()));
            }
        }
    }
    for shortfall in compare(ledgers) {
        left.push(format!(
            "{} has not heard {} events of {} in partition {}",
            shortfall.listener.name(),
            shortfall.missing,
            shortfall.source.name(),
            shortfall.partition
        ));
    }
    left
}
