//! Which partners may see a situation.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use knipperlicht_vocabulary::{OrganisationId, SituationId};
use sqlx::PgConnection;
use uuid::Uuid;

/// An organisation that accepted a situation.
pub(crate) struct Grant {
    pub(crate) situation: SituationId,
    /// The situation it was said of, which may have become part of the other one since.
    pub(crate) said_of: SituationId,
    pub(crate) organisation: OrganisationId,
    pub(crate) since: Timestamp,
}

/// Lets organisations see what they accepted. As a merge does: one that sees the survivor already
/// keeps the other beside it. Relies on the primary key.
pub(crate) async fn add_grants(
    connection: &mut PgConnection,
    grants: &[Grant],
) -> Result<(), sqlx::Error> {
    if grants.is_empty() {
        return Ok(());
    }
    let situations: Vec<Uuid> = grants.iter().map(|grant| grant.situation.uuid()).collect();
    let said_of: Vec<Uuid> = grants.iter().map(|grant| grant.said_of.uuid()).collect();
    let organisations: Vec<String> = grants
        .iter()
        .map(|grant| grant.organisation.to_string())
        .collect();
    let since: Vec<_> = grants.iter().map(|grant| grant.since.to_sqlx()).collect();
    sqlx::query!(
        "insert into access_grant (situation_id, organisation_id, since, home_id)
         select case when known.situation_id is null then told.situation_id else said_of end,
                told.organisation_id, told.since,
                case when known.situation_id is null then nullif(said_of, told.situation_id) end
         from unnest($1::uuid[], $2::uuid[], $3::text[], $4::timestamptz[])
              as told(situation_id, said_of, organisation_id, since)
         left join access_grant as known
             on known.situation_id = told.situation_id and known.organisation_id = told.organisation_id
         where known.home_id is distinct from said_of
         on conflict do nothing",
        &situations,
        &said_of,
        &organisations,
        &since as &[jiff_sqlx::Timestamp],
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// An organisation that handed a situation over.
pub(crate) struct Ended {
    pub(crate) situation: SituationId,
    /// The situation it was said of, which may have become part of the other one since.
    pub(crate) said_of: SituationId,
    pub(crate) organisation: OrganisationId,
}

/// Lets organisations see no longer what they handed over, also after a split. Relies on the primary
/// key.
pub(crate) async fn end_grants(
    connection: &mut PgConnection,
    ended: &[Ended],
) -> Result<(), sqlx::Error> {
    if ended.is_empty() {
        return Ok(());
    }
    let situations: Vec<Uuid> = ended.iter().map(|one| one.situation.uuid()).collect();
    let said_of: Vec<Uuid> = ended.iter().map(|one| one.said_of.uuid()).collect();
    let organisations: Vec<&str> = ended.iter().map(|one| one.organisation.as_str()).collect();
    sqlx::query!(
        "delete from access_grant
         using unnest($1::uuid[], $2::uuid[], $3::text[]) as ended(situation_id, said_of, organisation_id)
         where access_grant.situation_id in (ended.situation_id, ended.said_of)
           and access_grant.organisation_id = ended.organisation_id",
        &situations,
        &said_of,
        &organisations as &[&str],
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Whether the carer agrees that partners learn of a situation.
pub(crate) struct Agreement {
    pub(crate) situation: SituationId,
    /// How often consent was set: the higher wins.
    pub(crate) sequence: i64,
    pub(crate) allows: bool,
    /// Whether the cared-for person objects that what concerns them is shared.
    pub(crate) objects: bool,
}

/// Notes what carers agreed to; an older word never undoes a newer one. Relies on the primary key.
pub(crate) async fn set_agreements(
    connection: &mut PgConnection,
    agreements: &[Agreement],
) -> Result<(), sqlx::Error> {
    if agreements.is_empty() {
        return Ok(());
    }
    let situations: Vec<Uuid> = agreements.iter().map(|one| one.situation.uuid()).collect();
    let sequences: Vec<i64> = agreements.iter().map(|one| one.sequence).collect();
    let allows: Vec<bool> = agreements.iter().map(|one| one.allows).collect();
    let objects: Vec<bool> = agreements.iter().map(|one| one.objects).collect();
    sqlx::query!(
        "insert into consent as known (situation_id, sequence, allows, objects)
         select * from unnest($1::uuid[], $2::bigint[], $3::boolean[], $4::boolean[])
         on conflict (situation_id) do update
             set sequence = excluded.sequence, allows = excluded.allows, objects = excluded.objects
         where known.sequence < excluded.sequence",
        &situations,
        &sequences,
        &allows,
        &objects,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Whether the cared-for person of a situation objects. Relies on the primary key.
pub(crate) async fn objects(
    connection: &mut PgConnection,
    situation: SituationId,
) -> Result<bool, sqlx::Error> {
    let objects = sqlx::query_scalar!(
        "select objects from consent where situation_id = $1",
        situation.uuid(),
    )
    .fetch_optional(connection)
    .await?;
    Ok(objects.unwrap_or_default())
}
