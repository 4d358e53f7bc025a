//! The data keys of situations, for whoever changes the master key.

use std::collections::HashMap;

use knipperlicht_privacy::{Rewrapped, WrappedKey};
use sqlx::PgConnection;
use uuid::Uuid;

/// How many data keys are wrapped with which master key. Reads all of them.
pub async fn count(connection: &mut PgConnection) -> Result<HashMap<String, i64>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select master_key_id as "master_key_id!", count(*) as "count!" from data_key
           group by master_key_id"#
    )
    .fetch_all(connection)
    .await?;
    let counts = rows.into_iter().map(|row| (row.master_key_id, row.count));
    Ok(counts.collect())
}

/// Data keys behind that of `after`, by their owners. Relies on the primary key.
pub async fn page(
    connection: &mut PgConnection,
    after: Uuid,
    limit: i64,
) -> Result<Vec<(Uuid, WrappedKey)>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select situation_id as owner, master_key_id as "master_key_id!", wrapped as "wrapped!" from data_key
           where situation_id > $1 order by situation_id limit $2"#,
        after,
        limit,
    )
    .fetch_all(connection)
    .await?;
    let keys = rows.into_iter().map(|row| {
        let key = WrappedKey {
            master_key_id: row.master_key_id,
            bytes: row.wrapped,
        };
        (row.owner, key)
    });
    Ok(keys.collect())
}

/// Puts data keys that were wrapped anew in the place of what they were; says how many were still
/// that. Relies on the primary key.
pub async fn replace(
    connection: &mut PgConnection,
    keys: &[Rewrapped],
) -> Result<u64, sqlx::Error> {
    let owners: Vec<Uuid> = keys.iter().map(|one| one.owner).collect();
    let before: Vec<Vec<u8>> = keys.iter().map(|one| one.before.bytes.clone()).collect();
    let after: Vec<Vec<u8>> = keys.iter().map(|one| one.after.bytes.clone()).collect();
    let masters: Vec<String> = keys
        .iter()
        .map(|one| one.after.master_key_id.clone())
        .collect();
    let replaced = sqlx::query!(
        "update data_key set master_key_id = new.master, wrapped = new.after
         from unnest($1::uuid[], $2::bytea[], $3::bytea[], $4::text[])
              as new(owner, before, after, master)
         where data_key.situation_id = new.owner and data_key.wrapped = new.before",
        &owners,
        &before,
        &after,
        &masters,
    )
    .execute(connection)
    .await?;
    Ok(replaced.rows_affected())
}
