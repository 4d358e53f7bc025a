//! The directory of a demonstration: real organisations by their published facts, and invented
//! local partners for every zone.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{Timestamp, civil::Date};
use knipperlicht_access::{Database, Principal};
use knipperlicht_vocabulary::{AgeBand, Language, Need, OrganisationId, ZoneId};
use knipperlicht_zones::ZoneTable;
use serde::Deserialize;

use crate::{
    RoutingError,
    import::{self, Effect, Missing},
    model::{
        directory::{Area, Fit, Service},
        exchange::draft::with_scheme,
        listing::{Details, Listing},
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
    pub changed: usize,
}

/// Puts the demonstration's directory in place, in the name of `principal` (an admin or the
/// service itself). Doing it again changes nothing, and what partners said of their capacity
/// since then stays.
pub async fn load_demo_directory(
    database: &Database,
    principal: &Principal,
    now: Timestamp,
) -> Result<DirectoryCounts, RoutingError> {
    let mut listings = demo_listings(now)?;
    let services = || listings.iter().map(|listing| &listing.service);
    let organisations: BTreeSet<_> = services().map(|one| one.organisation.clone()).collect();
    let ids: Vec<String> = services().map(|one| one.id.to_string()).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let mut transaction = database.begin(principal).await?;
    let there = store::listings(&mut transaction, &ids).await?;
    transaction.rollback().await?;
    let there: BTreeSet<_> = there.iter().map(|listing| &listing.service.id).collect();
    for listing in &mut listings {
        // What is invented of room is said once, not anew at every start.
        if there.contains(&listing.service.id) {
            listing.service.capacity = None;
        }
    }
    let outcome = import::put(
        database,
        principal,
        None,
        &listings,
        (Missing::Stay, Effect::Kept),
        // Nothing ends by it, so no day matters.
        (now, Date::ZERO),
    )
    .await?;
    Ok(DirectoryCounts {
        organisations: organisations.len(),
        services: listings.len(),
        changed: outcome.added + outcome.changed,
    })
}

/// An organisation of the demonstration's directory.
#[derive(Debug, Clone)]
pub struct DemoOrganisation {
    /// What it is called.
    pub name: String,
    /// The zones it works in; none where it works everywhere.
    pub zones: BTreeSet<ZoneId>,
}

/// The organisations of the demonstration's directory.
pub fn demo_organisations() -> Result<BTreeMap<OrganisationId, DemoOrganisation>, RoutingError> {
    let mut organisations = BTreeMap::new();
    for Listing { service, .. } in demo_listings(Timestamp::UNIX_EPOCH)? {
        let organisation = organisations
            .entry(service.organisation)
            .or_insert_with(|| DemoOrganisation {
                name: service.organisation_name,
                zones: BTreeSet::new(),
            });
        if let Area::Zones(zones) = service.area {
            organisation.zones.extend(zones);
        }
    }
    Ok(organisations)
}

/// The services of the demonstration's directory, whose invented capacity was stated at `stated_at`.
pub fn demo_services(stated_at: Timestamp) -> Result<Vec<Service>, RoutingError> {
    let listings = demo_listings(stated_at)?;
    Ok(listings.into_iter().map(|one| one.service).collect())
}

fn demo_listings(now: Timestamp) -> Result<Vec<Listing>, RoutingError> {
    let unreadable = |error: &dyn std::fmt::Display| RoutingError::DemoDirectory(error.to_string());
    let file: File = serde_json::from_str(include_str!("../data/organisations.json"))
        .map_err(|e| unreadable(&e))?;
    let zones = ZoneTable::builtin().map_err(|e| unreadable(&e))?;
    let mut services = file.services().map_err(|e| unreadable(&e))?;
    for zone in zones.zones() {
        services.extend(partners(zone, now).map_err(|e| unreadable(&e))?);
    }
    Ok(services
        .into_iter()
        .map(|service| Listing {
            service,
            capacity_until: None,
            verified_on: None,
            details: Details::default(),
        })
        .collect())
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
                url: one.url.map(with_scheme),
                needs: needs.as_slice().into(),
                area: Area::Everywhere,
                postal_codes: Vec::new(),
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
                url: one.url.map(with_scheme),
                needs: one.needs.as_slice().into(),
                area: one.zones.map_or(Area::Everywhere, Area::Zones),
                postal_codes: Vec::new(),
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
