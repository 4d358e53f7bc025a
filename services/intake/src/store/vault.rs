//! What is sealed, and the keys that seal it.
//!
//! What is personal in a signal is sealed under the key of the situation that the signal would
//! open by itself, also where it joined another: so a merge and its undoing move nothing here, and
//! to forget a situation is to forget the keys of its signals.

use std::collections::HashMap;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use knipperlicht_privacy::WrappedKey;
use knipperlicht_vocabulary::SituationId;
use sqlx::PgConnection;
use uuid::Uuid;

/// Something sealed under a situation's key.
pub(crate) struct SealedRow {
    pub(crate) situation: SituationId,
    /// What it is of what, such as `contact:<signal id>`: it opens only as that.
    pub(crate) place: String,
    pub(crate) sealed: Vec<u8>,
}

/// Stores what is sealed, with the keys of situations that are new.
pub(crate) async fn insert_sealed(
    connection: &mut PgConnection,
    now: Timestamp,
    keys: &[(SituationId, WrappedKey)],
    rows: &[&SealedRow],
) -> Result<(), sqlx::Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let key_situations: Vec<Uuid> = keys.iter().map(|(situation, _)| situation.uuid()).collect();
    let masters: Vec<String> = keys
        .iter()
        .map(|(_, key)| key.master_key_id.clone())
        .collect();
    let wrapped: Vec<Vec<u8>> = keys.iter().map(|(_, key)| key.bytes.clone()).collect();
    let situations: Vec<Uuid> = rows.iter().map(|row| row.situation.uuid()).collect();
    let places: Vec<String> = rows.iter().map(|row| row.place.clone()).collect();
    let sealed: Vec<Vec<u8>> = rows.iter().map(|row| row.sealed.clone()).collect();
    sqlx::query!(
        "with keys as (
             insert into data_key (situation_id, master_key_id, wrapped)
             select * from unnest($1::uuid[], $2::text[], $3::bytea[])
         )
         insert into sealed (situation_id, place, sealed, sealed_at)
         select situation_id, place, sealed, $7
         from unnest($4::uuid[], $5::text[], $6::bytea[]) as row(situation_id, place, sealed)",
        &key_situations,
        &masters,
        &wrapped,
        &situations,
        &places,
        &sealed,
        now.to_sqlx() as jiff_sqlx::Timestamp,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The keys of these, while there are any. Relies on the primary key.
pub(crate) async fn data_keys(
    connection: &mut PgConnection,
    situations: &[Uuid],
) -> Result<HashMap<SituationId, WrappedKey>, sqlx::Error> {
    let rows = sqlx::query!(
        "select situation_id, master_key_id, wrapped from data_key where situation_id = any($1)",
        situations,
    )
    .fetch_all(connection)
    .await?;
    let keys = rows.into_iter().map(|row| {
        let key = WrappedKey {
            master_key_id: row.master_key_id,
            bytes: row.wrapped,
        };
        (row.situation_id.into(), key)
    });
    Ok(keys.collect())
}

/// Whether something is sealed there under one of these keys. Relies on the primary key.
pub(crate) async fn is_sealed(
    connection: &mut PgConnection,
    place: &str,
    situations: &[Uuid],
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select exists (select from sealed where situation_id = any($2) and place = $1) as "is!""#,
        place,
        situations,
    )
    .fetch_one(connection)
    .await
}

/// All that is sealed under the keys of these, newest first. Relies on the primary key.
pub(crate) async fn sealed_of(
    connection: &mut PgConnection,
    situations: &[Uuid],
) -> Result<Vec<SealedRow>, sqlx::Error> {
    let rows = sqlx::query!(
        "select situation_id, place, sealed from sealed
         where situation_id = any($1) order by sealed_at desc, place",
        situations,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| SealedRow {
            situation: row.situation_id.into(),
            place: row.place,
            sealed: row.sealed,
        })
        .collect())
}
