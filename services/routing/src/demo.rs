//! The directory of a demonstration: real organisations by their published facts, and invented
//! local partners for every zone.

use std::collections::BTreeSet;

use jiff::Timestamp;
use knipperlicht_access::{Database, Principal};
use knipperlicht_vocabulary::{AgeBand, Language, Need, OrganisationId, ZoneId};
use knipperlicht_zones::ZoneTable;
use serde::Deserialize;

use crate::{
    RoutingError,
    model::{
        directory::{Area, Fit, Service},
        synthetic::{VALID_FROM, partners},
    },
    store,
};

/// What the demonstration's directory holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DirectoryCounts {
    /// Organisations, real and invented.
    pub organisations: usize,
    /// Their services.
    pub services: usize,
    /// The services that were new or differed from what was there.
    pub changed: u64,
}

/// Puts the demonstration's directory in place, in the name of `principal` (an admin or the
/// service itself). Doing it again changes nothing, and what partners said of their capacity
/// since then stays.
pub async fn load_demo_directory(
    database: &Database,
    principal: &Principal,
    now: Timestamp,
) -> Result<DirectoryCounts, RoutingError> {
    let services = demo_services(now)?;
    let organisations = services
        .iter()
        .map(|service| &service.organisation)
        .collect::<BTreeSet<_>>()
        .len();
    let mut transaction = database.begin(principal).await?;
    store::lock_directory(&mut transaction).await?;
    let changed = store::put_services(&mut transaction, &services).await?;
    if changed > 0 {
        store::note_directory_change(&mut transaction, now).await?;
    }
    transaction.commit().await?;
    Ok(DirectoryCounts {
        organisations,
        services: services.len(),
        changed,
    })
}

/// The organisations of the demonstration's directory.
pub fn demo_organisations() -> Result<BTreeSet<OrganisationId>, RoutingError> {
    let services = demo_services(Timestamp::UNIX_EPOCH)?;
    Ok(services
        .into_iter()
        .map(|service| service.organisation)
        .collect())
}

fn demo_services(now: Timestamp) -> Result<Vec<Service>, RoutingError> {
    let unreadable = |error: &dyn std::fmt::Display| RoutingError::DemoDirectory(error.to_string());
    let file: File = serde_json::from_str(include_str!("../data/organisations.json"))
        .map_err(|e| unreadable(&e))?;
    let zones = ZoneTable::builtin().map_err(|e| unreadable(&e))?;
    let mut services = file.services().map_err(|e| unreadable(&e))?;
    for zone in zones.zones() {
        services.extend(partners(zone, now).map_err(|e| unreadable(&e))?);
    }
    Ok(services)
}

/// `data/organisations.json`.
#[derive(Deserialize)]
struct File {
    recognised_associations: Associations,
    specialised: Specialised,
}

#[derive(Deserialize)]
struct Associations {
    needs: Vec<Need>,
    languages: Vec<Language>,
    organisations: Vec<Association>,
}

#[derive(Deserialize)]
struct Association {
    id: OrganisationId,
    name: String,
    url: Option<String>,
    #[serde(default)]
    age_bands: Vec<AgeBand>,
}

#[derive(Deserialize)]
struct Specialised {
    organisations: Vec<Specialist>,
}

#[derive(Deserialize)]
struct Specialist {
    id: OrganisationId,
    name: String,
    url: Option<String>,
    target_group: String,
    told_by_codes: bool,
    #[serde(default)]
    age_bands: Vec<AgeBand>,
    languages: Vec<Language>,
    zones: Option<Vec<ZoneId>>,
    needs: Vec<Need>,
}

impl File {
    fn services(self) -> Result<Vec<Service>, knipperlicht_vocabulary::IdError> {
        let Associations {
            needs,
            languages,
            organisations,
        } = self.recognised_associations;
        let associations = organisations.into_iter().map(|one| {
            Ok(Service {
                id: format!("{}.mantelzorg", one.id).parse()?,
                organisation: one.id,
                name: format!("{}: steun voor mantelzorgers", one.name),
                organisation_name: one.name,
                url: one.url,
                needs: needs.as_slice().into(),
                area: Area::Everywhere,
                languages: languages.clone(),
                age_bands: one.age_bands,
                target_group: None,
                fit: Fit::Generic,
                capacity: None,
                valid_from: VALID_FROM,
                valid_to: None,
                synthetic: false,
            })
        });
        let specialists = self.specialised.organisations.into_iter().map(|one| {
            Ok(Service {
                id: format!("{}.aanbod", one.id).parse()?,
                organisation: one.id,
                name: format!("{} (voorbeeld)", one.name),
                organisation_name: one.name,
                url: one.url,
                needs: one.needs.as_slice().into(),
                area: one.zones.map_or(Area::Everywhere, Area::Zones),
                languages: one.languages,
                age_bands: one.age_bands,
                target_group: (!one.told_by_codes).then_some(one.target_group),
                fit: Fit::Specific,
                capacity: None,
                valid_from: VALID_FROM,
                valid_to: None,
                // The organisation is real, what it offers here is not from a source.
                synthetic: true,
            })
        });
        associations.chain(specialists).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_the_real_organisations_and_five_invented_partners_a_zone() {
        let services = demo_services(Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(services.len(), 6 + 8 + 60 * 5);
        let real: Vec<&str> = services
            .iter()
            .filter(|service| !service.synthetic)
            .map(|service| service.organisation.as_str())
            .collect();
        assert_eq!(
            real,
            [
                "mantelzorgnetwerk",
                "steunpunt-mantelzorg",
                "okra-zorgrecht",
                "coponcho",
                "onbegrensd",
                "samana"
            ]
        );
        let ids: BTreeSet<_> = services.iter().map(|service| &service.id).collect();
        assert_eq!(ids.len(), services.len());
        assert!(
            services
                .iter()
                .all(|service| service.synthetic == service.name.contains("(voorbeeld)"))
        );
    }
}
