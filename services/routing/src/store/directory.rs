//! The directory of partners' services.

use jiff::{Timestamp, civil::Date};
use jiff_sqlx::ToSqlx;
use knipperlicht_vocabulary::{AgeBand, CapacityState, Language, Need, ZoneId};
use sqlx::PgConnection;

use super::{optional, word, words};
use crate::{
    RoutingError,
    model::directory::{Area, Capacity, Directory, Fit, Service},
};

const TABLE: &str = "service";

/// The present version of the directory; 0 before the first. Relies on the primary key.
pub(crate) async fn directory_version(connection: &mut PgConnection) -> Result<i64, RoutingError> {
    let version = sqlx::query_scalar!(
        r#"select coalesce((select version from directory_version order by version desc limit 1), 0) as "version!""#
    )
    .fetch_one(connection)
    .await?;
    Ok(version)
}

/// The whole directory, as version `version`.
pub(crate) async fn directory(
    connection: &mut PgConnection,
    version: i64,
) -> Result<Directory, RoutingError> {
    let rows = sqlx::query!(
        r#"select service_id, organisation_id, name, organisation_name, url, needs, zones, languages, age_bands,
                  target_group, is_specific, capacity,
                  capacity_stated_at as "capacity_stated_at: jiff_sqlx::Timestamp",
                  valid_from as "valid_from: jiff_sqlx::Date", valid_to as "valid_to: jiff_sqlx::Date", synthetic
           from service"#
    )
    .fetch_all(connection)
    .await?;
    let services = rows.into_iter().map(|row| {
        let capacity: Option<CapacityState> = optional(TABLE, "capacity", row.capacity.as_deref())?;
        let area = match row.zones {
            Some(zones) => Area::Zones(words(TABLE, "zones", &zones)?),
            None => Area::Everywhere,
        };
        Ok(Service {
            id: word(TABLE, "service_id", &row.service_id)?,
            organisation: word(TABLE, "organisation_id", &row.organisation_id)?,
            name: row.name,
            organisation_name: row.organisation_name,
            url: row.url,
            needs: words::<Need>(TABLE, "needs", &row.needs)?
                .into_iter()
                .collect(),
            area,
            languages: words(TABLE, "languages", &row.languages)?,
            age_bands: words(TABLE, "age_bands", &row.age_bands)?,
            target_group: row.target_group,
            fit: if row.is_specific {
                Fit::Specific
            } else {
                Fit::Generic
            },
            capacity: capacity
                .zip(row.capacity_stated_at)
                .map(|(state, stated_at)| Capacity {
                    state,
                    stated_at: stated_at.to_jiff(),
                }),
            valid_from: row.valid_from.to_jiff(),
            valid_to: row.valid_to.map(jiff_sqlx::Date::to_jiff),
            synthetic: row.synthetic,
        })
    });
    Ok(Directory::new(
        version,
        services.collect::<Result<_, RoutingError>>()?,
    ))
}

/// One at a time changes the directory, so that versions commit in their order.
pub(crate) async fn lock_directory(connection: &mut PgConnection) -> Result<(), RoutingError> {
    sqlx::query!(r#"select pg_advisory_xact_lock(hashtext('routing.directory')) as "locked: ()""#)
        .fetch_one(connection)
        .await?;
    Ok(())
}

/// Puts services into the directory and says how many were new or changed. What a partner said of
/// its room is never overwritten. Relies on the primary key.
pub(crate) async fn put_services(
    connection: &mut PgConnection,
    services: &[Service],
) -> Result<u64, RoutingError> {
    let text = |pick: fn(&Service) -> &str| services.iter().map(pick).collect::<Vec<&str>>();
    let ids = text(|one| one.id.as_str());
    let organisations = text(|one| one.organisation.as_str());
    let names = text(|one| &one.name);
    let organisation_names = text(|one| &one.organisation_name);
    let urls: Vec<Option<&str>> = services.iter().map(|one| one.url.as_deref()).collect();
    let needs: Vec<String> = services
        .iter()
        .map(|one| list(one.needs.iter().map(Need::code)))
        .collect();
    let zones: Vec<Option<String>> = services.iter().map(|one| zones(&one.area)).collect();
    let languages: Vec<String> = services
        .iter()
        .map(|one| list(one.languages.iter().copied().map(Language::code)))
        .collect();
    let age_bands: Vec<String> = services
        .iter()
        .map(|one| list(one.age_bands.iter().copied().map(AgeBand::code)))
        .collect();
    let target_groups: Vec<Option<&str>> = services
        .iter()
        .map(|one| one.target_group.as_deref())
        .collect();
    let specific: Vec<bool> = services
        .iter()
        .map(|one| one.fit == Fit::Specific)
        .collect();
    let capacities: Vec<Option<&str>> = services
        .iter()
        .map(|one| one.capacity.map(|capacity| capacity.state.code()))
        .collect();
    let stated: Vec<Option<jiff_sqlx::Timestamp>> = services
        .iter()
        .map(|one| one.capacity.map(|capacity| capacity.stated_at.to_sqlx()))
        .collect();
    let valid_from: Vec<jiff_sqlx::Date> = services
        .iter()
        .map(|one| one.valid_from.to_sqlx())
        .collect();
    let valid_to: Vec<Option<jiff_sqlx::Date>> = services
        .iter()
        .map(|one| one.valid_to.map(Date::to_sqlx))
        .collect();
    let synthetic: Vec<bool> = services.iter().map(|one| one.synthetic).collect();
    let done = sqlx::query!(
        "insert into service as s (
            service_id, organisation_id, name, organisation_name, url, needs, zones, languages, age_bands,
            target_group, is_specific, capacity, capacity_stated_at, valid_from, valid_to, synthetic
         )
         select service_id, organisation_id, name, organisation_name, url, string_to_array(needs, ','),
                string_to_array(zones, ','), string_to_array(languages, ','), string_to_array(age_bands, ','),
                target_group, is_specific, capacity, capacity_stated_at, valid_from, valid_to, synthetic
         from unnest(
            $1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
            $9::text[], $10::text[], $11::boolean[], $12::text[], $13::timestamptz[], $14::date[], $15::date[],
            $16::boolean[]
         ) as given(
            service_id, organisation_id, name, organisation_name, url, needs, zones, languages, age_bands,
            target_group, is_specific, capacity, capacity_stated_at, valid_from, valid_to, synthetic
         )
         on conflict (service_id) do update set
            organisation_id = excluded.organisation_id, name = excluded.name,
            organisation_name = excluded.organisation_name, url = excluded.url, needs = excluded.needs,
            zones = excluded.zones, languages = excluded.languages, age_bands = excluded.age_bands,
            target_group = excluded.target_group, is_specific = excluded.is_specific,
            valid_from = excluded.valid_from, valid_to = excluded.valid_to, synthetic = excluded.synthetic
         where (s.organisation_id, s.name, s.organisation_name, s.url, s.needs, s.zones, s.languages,
                s.age_bands, s.target_group, s.is_specific, s.valid_from, s.valid_to, s.synthetic)
            is distinct from
               (excluded.organisation_id, excluded.name, excluded.organisation_name, excluded.url,
                excluded.needs, excluded.zones, excluded.languages, excluded.age_bands,
                excluded.target_group, excluded.is_specific, excluded.valid_from, excluded.valid_to,
                excluded.synthetic)",
        &ids as &[&str],
        &organisations as &[&str],
        &names as &[&str],
        &organisation_names as &[&str],
        &urls as &[Option<&str>],
        &needs,
        &zones as &[Option<String>],
        &languages,
        &age_bands,
        &target_groups as &[Option<&str>],
        &specific,
        &capacities as &[Option<&str>],
        &stated as &[Option<jiff_sqlx::Timestamp>],
        &valid_from as &[jiff_sqlx::Date],
        &valid_to as &[Option<jiff_sqlx::Date>],
        &synthetic,
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected())
}

/// The directory changed: from here on it is another version, kept whole for replays.
pub(crate) async fn note_directory_change(
    connection: &mut PgConnection,
    now: Timestamp,
) -> Result<(), RoutingError> {
    sqlx::query!(
        "insert into directory_version (changed_at, services)
         select $1, coalesce(jsonb_agg(to_jsonb(service) order by service_id), '[]') from service",
        now.to_sqlx() as jiff_sqlx::Timestamp,
    )
    .execute(connection)
    .await?;
    Ok(())
}

fn list(codes: impl Iterator<Item = &'static str>) -> String {
    codes.collect::<Vec<_>>().join(",")
}

fn zones(area: &Area) -> Option<String> {
    match area {
        Area::Zones(zones) => Some(
            zones
                .iter()
                .map(ZoneId::as_str)
                .collect::<Vec<_>>()
                .join(","),
        ),
        Area::Everywhere => None,
    }
}
