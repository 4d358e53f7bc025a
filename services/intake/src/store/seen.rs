//! What reporters saw of what they were told.

use std::collections::HashMap;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use knipperlicht_vocabulary::{SignalId, Step};
use sqlx::PgConnection;
use uuid::Uuid;

use super::code;
use crate::{IntakeError, model::Seen};

/// Keeps when steps of a signal were first seen, which other devices of its reporter are told. What was
/// seen before stays as it is.
pub(crate) async fn mark_seen(
    connection: &mut PgConnection,
    signal: SignalId,
    steps: &[(Step, Timestamp)],
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let codes: Vec<String> = steps.iter().map(|(step, _)| step.to_string()).collect();
    let at: Vec<jiff_sqlx::Timestamp> = steps.iter().map(|(_, at)| at.to_sqlx()).collect();
    sqlx::query!(
        "with told as (
             update signal set changed_in = default where signal_id = $1
         )
         insert into seen (signal_id, step, taken_at, seen_at)
         select $1, step, taken_at, $4
         from unnest($2::text[], $3::timestamptz[]) as seen(step, taken_at)
         on conflict do nothing",
        signal.uuid(),
        &codes,
        &at as &[jiff_sqlx::Timestamp],
        now.to_sqlx() as jiff_sqlx::Timestamp,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// What was seen of these signals. Relies on the primary key.
pub(crate) async fn seen_of(
    connection: &mut PgConnection,
    signals: &[Uuid],
) -> Result<HashMap<SignalId, Seen>, IntakeError> {
    let rows = sqlx::query!(
        "select signal_id, step, taken_at, seen_at from seen where signal_id = any($1)",
        signals,
    )
    .fetch_all(connection)
    .await?;
    let mut seen: HashMap<SignalId, Seen> = HashMap::new();
    for row in rows {
        seen.entry(row.signal_id.into()).or_default().insert(
            (code("seen", &row.step)?, row.taken_at.to_jiff()),
            row.seen_at.to_jiff(),
        );
    }
    Ok(seen)
}
