//! Links for carers without an account. Only follow-up itself sees them.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use knipperlicht_vocabulary::TaskId;
use sqlx::PgConnection;
use uuid::Uuid;

/// A link that was made once.
#[derive(Debug)]
pub(crate) struct CarerLink {
    pub(crate) task: TaskId,
    pub(crate) expires_at: Timestamp,
    pub(crate) used_at: Option<Timestamp>,
}

/// Keeps the hashes of a new link.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    hash: &[u8; 32],
    my_situation_hash: &[u8; 32],
    task: TaskId,
    expires_at: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into carer_link (token_hash, my_situation_hash, task_id, expires_at)
         values ($1, $2, $3, $4)",
        hash.as_slice(),
        my_situation_hash.as_slice(),
        task.uuid(),
        expires_at.to_sqlx() as jiff_sqlx::Timestamp,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The link with this hash, unless it asks nothing any more. Relies on the primary key.
pub(crate) async fn find(
    connection: &mut PgConnection,
    hash: &[u8; 32],
) -> Result<Option<CarerLink>, sqlx::Error> {
    let row = sqlx::query!(
        "select task_id, expires_at, used_at from carer_link
         where token_hash = $1 and ended_at is null",
        hash.as_slice(),
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| CarerLink {
        task: row.task_id.into(),
        expires_at: row.expires_at.to_jiff(),
        used_at: row.used_at.map(jiff_sqlx::Timestamp::to_jiff),
    }))
}

/// Uses a link up. False when that has happened already, or it asks nothing any more. Relies on the
/// primary key.
pub(crate) async fn use_up(
    connection: &mut PgConnection,
    now: Timestamp,
    hash: &[u8; 32],
) -> Result<bool, sqlx::Error> {
    let used = sqlx::query!(
        "update carer_link set used_at = $2
         where token_hash = $1 and used_at is null and ended_at is null",
        hash.as_slice(),
        now.to_sqlx() as jiff_sqlx::Timestamp,
    )
    .execute(connection)
    .await?;
    Ok(used.rows_affected() == 1)
}

/// Lets the links of follow-ups that nobody used ask nothing any more. What else they open they open
/// still, until they are taken back. Relies on `carer_link_unused`.
pub(crate) async fn end(
    connection: &mut PgConnection,
    now: Timestamp,
    tasks: &[Uuid],
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update carer_link set ended_at = $2
         where task_id = any($1) and used_at is null and ended_at is null",
        tasks,
        now.to_sqlx() as jiff_sqlx::Timestamp,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Takes back every link of a follow-up, used or not; gives by which hashes intake knows them.
/// Relies on `carer_link_by_task`.
pub(crate) async fn take_back(
    connection: &mut PgConnection,
    now: Timestamp,
    task: TaskId,
) -> Result<Vec<Vec<u8>>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"with known as (
               select token_hash, my_situation_hash from carer_link
               where task_id = $1 and my_situation_hash is not null
               for update
           ), taken_back as (
               update carer_link
               set my_situation_hash = null,
                   ended_at = case when used_at is null then coalesce(ended_at, $2) end
               from known where carer_link.token_hash = known.token_hash
           )
           select my_situation_hash as "hash!" from known"#,
        task.uuid(),
        now.to_sqlx() as jiff_sqlx::Timestamp,
    )
    .fetch_all(connection)
    .await
}
