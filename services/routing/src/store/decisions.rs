//! Decisions, with all they were based on (rule 4).

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use knipperlicht_vocabulary::{Need, ServiceId, SituationId, ZoneId};
use serde::de::DeserializeOwned;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{joined, optional, word, words};
use crate::{
    RoutingError,
    model::record::{Record, StoredDecision, Versions},
};

const TABLE: &str = "decision";

/// Writes decisions down.
pub(super) async fn insert_decisions(
    connection: &mut PgConnection,
    records: &[&Record<'_>],
) -> Result<(), RoutingError> {
    if records.is_empty() {
        return Ok(());
    }
    let count = records.len();
    let mut situations: Vec<Uuid> = Vec::with_capacity(count);
    let mut zones = Vec::with_capacity(count);
    let mut decided: Vec<jiff_sqlx::Timestamp> = Vec::with_capacity(count);
    let mut directory_versions = Vec::with_capacity(count);
    let mut zone_versions = Vec::with_capacity(count);
    let mut points_versions = Vec::with_capacity(count);
    let mut inputs = Vec::with_capacity(count);
    let mut candidates = Vec::with_capacity(count);
    let mut chosen = Vec::with_capacity(count);
    let mut uncovered = Vec::with_capacity(count);
    let mut runners_up: Vec<Option<&str>> = Vec::with_capacity(count);
    for record in records {
        situations.push(record.question.situation.uuid());
        zones.push(record.question.circumstances.zone.as_str());
        decided.push(record.question.at.to_sqlx());
        directory_versions.push(record.versions.directory);
        zone_versions.push(record.versions.zones.as_str());
        points_versions.push(record.versions.points.as_str());
        let stored = record.stored();
        inputs.push(serde_json::to_string(&stored.question)?);
        candidates.push(serde_json::to_string(&stored.candidates)?);
        chosen.push(serde_json::to_string(&stored.chosen)?);
        uncovered.push(joined(&record.decision.uncovered));
        runners_up.push(record.decision.runner_up.map(|service| service.id.as_str()));
    }
    sqlx::query!(
        "insert into decision (
            situation_id, zone, decided_at, directory_version, zone_version, points_version, inputs,
            candidates, chosen, uncovered, runner_up
         )
         select situation_id, zone, decided_at, directory_version, zone_version, points_version, inputs::json,
                candidates::json, chosen::json, string_to_array(uncovered, ','), runner_up
         from unnest(
            $1::uuid[], $2::text[], $3::timestamptz[], $4::bigint[], $5::text[], $6::text[],
            $7::text[], $8::text[], $9::text[], $10::text[], $11::text[]
         ) as decided(
            situation_id, zone, decided_at, directory_version, zone_version, points_version, inputs, candidates,
            chosen, uncovered, runner_up
         )",
        &situations,
        &zones as &[&str],
        &decided as &[jiff_sqlx::Timestamp],
        &directory_versions,
        &zone_versions as &[&str],
        &points_versions as &[&str],
        &inputs,
        &candidates,
        &chosen,
        &uncovered,
        &runners_up as &[Option<&str>],
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The decision by which a service was asked at this moment, as whoever the transaction belongs
/// to may see it. Relies on `decision_by_situation`.
pub(crate) async fn decision_for(
    connection: &mut PgConnection,
    situation: SituationId,
    service: &ServiceId,
    at: Timestamp,
) -> Result<Option<StoredDecision>, RoutingError> {
    let row = sqlx::query!(
        r#"select directory_version, zone_version, points_version, inputs::text as "inputs!",
                  candidates::text as "candidates!", chosen::text as "chosen!", uncovered, runner_up
           from decision
           where situation_id = $1 and decided_at = $2
             and chosen::jsonb @> jsonb_build_array(jsonb_build_object('service', $3::text))
           order by position desc limit 1"#,
        situation.uuid(),
        at.to_sqlx() as jiff_sqlx::Timestamp,
        service.as_str(),
    )
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(StoredDecision {
        question: json("inputs", &row.inputs)?,
        versions: Versions {
            directory: row.directory_version,
            zones: row.zone_version,
            points: row.points_version,
        },
        candidates: json("candidates", &row.candidates)?,
        chosen: json("chosen", &row.chosen)?,
        uncovered: words(TABLE, "uncovered", &row.uncovered)?,
        runner_up: optional(TABLE, "runner_up", row.runner_up.as_deref())?,
    }))
}

fn json<T: DeserializeOwned>(column: &'static str, text: &str) -> Result<T, RoutingError> {
    serde_json::from_str(text).map_err(|error| RoutingError::BadRow {
        table: TABLE,
        column,
        what: error.to_string(),
    })
}

/// A need of a zone that nobody could be asked for.
pub(crate) struct UnmetRow {
    pub(crate) zone: ZoneId,
    pub(crate) need: Need,
    pub(crate) situations: i64,
    pub(crate) last_at: Timestamp,
}

/// The unmet needs of these zones since a moment, also of situations that were forgotten, the most
/// frequent first. Relies on `decision_by_unmet` and `past_unmet_need_by_zone`.
pub(crate) async fn unmet_needs(
    connection: &mut PgConnection,
    zones: &[String],
    since: Timestamp,
) -> Result<Vec<UnmetRow>, RoutingError> {
    let rows = sqlx::query!(
        r#"with unmet as (
               select zone, need, situation_id, decided_at
               from decision cross join unnest(uncovered) as need
               where zone = any($1) and decided_at >= $2 and uncovered <> '{}'
               union all
               select zone, need, past_unmet_need_id, unmet_on at time zone 'UTC' from past_unmet_need
               where zone = any($1) and unmet_on >= ($2::timestamptz at time zone 'UTC')::date
           )
           select zone as "zone!", need as "need!", count(distinct situation_id) as "situations!",
                  max(decided_at) as "last_at!: jiff_sqlx::Timestamp"
           from unmet
           group by zone, need order by 3 desc, zone, need"#,
        zones,
        since.to_sqlx() as jiff_sqlx::Timestamp,
    )
    .fetch_all(connection)
    .await?;
    let read = rows.into_iter().map(|row| {
        Ok(UnmetRow {
            zone: word(TABLE, "zone", &row.zone)?,
            need: word(TABLE, "uncovered", &row.need)?,
            situations: row.situations,
            last_at: row.last_at.to_jiff(),
        })
    });
    read.collect()
}
