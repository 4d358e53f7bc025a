//! The story of a situation.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use knipperlicht_vocabulary::{SituationId, ZoneId};
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::model::story;

/// One thing that happened.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) situation: SituationId,
    /// The situation it was told of, if that became part of the other one since.
    pub(crate) home: Option<SituationId>,
    pub(crate) at: Timestamp,
    /// An event's type.
    pub(crate) event_type: String,
    /// A JSON object of texts: the codes that go with it, by name.
    pub(crate) codes: Value,
    pub(crate) trace_id: Option<String>,
}

/// Adds to the stories.
pub(crate) async fn append(
    connection: &mut PgConnection,
    entries: &[Entry],
) -> Result<(), sqlx::Error> {
    let situations: Vec<Uuid> = entries.iter().map(|entry| entry.situation.uuid()).collect();
    let homes: Vec<Option<Uuid>> = entries
        .iter()
        .map(|entry| entry.home.map(SituationId::uuid))
        .collect();
    let ats: Vec<jiff_sqlx::Timestamp> = entries.iter().map(|entry| entry.at.to_sqlx()).collect();
    let types: Vec<String> = entries
        .iter()
        .map(|entry| entry.event_type.clone())
        .collect();
    let codes: Vec<String> = entries
        .iter()
        .map(|entry| entry.codes.to_string())
        .collect();
    let traces: Vec<Option<String>> = entries.iter().map(|entry| entry.trace_id.clone()).collect();
    sqlx::query!(
        "insert into timeline (situation_id, at, type, codes, trace_id, home_id)
         select situation_id, at, type, codes::json, trace_id, home_id
         from unnest($1::uuid[], $2::timestamptz[], $3::text[], $4::text[], $5::text[], $6::uuid[])
              as entry(situation_id, at, type, codes, trace_id, home_id)",
        &situations,
        &ats as &[jiff_sqlx::Timestamp],
        &types,
        &codes,
        &traces as &[Option<String>],
        &homes as &[Option<Uuid>],
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Records which zones have to do with which situations.
pub(crate) async fn place(
    connection: &mut PgConnection,
    places: &[(SituationId, ZoneId)],
) -> Result<(), sqlx::Error> {
    if places.is_empty() {
        return Ok(());
    }
    let situations: Vec<Uuid> = places
        .iter()
        .map(|(situation, _)| situation.uuid())
        .collect();
    let zones: Vec<String> = places.iter().map(|(_, zone)| zone.to_string()).collect();
    sqlx::query!(
        "insert into situation (situation_id, zone)
         select situation_id, zone from unnest($1::uuid[], $2::text[]) as place(situation_id, zone)
         on conflict do nothing",
        &situations,
        &zones,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A situation's story as far as the caller sees it, oldest first: by when it happened, for what
/// different services say arrives in any order. Relies on the primary key.
pub(crate) async fn read(
    connection: &mut PgConnection,
    situation: SituationId,
) -> Result<Vec<Entry>, sqlx::Error> {
    let rows = sqlx::query!(
        "select at, type as event_type, codes, trace_id from timeline
         where situation_id = $1 order by at, number",
        situation.uuid(),
    )
    .fetch_all(connection)
    .await?;
    let entries = rows.into_iter().map(|row| Entry {
        situation,
        home: None,
        at: row.at.to_jiff(),
        event_type: row.event_type,
        codes: row.codes,
        trace_id: row.trace_id,
    });
    let mut entries: Vec<Entry> = entries.collect();
    // What one service says stands in its order already.
    entries.sort_by_key(|entry| story::order(entry.at, &entry.event_type));
    Ok(entries)
}
