//! Forgetting situations.

use sqlx::PgConnection;
use uuid::Uuid;

/// Forgets all there is of these situations: judgements with their reasons and what they were made
/// of, forms with their answers, who may see them. Done again it forgets what was written since.
/// Relies on `assessment_of_situation`, `response_of_situation` and the primary keys.
pub(crate) async fn forget(
    connection: &mut PgConnection,
    situations: &[Uuid],
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "with forms as (
             delete from response where situation_id = any($1)
         ), grants as (
             delete from access_grant where situation_id = any($1)
         ), agreements as (
             delete from consent where situation_id = any($1)
         )
         delete from assessment where situation_id = any($1)",
        situations,
    )
    .execute(connection)
    .await?;
    Ok(())
}
