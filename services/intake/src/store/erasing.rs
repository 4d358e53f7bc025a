//! Forgetting situations: their keys, and everything that says something of them. What stays is in
//! docs/erasure.md.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use knipperlicht_vocabulary::{Consent, Language, ReporterRole, SituationId, ZoneId};
use sqlx::PgConnection;
use uuid::Uuid;

use super::code;
use crate::IntakeError;

/// Forgets these situations. Under the keys of which homes their signals were sealed follows from
/// the signals, also from those that were taken back. Done again it forgets what was written since.
/// Relies on `signal_by_situation`, `carer_link_of_situation`, the indexes of `duplicate` and the
/// primary keys.
pub(crate) async fn forget(
    connection: &mut PgConnection,
    situations: &[Uuid],
    at: Timestamp,
) -> Result<(), sqlx::Error> {
    // Every row that others wait for first, in the order of ids.
    sqlx::query!(
        "select situation_id from situation where situation_id = any($1) order by situation_id for update",
        situations,
    )
    .fetch_all(&mut *connection)
    .await?;
    let signals = signals_of_all(&mut *connection, situations).await?;
    let homes = signals
        .iter()
        .map(|signal| SituationId::derived(*signal, "situation").uuid());
    let homes: Vec<Uuid> = situations.iter().copied().chain(homes).collect();
    sqlx::query!(
        "with keys as (
             delete from data_key where situation_id = any($3)
         ), vault as (
             delete from sealed where situation_id = any($3)
         ), recognised as (
             delete from match_key where signal_id = any($2)
         ), seen_steps as (
             delete from seen where signal_id = any($2)
         ), steps as (
             delete from progress where situation_id = any($1)
         ), grants as (
             delete from access_grant where situation_id = any($1)
         ), links as (
             delete from carer_link where situation_id = any($1)
         ), readings as (
             delete from reading where home_id = any($3)
         ), asked as (
             delete from erasure_request where situation_id = any($1)
         ), questions as (
             delete from duplicate
             where first_id = any($1) or later_id = any($1)
                or first_home_id = any($1) or later_home_id = any($1)
         ), signals as (
             update signal
             set observations = '{}', reporter_role = $5, reported_at = received_at, content = '',
                 withdrawn_at = null, home_id = null, changed_in = default
             where signal_id = any($2)
         )
         update situation
         set postal_code = '', language = $6, age_band = null, consent = $7, consent_at = null,
             cared_for_objects = false,
             erased_at = coalesce(erased_at, $4)
         where situation_id = any($1)",
        situations,
        &signals,
        &homes,
        at.to_sqlx() as jiff_sqlx::Timestamp,
        ReporterRole::Other.code(),
        Language::Other.code(),
        Consent::Withdrawn.code(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The signals of these situations, also those that were taken back. Relies on
/// `signal_by_situation`.
pub(crate) async fn signals_of_all(
    connection: &mut PgConnection,
    situations: &[Uuid],
) -> Result<Vec<Uuid>, sqlx::Error> {
    sqlx::query_scalar!(
        "select signal_id from signal where situation_id = any($1)",
        situations,
    )
    .fetch_all(connection)
    .await
}

/// In which zones these situations lie. Relies on the primary key.
pub(crate) async fn zones_of(
    connection: &mut PgConnection,
    situations: &[Uuid],
) -> Result<Vec<(SituationId, ZoneId)>, IntakeError> {
    let rows = sqlx::query!(
        "select situation_id, zone from situation where situation_id = any($1)",
        situations,
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| Ok((row.situation_id.into(), code("situation", &row.zone)?)))
        .collect()
}

/// When a situation that the caller may see was forgotten, if it was. Relies on the primary key.
pub(crate) async fn erased_at(
    connection: &mut PgConnection,
    situation: SituationId,
) -> Result<Option<Timestamp>, sqlx::Error> {
    let erased = sqlx::query_scalar!(
        r#"select erased_at as "at: jiff_sqlx::Timestamp" from situation where situation_id = $1"#,
        situation.uuid(),
    )
    .fetch_optional(connection)
    .await?;
    Ok(erased.flatten().map(jiff_sqlx::Timestamp::to_jiff))
}

/// Keeps that a carer asked to be forgotten; gives when they asked first.
pub(crate) async fn ask_erasure(
    connection: &mut PgConnection,
    situation: SituationId,
    now: Timestamp,
) -> Result<Timestamp, sqlx::Error> {
    let asked = sqlx::query_scalar!(
        "insert into erasure_request (situation_id, asked_at) values ($1, $2)
         on conflict (situation_id) do update set asked_at = erasure_request.asked_at
         returning asked_at",
        situation.uuid(),
        now.to_sqlx() as jiff_sqlx::Timestamp,
    )
    .fetch_one(connection)
    .await?;
    Ok(asked.to_jiff())
}

/// That a carer asked to be forgotten.
pub(crate) struct Asked {
    pub(crate) situation: SituationId,
    pub(crate) zone: ZoneId,
    pub(crate) at: Timestamp,
}

/// What carers asked that is in these zones, the oldest first; what became part of another situation
/// under that one's name, and in that one's zone. Of all, the first 500.
pub(crate) async fn erasures_asked(
    connection: &mut PgConnection,
    zones: &[String],
) -> Result<Vec<Asked>, IntakeError> {
    let rows = sqlx::query!(
        r#"with recursive way as (
               select situation_id as asked, situation_id as at, asked_at, 0 as steps from erasure_request
               union all
               select way.asked, merged.into_id, way.asked_at, steps + 1
               from way join merged on merged.absorbed_id = way.at
           ), root as (
               select distinct on (asked) at, asked_at from way order by asked, steps desc
           )
           select at as "situation_id!", min(zone) as "zone!",
                  min(root.asked_at) as "asked_at!: jiff_sqlx::Timestamp"
           from root join situation on situation.situation_id = root.at
           where zone = any($1)
           group by at order by 3, 1 limit 500"#,
        zones,
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Asked {
                situation: row.situation_id.into(),
                zone: code("situation", &row.zone)?,
                at: row.asked_at.to_jiff(),
            })
        })
        .collect()
}
