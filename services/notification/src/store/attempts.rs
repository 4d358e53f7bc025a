//! The delivery log: what was tried, and what came of it.

use std::collections::HashMap;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::model::fault::{Fault, Outcome};

/// Writes down one attempt, which carried these deliveries.
pub(crate) async fn record(
    connection: &mut PgConnection,
    at: Timestamp,
    deliveries: &[Uuid],
    outcome: Outcome,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into attempt (delivery_id, at, status, error)
         select delivery_id, $2, $3, $4 from unnest($1::uuid[]) as tried(delivery_id)",
        deliveries,
        at.to_sqlx() as jiff_sqlx::Timestamp,
        i32::from(outcome.status),
        outcome.fault.map(Fault::word),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// One attempt.
#[derive(Debug)]
pub(crate) struct Attempt {
    pub(crate) at: Timestamp,
    pub(crate) status: i32,
    pub(crate) error: Option<String>,
}

/// The attempts at each of these, oldest first. Relies on the primary key.
pub(crate) async fn of(
    connection: &mut PgConnection,
    deliveries: &[Uuid],
) -> Result<HashMap<Uuid, Vec<Attempt>>, sqlx::Error> {
    let rows = sqlx::query!(
        "select delivery_id, at, status, error from attempt
         where delivery_id = any($1) order by delivery_id, number",
        deliveries,
    )
    .fetch_all(connection)
    .await?;
    let mut attempts: HashMap<Uuid, Vec<Attempt>> = HashMap::new();
    for row in rows {
        attempts.entry(row.delivery_id).or_default().push(Attempt {
            at: row.at.to_jiff(),
            status: row.status,
            error: row.error,
        });
    }
    Ok(attempts)
}
