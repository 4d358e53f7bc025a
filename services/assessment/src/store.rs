//! What assessment keeps: SQL on a borrowed connection, one statement per purpose.

use std::{fmt::Display, str::FromStr};

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use knipperlicht_eventing::merges::{Merge, Split};
use knipperlicht_vocabulary::{AssessmentId, Observation, SignalId, SituationId, ZoneId};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    AssessmentError,
    model::{Judgement, Line},
};

/// A judgement to be stored.
pub(crate) struct NewAssessment {
    pub(crate) id: AssessmentId,
    pub(crate) situation: SituationId,
    pub(crate) signal: SignalId,
    pub(crate) zone: ZoneId,
    pub(crate) observations: Vec<Observation>,
    pub(crate) judgement: Judgement,
}

/// Stores judgements.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    now: Timestamp,
    triage_version: &str,
    new: &[NewAssessment],
) -> Result<(), sqlx::Error> {
    let ids: Vec<Uuid> = new.iter().map(|one| one.id.uuid()).collect();
    let situations: Vec<Uuid> = new.iter().map(|one| one.situation.uuid()).collect();
    let signals: Vec<Uuid> = new.iter().map(|one| one.signal.uuid()).collect();
    let zones: Vec<String> = new.iter().map(|one| one.zone.to_string()).collect();
    let observations: Vec<String> = new.iter().map(|one| joined(&one.observations)).collect();
    let urgencies: Vec<String> = new
        .iter()
        .map(|one| one.judgement.urgency.to_string())
        .collect();
    let needs: Vec<String> = new.iter().map(|one| joined(&one.judgement.needs)).collect();
    let weights: Vec<i32> = new
        .iter()
        .map(|one| i32::from(one.judgement.weight))
        .collect();
    let reasons: Vec<String> = new
        .iter()
        .map(|one| serde_json::to_string(&one.judgement.reasons).unwrap_or_default())
        .collect();
    sqlx::query!(
        "insert into assessment (
             assessment_id, situation_id, signal_id, zone, assessed_at, observations, urgency, needs, weight,
             reasons, triage_version
         )
         select assessment_id, situation_id, signal_id, zone, $10, string_to_array(observations, ','), urgency,
                string_to_array(needs, ','), weight, reasons::json, $11
         from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[],
                     $8::integer[], $9::text[])
              as new(assessment_id, situation_id, signal_id, zone, observations, urgency, needs, weight, reasons)",
        &ids,
        &situations,
        &signals,
        &zones,
        &observations,
        &urgencies,
        &needs,
        &weights,
        &reasons,
        now.to_sqlx() as jiff_sqlx::Timestamp,
        triage_version,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Moves the judgements of a situation that became part of another one. Relies on
/// `assessment_by_situation`.
pub(crate) async fn move_over(
    connection: &mut PgConnection,
    merge: Merge,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update assessment set situation_id = $2, home_id = coalesce(home_id, $1) where situation_id = $1",
        merge.absorbed.uuid(),
        merge.into.uuid(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Brings back those that were made in the family of a situation. Relies on
/// `assessment_by_situation`.
pub(crate) async fn bring_back(
    connection: &mut PgConnection,
    split: &Split,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update assessment set situation_id = $2 where situation_id = $1 and home_id = any($3)",
        split.from.uuid(),
        split.absorbed.uuid(),
        &split.family,
    )
    .execute(connection)
    .await?;
    Ok(())
}

fn joined(codes: &[impl Display]) -> String {
    codes
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(",")
}

/// A stored judgement.
pub(crate) struct AssessmentRow {
    pub(crate) id: AssessmentId,
    pub(crate) situation: SituationId,
    pub(crate) signal: SignalId,
    pub(crate) assessed_at: Timestamp,
    pub(crate) judgement: Judgement,
    pub(crate) triage_version: String,
}

/// Which judgements to read.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Which {
    /// This one.
    One(AssessmentId),
    /// All of a situation.
    Of(SituationId),
}

/// Judgements that the caller may see, newest first. Relies on the primary key and on
/// `assessment_by_situation`.
pub(crate) async fn read(
    connection: &mut PgConnection,
    which: Which,
) -> Result<Vec<AssessmentRow>, AssessmentError> {
    let (id, situation) = match which {
        Which::One(id) => (Some(id.uuid()), None),
        Which::Of(situation) => (None, Some(situation.uuid())),
    };
    let rows = sqlx::query!(
        "select assessment_id, situation_id, signal_id, assessed_at, urgency, needs, weight, reasons,
                triage_version
         from assessment
         where assessment_id = $1 or situation_id = $2
         order by assessed_at desc, assessment_id",
        id,
        situation,
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            let reasons: Vec<Line> = serde_json::from_value(row.reasons).map_err(bad)?;
            let judgement = Judgement {
                urgency: code(&row.urgency)?,
                needs: row
                    .needs
                    .iter()
                    .map(|need| code(need))
                    .collect::<Result<_, _>>()?,
                weight: u16::try_from(row.weight).map_err(bad)?,
                reasons,
            };
            Ok(AssessmentRow {
                id: row.assessment_id.into(),
                situation: row.situation_id.into(),
                signal: row.signal_id.into(),
                assessed_at: row.assessed_at.to_jiff(),
                judgement,
                triage_version: row.triage_version,
            })
        })
        .collect()
}

fn code<T: FromStr<Err: Display>>(text: &str) -> Result<T, AssessmentError> {
    text.parse().map_err(bad)
}

fn bad(error: impl Display) -> AssessmentError {
    AssessmentError::BadRow(error.to_string())
}
