//! Whether two situations are one: the questions, and their answers.

use std::collections::HashMap;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use knipperlicht_vocabulary::{
    Consent, DuplicateId, MatchReason, ResolutionReason, SituationId, ZoneId,
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::code;
use crate::{IntakeError, model::Answered};

const TABLE: &str = "duplicate";

/// Something a coordinator is to be asked.
#[derive(Debug, Clone)]
pub(crate) struct NewQuestion {
    pub(crate) id: DuplicateId,
    /// The situation that was flagged first.
    pub(crate) first: SituationId,
    pub(crate) later: SituationId,
    pub(crate) reasons: Vec<MatchReason>,
    pub(crate) zones: Vec<ZoneId>,
}

impl NewQuestion {
    /// The reasons as one text.
    pub(crate) fn reasons(&self) -> String {
        let reasons: Vec<&str> = self.reasons.iter().map(|reason| reason.code()).collect();
        reasons.join(",")
    }

    /// The zones as one text.
    pub(crate) fn zones(&self) -> String {
        let zones: Vec<&str> = self.zones.iter().map(ZoneId::as_str).collect();
        zones.join(",")
    }
}

/// Asks. A pair that was asked about before is left as it is. Relies on `duplicate_pair`.
pub(crate) async fn ask(
    connection: &mut PgConnection,
    now: Timestamp,
    questions: &[NewQuestion],
) -> Result<(), sqlx::Error> {
    if questions.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = questions.iter().map(|one| one.id.uuid()).collect();
    let firsts: Vec<Uuid> = questions.iter().map(|one| one.first.uuid()).collect();
    let laters: Vec<Uuid> = questions.iter().map(|one| one.later.uuid()).collect();
    let reasons: Vec<String> = questions.iter().map(NewQuestion::reasons).collect();
    let zones: Vec<String> = questions.iter().map(NewQuestion::zones).collect();
    sqlx::query!(
        "insert into duplicate (duplicate_id, first_id, later_id, reasons, zones, found_at)
         select duplicate_id, first_id, later_id, string_to_array(reasons, ','), string_to_array(zones, ','), $6
         from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[])
              as row(duplicate_id, first_id, later_id, reasons, zones)
         on conflict do nothing",
        &ids,
        &firsts,
        &laters,
        &reasons,
        &zones,
        now.to_sqlx() as jiff_sqlx::Timestamp,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// What held for a survivor before it was merged, and the number of what holds since.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Before {
    pub(crate) consent: Consent,
    /// Whether its cared-for person objected.
    pub(crate) objects: bool,
    pub(crate) merged_sequence: i64,
}

/// A question as it stands.
#[derive(Debug, Clone)]
pub(crate) struct DuplicateRow {
    pub(crate) id: DuplicateId,
    pub(crate) first: SituationId,
    pub(crate) later: SituationId,
    pub(crate) reasons: Vec<MatchReason>,
    pub(crate) found_at: Timestamp,
    pub(crate) answered: Answered,
    pub(crate) reason: Option<ResolutionReason>,
    pub(crate) resolved_at: Option<Timestamp>,
    pub(crate) before: Option<Before>,
}

struct Raw {
    duplicate_id: Uuid,
    first_id: Uuid,
    later_id: Uuid,
    reasons: Vec<String>,
    found_at: jiff_sqlx::Timestamp,
    state: String,
    reason: Option<String>,
    resolved_at: Option<jiff_sqlx::Timestamp>,
    consent_before: Option<String>,
    objects_before: Option<bool>,
    merged_sequence: Option<i64>,
}

impl Raw {
    fn read(self) -> Result<DuplicateRow, IntakeError> {
        let reasons = self.reasons.iter().map(|reason| code(TABLE, reason));
        let consent = self.consent_before.as_deref();
        let consent: Option<Consent> = consent.map(|consent| code(TABLE, consent)).transpose()?;
        Ok(DuplicateRow {
            id: self.duplicate_id.into(),
            first: self.first_id.into(),
            later: self.later_id.into(),
            reasons: reasons.collect::<Result<_, _>>()?,
            found_at: self.found_at.to_jiff(),
            answered: Answered::named(&self.state).ok_or_else(|| IntakeError::BadRow {
                table: TABLE,
                what: format!("state `{}`", self.state),
            })?,
            reason: self
                .reason
                .as_deref()
                .map(|reason| code(TABLE, reason))
                .transpose()?,
            resolved_at: self.resolved_at.map(jiff_sqlx::Timestamp::to_jiff),
            before: consent
                .zip(self.merged_sequence)
                .map(|(consent, merged_sequence)| Before {
                    consent,
                    objects: self.objects_before.unwrap_or_default(),
                    merged_sequence,
                }),
        })
    }
}

/// Questions at most that are listed.
const LISTED: i64 = 500;

/// The questions that whoever the transaction belongs to may see: the open ones, the longest
/// waiting first, then the answered ones where wanted, the latest first; of all, the first 500.
pub(crate) async fn duplicates(
    connection: &mut PgConnection,
    zones: &[String],
    with_resolved: bool,
) -> Result<Vec<DuplicateRow>, IntakeError> {
    let mut rows = open(&mut *connection, zones).await?;
    let room = LISTED - i64::try_from(rows.len()).unwrap_or(LISTED);
    if with_resolved && room > 0 {
        rows.extend(answered(connection, zones, room).await?);
    }
    rows.into_iter().map(Raw::read).collect()
}

/// The open ones, but for those of which one side became part of another situation: that one is asked
/// about no more. Relies on `duplicate_open`: what is compared of zones is looked at row by row, for a
/// policy stands before it.
async fn open(connection: &mut PgConnection, zones: &[String]) -> Result<Vec<Raw>, sqlx::Error> {
    sqlx::query_as!(
        Raw,
        "select duplicate_id, first_id, later_id, reasons, found_at, state, reason, resolved_at,
                consent_before, objects_before, merged_sequence
         from duplicate
         where zones && $1 and state = 'open'
           and not exists (select from merged where absorbed_id in (first_id, later_id))
         order by found_at, duplicate_id
         limit $2",
        zones,
        LISTED,
    )
    .fetch_all(connection)
    .await
}

/// The answered ones. Relies on `duplicate_answered`, and reads no further back than it has to.
async fn answered(
    connection: &mut PgConnection,
    zones: &[String],
    room: i64,
) -> Result<Vec<Raw>, sqlx::Error> {
    sqlx::query_as!(
        Raw,
        "select duplicate_id, first_id, later_id, reasons, found_at, state, reason, resolved_at,
                consent_before, objects_before, merged_sequence
         from duplicate
         where zones && $1 and state <> 'open'
         order by resolved_at desc, duplicate_id
         limit $2",
        zones,
        room,
    )
    .fetch_all(connection)
    .await
}

/// Whether there is such a question that whoever the transaction belongs to may see. Relies on the
/// primary key.
pub(crate) async fn is_asked(
    connection: &mut PgConnection,
    id: DuplicateId,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select exists (select from duplicate where duplicate_id = $1) as "asked!""#,
        id.uuid(),
    )
    .fetch_one(connection)
    .await
}

/// A question, locked until the transaction ends. Relies on the primary key.
pub(crate) async fn lock_duplicate(
    connection: &mut PgConnection,
    id: DuplicateId,
) -> Result<Option<DuplicateRow>, IntakeError> {
    let row = sqlx::query_as!(
        Raw,
        "select duplicate_id, first_id, later_id, reasons, found_at, state, reason, resolved_at,
                consent_before, objects_before, merged_sequence
         from duplicate where duplicate_id = $1 for update",
        id.uuid(),
    )
    .fetch_optional(connection)
    .await?;
    row.map(Raw::read).transpose()
}

/// An answer.
pub(crate) struct Resolved {
    pub(crate) answered: Answered,
    pub(crate) reason: ResolutionReason,
    pub(crate) at: Timestamp,
    pub(crate) before: Option<Before>,
}

/// Keeps an answer. Relies on the primary key.
pub(crate) async fn resolve(
    connection: &mut PgConnection,
    id: DuplicateId,
    resolved: &Resolved,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update duplicate
         set state = $2, reason = $3, resolved_at = $4, consent_before = $5, merged_sequence = $6,
             objects_before = $7
         where duplicate_id = $1",
        id.uuid(),
        resolved.answered.code(),
        resolved.reason.code(),
        resolved.at.to_sqlx() as jiff_sqlx::Timestamp,
        resolved.before.map(|before| before.consent.code()),
        resolved.before.map(|before| before.merged_sequence),
        resolved.before.map(|before| before.objects),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// What a coordinator may know of a situation.
#[derive(Debug, Clone)]
pub(crate) struct Side {
    pub(crate) zone: ZoneId,
    pub(crate) postal_code: String,
    pub(crate) opened_at: Timestamp,
    pub(crate) signals: i64,
}

/// What a coordinator may know of these situations. Relies on the primary key and on
/// `signal_by_situation`.
pub(crate) async fn sides(
    connection: &mut PgConnection,
    situations: &[Uuid],
) -> Result<HashMap<SituationId, Side>, IntakeError> {
    let rows = sqlx::query!(
        r#"select situation_id, zone, postal_code, opened_at,
                  (select count(*) from signal
                   where signal.situation_id = situation.situation_id and withdrawn_at is null) as "signals!"
           from situation where situation_id = any($1)"#,
        situations,
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            let side = Side {
                zone: code("situation", &row.zone)?,
                postal_code: row.postal_code,
                opened_at: row.opened_at.to_jiff(),
                signals: row.signals,
            };
            Ok((row.situation_id.into(), side))
        })
        .collect()
}
