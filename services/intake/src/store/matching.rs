//! What recognises a carer who was flagged before.

use std::collections::{BTreeMap, HashSet};

use knipperlicht_vocabulary::{SignalId, SituationId};
use sqlx::PgConnection;
use uuid::Uuid;

use super::code;
use crate::{
    IntakeError,
    model::{Candidate, KeyKind, MatchKey, SCANNED},
};

/// The situations that bear one of these hashes, with all that recognises them. Relies on
/// `match_key_first`, `match_key_shared`, `signal_by_situation` and the primary keys.
pub(crate) async fn candidates(
    connection: &mut PgConnection,
    hashes: &[Vec<u8>],
) -> Result<Vec<Candidate>, IntakeError> {
    let rows = sqlx::query!(
        r#"with bearing as (
               select signal_id from match_key where hash = any($1) and not shared
               union
               select signal_id from match_key where hash = any($1) and shared
           ), found as (
               select distinct situation_id from bearing join signal using (signal_id)
               where withdrawn_at is null
           )
           select situation_id, zone, kind, hash,
                  bool_or(bool_or(not starts_with(reporter_id, $2))) over whole as "proven!"
           from found join situation using (situation_id)
           join signal using (situation_id) join match_key using (signal_id)
           where withdrawn_at is null
           group by situation_id, zone, kind, hash
           window whole as (partition by situation_id)"#,
        hashes,
        SCANNED,
    )
    .fetch_all(connection)
    .await?;
    let mut candidates: BTreeMap<Uuid, Candidate> = BTreeMap::new();
    for row in rows {
        let bad = |what: String| IntakeError::BadRow {
            table: "match_key",
            what,
        };
        let key = MatchKey {
            kind: KeyKind::named(&row.kind).ok_or_else(|| bad(format!("kind `{}`", row.kind)))?,
            hash: row
                .hash
                .try_into()
                .map_err(|_| bad("a hash of another length".to_owned()))?,
        };
        if let Some(known) = candidates.get_mut(&row.situation_id) {
            known.keys.push(key);
        } else {
            let candidate = Candidate {
                situation: row.situation_id.into(),
                zone: code("situation", &row.zone)?,
                keys: vec![key],
                proven: row.proven,
            };
            candidates.insert(row.situation_id, candidate);
        }
    }
    Ok(candidates.into_values().collect())
}

/// Keeps what recognises the carer of a signal that joined a situation. `known` are the hashes
/// that were found before: the others are first of theirs, and fail on `match_key_first` when
/// somebody else is first at this very moment. In the order of the hashes: two that are written at
/// once never wait for each other.
pub(crate) async fn insert_keys(
    connection: &mut PgConnection,
    signal: SignalId,
    keys: &[MatchKey],
    known: &HashSet<[u8; 32]>,
) -> Result<(), sqlx::Error> {
    let kinds: Vec<&str> = keys.iter().map(|key| key.kind.code()).collect();
    let hashes: Vec<Vec<u8>> = keys.iter().map(|key| key.hash.to_vec()).collect();
    let shared: Vec<bool> = keys.iter().map(|key| known.contains(&key.hash)).collect();
    sqlx::query!(
        "insert into match_key (signal_id, kind, hash, shared)
         select $1, kind, hash, shared
         from unnest($2::text[], $3::bytea[], $4::boolean[]) as sent(kind, hash, shared)
         order by hash",
        signal.uuid(),
        &kinds as &[&str],
        &hashes,
        &shared,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Forgets what recognises the carer of a signal that was taken back. Relies on the primary key.
pub(crate) async fn forget_keys(
    connection: &mut PgConnection,
    signal: SignalId,
) -> Result<(), sqlx::Error> {
    sqlx::query!("delete from match_key where signal_id = $1", signal.uuid())
        .execute(connection)
        .await?;
    Ok(())
}

/// Whether other signals of this situation stand. Relies on `signal_by_situation`.
pub(crate) async fn others_stand(
    connection: &mut PgConnection,
    situation: SituationId,
    signal: SignalId,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select exists (
               select from signal
               where situation_id = $1 and signal_id <> $2 and withdrawn_at is null
           ) as "stand!""#,
        situation.uuid(),
        signal.uuid(),
    )
    .fetch_one(connection)
    .await
}
