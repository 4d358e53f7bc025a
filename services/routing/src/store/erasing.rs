//! Forgetting situations. That a service was asked and how it answered, and that a need was not met,
//! still counts: as rows that lead back to nobody.

use sqlx::PgConnection;
use uuid::Uuid;

/// Forgets all there is of these situations. Done again it forgets what was written since. Relies
/// on `referral_by_situation`, `decision_by_situation` and the primary keys.
pub(crate) async fn forget(
    connection: &mut PgConnection,
    situations: &[Uuid],
) -> Result<(), sqlx::Error> {
    // The lock that every change of a situation takes first.
    sqlx::query!(
        "select situation_id from situation where situation_id = any($1) order by situation_id for update",
        situations,
    )
    .fetch_all(&mut *connection)
    .await?;
    sqlx::query!(
        "with referrals as (
             delete from referral where situation_id = any($1)
             returning service_id, state, decline_reason, requested_at, state_since
         ), counted as (
             insert into past_answer (service_id, state, answered_on, minutes_to_answer)
             select service_id, state, (state_since at time zone 'UTC')::date,
                    greatest(extract(epoch from state_since - requested_at) / 60, 0)::bigint
             from referrals
             where state in ('accepted', 'declined', 'expired') and requested_at is not null
               and decline_reason is distinct from 'service_ended'
         ), decisions as (
             delete from decision where situation_id = any($1)
             returning situation_id, zone, decided_at, uncovered
         ), unmet as (
             insert into past_unmet_need (zone, need, unmet_on)
             select zone, need, (max(decided_at) at time zone 'UTC')::date
             from decisions cross join unnest(uncovered) as need
             group by situation_id, zone, need
         ), items as (
             delete from item where situation_id = any($1)
         ), taken as (
             delete from taken_back where situation_id = any($1)
         ), kept_from as (
             delete from withheld where situation_id = any($1)
         ), needed as (
             delete from needs_before where absorbed_id = any($1) or survivor_id = any($1)
         )
         delete from situation where situation_id = any($1)",
        situations,
    )
    .execute(connection)
    .await?;
    Ok(())
}
