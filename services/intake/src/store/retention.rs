//! What is over, and how it is cleared away.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use knipperlicht_vocabulary::{Consent, SituationId};
use sqlx::PgConnection;
use uuid::Uuid;

use super::code;
use crate::IntakeError;

/// A situation in which nothing happened for long.
pub(crate) struct Silent {
    pub(crate) situation: SituationId,
    pub(crate) opened_at: Timestamp,
    pub(crate) consent: Consent,
    pub(crate) some_signal_stands: bool,
}

/// Where a look goes on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct After(pub(crate) Timestamp, pub(crate) Uuid);

/// Situations in which nothing happened since, the oldest first, at most `limit`. Those that became
/// part of another one go with that. Relies on `situation_by_age`, `signal_by_situation` and the
/// primary keys.
pub(crate) async fn silent_since(
    connection: &mut PgConnection,
    since: Timestamp,
    After(at, id): After,
    limit: i64,
) -> Result<Vec<Silent>, IntakeError> {
    let rows = sqlx::query!(
        r#"select situation_id, opened_at, consent,
                  exists (select from signal where signal.situation_id = situation.situation_id
                          and withdrawn_at is null) as "stands!"
           from situation
           where erased_at is null and opened_at < $1 and (opened_at, situation_id) > ($2, $3)
             and (consent_at is null or consent_at < $1)
             and not exists (select from merged where absorbed_id = situation.situation_id)
             and not exists (select from progress where progress.situation_id = situation.situation_id and at >= $1)
             and not exists (select from signal where signal.situation_id = situation.situation_id
                             and (received_at >= $1 or withdrawn_at >= $1))
           order by opened_at, situation_id limit $4"#,
        since.to_sqlx() as jiff_sqlx::Timestamp,
        at.to_sqlx() as jiff_sqlx::Timestamp,
        id,
        limit,
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Silent {
                situation: row.situation_id.into(),
                opened_at: row.opened_at.to_jiff(),
                consent: code("situation", &row.consent)?,
                some_signal_stands: row.stands,
            })
        })
        .collect()
}

/// Clears away uses of cards, which are few, and links that expired. Relies on `carer_link_by_expiry`.
pub(crate) async fn clear_links(
    connection: &mut PgConnection,
    uses_since: Timestamp,
    links_since: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "with uses as (
             delete from card_use where hour < $1
         )
         delete from carer_link where expires_at < $2",
        uses_since.to_sqlx() as jiff_sqlx::Timestamp,
        links_since.to_sqlx() as jiff_sqlx::Timestamp,
    )
    .execute(connection)
    .await?;
    Ok(())
}
