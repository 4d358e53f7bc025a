//! Moving what belongs to a situation, and bringing it back. Beside each row that was moved stands
//! where it was made.

use knipperlicht_eventing::merges::{Merge, Split};
use sqlx::PgConnection;

/// Moves follow-ups, then promises, then the story: whoever holds a follow-up may be about to add
/// to its story, and is waited for. The zones of both see it from now on. Relies on
/// `task_by_situation`, `clock_by_situation` and the primary keys.
pub(crate) async fn move_over(
    connection: &mut PgConnection,
    merge: Merge,
) -> Result<(), sqlx::Error> {
    let (absorbed, into) = (merge.absorbed.uuid(), merge.into.uuid());
    sqlx::query!(
        "update task set situation_id = $2, home_id = coalesce(home_id, $1) where situation_id = $1",
        absorbed,
        into,
    )
    .execute(&mut *connection)
    .await?;
    // One contact person for each situation: the survivor's stays.
    sqlx::query!(
        "update contact_person set situation_id = $2, home_id = coalesce(home_id, $1)
         where situation_id = $1 and not exists (select from contact_person where situation_id = $2)",
        absorbed,
        into,
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "update clock set situation_id = $2, home_id = coalesce(home_id, $1) where situation_id = $1",
        absorbed,
        into,
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "with zones as (
             insert into situation (situation_id, zone, home_id)
             select $2, zone, $1 from situation where situation_id = $1
             on conflict do nothing
         )
         update timeline set situation_id = $2, home_id = coalesce(home_id, $1) where situation_id = $1",
        absorbed,
        into,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Brings back what was made in the family of a situation, in the same order. A promise goes where
/// its follow-up or its referral goes, also where it was made since, and so names no other home.
/// Relies on the same indexes, and on `clock_open`.
pub(crate) async fn bring_back(
    connection: &mut PgConnection,
    split: &Split,
) -> Result<(), sqlx::Error> {
    let (from, absorbed) = (split.from.uuid(), split.absorbed.uuid());
    sqlx::query!(
        "update task set situation_id = $2 where situation_id = $1 and home_id = any($3)",
        from,
        absorbed,
        &split.family,
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "update contact_person set situation_id = $2 where situation_id = $1 and home_id = any($3)",
        from,
        absorbed,
        &split.family,
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "with back as (
             select referral_id from task where situation_id = $2
             union
             select referral_id from clock
             where situation_id = $1 and home_id = any($3) and referral_id is not null
         )
         update clock set situation_id = $2
         where situation_id = $1
           and (home_id = any($3) or referral_id in (select referral_id from back))",
        from,
        absorbed,
        &split.family,
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "with zones as (
             delete from situation where situation_id = $1 and home_id = any($3)
         )
         update timeline set situation_id = $2 where situation_id = $1 and home_id = any($3)",
        from,
        absorbed,
        &split.family,
    )
    .execute(connection)
    .await?;
    Ok(())
}
