//! Forms that were filled in, and what they came to.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use knipperlicht_vocabulary::{ResponseId, SituationId};
use sqlx::PgConnection;

use super::bad;
use crate::{
    AssessmentError,
    model::{ResultInput, Score},
};

const TABLE: &str = "response";

/// A stored form.
pub(crate) struct ResponseRow {
    pub(crate) situation: SituationId,
    pub(crate) recorded_at: Timestamp,
    pub(crate) result: ResultInput,
}

/// Stores a form that came to this, sent by somebody in this role.
pub(crate) async fn insert_response(
    connection: &mut PgConnection,
    row: &ResponseRow,
    zone: &str,
    sent_by_role: &str,
) -> Result<(), sqlx::Error> {
    let result = &row.result;
    let answers = (!result.answers.is_empty())
        .then(|| serde_json::to_string(&result.answers).unwrap_or_default());
    sqlx::query!(
        "insert into response (
             response_id, situation_id, zone, instrument_id, instrument_version, answered_at, recorded_at, answers,
             score_tenths, band, overloaded, sent_by_role
         )
         values ($1, $2, $3, $4, $5, $6, $7, ($8::text)::json, $9, $10, $11, $12)",
        result.response.uuid(),
        row.situation.uuid(),
        zone,
        result.instrument,
        result.version,
        result.at.to_sqlx() as jiff_sqlx::Timestamp,
        row.recorded_at.to_sqlx() as jiff_sqlx::Timestamp,
        answers,
        result.score.tenths(),
        result.band,
        result.overloaded,
        sent_by_role,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The form of this id. Relies on the primary key.
pub(crate) async fn response(
    connection: &mut PgConnection,
    id: ResponseId,
) -> Result<Option<ResponseRow>, AssessmentError> {
    let rows = select(connection, Some(id), None).await?;
    Ok(rows.into_iter().next())
}

/// The forms of a situation that the caller may see, those of one instrument together, the
/// oldest first. Relies on `response_of_situation`.
pub(crate) async fn responses_of(
    connection: &mut PgConnection,
    situation: SituationId,
) -> Result<Vec<ResponseRow>, AssessmentError> {
    select(connection, None, Some(situation)).await
}

async fn select(
    connection: &mut PgConnection,
    id: Option<ResponseId>,
    situation: Option<SituationId>,
) -> Result<Vec<ResponseRow>, AssessmentError> {
    let rows = sqlx::query!(
        "select response_id, situation_id, instrument_id, instrument_version, answered_at, recorded_at,
                answers::text as answers, score_tenths, band, overloaded
         from response
         where response_id = $1 or situation_id = $2
         order by instrument_id, instrument_version, answered_at, response_id",
        id.map(ResponseId::uuid),
        situation.map(SituationId::uuid),
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            let answers: BTreeMap<String, String> = match &row.answers {
                Some(answers) => {
                    serde_json::from_str(answers).map_err(|error| bad(TABLE, error))?
                }
                None => BTreeMap::new(),
            };
            Ok(ResponseRow {
                situation: row.situation_id.into(),
                recorded_at: row.recorded_at.to_jiff(),
                result: ResultInput {
                    response: row.response_id.into(),
                    at: row.answered_at.to_jiff(),
                    instrument: row.instrument_id,
                    version: row.instrument_version,
                    score: Score::from_tenths(row.score_tenths),
                    band: row.band,
                    overloaded: row.overloaded,
                    answers,
                },
            })
        })
        .collect()
}
