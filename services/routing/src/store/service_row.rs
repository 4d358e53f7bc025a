//! A service as its row holds it, as JSON: the form in which many go to and from the database in
//! one statement.

use jiff::{Timestamp, civil::Date};
use knipperlicht_vocabulary::{
    AgeBand, CapacityState, Language, Need, OrganisationId, PostalCode, ServiceId, ZoneId,
};
use serde::{Deserialize, Serialize};

use crate::{
    RoutingError,
    model::{
        directory::{Area, Capacity, Fit, Service},
        listing::{Details, Listing},
    },
};

#[derive(Serialize, Deserialize)]
pub(super) struct ServiceRow {
    service_id: ServiceId,
    organisation_id: OrganisationId,
    name: String,
    organisation_name: String,
    url: Option<String>,
    needs: Vec<Need>,
    zones: Option<Vec<ZoneId>>,
    postal_codes: Option<Vec<PostalCode>>,
    languages: Vec<Language>,
    age_bands: Vec<AgeBand>,
    target_group: Option<String>,
    is_specific: bool,
    capacity: Option<CapacityState>,
    capacity_stated_at: Option<Timestamp>,
    valid_from: Date,
    valid_to: Option<Date>,
    synthetic: bool,
    // What decisions do not read, and versions of the directory do not hold.
    #[serde(default)]
    capacity_until: Option<Date>,
    #[serde(default)]
    verified_on: Option<Date>,
    #[serde(default)]
    details: Details,
}

impl ServiceRow {
    pub(super) fn read(table: &'static str, json: &str) -> Result<Self, RoutingError> {
        serde_json::from_str(json).map_err(|error| RoutingError::BadRow {
            table,
            column: "(a row as JSON)",
            what: error.to_string(),
        })
    }

    pub(super) fn of(listing: &Listing) -> Self {
        let Listing {
            service,
            capacity_until,
            verified_on,
            details,
        } = listing;
        Self {
            service_id: service.id.clone(),
            organisation_id: service.organisation.clone(),
            name: service.name.clone(),
            organisation_name: service.organisation_name.clone(),
            url: service.url.clone(),
            needs: service.needs.iter().collect(),
            zones: match &service.area {
                Area::Zones(zones) => Some(zones.clone()),
                Area::Everywhere => None,
            },
            postal_codes: Some(service.postal_codes.clone()).filter(|codes| !codes.is_empty()),
            languages: service.languages.clone(),
            age_bands: service.age_bands.clone(),
            target_group: service.target_group.clone(),
            is_specific: service.fit == Fit::Specific,
            capacity: service.capacity.map(|capacity| capacity.state),
            capacity_stated_at: service.capacity.map(|capacity| capacity.stated_at),
            valid_from: service.valid_from,
            valid_to: service.valid_to,
            synthetic: service.synthetic,
            capacity_until: *capacity_until,
            verified_on: *verified_on,
            details: details.clone(),
        }
    }

    pub(super) fn listing(self) -> Listing {
        let capacity = self.capacity.zip(self.capacity_stated_at);
        Listing {
            service: Service {
                id: self.service_id,
                organisation: self.organisation_id,
                name: self.name,
                organisation_name: self.organisation_name,
                url: self.url,
                needs: self.needs.into_iter().collect(),
                area: self.zones.map_or(Area::Everywhere, Area::Zones),
                postal_codes: self.postal_codes.unwrap_or_default(),
                languages: self.languages,
                age_bands: self.age_bands,
                target_group: self.target_group,
                fit: if self.is_specific {
                    Fit::Specific
                } else {
                    Fit::Generic
                },
                capacity: capacity.map(|(state, stated_at)| Capacity { state, stated_at }),
                valid_from: self.valid_from,
                valid_to: self.valid_to,
                synthetic: self.synthetic,
            },
            capacity_until: self.capacity_until,
            verified_on: self.verified_on,
            details: self.details,
        }
    }
}
