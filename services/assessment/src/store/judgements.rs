//! Judgements: each goes on from the one before it.

use std::{collections::HashMap, fmt::Display, str::FromStr, sync::Arc};

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use knipperlicht_contracts::events::v1::Circumstances;
use knipperlicht_vocabulary::{
    AssessmentId, CarerAsk, Need, Observation, ResponseId, SignalId, SituationId, Urgency, ZoneId,
};
use prost::Message;
use serde::Deserialize;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{bad, code};
use crate::{
    AssessmentError,
    model::{Inputs, Judgement, Line, SignalInput},
};

const TABLE: &str = "assessment";

/// What a judgement was made upon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cause {
    Signal,
    Withdrawal,
    Form(ResponseId),
    /// Another situation became part of this one.
    Merge,
    /// They were parted again.
    Split,
}

impl Cause {
    const fn name(self) -> &'static str {
        match self {
            Self::Signal => "signal",
            Self::Withdrawal => "withdrawal",
            Self::Form(_) => "form",
            Self::Merge => "merge",
            Self::Split => "split",
        }
    }

    /// The form, upon a form.
    pub(crate) const fn response(self) -> Option<ResponseId> {
        match self {
            Self::Form(response) => Some(response),
            Self::Signal | Self::Withdrawal | Self::Merge | Self::Split => None,
        }
    }

    fn read(name: &str, response: Option<Uuid>) -> Result<Self, AssessmentError> {
        match (name, response) {
            ("signal", None) => Ok(Self::Signal),
            ("withdrawal", None) => Ok(Self::Withdrawal),
            ("merge", None) => Ok(Self::Merge),
            ("split", None) => Ok(Self::Split),
            ("form", Some(response)) => Ok(Self::Form(response.into())),
            (other, _) => Err(bad(TABLE, format!("cause `{other}`"))),
        }
    }
}

/// A judgement to be stored.
pub(crate) struct NewAssessment {
    pub(crate) id: AssessmentId,
    pub(crate) situation: SituationId,
    pub(crate) signal: SignalId,
    pub(crate) zone: ZoneId,
    /// Its place among those of the situation: one more than the one it goes on from.
    pub(crate) sequence: i64,
    pub(crate) cause: Cause,
    pub(crate) inputs: Inputs,
    /// What is needed to route; not kept before 2026-11-22.
    pub(crate) circumstances: Option<Circumstances>,
    pub(crate) judgement: Judgement,
}

/// Stores judgements. Fails by `assessment_of_situation` when somebody else has gone on from the
/// same one in the meantime.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    now: Timestamp,
    triage_version: &str,
    new: &[NewAssessment],
) -> Result<(), sqlx::Error> {
    let column = |of: fn(&NewAssessment) -> String| -> Vec<String> { new.iter().map(of).collect() };
    let ids: Vec<Uuid> = new.iter().map(|one| one.id.uuid()).collect();
    let situations: Vec<Uuid> = new.iter().map(|one| one.situation.uuid()).collect();
    let signals: Vec<Uuid> = new.iter().map(|one| one.signal.uuid()).collect();
    let zones = column(|one| one.zone.to_string());
    let sequences: Vec<i64> = new.iter().map(|one| one.sequence).collect();
    let causes = column(|one| one.cause.name().to_owned());
    let responses: Vec<Option<Uuid>> = new
        .iter()
        .map(|one| one.cause.response().map(ResponseId::uuid))
        .collect();
    let inputs = column(|one| serde_json::to_string(&one.inputs).unwrap_or_default());
    let circumstances: Vec<Option<Vec<u8>>> = new
        .iter()
        .map(|one| one.circumstances.as_ref().map(Message::encode_to_vec))
        .collect();
    let urgencies = column(|one| one.judgement.urgency.to_string());
    let needs = column(|one| joined(&one.judgement.needs));
    let asks = column(|one| joined(&one.judgement.asks));
    let weights: Vec<i32> = new
        .iter()
        .map(|one| i32::from(one.judgement.weight))
        .collect();
    let reasons = column(|one| names(&one.judgement.reasons));
    sqlx::query!(
        "insert into assessment (
             assessment_id, situation_id, signal_id, zone, sequence, cause, response_id, inputs, circumstances,
             urgency, needs, asks, weight, reasons, assessed_at, triage_version
         )
         select assessment_id, situation_id, signal_id, zone, sequence, cause, response_id, inputs::json,
                circumstances, urgency, string_to_array(needs, ','), string_to_array(asks, ','), weight,
                reasons::json, $15, $16
         from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::bigint[], $6::text[], $7::uuid[],
                     $8::text[], $9::bytea[], $10::text[], $11::text[], $12::text[], $13::integer[], $14::text[])
              as new(assessment_id, situation_id, signal_id, zone, sequence, cause, response_id, inputs,
                     circumstances, urgency, needs, asks, weight, reasons)",
        &ids,
        &situations,
        &signals,
        &zones,
        &sequences,
        &causes,
        &responses as &[Option<Uuid>],
        &inputs,
        &circumstances as &[Option<Vec<u8>>],
        &urgencies,
        &needs,
        &asks,
        &weights,
        &reasons,
        now.to_sqlx() as jiff_sqlx::Timestamp,
        triage_version,
    )
    .execute(connection)
    .await?;
    Ok(())
}

fn joined(codes: &[impl Display]) -> String {
    let codes: Vec<String> = codes.iter().map(ToString::to_string).collect();
    codes.join(",")
}

/// The lines by their names: what they say is in the table of the judgement's version.
fn names(reasons: &[Arc<Line>]) -> String {
    let names: Vec<String> = reasons
        .iter()
        .map(|line| line.trigger.to_string())
        .collect();
    serde_json::to_string(&names).unwrap_or_default()
}

/// What a situation was judged by last: where the next judgement goes on from.
pub(crate) struct Known {
    pub(crate) zone: ZoneId,
    pub(crate) sequence: i64,
    pub(crate) inputs: Inputs,
    pub(crate) circumstances: Option<Circumstances>,
}

/// What these situations were judged by last. Relies on `assessment_of_situation`.
pub(crate) async fn latest(
    connection: &mut PgConnection,
    situations: &[Uuid],
) -> Result<HashMap<SituationId, Known>, AssessmentError> {
    let rows = sqlx::query!(
        r#"select asked.situation_id as "situation_id!", last.zone, last.sequence, last.signal_id, last.assessed_at,
                  last.observations, last.inputs::text as inputs, last.circumstances
           from unnest($1::uuid[]) as asked(situation_id)
           cross join lateral (
               select zone, sequence, signal_id, assessed_at, observations, inputs, circumstances
               from assessment where assessment.situation_id = asked.situation_id
               order by sequence desc limit 1
           ) as last"#,
        situations,
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            let inputs = match row.inputs {
                Some(inputs) => serde_json::from_str(&inputs).map_err(|error| bad(TABLE, error))?,
                None => Inputs::of(SignalInput {
                    signal: row.signal_id.into(),
                    at: row.assessed_at.to_jiff(),
                    role: None,
                    observations: words::<Observation>(&row.observations.unwrap_or_default())?,
                }),
            };
            let known = Known {
                zone: code(TABLE, &row.zone)?,
                sequence: row.sequence,
                inputs,
                circumstances: row
                    .circumstances
                    .map(|bytes| Circumstances::decode(bytes.as_slice()))
                    .transpose()
                    .map_err(|error| bad(TABLE, error))?,
            };
            Ok((row.situation_id.into(), known))
        })
        .collect()
}

/// What one situation was judged by last, where the caller may see it.
pub(crate) async fn latest_of(
    connection: &mut PgConnection,
    situation: SituationId,
) -> Result<Option<Known>, AssessmentError> {
    let mut known = latest(connection, &[situation.uuid()]).await?;
    Ok(known.remove(&situation))
}

/// A stored judgement.
pub(crate) struct AssessmentRow {
    pub(crate) id: AssessmentId,
    pub(crate) situation: SituationId,
    pub(crate) signal: SignalId,
    pub(crate) assessed_at: Timestamp,
    pub(crate) cause: Cause,
    pub(crate) urgency: Urgency,
    pub(crate) needs: Vec<Need>,
    pub(crate) asks: Vec<CarerAsk>,
    pub(crate) weight: u16,
    /// The names of the lines that led to it, in the table of its version.
    pub(crate) reasons: Vec<String>,
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

/// A line as a judgement remembers it: by its name, and before 2026-11-22 whole.
#[derive(Deserialize)]
#[serde(untagged)]
enum StoredReason {
    Name(String),
    Whole { observation: String },
}

/// Judgements that the caller may see, newest first. Relies on the primary key and on
/// `assessment_of_situation`.
pub(crate) async fn read(
    connection: &mut PgConnection,
    which: Which,
) -> Result<Vec<AssessmentRow>, AssessmentError> {
    let (id, situation) = match which {
        Which::One(id) => (Some(id.uuid()), None),
        Which::Of(situation) => (None, Some(situation.uuid())),
    };
    let rows = sqlx::query!(
        r#"select assessment_id, situation_id, signal_id, assessed_at, cause, response_id, urgency, needs, asks,
                  weight, reasons::text as "reasons!", triage_version
           from assessment
           where assessment_id = $1 or situation_id = $2
           order by sequence desc"#,
        id,
        situation,
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            let reasons: Vec<StoredReason> =
                serde_json::from_str(&row.reasons).map_err(|error| bad(TABLE, error))?;
            let reasons = reasons.into_iter().map(|reason| match reason {
                StoredReason::Name(name) | StoredReason::Whole { observation: name } => name,
            });
            Ok(AssessmentRow {
                id: row.assessment_id.into(),
                situation: row.situation_id.into(),
                signal: row.signal_id.into(),
                assessed_at: row.assessed_at.to_jiff(),
                cause: Cause::read(&row.cause, row.response_id)?,
                urgency: code(TABLE, &row.urgency)?,
                needs: words(&row.needs)?,
                asks: words(&row.asks)?,
                weight: u16::try_from(row.weight).map_err(|error| bad(TABLE, error))?,
                reasons: reasons.collect(),
                triage_version: row.triage_version,
            })
        })
        .collect()
}

fn words<T: FromStr<Err: Display>>(codes: &[String]) -> Result<Vec<T>, AssessmentError> {
    codes.iter().map(|text| code(TABLE, text)).collect()
}
