//! Follow-ups whose carer does not, or no longer, agree.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use knipperlicht_vocabulary::{ReferralId, SituationId, TaskId};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    Cell,
    clocks::{self, SettledClock},
    links,
    tasks::{OpenedTask, row::TaskRow},
};
use crate::{
    error::FollowupError,
    model::{Agreement, CaredFor, Task},
};

/// Keeps what the carer says of what they agree to; gives what holds, for something that was said
/// later may be known already. Relies on the primary key of `agreement`.
pub(crate) async fn agree(
    connection: &mut PgConnection,
    situation: SituationId,
    said: Agreement,
) -> Result<Agreement, FollowupError> {
    sqlx::query!(
        "insert into agreement (situation_id, consent, sequence, since, objects)
         values ($1, $2, $3, $4, $5)
         on conflict (situation_id) do update
             set consent = excluded.consent, sequence = excluded.sequence, since = excluded.since,
                 objects = excluded.objects
             where agreement.sequence < excluded.sequence",
        situation.uuid(),
        said.consent.code(),
        said.sequence,
        said.since.to_sqlx() as jiff_sqlx::Timestamp,
        said.cared_for.objects(),
    )
    .execute(&mut *connection)
    .await?;
    let held = agreements(connection, &[situation.uuid()]).await?;
    Ok(held.into_iter().next().map_or(said, |(_, held)| held))
}

async fn agreements(
    connection: &mut PgConnection,
    situations: &[Uuid],
) -> Result<Vec<(SituationId, Agreement)>, FollowupError> {
    let rows = sqlx::query!(
        "select situation_id, consent, sequence, since, objects from agreement
         where situation_id = any($1)",
        situations,
    )
    .fetch_all(connection)
    .await?;
    let agreements = rows.into_iter().map(|row| {
        let cell = Cell {
            table: "agreement",
            column: "consent",
            row: row.situation_id,
        };
        let agreement = Agreement {
            consent: cell.parse(&row.consent)?,
            sequence: row.sequence,
            since: row.since.to_jiff(),
            cared_for: CaredFor::of(row.objects),
        };
        Ok((row.situation_id.into(), agreement))
    });
    agreements.collect()
}

/// Holds follow-ups that were just opened in situations whose carer does not agree: a partner may
/// accept in the moment in which the carer withdraws. Relies on the primary key of `agreement`.
pub(crate) async fn hold_opened(
    connection: &mut PgConnection,
    opened: &[OpenedTask],
) -> Result<Vec<SettledClock>, FollowupError> {
    if opened.is_empty() {
        return Ok(Vec::new());
    }
    let situations: Vec<Uuid> = opened.iter().map(|one| one.task.situation.uuid()).collect();
    let agreements = agreements(&mut *connection, &situations).await?;
    let mut settled = Vec::new();
    for (situation, agreement) in agreements {
        if agreement.forbids() {
            settled.extend(hold(&mut *connection, situation, agreement.since).await?);
        }
    }
    Ok(settled)
}

/// Holds the follow-ups of a situation: no promise runs for them, no link answers, nobody is asked.
/// Gives what lay with a coordinator and does not any more. Locks the follow-ups first, as every
/// call does. Relies on `task_by_situation`, `clock_open`, `carer_link_unused` and the primary keys.
pub(crate) async fn hold(
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

/// What the cared-for person of a situation says of what concerns them. Relies on the primary key.
pub(crate) async fn cared_for(
    connection: &mut PgConnection,
    situation: SituationId,
) -> Result<CaredFor, sqlx::Error> {
    let objects = sqlx::query_scalar!(
        "select objects from agreement where situation_id = $1",
        situation.uuid(),
    )
    .fetch_optional(connection)
    .await?;
    Ok(CaredFor::of(objects.unwrap_or_default()))
}
