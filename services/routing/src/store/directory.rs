//! The directory of partners' services, and every version of it.

use jiff::{Timestamp, civil::Date};
use jiff_sqlx::ToSqlx;
use knipperlicht_vocabulary::{OrganisationId, ServiceId};
use sqlx::PgConnection;

use super::service_row::ServiceRow;
use crate::{
    RoutingError,
    model::{
        directory::{Capacity, Directory, Service},
        listing::Listing,
    },
};

/// Services in one statement: what is sent at once stays small, and so does a statement's time.
const CHUNK: usize = 10_000;

/// What putting listings into the directory came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Put {
    /// Services that were not there.
    pub(crate) added: Vec<String>,
    /// Services that were there and differed.
    pub(crate) changed: Vec<String>,
}

impl Put {
    /// All that are other than before.
    pub(crate) fn all(&self) -> Vec<&str> {
        let all = self.added.iter().chain(&self.changed);
        all.map(String::as_str).collect()
    }
}

/// The present version of the directory; 0 before the first. Relies on the primary key.
pub(crate) async fn directory_version(connection: &mut PgConnection) -> Result<i64, RoutingError> {
    let version = sqlx::query_scalar!(
        r#"select coalesce((select version from directory_version order by version desc limit 1), 0) as "version!""#
    )
    .fetch_one(connection)
    .await?;
    Ok(version)
}

/// The services as they are now that were otherwise in `version`, and the version they are of: as
/// one statement, so that both belong together. Relies on `service_version_present`.
pub(crate) async fn changes_since(
    connection: &mut PgConnection,
    version: i64,
) -> Result<(i64, Vec<Service>), RoutingError> {
    let rows = sqlx::query!(
        r#"select from_version, content::text as "content!"
           from service_version where until_version is null and from_version > $1"#,
        version,
    )
    .fetch_all(connection)
    .await?;
    let latest = rows.iter().map(|row| row.from_version).max();
    let services = rows.iter().map(|row| service(&row.content));
    Ok((
        latest.unwrap_or(version),
        services.collect::<Result<_, RoutingError>>()?,
    ))
}

/// The whole directory as it was in `version`, for a decision to be replayed from. Reads all
/// versions of all services: not for the busy path.
pub(crate) async fn directory(
    connection: &mut PgConnection,
    version: i64,
) -> Result<Directory, RoutingError> {
    let rows = sqlx::query_scalar!(
        r#"select content::text as "content!" from service_version
           where from_version <= $1 and (until_version is null or until_version > $1)"#,
        version,
    )
    .fetch_all(connection)
    .await?;
    let services = rows.iter().map(|content| service(content));
    Ok(Directory::new(
        version,
        services.collect::<Result<_, RoutingError>>()?,
    ))
}

fn service(content: &str) -> Result<Service, RoutingError> {
    Ok(ServiceRow::read("service_version", content)?
        .listing()
        .service)
}

/// One at a time changes the directory, so that versions commit in their order.
pub(crate) async fn lock_directory(connection: &mut PgConnection) -> Result<(), RoutingError> {
    sqlx::query!(r#"select pg_advisory_xact_lock(hashtext('routing.directory')) as "locked: ()""#)
        .fetch_one(connection)
        .await?;
    Ok(())
}

/// Puts listings into the directory. What was said of room earlier never takes the place of what
/// was said later. Relies on the primary key.
pub(crate) async fn put_services(
    connection: &mut PgConnection,
    listings: &[Listing],
) -> Result<Put, RoutingError> {
    let mut put = Put::default();
    for chunk in listings.chunks(CHUNK) {
        let rows: Vec<ServiceRow> = chunk.iter().map(ServiceRow::of).collect();
        let rows = sqlx::query!(
            r#"with given as (
                select * from jsonb_to_recordset($1::text::jsonb) as given(
                    service_id text, organisation_id text, name text, organisation_name text, url text,
                    needs text[], zones text[], postal_codes text[], languages text[], age_bands text[],
                    target_group text, is_specific boolean, capacity text, capacity_stated_at timestamptz,
                    capacity_until date, valid_from date, valid_to date, verified_on date, synthetic boolean,
                    details jsonb
                )
            )
            insert into service as s (
                service_id, organisation_id, name, organisation_name, url, needs, zones, postal_codes,
                languages, age_bands, target_group, is_specific, capacity, capacity_stated_at,
                capacity_until, valid_from, valid_to, verified_on, synthetic, details
            )
            select service_id, organisation_id, name, organisation_name, url, needs, zones, postal_codes,
                   languages, age_bands, target_group, is_specific, capacity, capacity_stated_at,
                   capacity_until, valid_from, valid_to, verified_on, synthetic, details
            from given
            on conflict (service_id) do update set
                organisation_id = excluded.organisation_id, name = excluded.name,
                organisation_name = excluded.organisation_name, url = excluded.url, needs = excluded.needs,
                zones = excluded.zones, postal_codes = excluded.postal_codes,
                languages = excluded.languages, age_bands = excluded.age_bands,
                target_group = excluded.target_group, is_specific = excluded.is_specific,
                valid_from = excluded.valid_from, valid_to = excluded.valid_to,
                verified_on = excluded.verified_on, synthetic = excluded.synthetic,
                details = excluded.details,
                capacity = case when excluded.capacity_stated_at > coalesce(s.capacity_stated_at, '-infinity')
                    then excluded.capacity else s.capacity end,
                capacity_until = case when excluded.capacity_stated_at > coalesce(s.capacity_stated_at, '-infinity')
                    then excluded.capacity_until else s.capacity_until end,
                capacity_stated_at = greatest(excluded.capacity_stated_at, s.capacity_stated_at)
            where excluded.capacity_stated_at > coalesce(s.capacity_stated_at, '-infinity')
               or (s.organisation_id, s.name, s.organisation_name, s.url, s.needs, s.zones, s.postal_codes,
                   s.languages, s.age_bands, s.target_group, s.is_specific, s.valid_from, s.valid_to,
                   s.verified_on, s.synthetic, s.details)
                is distinct from
                  (excluded.organisation_id, excluded.name, excluded.organisation_name, excluded.url,
                   excluded.needs, excluded.zones, excluded.postal_codes, excluded.languages,
                   excluded.age_bands, excluded.target_group, excluded.is_specific, excluded.valid_from,
                   excluded.valid_to, excluded.verified_on, excluded.synthetic, excluded.details)
            returning service_id, (xmax = 0) as "is_new!""#,
            serde_json::to_string(&rows)?,
        )
        .fetch_all(&mut *connection)
        .await?;
        for row in rows {
            if row.is_new {
                put.added.push(row.service_id);
            } else {
                put.changed.push(row.service_id);
            }
        }
    }
    Ok(put)
}

/// Ends, after `last_day`, the services that are not among `kept` and would be offered after it;
/// says which. One that would only begin later never was.
pub(crate) async fn end_all_but(
    connection: &mut PgConnection,
    kept: &[&str],
    last_day: Date,
) -> Result<Vec<String>, RoutingError> {
    let ended = sqlx::query_scalar!(
        "update service set valid_from = least(valid_from, $2), valid_to = $2
         where not exists (select from unnest($1::text[]) as kept(service_id) where kept.service_id = service.service_id)
           and (valid_to is null or valid_to > $2)
         returning service_id",
        kept as &[&str],
        last_day.to_sqlx() as jiff_sqlx::Date,
    )
    .fetch_all(connection)
    .await?;
    Ok(ended)
}

/// These services may differ from the last version of the directory: where one does in what
/// decisions read, from here on there is a new version, which comes back. Relies on
/// `service_version_present_service`. Call with the directory locked.
pub(crate) async fn note_directory_change(
    connection: &mut PgConnection,
    services: &[&str],
    now: Timestamp,
) -> Result<Option<i64>, RoutingError> {
    let differing = sqlx::query_scalar!(
        r#"select s.service_id from service as s
           left join service_version as v on v.service_id = s.service_id and v.until_version is null
           where s.service_id = any($1) and v.content is distinct from decided_by(s)"#,
        services as &[&str],
    )
    .fetch_all(&mut *connection)
    .await?;
    if differing.is_empty() {
        return Ok(None);
    }
    let version = sqlx::query_scalar!(
        "insert into directory_version (changed_at) values ($1) returning version",
        now.to_sqlx() as jiff_sqlx::Timestamp,
    )
    .fetch_one(&mut *connection)
    .await?;
    for chunk in differing.chunks(CHUNK) {
        sqlx::query!(
            "with ended as (
                update service_version set until_version = $2
                where service_id = any($1) and until_version is null
             )
             insert into service_version (service_id, from_version, content)
             select service_id, $2, decided_by(s) from service as s where service_id = any($1)",
            chunk,
            version,
        )
        .execute(&mut *connection)
        .await?;
    }
    note_endings(connection, &differing).await?;
    Ok(Some(version))
}

/// Keeps the list of services with a last day. Relies on the primary keys.
async fn note_endings(
    connection: &mut PgConnection,
    services: &[String],
) -> Result<(), RoutingError> {
    sqlx::query!(
        "with open_again as (
            delete from ending using service as s
            where ending.service_id = any($1) and s.service_id = ending.service_id and s.valid_to is null
         )
         insert into ending as e (service_id, organisation_id, last_day)
         select service_id, organisation_id, valid_to from service
         where service_id = any($1) and valid_to is not null
         on conflict (service_id) do update set
            organisation_id = excluded.organisation_id, last_day = excluded.last_day,
            noticed_at = null, settled_at = null
         where (e.organisation_id, e.last_day) is distinct from (excluded.organisation_id, excluded.last_day)",
        services,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// What is known of the room of a service, and whose it is.
#[derive(Debug)]
pub(crate) struct Held {
    /// Whose.
    pub(crate) organisation: OrganisationId,
    /// What was said last.
    pub(crate) stated_at: Option<Timestamp>,
}

/// Whose a service is, and when its room was stated last. Relies on the primary key.
pub(crate) async fn held_capacity(
    connection: &mut PgConnection,
    service: &ServiceId,
) -> Result<Option<Held>, RoutingError> {
    let row = sqlx::query!(
        r#"select organisation_id, capacity_stated_at as "stated_at: jiff_sqlx::Timestamp"
           from service where service_id = $1"#,
        service.as_str(),
    )
    .fetch_optional(connection)
    .await?;
    row.map(|row| {
        Ok(Held {
            organisation: super::word("service", "organisation_id", &row.organisation_id)?,
            stated_at: row.stated_at.map(jiff_sqlx::Timestamp::to_jiff),
        })
    })
    .transpose()
}

/// A partner said what room a service has, until which day where it said so. Relies on the
/// primary key.
pub(crate) async fn set_capacity(
    connection: &mut PgConnection,
    service: &ServiceId,
    capacity: Capacity,
    until: Option<Date>,
) -> Result<(), RoutingError> {
    sqlx::query!(
        "update service set capacity = $2, capacity_stated_at = $3, capacity_until = $4 where service_id = $1",
        service.as_str(),
        capacity.state.code(),
        capacity.stated_at.to_sqlx() as jiff_sqlx::Timestamp,
        until.map(Date::to_sqlx) as Option<jiff_sqlx::Date>,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Forgets what was said of room for no longer than yesterday; says of which services. Relies on
/// `service_by_lapse`.
pub(crate) async fn lapse_capacities(
    connection: &mut PgConnection,
    today: Date,
) -> Result<Vec<String>, RoutingError> {
    let lapsed = sqlx::query_scalar!(
        "update service set capacity = null, capacity_stated_at = null, capacity_until = null
         where capacity_until < $1 returning service_id",
        today.to_sqlx() as jiff_sqlx::Date,
    )
    .fetch_all(connection)
    .await?;
    Ok(lapsed)
}

/// Whether something that was said of room holds no longer. Relies on `service_by_lapse`.
pub(crate) async fn has_lapsed(
    connection: &mut PgConnection,
    today: Date,
) -> Result<bool, RoutingError> {
    let lapsed = sqlx::query_scalar!(
        r#"select exists (select from service where capacity_until < $1) as "lapsed!""#,
        today.to_sqlx() as jiff_sqlx::Date,
    )
    .fetch_one(connection)
    .await?;
    Ok(lapsed)
}

/// These listings, as they are. Relies on the primary key.
pub(crate) async fn listings(
    connection: &mut PgConnection,
    services: &[&str],
) -> Result<Vec<Listing>, RoutingError> {
    let rows = sqlx::query_scalar!(
        r#"select to_jsonb(s)::text as "row!" from service as s where service_id = any($1)"#,
        services as &[&str],
    )
    .fetch_all(connection)
    .await?;
    read(&rows)
}

/// The listings of an organisation. Relies on `service_by_organisation`.
pub(crate) async fn listings_of(
    connection: &mut PgConnection,
    organisation: &OrganisationId,
) -> Result<Vec<Listing>, RoutingError> {
    let rows = sqlx::query_scalar!(
        r#"select to_jsonb(s)::text as "row!" from service as s where organisation_id = $1"#,
        organisation.as_str(),
    )
    .fetch_all(connection)
    .await?;
    read(&rows)
}

/// At most `limit` listings after `service`, in the order of their ids. Relies on the primary key.
pub(crate) async fn listings_after(
    connection: &mut PgConnection,
    service: &str,
    limit: i64,
) -> Result<Vec<Listing>, RoutingError> {
    let rows = sqlx::query_scalar!(
        r#"select to_jsonb(s)::text as "row!" from service as s
           where service_id > $1 order by service_id limit $2"#,
        service,
        limit,
    )
    .fetch_all(connection)
    .await?;
    read(&rows)
}

fn read(rows: &[String]) -> Result<Vec<Listing>, RoutingError> {
    let rows = rows
        .iter()
        .map(|row| Ok(ServiceRow::read("service", row)?.listing()));
    rows.collect()
}

#[cfg(test)]
mod tests;
