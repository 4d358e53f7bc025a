//! Follow-ups.

pub(in crate::store) mod row;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use knipperlicht_vocabulary::{ReferralId, SituationId, TaskId};
use sqlx::PgConnection;
use uuid::Uuid;

use row::{TaskRow, TaskViewRow};

use super::{
    PAGE,
    clocks::{OpenClock, Settled},
    moves::Raised,
};
use crate::{
    error::FollowupError,
    model::{ContactPerson, Followed, State, Task},
};

/// A follow-up and the promise that runs.
#[derive(Debug, Clone)]
pub(crate) struct TaskView {
    pub(crate) task: Task,
    pub(crate) next_clock: Option<OpenClock>,
    /// Whether the carer has to be asked.
    pub(crate) question: Option<Question>,
    /// Whether the carer does not agree.
    pub(crate) held: bool,
    /// Who is there for the carer.
    pub(crate) person: Option<ContactPerson>,
    /// When any of this last changed, but for its promises.
    pub(crate) changed_at: Timestamp,
}

/// That the carer has to be asked whether it helped.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Question {
    /// For the how manieth time.
    pub(crate) times: i16,
    pub(crate) since: Timestamp,
}

/// Whose follow-ups to list.
#[derive(Debug)]
pub(crate) enum Whose {
    /// An organisation's.
    Organisation(String),
    /// Those of zones.
    Zones(Vec<String>),
}

impl Whose {
    /// What to look for in the columns of the organisation and the zone.
    fn columns(&self) -> (Option<&str>, &[String]) {
        match self {
            Self::Organisation(organisation) => (Some(organisation), &[]),
            Self::Zones(zones) => (None, zones),
        }
    }
}

/// A follow-up that begins.
#[derive(Debug)]
pub(crate) struct OpenedTask {
    pub(crate) task: Task,
    /// The situation it was accepted in, if that became part of the other one since.
    pub(crate) home: Option<SituationId>,
    pub(crate) at: Timestamp,
}

/// A follow-up that goes over to another partner.
#[derive(Debug)]
pub(crate) struct HandedOver {
    /// The referral whose follow-up it was, and when that ended.
    pub(crate) from: Settled,
    /// The follow-up as it begins there.
    pub(crate) to: Task,
}

/// A follow-up that the caller sees, locked until the transaction ends. Relies on the primary key.
pub(crate) async fn lock(
    connection: &mut PgConnection,
    id: TaskId,
) -> Result<Option<Task>, FollowupError> {
    let row = sqlx::query_as!(
        TaskRow,
        "select task_id, situation_id, referral_id, organisation_id, zone, urgency, state,
                visit_at, result, reason, late, at_rest
         from task where task_id = $1 for update",
        id.uuid(),
    )
    .fetch_optional(connection)
    .await?;
    row.map(Task::try_from).transpose()
}

/// The situation that a follow-up was begun in, if that became part of another one once. Relies on
/// the primary key.
pub(crate) async fn home(
    connection: &mut PgConnection,
    id: TaskId,
) -> Result<Option<SituationId>, sqlx::Error> {
    let home = sqlx::query_scalar!("select home_id from task where task_id = $1", id.uuid())
        .fetch_one(connection)
        .await?;
    Ok(home.map(SituationId::from))
}

/// Writes where a follow-up stands. Relies on the primary key.
pub(crate) async fn update(
    connection: &mut PgConnection,
    now: Timestamp,
    task: &Task,
) -> Result<(), FollowupError> {
    let ending = task.state.ending();
    sqlx::query!(
        "update task set state = $2, visit_at = $3, result = $4, reason = $5, late = $6,
                changed_at = $7, at_rest = $8,
                reopened_at = case when $2 = 'reopened' then $7 else reopened_at end
         where task_id = $1",
        task.id.uuid(),
        task.state.code().code(),
        task.state.visit_at().map(ToSqlx::to_sqlx) as Option<jiff_sqlx::Timestamp>,
        ending.map(|(outcome, _)| outcome.result().code()),
        ending.and_then(|(outcome, _)| Some(outcome.reason()?.code())),
        ending.map(|(_, timeliness)| timeliness.is_late()),
        now.to_sqlx() as jiff_sqlx::Timestamp,
        matches!(task.state, State::AtRest { .. }),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Opens follow-ups. A referral has one: the first stays.
pub(crate) async fn open(
    connection: &mut PgConnection,
    opened: &[OpenedTask],
) -> Result<(), sqlx::Error> {
    if opened.is_empty() {
        return Ok(());
    }
    let tasks = || opened.iter().map(|one| &one.task);
    let ids: Vec<Uuid> = tasks().map(|task| task.id.uuid()).collect();
    let situations: Vec<Uuid> = tasks().map(|task| task.situation.uuid()).collect();
    let referrals: Vec<Uuid> = tasks().map(|task| task.referral.uuid()).collect();
    let organisations: Vec<String> = tasks().map(|task| task.organisation.to_string()).collect();
    let zones: Vec<String> = tasks().map(|task| task.zone.to_string()).collect();
    let urgencies: Vec<String> = tasks().map(|task| task.urgency.to_string()).collect();
    let states: Vec<String> = tasks().map(|task| task.state.code().to_string()).collect();
    let ats: Vec<jiff_sqlx::Timestamp> = opened.iter().map(|one| one.at.to_sqlx()).collect();
    let homes = homes(opened);
    sqlx::query!(
        "insert into task (task_id, situation_id, referral_id, organisation_id, zone, urgency, state,
                           opened_at, changed_at, home_id)
         select task_id, situation_id, referral_id, organisation_id, zone, urgency, state, at, at,
                home_id
         from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[],
                     $7::text[], $8::timestamptz[], $9::uuid[])
              as opened(task_id, situation_id, referral_id, organisation_id, zone, urgency, state, at,
                        home_id)
         on conflict do nothing",
        &ids,
        &situations,
        &referrals,
        &organisations,
        &zones,
        &urgencies,
        &states,
        &ats as &[jiff_sqlx::Timestamp],
        &homes as &[Option<Uuid>],
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Where each of these was accepted, if not where it is.
pub(super) fn homes(opened: &[OpenedTask]) -> Vec<Option<Uuid>> {
    let homes = opened.iter().map(|one| one.home.map(SituationId::uuid));
    homes.collect()
}

/// Lets follow-ups be more urgent from now on. Relies on the unique referral of `task`.
pub(crate) async fn raise(
    connection: &mut PgConnection,
    raised: &[Raised],
) -> Result<(), sqlx::Error> {
    if raised.is_empty() {
        return Ok(());
    }
    let referrals: Vec<Uuid> = raised.iter().map(|one| one.referral.uuid()).collect();
    let urgencies: Vec<&str> = raised.iter().map(|one| one.urgency.code()).collect();
    sqlx::query!(
        "update task set urgency = raised.urgency
         from unnest($1::uuid[], $2::text[]) as raised(referral_id, urgency)
         where task.referral_id = raised.referral_id",
        &referrals,
        &urgencies as &[&str],
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Follow-ups and what goes with them, of which and in what order the rest of the query says. Relies
/// on `clock_open` and the primary keys of `asking` and `contact_person`.
macro_rules! task_views {
    ($rest:tt, $($bound:expr),+) => {
        sqlx::query_as!(
            TaskViewRow,
            r#"select t.task_id, t.situation_id, t.referral_id, t.organisation_id, t.zone, t.urgency,
                      t.state, t.visit_at, t.result, t.reason, t.late, t.at_rest,
                      c.clock_id as "clock_id?", c.kind as "clock_kind?", c.due_at as "due_at?",
                      c.breached_at is not null as "breached",
                      a.times as "times?", a.asked_at as "asked_at?", t.held_at is not null as "held!",
                      p.organisation_id as "person_organisation?", p.worker, p.name, p.phone,
                      p.since as "person_since?",
                      greatest(t.changed_at, t.held_at, p.since) as "changed_at!"
               from task t
               left join asking a on a.task_id = t.task_id and a.times > 0
               left join contact_person p on p.situation_id = t.situation_id
               left join lateral (
                   select clock_id, kind, due_at, breached_at from clock
                   where clock.referral_id = t.referral_id and stopped_at is null and paused_at is null
                   order by due_at limit 1
               ) c on true "# + $rest,
            $($bound),+
        )
    };
}

/// A follow-up and the promise that runs. Relies on the primary key.
pub(crate) async fn view(
    connection: &mut PgConnection,
    id: TaskId,
) -> Result<TaskView, FollowupError> {
    let row = task_views!("where t.task_id = $1", id.uuid())
        .fetch_one(connection)
        .await?;
    row.try_into()
}

/// Follow-ups that stand in one of `states`, what is due first before, then what changed last.
/// Relies on `task_by_organisation` or `task_by_zone`.
pub(crate) async fn list(
    connection: &mut PgConnection,
    whose: &Whose,
    states: &[String],
) -> Result<Vec<TaskView>, FollowupError> {
    let (organisation, zones) = whose.columns();
    let rows = task_views!(
        "where (t.organisation_id = $1 or t.zone = any($2)) and t.state = any($3)
         order by c.due_at nulls last, t.changed_at desc
         limit $4",
        organisation,
        zones,
        states,
        PAGE
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(TaskView::try_from).collect()
}

/// The follow-ups of these referrals that stand in one of `states`, as far as the caller sees them.
/// Relies on the unique referral of `task`.
pub(crate) async fn of_referrals(
    connection: &mut PgConnection,
    referrals: &[ReferralId],
    states: &[String],
) -> Result<Vec<TaskView>, FollowupError> {
    let referrals: Vec<Uuid> = referrals.iter().map(|id| id.uuid()).collect();
    let rows = task_views!(
        "where t.referral_id = any($1) and t.state = any($2)
         order by c.due_at nulls last, t.changed_at desc",
        &referrals,
        states
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(TaskView::try_from).collect()
}

/// Closed follow-ups whose carer has to be asked, who waits longest first. Relies on
/// `asking_by_organisation` or `asking_by_zone`.
pub(crate) async fn to_ask(
    connection: &mut PgConnection,
    whose: &Whose,
) -> Result<Vec<TaskView>, FollowupError> {
    let (organisation, zones) = whose.columns();
    let rows = task_views!(
        "where (a.organisation_id = $1 or a.zone = any($2)) and a.times > 0
         order by a.asked_at
         limit $3",
        organisation,
        zones,
        PAGE
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(TaskView::try_from).collect()
}

/// The follow-ups of a situation, locked, but for those whose carer does not agree. Relies on
/// `task_by_situation`.
pub(crate) async fn lock_all(
    connection: &mut PgConnection,
    situation: SituationId,
) -> Result<Vec<Followed>, FollowupError> {
    let rows = sqlx::query!(
        "select task_id, situation_id, referral_id, organisation_id, zone, urgency, state,
                visit_at, result, reason, late, at_rest, changed_at, reopened_at
         from task where situation_id = $1 and held_at is null
         for update",
        situation.uuid(),
    )
    .fetch_all(connection)
    .await?;
    let followed = rows.into_iter().map(|row| {
        let task = TaskRow {
            task_id: row.task_id,
            situation_id: row.situation_id,
            referral_id: row.referral_id,
            organisation_id: row.organisation_id,
            zone: row.zone,
            urgency: row.urgency,
            state: row.state,
            visit_at: row.visit_at,
            result: row.result,
            reason: row.reason,
            late: row.late,
            at_rest: row.at_rest,
        };
        Ok(Followed {
            task: task.try_into()?,
            changed_at: row.changed_at.to_jiff(),
            reopened_at: row.reopened_at.map(jiff_sqlx::Timestamp::to_jiff),
        })
    });
    followed.collect()
}
