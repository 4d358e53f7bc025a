//! Forgetting situations. What was counted of them stays counted: no counter leads back to one.

use sqlx::PgConnection;
use uuid::Uuid;

/// Forgets all there is of these situations: follow-ups first, for whoever holds one may be about
/// to add to its story, and is waited for. Done again it forgets what was written since. Relies on
/// `task_by_situation`, `clock_by_situation`, `carer_link_of_task` and the primary keys.
pub(crate) async fn forget(
    connection: &mut PgConnection,
    situations: &[Uuid],
) -> Result<(), sqlx::Error> {
    let tasks = sqlx::query_scalar!(
        "delete from task where situation_id = any($1) returning task_id",
        situations,
    )
    .fetch_all(&mut *connection)
    .await?;
    sqlx::query!(
        "with contacts as (
             delete from contact where task_id = any($2)
         ), links as (
             delete from carer_link where task_id = any($2)
         ), questions as (
             delete from asking where task_id = any($2)
         ), persons as (
             delete from contact_person where situation_id = any($1)
         ), promises as (
             delete from clock where situation_id = any($1)
         ), story as (
             delete from timeline where situation_id = any($1)
         ), agreements as (
             delete from agreement where situation_id = any($1)
         )
         delete from situation where situation_id = any($1)",
        situations,
        &tasks,
    )
    .execute(connection)
    .await?;
    Ok(())
}
