//! The directory of partners' services, as one snapshot that never changes.

use std::collections::HashMap;

use jiff::{Timestamp, civil::Date};
use knipperlicht_vocabulary::{
    AgeBand, CapacityState, Language, OrganisationId, ServiceId, ZoneId,
};

use super::need_set::NeedSet;

/// Where a service is offered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Area {
    /// In these zones.
    Zones(Vec<ZoneId>),
    /// In all of Flanders and Brussels.
    Everywhere,
}

impl Area {
    /// Whether it reaches this zone.
    #[must_use]
    pub fn covers(&self, zone: &ZoneId) -> bool {
        match self {
            Self::Zones(zones) => zones.contains(zone),
            Self::Everywhere => true,
        }
    }
}

/// For whom a service is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fit {
    /// For every carer.
    Generic,
    /// For one group of carers, which its age bands, languages and area describe.
    Specific,
}

/// What a partner said of its room for new people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capacity {
    /// What.
    pub state: CapacityState,
    /// When.
    pub stated_at: Timestamp,
}

/// What a partner offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// The service.
    pub id: ServiceId,
    /// Its organisation.
    pub organisation: OrganisationId,
    /// Its name.
    pub name: String,
    /// The organisation's name.
    pub organisation_name: String,
    /// The organisation's page, where known.
    pub url: Option<String>,
    /// The needs it meets.
    pub needs: NeedSet,
    /// Where.
    pub area: Area,
    /// In which languages it helps.
    pub languages: Vec<Language>,
    /// The age bands it is for; all of them when empty.
    pub age_bands: Vec<AgeBand>,
    /// A group of carers that no code tells apart, such as carers of a person with dementia: a
    /// person may choose this service, the rules may not.
    pub target_group: Option<String>,
    /// For whom it is made.
    pub fit: Fit,
    /// Its room, where it was ever stated.
    pub capacity: Option<Capacity>,
    /// From which day it is offered.
    pub valid_from: Date,
    /// Until which day, where it ends.
    pub valid_to: Option<Date>,
    /// Whether it is invented, for demonstration.
    pub synthetic: bool,
}

/// One version of the directory, indexed once so that a decision looks only at its zone.
#[derive(Debug, Default)]
pub struct Directory {
    version: i64,
    services: Vec<Service>,
    by_zone: HashMap<ZoneId, Vec<usize>>,
    everywhere: Vec<usize>,
    by_id: HashMap<ServiceId, usize>,
}

impl Directory {
    /// Indexes `services`. Their order does not matter.
    #[must_use]
    pub fn new(version: i64, mut services: Vec<Service>) -> Self {
        services.sort_by(|one, other| one.id.cmp(&other.id));
        let mut by_zone: HashMap<ZoneId, Vec<usize>> = HashMap::new();
        let mut everywhere = Vec::new();
        let mut by_id = HashMap::with_capacity(services.len());
        for (position, service) in services.iter().enumerate() {
            by_id.insert(service.id.clone(), position);
            match &service.area {
                Area::Everywhere => everywhere.push(position),
                Area::Zones(zones) => {
                    for zone in zones {
                        by_zone.entry(zone.clone()).or_default().push(position);
                    }
                }
            }
        }
        Self {
            version,
            services,
            by_zone,
            everywhere,
            by_id,
        }
    }

    /// Which version this is; 0 for none.
    #[must_use]
    pub const fn version(&self) -> i64 {
        self.version
    }

    /// The service with this id.
    #[must_use]
    pub fn service(&self, id: &ServiceId) -> Option<&Service> {
        self.services.get(*self.by_id.get(id)?)
    }

    /// The services whose area covers this zone.
    pub fn covering(&self, zone: &ZoneId) -> impl Iterator<Item = &Service> {
        let local = self
            .by_zone
            .get(zone)
            .map(Vec::as_slice)
            .unwrap_or_default();
        local
            .iter()
            .chain(&self.everywhere)
            .filter_map(|position| self.services.get(*position))
    }
}
