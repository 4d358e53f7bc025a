//! The data keys of subscriptions, for whoever changes the master key.

use std::collections::HashMap;

use knipperlicht_privacy::{Rewrapped, WrappedKey};
use sqlx::PgConnection;
use uuid::Uuid;

/// How many data keys are wrapped with which master key. Reads all of them.
pub async fn count(connection: &mut PgConnection) -> Result<HashMap<String, i64>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select master_key_id as "master_key_id!", count(*) as "count!" from subscription
           where wrapped_key is not null group by master_key_id"#
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
        r#"select subscription_id as owner, master_key_id as "master_key_id!", wrapped_key as "wrapped!" from subscription
           where subscription_id > $1 and wrapped_key is not null order by subscription_id limit $2"#,
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
        "update subscription set master_key_id = new.master, wrapped_key = new.after
         from unnest($1::uuid[], $2::bytea[], $3::bytea[], $4::text[])
              as new(owner, before, after, master)
         where subscription.subscription_id = new.owner and subscription.wrapped_key = new.before",
        &owners,
        &before,
        &after,
        &masters,
    )
    .execute(connection)
    .await?;
    Ok(replaced.rows_affected())
}
