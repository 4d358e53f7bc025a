//! Follow-ups whose carer does not, or no longer, agree.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use knipperlicht_vocabulary::{ReferralId, SituationId, TaskId};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    clocks::{self, SettledClock},
    tasks::{OpenedTask, row::TaskRow},
    links,
};
use crate::{error::FollowupError, model::Task};

/// Holds the follow-ups of a situation, and those that are opened in it from now on: no promise
/// runs for them, no link answers, nobody is asked. Gives what lay with a coordinator and does not
/// any more. Relies on the primary key of `situation`.
pub(crate) async fn hold(
    connection: &mut PgConnection,
    situation: SituationId,
    at: Timestamp,
) -> Result<Vec<SettledClock>, FollowupError> {
    sqlx::query!(
        "update situation set withheld_at = $2 where situation_id = $1 and withheld_at is null",
        situation.uuid(),
        at.to_sqlx() as jiff_sqlx::Timestamp,
    )
    .execute(&mut *connection)
    .await?;
    hold_tasks(connection, situation, at).await
}

/// Holds follow-ups that were just opened in situations whose carer does not agree. Relies on the
/// primary key of `situation`.
pub(crate) async fn hold_opened(
    connection: &mut PgConnection,
    opened: &[OpenedTask],
) -> Result<Vec<SettledClock>, FollowupError> {
    if opened.is_empty() {
        return Ok(Vec::new());
    }
    let situations: Vec<Uuid> = opened.iter().map(|one| one.task.situation.uuid()).collect();
    let withheld = sqlx::query!(
        r#"select situation_id, min(withheld_at) as "at!: jiff_sqlx::Timestamp" from situation
           where situation_id = any($1) and withheld_at is not null
           group by situation_id"#,
        &situations,
    )
    .fetch_all(&mut *connection)
    .await?;
    let mut settled = Vec::new();
    for row in withheld {
        let (situation, at) = (row.situation_id.into(), row.at.to_jiff());
        settled.extend(hold_tasks(&mut *connection, situation, at).await?);
    }
    Ok(settled)
}

/// Locks the follow-ups first, as every call does. Relies on `task_by_situation`, `clock_open`,
/// `carer_link_unused` and the primary keys.
async fn hold_tasks(
    connection: &mut PgConnection,
    situation: SituationId,
    at: Timestamp,
) -> Result<Vec<SettledClock>, FollowupError> {
    let held = sqlx::query!(
        "update task set held_at = $2 where situation_id = $1 and held_at is null
         returning task_id, referral_id",
        situation.uuid(),
        at.to_sqlx() as jiff_sqlx::Timestamp,
    )
    .fetch_all(&mut *connection)
    .await?;
    if held.is_empty() {
        return Ok(Vec::new());
    }
    let tasks: Vec<Uuid> = held.iter().map(|row| row.task_id).collect();
    links::end(&mut *connection, at, &tasks).await?;
    sqlx::query!("delete from asking where task_id = any($1)", &tasks)
        .execute(&mut *connection)
        .await?;
    let referrals: Vec<ReferralId> = held.iter().map(|row| row.referral_id.into()).collect();
    clocks::stop(connection, at, &referrals).await
}

/// Lets the follow-ups of a situation go on; gives them. Relies on `task_by_situation`.
pub(crate) async fn let_go(
    connection: &mut PgConnection,
    situation: SituationId,
) -> Result<Vec<Task>, FollowupError> {
    sqlx::query!(
        "update situation set withheld_at = null
         where situation_id = $1 and withheld_at is not null",
        situation.uuid(),
    )
    .execute(&mut *connection)
    .await?;
    let rows = sqlx::query_as!(
        TaskRow,
        "update task set held_at = null where situation_id = $1 and held_at is not null
         returning task_id, situation_id, referral_id, organisation_id, zone, urgency, state,
                   visit_at, result, reason, late, at_rest",
        situation.uuid(),
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(Task::try_from).collect()
}

/// Whether a follow-up is held. Relies on the primary key.
pub(crate) async fn is_held(
    connection: &mut PgConnection,
    task: TaskId,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select held_at is not null as "held!" from task where task_id = $1"#,
        task.uuid(),
    )
    .fetch_one(connection)
    .await
}
