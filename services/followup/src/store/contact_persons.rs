//! Who is there for carers.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use knipperlicht_vocabulary::{
    OrganisationId, ReferralId, ReporterId, SituationId, TaskId, ZoneId,
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    Cell,
    tasks::{self, OpenedTask},
};
use crate::{
    error::FollowupError,
    model::{ContactPerson, Worker},
};

/// From acceptance on somebody is there: the organisation that accepted first.
pub(crate) async fn open(
    connection: &mut PgConnection,
    opened: &[OpenedTask],
) -> Result<(), sqlx::Error> {
    if opened.is_empty() {
        return Ok(());
    }
    let situations: Vec<Uuid> = opened.iter().map(|one| one.task.situation.uuid()).collect();
    let organisations: Vec<&str> = opened
        .iter()
        .map(|one| one.task.organisation.as_str())
        .collect();
    let since: Vec<jiff_sqlx::Timestamp> = opened.iter().map(|one| one.at.to_sqlx()).collect();
    sqlx::query!(
        "insert into contact_person (situation_id, organisation_id, since, home_id)
         select * from unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::uuid[])
         on conflict do nothing",
        &situations,
        &organisations as &[&str],
        &since as &[jiff_sqlx::Timestamp],
        &tasks::homes(opened) as &[Option<Uuid>],
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The contact person of a situation, locked until the transaction ends. Relies on the primary key.
pub(crate) async fn lock(
    connection: &mut PgConnection,
    situation: SituationId,
) -> Result<Option<ContactPerson>, FollowupError> {
    let row = sqlx::query!(
        r#"select organisation_id, worker, name, phone, since as "since: jiff_sqlx::Timestamp"
           from contact_person where situation_id = $1 for update"#,
        situation.uuid(),
    )
    .fetch_optional(connection)
    .await?;
    row.map(|row| {
        contact_person(
            situation.uuid(),
            &row.organisation_id,
            row.worker.as_deref().zip(row.name),
            row.phone,
            row.since,
        )
    })
    .transpose()
}

/// A contact person as a row holds them.
pub(super) fn contact_person(
    row: Uuid,
    organisation: &str,
    worker: Option<(&str, String)>,
    phone: Option<String>,
    since: jiff_sqlx::Timestamp,
) -> Result<ContactPerson, FollowupError> {
    let cell = |column| Cell {
        table: "contact_person",
        column,
        row,
    };
    let worker = worker
        .map(|(account, name)| {
            Ok::<_, FollowupError>(Worker {
                account: cell("worker").parse(account)?,
                name,
                phone,
            })
        })
        .transpose()?;
    Ok(ContactPerson {
        organisation: cell("organisation_id").parse(organisation)?,
        worker,
        since: since.to_jiff(),
    })
}

/// Writes who it is. Relies on the primary key.
pub(crate) async fn write(
    connection: &mut PgConnection,
    situation: SituationId,
    person: &ContactPerson,
) -> Result<(), sqlx::Error> {
    let worker = person.worker.as_ref();
    sqlx::query!(
        "insert into contact_person (situation_id, organisation_id, worker, name, phone, since)
         values ($1, $2, $3, $4, $5, $6)
         on conflict (situation_id) do update set
            organisation_id = excluded.organisation_id, worker = excluded.worker,
            name = excluded.name, phone = excluded.phone, since = excluded.since",
        situation.uuid(),
        person.organisation.as_str(),
        worker.map(|worker| worker.account.as_str()),
        worker.map(|worker| worker.name.as_str()),
        worker.and_then(|worker| worker.phone.as_deref()),
        person.since.to_sqlx() as jiff_sqlx::Timestamp,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A situation that was handed over, by one of its follow-ups.
#[derive(Debug)]
pub(crate) struct HandedOver {
    pub(crate) situation: SituationId,
    pub(crate) task: TaskId,
    pub(crate) referral: ReferralId,
    pub(crate) zone: ZoneId,
}

/// Lets another worker of the organisation be there for all situations in which one was and in
/// which there is work to do, or a carer to be asked. Relies on `contact_person_by_worker` and
/// `task_by_situation`.
pub(crate) async fn hand_over(
    connection: &mut PgConnection,
    now: Timestamp,
    organisation: &OrganisationId,
    from: &ReporterId,
    to: &Worker,
) -> Result<Vec<HandedOver>, FollowupError> {
    let rows = sqlx::query!(
        "with moved as (
             update contact_person set worker = $3, name = $4, phone = $5, since = $6
             where organisation_id = $1 and worker = $2
               and exists (
                   select from task
                   where task.situation_id = contact_person.situation_id
                     and task.organisation_id = $1 and task.state <> 'confirmed'
               )
             returning situation_id
         )
         select distinct on (situation_id) situation_id, task_id, referral_id, zone
         from moved join task using (situation_id)
         where organisation_id = $1 and state <> 'confirmed'
         order by situation_id, opened_at desc",
        organisation.as_str(),
        from.as_str(),
        to.account.as_str(),
        to.name,
        to.phone,
        now.to_sqlx() as jiff_sqlx::Timestamp,
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            let cell = |column| Cell {
                table: "task",
                column,
                row: row.task_id,
            };
            Ok(HandedOver {
                situation: row.situation_id.into(),
                task: row.task_id.into(),
                referral: row.referral_id.into(),
                zone: cell("zone").parse(&row.zone)?,
            })
        })
        .collect()
}
