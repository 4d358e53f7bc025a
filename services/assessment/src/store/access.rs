//! Which partners may see a situation.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use knipperlicht_vocabulary::{OrganisationId, SituationId};
use sqlx::PgConnection;
use uuid::Uuid;

/// An organisation that accepted a situation.
pub(crate) struct Grant {
    pub(crate) situation: SituationId,
    pub(crate) organisation: OrganisationId,
    pub(crate) since: Timestamp,
}

/// Lets organisations see what they accepted.
pub(crate) async fn add_grants(
    connection: &mut PgConnection,
    grants: &[Grant],
) -> Result<(), sqlx::Error> {
    if grants.is_empty() {
        return Ok(());
    }
    let situations: Vec<Uuid> = grants.iter().map(|grant| grant.situation.uuid()).collect();
    let organisations: Vec<String> = grants
        .iter()
        .map(|grant| grant.organisation.to_string())
        .collect();
    let since: Vec<_> = grants.iter().map(|grant| grant.since.to_sqlx()).collect();
    sqlx::query!(
        "insert into access_grant (situation_id, organisation_id, since)
         select * from unnest($1::uuid[], $2::text[], $3::timestamptz[])
         on conflict do nothing",
        &situations,
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
    pub(crate) organisation: OrganisationId,
}

/// Lets organisations see no longer what they handed over. Relies on the primary key.
pub(crate) async fn end_grants(
    connection: &mut PgConnection,
    ended: &[Ended],
) -> Result<(), sqlx::Error> {
    if ended.is_empty() {
        return Ok(());
    }
    let situations: Vec<Uuid> = ended.iter().map(|one| one.situation.uuid()).collect();
    let organisations: Vec<&str> = ended.iter().map(|one| one.organisation.as_str()).collect();
    sqlx::query!(
        "delete from access_grant
         using unnest($1::uuid[], $2::text[]) as ended(situation_id, organisation_id)
         where access_grant.situation_id = ended.situation_id
           and access_grant.organisation_id = ended.organisation_id",
        &situations,
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
