//! Which carers are to be asked whether it helped. A row goes when they answer, when the
//! follow-up opens again, or when a coordinator closes the loop.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use knipperlicht_vocabulary::{OrganisationId, ReferralId, SituationId, TaskId, ZoneId};
use sqlx::PgConnection;
use uuid::Uuid;

use super::Cell;
use crate::{error::FollowupError, model::Task, unreadable::Unreadable};

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

/// Those who have to be asked now, at most `limit`, locked; leaves out what another instance is at
/// and what this one cannot read. Relies on `asking_next` and the primary key of `task`.
pub(crate) async fn due(
    connection: &mut PgConnection,
    now: Timestamp,
    limit: i64,
    unreadable: &Unreadable,
) -> Result<Vec<Due>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select task_id, situation_id, referral_id, task.organisation_id, task.zone,
                  times + 1 as "times!", traceparent
           from asking join task using (task_id)
           where next_at <= $1 and task_id <> all($3)
           order by next_at limit $2
           for update of asking skip locked"#,
        now.to_sqlx() as jiff_sqlx::Timestamp,
        limit,
        &unreadable.ids(),
    )
    .fetch_all(connection)
    .await?;
    let due = rows.into_iter().filter_map(|row| {
        let cell = |column| Cell {
            table: "task",
            column,
            row: row.task_id,
        };
        let due = || {
            Ok(Due {
                task: row.task_id.into(),
                situation: row.situation_id.into(),
                referral: row.referral_id.into(),
                organisation: cell("organisation_id").parse(&row.organisation_id)?,
                zone: cell("zone").parse(&row.zone)?,
                times: u8::try_from(row.times).map_err(|error| cell("times").bad(&error))?,
                traceparent: row.traceparent,
            })
        };
        unreadable.read(row.task_id, due())
    });
    Ok(due.collect())
}

/// Notes that these are asked. `again_at` is when those who are for the first time are once more.
/// Relies on the primary key.
pub(crate) async fn ask(
    connection: &mut PgConnection,
    now: Timestamp,
    again_at: Timestamp,
    due: &[Due],
) -> Result<(), sqlx::Error> {
    if due.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = due.iter().map(|one| one.task.uuid()).collect();
    sqlx::query!(
        "update asking set times = times + 1, asked_at = $2,
                           next_at = case when times = 0 then $3::timestamptz end
         where task_id = any($1)",
        &ids,
        now.to_sqlx() as jiff_sqlx::Timestamp,
        again_at.to_sqlx() as jiff_sqlx::Timestamp,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// When the next carer has to be asked, of those that this process can read. Relies on
/// `asking_next`.
pub(crate) async fn next(
    connection: &mut PgConnection,
    unreadable: &Unreadable,
) -> Result<Option<Timestamp>, sqlx::Error> {
    let next = sqlx::query_scalar!(
        r#"select next_at as "next_at!: jiff_sqlx::Timestamp" from asking
           where next_at is not null and task_id <> all($1)
           order by next_at limit 1"#,
        &unreadable.ids(),
    )
    .fetch_optional(connection)
    .await?;
    Ok(next.map(jiff_sqlx::Timestamp::to_jiff))
}
