//! What became of situations, and who took them up.

use std::collections::HashMap;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use knipperlicht_vocabulary::{EventId, OrganisationId, OutcomeResult, SituationId, Step};
use sqlx::PgConnection;
use uuid::Uuid;

use super::code;
use crate::{IntakeError, model::TakenStep};

/// A step that an event told of.
pub(crate) struct NewStep {
    pub(crate) event: EventId,
    pub(crate) situation: SituationId,
    /// The situation it was said of, which may have become part of the other one since.
    pub(crate) said_of: SituationId,
    pub(crate) step: Step,
    pub(crate) outcome: Option<OutcomeResult>,
    pub(crate) at: Timestamp,
}

/// Notes steps.
pub(crate) async fn add_steps(
    connection: &mut PgConnection,
    steps: &[NewStep],
) -> Result<(), sqlx::Error> {
    if steps.is_empty() {
        return Ok(());
    }
    let events: Vec<Uuid> = steps.iter().map(|step| step.event.uuid()).collect();
    let situations: Vec<Uuid> = steps.iter().map(|step| step.situation.uuid()).collect();
    let homes: Vec<Option<Uuid>> = steps
        .iter()
        .map(|step| (step.said_of != step.situation).then(|| step.said_of.uuid()))
        .collect();
    let codes: Vec<String> = steps.iter().map(|step| step.step.to_string()).collect();
    let outcomes: Vec<Option<String>> = steps
        .iter()
        .map(|step| step.outcome.map(|outcome| outcome.to_string()))
        .collect();
    let at: Vec<_> = steps.iter().map(|step| step.at.to_sqlx()).collect();
    sqlx::query!(
        "insert into progress (event_id, situation_id, step, outcome, at, home_id)
         select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::timestamptz[], $6::uuid[])",
        &events,
        &situations,
        &codes,
        &outcomes as &[Option<String>],
        &at as &[jiff_sqlx::Timestamp],
        &homes as &[Option<Uuid>],
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// For each of these situations, at a moment: for how many seconds the last signal of it was there.
/// Relies on `signal_by_situation`.
pub(crate) async fn since_received(
    connection: &mut PgConnection,
    asked: &[(Uuid, Timestamp)],
) -> Result<Vec<f64>, sqlx::Error> {
    if asked.is_empty() {
        return Ok(Vec::new());
    }
    let situations: Vec<Uuid> = asked.iter().map(|(situation, _)| *situation).collect();
    let moments: Vec<_> = asked.iter().map(|(_, at)| at.to_sqlx()).collect();
    sqlx::query_scalar!(
        r#"select extract(epoch from asked.at - max(received_at))::float8 as "seconds!"
           from unnest($1::uuid[], $2::timestamptz[]) as asked(situation_id, at)
           join signal on signal.situation_id = asked.situation_id and received_at <= asked.at
           group by asked.situation_id, asked.at"#,
        &situations,
        &moments as &[jiff_sqlx::Timestamp],
    )
    .fetch_all(connection)
    .await
}

/// The steps of these situations, in the order they were taken. Relies on the primary key.
pub(crate) async fn steps_of(
    connection: &mut PgConnection,
    situations: &[Uuid],
) -> Result<HashMap<SituationId, Vec<TakenStep>>, IntakeError> {
    let rows = sqlx::query!(
        "select situation_id, step, outcome, at from progress
         where situation_id = any($1) order by situation_id, at, event_id",
        situations,
    )
    .fetch_all(connection)
    .await?;
    let mut steps: HashMap<SituationId, Vec<TakenStep>> = HashMap::new();
    for row in rows {
        let taken = TakenStep {
            step: code("progress", &row.step)?,
            at: row.at.to_jiff(),
            outcome: row
                .outcome
                .as_deref()
                .map(|outcome| code("progress", outcome))
                .transpose()?,
        };
        steps
            .entry(row.situation_id.into())
            .or_default()
            .push(taken);
    }
    Ok(steps)
}

/// An organisation that accepted a situation, or handed it over.
pub(crate) struct Grant {
    /// The situation it was said of, which may have become part of another one since.
    pub(crate) said_of: SituationId,
    pub(crate) organisation: OrganisationId,
    pub(crate) at: Timestamp,
}

/// Grants as columns.
struct Columns {
    said_of: Vec<Uuid>,
    organisations: Vec<String>,
    at: Vec<jiff_sqlx::Timestamp>,
}

impl Columns {
    fn of(grants: &[Grant]) -> Self {
        let organisation = |grant: &Grant| grant.organisation.to_string();
        Self {
            said_of: grants.iter().map(|grant| grant.said_of.uuid()).collect(),
            organisations: grants.iter().map(organisation).collect(),
            at: grants.iter().map(|grant| grant.at.to_sqlx()).collect(),
        }
    }
}

/// Notes who accepted, of the situation itself and of each that it became part of since, as a merge
/// does: so a split takes away what it should. Accepting for a second need changes nothing. Relies on
/// `merged`'s primary key.
pub(crate) async fn add_grants(
    connection: &mut PgConnection,
    grants: &[Grant],
) -> Result<(), sqlx::Error> {
    if grants.is_empty() {
        return Ok(());
    }
    let columns = Columns::of(grants);
    sqlx::query!(
        "with recursive way as (
             select said_of, said_of as at, organisation_id, since
             from unnest($1::uuid[], $2::text[], $3::timestamptz[])
                  as told(said_of, organisation_id, since)
             union all
             select way.said_of, merged.into_id, organisation_id, since
             from way join merged on merged.absorbed_id = way.at
         )
         insert into access_grant (situation_id, organisation_id, since, home_id)
         select at, organisation_id, since, nullif(said_of, at) from way
         on conflict (situation_id, organisation_id) do update set ended_at = null
         where access_grant.ended_at is not null",
        &columns.said_of,
        &columns.organisations,
        &columns.at as &[jiff_sqlx::Timestamp],
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Notes who handed over, in the same places. That they knew is not forgotten: the carer may see it.
/// Relies on the primary keys.
pub(crate) async fn end_grants(
    connection: &mut PgConnection,
    grants: &[Grant],
) -> Result<(), sqlx::Error> {
    if grants.is_empty() {
        return Ok(());
    }
    let columns = Columns::of(grants);
    sqlx::query!(
        "with recursive way as (
             select said_of as at, organisation_id, ended_at
             from unnest($1::uuid[], $2::text[], $3::timestamptz[])
                  as told(said_of, organisation_id, ended_at)
             union all
             select merged.into_id, organisation_id, ended_at
             from way join merged on merged.absorbed_id = way.at
         )
         update access_grant set ended_at = way.ended_at
         from way
         where access_grant.situation_id = way.at
           and access_grant.organisation_id = way.organisation_id
           and access_grant.ended_at is null",
        &columns.said_of,
        &columns.organisations,
        &columns.at as &[jiff_sqlx::Timestamp],
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Whether the caller's organisation accepted this situation (row-level security decides).
pub(crate) async fn has_grant(
    connection: &mut PgConnection,
    situation: SituationId,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select exists (select from access_grant where situation_id = $1) as "granted!""#,
        situation.uuid(),
    )
    .fetch_one(connection)
    .await
}
