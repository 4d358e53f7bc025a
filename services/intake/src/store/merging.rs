//! Moving what belongs to a situation, and bringing it back. Beside each row that was moved stands
//! where it was made.

use std::collections::HashMap;

use knipperlicht_eventing::merges::{Merge, Split};
use knipperlicht_vocabulary::SituationId;
use sqlx::PgConnection;

use super::{ConsentRow, lock_consent};
use crate::IntakeError;

/// What holds for two situations, both locked until the transaction ends, in the order of ids.
pub(crate) async fn lock_situations(
    connection: &mut PgConnection,
    mut pair: [SituationId; 2],
) -> Result<HashMap<SituationId, ConsentRow>, IntakeError> {
    pair.sort_unstable();
    let mut rows = HashMap::new();
    for situation in pair {
        rows.insert(situation, lock_consent(&mut *connection, situation).await?);
    }
    Ok(rows)
}

/// Moves signals, their way, who may ask for the carer, and open and answered questions. Relies
/// on `signal_by_situation`, `duplicate_by_first`, `duplicate_by_later` and the primary keys.
pub(crate) async fn move_over(
    connection: &mut PgConnection,
    merge: Merge,
) -> Result<(), sqlx::Error> {
    let (absorbed, into) = (merge.absorbed.uuid(), merge.into.uuid());
    sqlx::query!(
        "with signals as (
             update signal set situation_id = $2, home_id = coalesce(home_id, $1), changed_in = default
             where situation_id = $1
         ), steps as (
             update progress set situation_id = $2, home_id = coalesce(home_id, $1) where situation_id = $1
         ), grants as (
             insert into access_grant (situation_id, organisation_id, since, ended_at, home_id)
             select $2, organisation_id, since, ended_at, $1 from access_grant where situation_id = $1
             on conflict (situation_id, organisation_id) do update set ended_at = null
             where excluded.ended_at is null and access_grant.ended_at is not null
         ), firsts as (
             update duplicate set first_id = $2, first_home_id = coalesce(first_home_id, $1)
             where first_id = $1 and later_id <> $2 and not exists (
                 select from duplicate as known
                 where least(known.first_id, known.later_id) = least($2, duplicate.later_id)
                   and greatest(known.first_id, known.later_id) = greatest($2, duplicate.later_id)
             )
         )
         update duplicate set later_id = $2, later_home_id = coalesce(later_home_id, $1)
         where later_id = $1 and first_id <> $2 and not exists (
             select from duplicate as known
             where least(known.first_id, known.later_id) = least(duplicate.first_id, $2)
               and greatest(known.first_id, known.later_id) = greatest(duplicate.first_id, $2)
         )",
        absorbed,
        into,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Brings back what was made in the family of a situation. Relies on the same indexes.
pub(crate) async fn bring_back(
    connection: &mut PgConnection,
    split: &Split,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "with signals as (
             update signal set situation_id = $2, changed_in = default
             where situation_id = $1 and home_id = any($3)
         ), steps as (
             update progress set situation_id = $2 where situation_id = $1 and home_id = any($3)
         ), grants as (
             delete from access_grant where situation_id = $1 and home_id = any($3)
         ), firsts as (
             update duplicate set first_id = $2 where first_id = $1 and first_home_id = any($3)
         )
         update duplicate set later_id = $2 where later_id = $1 and later_home_id = any($3)",
        split.from.uuid(),
        split.absorbed.uuid(),
        &split.family,
    )
    .execute(connection)
    .await?;
    Ok(())
}
