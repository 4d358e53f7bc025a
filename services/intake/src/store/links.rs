//! Links for carers without an account. Only intake itself sees them, and whoever owns a card.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use knipperlicht_vocabulary::{OrganisationId, SituationId, ZoneId};
use sqlx::PgConnection;

use super::code;
use crate::IntakeError;

/// What a link is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// A carer's own situation.
    MySituation(SituationId),
    /// The card of a zone.
    ZoneCard(ZoneId),
    /// The card of a partner.
    PartnerCard(OrganisationId),
}

impl Purpose {
    /// Whose card it is, if it is one.
    pub(crate) fn owner(&self) -> Option<&str> {
        match self {
            Self::MySituation(_) => None,
            Self::ZoneCard(zone) => Some(zone.as_str()),
            Self::PartnerCard(organisation) => Some(organisation.as_str()),
        }
    }
}

/// A link that was made once.
#[derive(Debug)]
pub(crate) struct LinkRow {
    pub(crate) purpose: Purpose,
    pub(crate) expires_at: Timestamp,
    pub(crate) revoked: bool,
}

/// An organisation that was told who the carer is.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) organisation: String,
    pub(crate) since: Timestamp,
    /// Whether it handed the follow-up over since.
    pub(crate) ended: bool,
}

/// Keeps the hash of a new link. One that is known stays as it is.
pub(crate) async fn insert_link(
    connection: &mut PgConnection,
    hash: &[u8],
    purpose: &Purpose,
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<(), sqlx::Error> {
    let (door, situation, zone, organisation) = match purpose {
        Purpose::MySituation(situation) => ("my_situation", Some(situation.uuid()), None, None),
        Purpose::ZoneCard(zone) => ("self_signal", None, Some(zone.as_str()), None),
        Purpose::PartnerCard(partner) => ("self_signal", None, None, Some(partner.as_str())),
    };
    sqlx::query!(
        "insert into carer_link (token_hash, door, situation_id, zone, organisation_id, made_at, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7)
         on conflict do nothing",
        hash,
        door,
        situation,
        zone,
        organisation,
        now.to_sqlx() as jiff_sqlx::Timestamp,
        expires_at.to_sqlx() as jiff_sqlx::Timestamp,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The link with this hash that the caller may see. Relies on the primary key.
pub(crate) async fn link(
    connection: &mut PgConnection,
    hash: &[u8; 32],
) -> Result<Option<LinkRow>, IntakeError> {
    let row = sqlx::query!(
        r#"select situation_id, zone, organisation_id, expires_at, revoked_at is not null as "revoked!"
           from carer_link where token_hash = $1"#,
        hash.as_slice(),
    )
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else {
        return Ok(None);
    };
    let purpose = match (row.situation_id, &row.zone, &row.organisation_id) {
        (Some(situation), _, _) => Purpose::MySituation(situation.into()),
        (None, Some(zone), _) => Purpose::ZoneCard(code("carer_link", zone)?),
        (None, None, Some(partner)) => Purpose::PartnerCard(code("carer_link", partner)?),
        (None, None, None) => {
            return Err(IntakeError::BadRow {
                table: "carer_link",
                what: "a link to nothing".to_owned(),
            });
        }
    };
    Ok(Some(LinkRow {
        purpose,
        expires_at: row.expires_at.to_jiff(),
        revoked: row.revoked,
    }))
}

/// Takes back every link to a situation and to those that became part of it; says how many there
/// were. Relies on `carer_link_by_situation` and `merged_by_survivor`.
pub(crate) async fn revoke_links_to(
    connection: &mut PgConnection,
    situation: SituationId,
    now: Timestamp,
) -> Result<u64, sqlx::Error> {
    let revoked = sqlx::query!(
        "with recursive family as (
             select $1::uuid as situation_id
             union
             select merged.absorbed_id from family join merged on merged.into_id = family.situation_id
         )
         update carer_link set revoked_at = $2
         where situation_id in (select situation_id from family)
           and revoked_at is null and expires_at > $2",
        situation.uuid(),
        now.to_sqlx() as jiff_sqlx::Timestamp,
    )
    .execute(connection)
    .await?;
    Ok(revoked.rows_affected())
}

/// Takes back the links to a situation that were made since it became more than one: whose carer
/// holds them nobody knows once they are two again. Those that follow-up made are of a situation of
/// their own, but for what was begun in the survivor. Relies on `carer_link_by_situation`.
pub(crate) async fn revoke_links_since(
    connection: &mut PgConnection,
    situation: SituationId,
    merged_at: Timestamp,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update carer_link set revoked_at = $3
         where situation_id = $1 and made_at >= $2 and revoked_at is null",
        situation.uuid(),
        merged_at.to_sqlx() as jiff_sqlx::Timestamp,
        now.to_sqlx() as jiff_sqlx::Timestamp,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Takes back these links. Relies on the primary key.
pub(crate) async fn revoke_links(
    connection: &mut PgConnection,
    hashes: &[Vec<u8>],
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update carer_link set revoked_at = $2
         where token_hash = any($1) and revoked_at is null",
        hashes,
        now.to_sqlx() as jiff_sqlx::Timestamp,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Uses a card once more in this hour. False when it was used `limit` times already.
pub(crate) async fn use_card(
    connection: &mut PgConnection,
    hash: &[u8; 32],
    now: Timestamp,
    limit: i32,
) -> Result<bool, sqlx::Error> {
    let used = sqlx::query!(
        "insert into card_use (token_hash, hour, used)
         values ($1, date_trunc('hour', $2::timestamptz), 1)
         on conflict (token_hash, hour) do update set used = card_use.used + 1
             where card_use.used < $3",
        hash.as_slice(),
        now.to_sqlx() as jiff_sqlx::Timestamp,
        limit,
    )
    .execute(connection)
    .await?;
    Ok(used.rows_affected() == 1)
}

/// Which organisations accepted a situation, the first one first, and which of them handed it over
/// since. Relies on the primary key.
pub(crate) async fn grants_of(
    connection: &mut PgConnection,
    situation: SituationId,
) -> Result<Vec<Told>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select organisation_id, since, ended_at is not null as "ended!" from access_grant
         where situation_id = $1 order by since, organisation_id"#,
        situation.uuid(),
    )
    .fetch_all(connection)
    .await?;
    let grants = rows.into_iter();
    Ok(grants
        .map(|row| Told {
            organisation: row.organisation_id,
            since: row.since.to_jiff(),
            ended: row.ended,
        })
        .collect())
}

/// Whether the caller may see this situation (row-level security decides).
pub(crate) async fn sees_situation(
    connection: &mut PgConnection,
    situation: SituationId,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select exists (select from situation where situation_id = $1) as "seen!""#,
        situation.uuid(),
    )
    .fetch_one(connection)
    .await
}
