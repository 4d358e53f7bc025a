//! Rows of situations that become one, or two again. Beside a moved row stands where it was made.

use knipperlicht_eventing::merges::Split;
use knipperlicht_vocabulary::SituationId;
use sqlx::PgConnection;

/// Moves all there is of a situation that became part of another one; its judgements come after
/// those that are there. An organisation that accepted both stays as it is. Relies on
/// `assessment_of_situation`, `response_of_situation` and the primary key of `access_grant`.
pub(crate) async fn move_over(
    connection: &mut PgConnection,
    absorbed: SituationId,
    into: SituationId,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "with forms as (
             update response set situation_id = $2, home_id = coalesce(home_id, $1) where situation_id = $1
         ), grants as (
             update access_grant set situation_id = $2, home_id = coalesce(home_id, $1)
             where situation_id = $1 and not exists (
                 select from access_grant as there
                 where there.situation_id = $2 and there.organisation_id = access_grant.organisation_id
             )
         )
         update assessment set situation_id = $2, home_id = coalesce(home_id, $1), sequence = sequence
             + (select coalesce(max(sequence), 0) from assessment as there where there.situation_id = $2)
         where situation_id = $1",
        absorbed.uuid(),
        into.uuid(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Brings back what was made in the family of a situation. An organisation that accepted both may have
/// been left beside it. Relies on the same indexes.
pub(crate) async fn bring_back(
    connection: &mut PgConnection,
    split: &Split,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "with forms as (
             update response set situation_id = $2 where situation_id = $1 and home_id = any($3)
         ), grants as (
             delete from access_grant where situation_id = $1 and home_id = any($3)
             returning organisation_id, since, home_id
         ), back as (
             insert into access_grant (situation_id, organisation_id, since, home_id)
             select $2::uuid, organisation_id, since, home_id from grants
             on conflict do nothing
         )
         update assessment set situation_id = $2 where situation_id = $1 and home_id = any($3)",
        split.from.uuid(),
        split.absorbed.uuid(),
        &split.family,
    )
    .execute(connection)
    .await?;
    Ok(())
}
