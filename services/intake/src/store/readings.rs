//! Who looked at what is sealed, as the carer may see it: kept with the audit row of each look.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use knipperlicht_vocabulary::{OrganisationId, ZoneId};
use sqlx::PgConnection;
use uuid::Uuid;

use super::code;
use crate::{IntakeError, model::ReadingKind};

/// Who looked: an organisation or a zone's coordinator, never a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reader {
    Partner(OrganisationId),
    Coordinator(ZoneId),
}

/// A look, or something written down.
#[derive(Debug, Clone)]
pub(crate) struct Reading {
    pub(crate) at: Timestamp,
    pub(crate) kind: ReadingKind,
    pub(crate) reader: Reader,
}

/// Notes that what was said in these signals was looked at. Relies on the primary key.
pub(crate) async fn insert_reading(
    connection: &mut PgConnection,
    homes: &[Uuid],
    audit_number: i64,
    reading: &Reading,
) -> Result<(), sqlx::Error> {
    let (role, organisation, zone) = match &reading.reader {
        Reader::Partner(organisation) => ("partner", Some(organisation.as_str()), None),
        Reader::Coordinator(zone) => ("coordinator", None, Some(zone.as_str())),
    };
    sqlx::query!(
        "insert into reading (home_id, audit_number, at, kind, role, organisation_id, zone)
         select home_id, $2, $3, $4, $5, $6, $7 from unnest($1::uuid[]) as home(home_id)",
        homes,
        audit_number,
        reading.at.to_sqlx() as jiff_sqlx::Timestamp,
        reading.kind.code(),
        role,
        organisation,
        zone,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Who looked at what was said in these signals, the latest first: at most so many. Relies on the
/// primary key.
pub(crate) async fn readings_of(
    connection: &mut PgConnection,
    homes: &[Uuid],
    limit: i64,
) -> Result<Vec<Reading>, IntakeError> {
    let rows = sqlx::query!(
        r#"select distinct audit_number, at, kind, organisation_id, zone
           from reading where home_id = any($1) order by audit_number desc limit $2"#,
        homes,
        limit,
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            let bad = |what: String| IntakeError::BadRow {
                table: "reading",
                what,
            };
            let reader = match (&row.organisation_id, &row.zone) {
                (Some(organisation), _) => Reader::Partner(code("reading", organisation)?),
                (None, Some(zone)) => Reader::Coordinator(code("reading", zone)?),
                (None, None) => return Err(bad("read by nobody".to_owned())),
            };
            Ok(Reading {
                at: row.at.to_jiff(),
                kind: ReadingKind::named(&row.kind)
                    .ok_or_else(|| bad(format!("kind `{}`", row.kind)))?,
                reader,
            })
        })
        .collect()
}

/// Whether a coordinator has read, of these signals and situations, why a vital interest outweighs
/// consent, since the latest reason was given. Relies on the primary keys.
pub(crate) async fn has_read_reason(
    connection: &mut PgConnection,
    homes: &[Uuid],
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select exists (
               select from reading
               where home_id = any($1) and kind = 'vital_interest' and at >= coalesce((
                   select max(sealed_at) from sealed
                   where situation_id = any($1) and starts_with(place, 'vital_interest:')
               ), at)
           ) as "read!""#,
        homes,
    )
    .fetch_one(connection)
    .await
}
