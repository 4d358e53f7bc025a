//! What is left of a situation, in which tables.

use std::{collections::BTreeMap, time::Duration};

use knipperlicht_access::{Database, DatabaseOptions, Principal};
use knipperlicht_contracts::event::Service;
use knipperlicht_e2e::World;
use knipperlicht_eventing::reconciler::{self, Ledger};
use knipperlicht_harness::eventually;
use sqlx::{AssertSqlSafe, Row};
use tokio::time::{Instant, sleep};

/// So long at most: far beyond what anything here takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// The tables in which a row names this situation, but for those that keep the id and nothing else:
/// what was said and heard by number, that it is forgotten, and that its reporter is told so.
pub(crate) async fn left_of(world: &World, situation: &str) -> Vec<String> {
    let mut look = world.look().await;
    let tables = sqlx::query(
        "select format('%I.%I', schemaname, tablename) from pg_tables
         where schemaname not in ('pg_catalog', 'information_schema')",
    )
    .fetch_all(&mut look)
    .await
    .unwrap();
    let mut left = Vec::new();
    for table in tables {
        let table: String = table.get(0);
        let name = table.split('.').next_back().unwrap();
        let allowed = match (table.as_str(), name) {
            (_, "inbox" | "stream" | "erased" | "audit") => continue,
            (_, "outbox") => {
                "event_type in ('knipperlicht.forgotten.v1', 'knipperlicht.situation.erased.v1')"
            }
            ("intake.situation", _) => {
                "erased_at is not null and postal_code = '' and age_band is null"
            }
            ("intake.signal", _) => "observations = '{}' and content = ''",
            ("notification.delivery", _) => "event_type = 'knipperlicht.situation.erased.v1'",
            _ => "false",
        };
        let rows = sqlx::query(AssertSqlSafe(format!(
            "select t::text from {table} t where position($1 in t::text) > 0 and not ({allowed})"
        )))
        .bind(situation)
        .fetch_all(&mut look)
        .await
        .unwrap();
        left.extend(
            rows.iter()
                .map(|row| format!("{table}: {}", row.get::<String, _>(0))),
        );
    }
    left
}

/// Waits until nothing is left of it, whoever still has to hear.
pub(crate) async fn until_forgotten(world: &World, situation: &str) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let left = left_of(world, situation).await;
        if left.is_empty() && wiped(world, situation).await {
            return;
        }
        assert!(
            Instant::now() < deadline,
            "{situation} is not forgotten: {left:#?}"
        );
        sleep(Duration::from_millis(50)).await;
    }
}

/// Whether every service has heard, and nothing stands in the stream any more.
async fn wiped(world: &World, situation: &str) -> bool {
    let mut look = world.look().await;
    for service in Service::ALL {
        let wiped: Option<bool> = sqlx::query_scalar(AssertSqlSafe(format!(
            "select wiped_at is not null from {}.erased where situation_id = $1::uuid",
            service.name()
        )))
        .bind(situation)
        .fetch_optional(&mut look)
        .await
        .unwrap();
        if wiped != Some(true) {
            return false;
        }
    }
    true
}

/// Waits until everybody has heard all that was said, with nothing parked.
pub(crate) async fn until_reconciled(world: &World) {
    eventually("everybody to have heard everything", async || {
        let mut ledgers: BTreeMap<Service, Ledger> = BTreeMap::new();
        for service in Service::ALL {
            let database = Database::new(&DatabaseOptions {
                url: world.bed.database_url.clone(),
                service: service.name(),
                connections: 1,
            })
            .unwrap();
            let principal = Principal::service("test".parse().unwrap());
            let mut transaction = database.begin(&principal).await.unwrap();
            let ledger = reconciler::ledger(&mut transaction).await.unwrap();
            drop(transaction);
            database.close().await;
            ledgers.insert(*service, ledger);
        }
        let parked: i64 = ledgers.values().map(|ledger| ledger.parked).sum();
        (parked == 0 && reconciler::compare(&ledgers).is_empty()).then_some(())
    })
    .await;
}
