//! Attempts to reach carers.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use knipperlicht_vocabulary::{ContactChannel, ContactId, ContactResult, TaskId};
use sqlx::PgConnection;

use super::Cell;
use crate::error::FollowupError;

/// An attempt to reach a carer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Contact {
    /// As the client numbers it.
    pub(crate) id: Option<ContactId>,
    pub(crate) task: TaskId,
    pub(crate) channel: ContactChannel,
    pub(crate) result: ContactResult,
}

/// Records an attempt; gives whether it was not known yet. Relies on `contact_once`.
pub(crate) async fn record(
    connection: &mut PgConnection,
    now: Timestamp,
    contact: &Contact,
) -> Result<bool, FollowupError> {
    let done = sqlx::query!(
        "insert into contact (task_id, at, channel, result, contact_id) values ($1, $2, $3, $4, $5)
         on conflict (contact_id) where contact_id is not null do nothing",
        contact.task.uuid(),
        now.to_sqlx() as jiff_sqlx::Timestamp,
        contact.channel.code(),
        contact.result.code(),
        contact.id.map(ContactId::uuid),
    )
    .execute(&mut *connection)
    .await?;
    if done.rows_affected() > 0 {
        return Ok(true);
    }
    let is_same = sqlx::query_scalar!(
        r#"select task_id = $2 and channel = $3 and result = $4 as "is_same!"
           from contact where contact_id = $1"#,
        contact.id.map(ContactId::uuid),
        contact.task.uuid(),
        contact.channel.code(),
        contact.result.code(),
    )
    .fetch_one(connection)
    .await?;
    if is_same {
        Ok(false)
    } else {
        Err(FollowupError::ContactKnown)
    }
}

/// The attempts of a follow-up since it was last opened, the oldest first. Relies on the primary
/// keys.
pub(crate) async fn attempts(
    connection: &mut PgConnection,
    task: TaskId,
) -> Result<Vec<(Timestamp, ContactResult)>, FollowupError> {
    let rows = sqlx::query!(
        r#"select at as "at: jiff_sqlx::Timestamp", contact.result
           from contact join task using (task_id)
           where task_id = $1 and (reopened_at is null or at >= reopened_at)
           order by number"#,
        task.uuid(),
    )
    .fetch_all(connection)
    .await?;
    let cell = Cell {
        table: "contact",
        column: "result",
        row: task.uuid(),
    };
    rows.into_iter()
        .map(|row| Ok((row.at.to_jiff(), cell.parse(&row.result)?)))
        .collect()
}
