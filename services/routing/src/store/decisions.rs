//! Decisions, with all they were based on (rule 4).

use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use uuid::Uuid;

use super::joined;
use crate::{
    RoutingError,
    model::{decision::Record, points},
};

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
    let mut inputs = Vec::with_capacity(count);
    let mut candidates = Vec::with_capacity(count);
    let mut chosen = Vec::with_capacity(count);
    let mut uncovered = Vec::with_capacity(count);
    let mut runners_up: Vec<Option<&str>> = Vec::with_capacity(count);
    for record in records {
        situations.push(record.question.situation.uuid());
        zones.push(record.question.circumstances.zone.as_str());
        decided.push(record.question.at.to_sqlx());
        directory_versions.push(record.directory_version);
        zone_versions.push(record.zone_version.as_str());
        inputs.push(serde_json::to_string(&record.question)?);
        candidates.push(serde_json::to_string(&record.candidates())?);
        chosen.push(serde_json::to_string(&record.chosen())?);
        uncovered.push(joined(&record.decision.uncovered));
        runners_up.push(record.decision.runner_up.map(|service| service.id.as_str()));
    }
    sqlx::query!(
        "insert into decision (
            situation_id, zone, decided_at, directory_version, zone_version, points_version, inputs,
            candidates, chosen, uncovered, runner_up
         )
         select situation_id, zone, decided_at, directory_version, zone_version, $11, inputs::json,
                candidates::json, chosen::json, string_to_array(uncovered, ','), runner_up
         from unnest(
            $1::uuid[], $2::text[], $3::timestamptz[], $4::bigint[], $5::text[], $6::text[],
            $7::text[], $8::text[], $9::text[], $10::text[]
         ) as decided(
            situation_id, zone, decided_at, directory_version, zone_version, inputs, candidates,
            chosen, uncovered, runner_up
         )",
        &situations,
        &zones as &[&str],
        &decided as &[jiff_sqlx::Timestamp],
        &directory_versions,
        &zone_versions as &[&str],
        &inputs,
        &candidates,
        &chosen,
        &uncovered,
        &runners_up as &[Option<&str>],
        points::VERSION,
    )
    .execute(connection)
    .await?;
    Ok(())
}
