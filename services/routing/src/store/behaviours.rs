//! How services behaved when they were asked.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;

use super::word;
use crate::{
    RoutingError,
    model::behaviour::{Behaviour, Behaviours},
};

/// When it was measured last.
pub(crate) async fn measured_at(
    connection: &mut PgConnection,
) -> Result<Option<Timestamp>, RoutingError> {
    let at = sqlx::query_scalar!(
        r#"select measured_at as "measured_at: jiff_sqlx::Timestamp" from behaviour_measured"#
    )
    .fetch_one(connection)
    .await?;
    Ok(at.map(jiff_sqlx::Timestamp::to_jiff))
}

/// What was measured last.
pub(crate) async fn behaviours(connection: &mut PgConnection) -> Result<Behaviours, RoutingError> {
    let rows =
        sqlx::query!("select service_id, answered, accepted, minutes_to_accept from behaviour")
            .fetch_all(connection)
            .await?;
    rows.into_iter()
        .map(|row| {
            let behaviour = Behaviour {
                answered: u32::try_from(row.answered).unwrap_or_default(),
                accepted: u32::try_from(row.accepted).unwrap_or_default(),
                minutes_to_accept: u64::try_from(row.minutes_to_accept).unwrap_or_default(),
            };
            Ok((word("behaviour", "service_id", &row.service_id)?, behaviour))
        })
        .collect()
}

/// Whether it is this process that measures now: nobody has since `before`, and nobody else is at
/// it.
pub(crate) async fn claim_measuring(
    connection: &mut PgConnection,
    now: Timestamp,
    before: Timestamp,
) -> Result<bool, RoutingError> {
    let claimed = sqlx::query!(
        "update behaviour_measured set measured_at = $1
         where only_one = (
             select only_one from behaviour_measured
             where measured_at is null or measured_at <= $2 for update skip locked
         )",
        now.to_sqlx() as jiff_sqlx::Timestamp,
        before.to_sqlx() as jiff_sqlx::Timestamp,
    )
    .execute(connection)
    .await?;
    Ok(claimed.rows_affected() > 0)
}

/// Measures anew, from what was answered since, also in situations that were forgotten. That a
/// service ended is no answer of its. Relies on `referral_by_answer` and `past_answer_by_day`.
pub(crate) async fn measure_behaviour(
    connection: &mut PgConnection,
    since: Timestamp,
) -> Result<(), RoutingError> {
    sqlx::query!(
        "with answer as (
             select service_id, state, extract(epoch from state_since - requested_at) / 60 as minutes
             from referral
             where state in ('accepted', 'declined', 'expired') and state_since >= $1
               and decline_reason is distinct from 'service_ended'
             union all
             select service_id, state, minutes_to_answer from past_answer
             where answered_on >= ($1::timestamptz at time zone 'UTC')::date
         ), measured as (
             select service_id,
                    count(*)::integer as answered,
                    count(*) filter (where state = 'accepted')::integer as accepted,
                    coalesce(sum(minutes) filter (where state = 'accepted'), 0)::bigint as minutes_to_accept
             from answer
             group by service_id
         ), forgotten as (
             delete from behaviour where service_id not in (select service_id from measured)
         )
         insert into behaviour (service_id, answered, accepted, minutes_to_accept)
         select service_id, answered, accepted, greatest(minutes_to_accept, 0) from measured
         on conflict (service_id) do update set
             answered = excluded.answered, accepted = excluded.accepted,
             minutes_to_accept = excluded.minutes_to_accept",
        since.to_sqlx() as jiff_sqlx::Timestamp,
    )
    .execute(connection)
    .await?;
    Ok(())
}
