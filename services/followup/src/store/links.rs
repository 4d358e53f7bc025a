//! Links for carers without an account. Only follow-up itself sees them.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use knipperlicht_vocabulary::TaskId;
use sqlx::PgConnection;

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

/// The link with this hash. Relies on the primary key.
pub(crate) async fn find(
    connection: &mut PgConnection,
    hash: &[u8; 32],
) -> Result<Option<CarerLink>, sqlx::Error> {
    let row = sqlx::query!(
        "select task_id, expires_at, used_at from carer_link where token_hash = $1",
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

/// Uses a link up. False when that has happened already, or it was taken back. Relies on the
/// primary key.
pub(crate) async fn use_up(
    connection: &mut PgConnection,
    now: Timestamp,
    hash: &[u8; 32],
) -> Result<bool, sqlx::Error> {
    let used = sqlx::query!(
        "update carer_link set used_at = $2 where token_hash = $1 and used_at is null",
        hash.as_slice(),
        now.to_sqlx() as jiff_sqlx::Timestamp,
    )
    .execute(connection)
    .await?;
    Ok(used.rows_affected() == 1)
}

/// Takes back the links of a follow-up that nobody used; says how many there were. Relies on `carer_link_unused`.
pub(crate) async fn take_back(
    connection: &mut PgConnection,
    task: TaskId,
) -> Result<u64, sqlx::Error> {
    let gone = sqlx::query!(
        "delete from carer_link where task_id = $1 and used_at is null",
        task.uuid()
    )
    .execute(connection)
    .await?;
    Ok(gone.rows_affected())
}

/// Forgets by which hashes intake knows the links of a follow-up; gives them. Relies on
/// `carer_link_by_task`.
pub(crate) async fn forget_doors(
    connection: &mut PgConnection,
    task: TaskId,
) -> Result<Vec<Vec<u8>>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"with known as (
               select token_hash, my_situation_hash from carer_link
               where task_id = $1 and my_situation_hash is not null
               for update
           ), forgotten as (
               update carer_link set my_situation_hash = null
               from known where carer_link.token_hash = known.token_hash
           )
           select my_situation_hash as "hash!" from known"#,
        task.uuid(),
    )
    .fetch_all(connection)
    .await
}
