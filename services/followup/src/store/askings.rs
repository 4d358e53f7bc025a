//! Which carers are to be asked whether it helped. A row goes when they answer, when the
//! follow-up opens again, or when a coordinator closes the loop.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use knipperlicht_vocabulary::{OrganisationId, ReferralId, SituationId, TaskId, ZoneId};
use sqlx::PgConnection;

use super::Cell;
use crate::{error::FollowupError, model::Task};

/// A carer who has to be asked, just now.
#[derive(Debug)]
pub(crate) struct Due {
    pub(crate) task: TaskId,
    pub(crate) situation: SituationId,
    pub(crate) referral: ReferralId,
    pub(crate) organisation: OrganisationId,
    pub(crate) zone: ZoneId,
    /// For the how manieth time.
    pub(crate) times: u8,
    pub(crate) traceparent: Option<String>,
}

/// Has the carer asked at `next_at`. One that is to be asked already stays.
pub(crate) async fn start(
    connection: &mut PgConnection,
    task: &Task,
    next_at: Timestamp,
    traceparent: Option<&str>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into asking (task_id, organisation_id, zone, next_at, traceparent)
         values ($1, $2, $3, $4, $5)
         on conflict do nothing",
        task.id.uuid(),
        task.organisation.as_str(),
        task.zone.as_str(),
        next_at.to_sqlx() as jiff_sqlx::Timestamp,
        traceparent,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// How often the carer had to be asked until now. Relies on the primary key.
pub(crate) async fn times(
    connection: &mut PgConnection,
    task: TaskId,
) -> Result<u8, FollowupError> {
    let times = sqlx::query_scalar!("select times from asking where task_id = $1", task.uuid())
        .fetch_optional(connection)
        .await?;
    let cell = Cell {
        table: "asking",
        column: "times",
        row: task.uuid(),
    };
    u8::try_from(times.unwrap_or_default()).map_err(|error| cell.bad(&error))
}

/// The carer need not be asked any more. Relies on the primary key.
pub(crate) async fn end(connection: &mut PgConnection, task: TaskId) -> Result<(), sqlx::Error> {
    sqlx::query!("delete from asking where task_id = $1", task.uuid())
        .execute(connection)
        .await?;
    Ok(())
}

/// Those who have to be asked now, at most `limit`, leaving out what another instance is at.
/// `again_at` is when the first ones of these are asked once more. Relies on `asking_next`.
pub(crate) async fn due(
    connection: &mut PgConnection,
    now: Timestamp,
    again_at: Timestamp,
    limit: i64,
) -> Result<Vec<Due>, FollowupError> {
    let rows = sqlx::query!(
        r#"with due as (
             select task_id from asking where next_at <= $1
             order by next_at limit $3
             for update skip locked
         ), asked as (
             update asking set times = times + 1, asked_at = $1,
                               next_at = case when times = 0 then $2::timestamptz end
             from due where asking.task_id = due.task_id
             returning asking.task_id, asking.times, asking.traceparent
         )
         select task_id as "task_id!", situation_id, referral_id, organisation_id, zone,
                times as "times!", traceparent as "traceparent?"
         from asked join task using (task_id)"#,
        now.to_sqlx() as jiff_sqlx::Timestamp,
        again_at.to_sqlx() as jiff_sqlx::Timestamp,
        limit,
    )
    .fetch_all(connection)
    .await?;
    let due = rows.into_iter().map(|row| {
        let cell = |column| Cell {
            table: "task",
            column,
            row: row.task_id,
        };
        Ok(Due {
            task: row.task_id.into(),
            situation: row.situation_id.into(),
            referral: row.referral_id.into(),
            organisation: cell("organisation_id").parse(&row.organisation_id)?,
            zone: cell("zone").parse(&row.zone)?,
            times: u8::try_from(row.times).map_err(|error| cell("times").bad(&error))?,
            traceparent: row.traceparent,
        })
    });
    due.collect()
}

/// When the next carer has to be asked. Relies on `asking_next`.
pub(crate) async fn next(connection: &mut PgConnection) -> Result<Option<Timestamp>, sqlx::Error> {
    let next = sqlx::query_scalar!(
        r#"select next_at as "next_at!: jiff_sqlx::Timestamp" from asking
           where next_at is not null order by next_at limit 1"#,
    )
    .fetch_optional(connection)
    .await?;
    Ok(next.map(jiff_sqlx::Timestamp::to_jiff))
}
