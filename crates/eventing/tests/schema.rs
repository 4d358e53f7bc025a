//! A migration of a line that runs.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::{borrow::Cow, time::Duration};

use knipperlicht_contracts::event::Service;
use knipperlicht_eventing::schema;
use knipperlicht_harness::Bed;
use sqlx::{
    AssertSqlSafe, Connection, PgConnection, SqlSafeStr,
    migrate::{Migration, MigrationType, Migrator},
};
use tokio::time::{Instant, sleep};

const SERVICE: Service = Service::Assessment;

/// A migration that nobody may read or write the outbox beside.
fn exclusive() -> Migrator {
    let sql = AssertSqlSafe("alter table outbox add column later text").into_sql_str();
    let description = Cow::Borrowed("later");
    let migration = Migration::new(9_000, description, MigrationType::Simple, sql, false);
    Migrator::with_migrations(vec![migration])
}

#[tokio::test]
async fn a_migration_that_waits_for_a_long_transaction_lets_others_pass() {
    let bed = Bed::start().await;
    let url = bed.database_url.clone();
    schema::migrate(&url, SERVICE, &Migrator::DEFAULT)
        .await
        .unwrap();
    let look = "select count(*) from assessment.outbox";
    let mut long = PgConnection::connect(&url).await.unwrap();
    sqlx::raw_sql("begin").execute(&mut long).await.unwrap();
    sqlx::raw_sql(look).execute(&mut long).await.unwrap();

    let migrating = tokio::spawn(async move { schema::migrate(&url, SERVICE, &exclusive()).await });
    sleep(Duration::from_millis(300)).await;
    let mut other = PgConnection::connect(&bed.database_url).await.unwrap();
    let since = Instant::now();
    sqlx::raw_sql(look).execute(&mut other).await.unwrap();
    assert!(
        since.elapsed() < Duration::from_secs(5),
        "{:?}",
        since.elapsed()
    );
    assert!(!migrating.is_finished());

    sqlx::raw_sql("commit").execute(&mut long).await.unwrap();
    migrating.await.unwrap().unwrap();
    let added = "select later from assessment.outbox";
    sqlx::raw_sql(added).execute(&mut other).await.unwrap();
}
