//! The directory of partners' services, as one snapshot that never changes.

use std::{collections::HashMap, sync::Arc};

use jiff::{Timestamp, civil::Date};
use knipperlicht_vocabulary::{
    AgeBand, CapacityState, Language, OrganisationId, PostalCode, ServiceId, ZoneId,
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
    /// The postal codes it is offered in, where not in all of its area.
    pub postal_codes: Vec<PostalCode>,
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

impl Service {
    /// Whether it is offered on this day.
    #[must_use]
    pub fn is_offered_on(&self, day: Date) -> bool {
        self.valid_from <= day && self.valid_to.is_none_or(|last| day <= last)
    }

    /// Whether it is over before this day.
    #[must_use]
    pub fn has_ended_before(&self, day: Date) -> bool {
        self.valid_to.is_some_and(|last| last < day)
    }

    fn is_offered_in(&self, postal_code: PostalCode) -> bool {
        self.postal_codes.is_empty() || self.postal_codes.contains(&postal_code)
    }
}

/// One version of the directory, indexed once so that a decision looks only at its zone. The next
/// version shares with it whatever has not changed.
#[derive(Debug, Default)]
pub struct Directory {
    version: i64,
    /// By id.
    services: Vec<Arc<Service>>,
    areas: Arc<Areas>,
}

/// Which services, as positions, are offered where.
#[derive(Debug, Default)]
struct Areas {
    by_zone: HashMap<ZoneId, Vec<usize>>,
    everywhere: Vec<usize>,
}

impl Areas {
    fn of(services: &[Arc<Service>]) -> Self {
        let mut areas = Self::default();
        for (position, service) in services.iter().enumerate() {
            match &service.area {
                Area::Everywhere => areas.everywhere.push(position),
                Area::Zones(zones) => {
                    for zone in zones {
                        // Looked up before it is written down anew: there are many services and few zones.
                        if let Some(positions) = areas.by_zone.get_mut(zone) {
                            positions.push(position);
                        } else {
                            areas.by_zone.insert(zone.clone(), vec![position]);
                        }
                    }
                }
            }
        }
        areas
    }
}

impl Directory {
    /// Indexes `services`. Their order does not matter.
    #[must_use]
    pub fn new(version: i64, services: Vec<Service>) -> Self {
        let mut services: Vec<Arc<Service>> = services.into_iter().map(Arc::new).collect();
        services.sort_by(|one, other| one.id.cmp(&other.id));
        Self {
            version,
            areas: Arc::new(Areas::of(&services)),
            services,
        }
    }

    /// The next version, in which these services are new or changed. As long as none moves, the
    /// index stays the same one: a change of capacity costs next to nothing.
    #[must_use]
    pub fn with(&self, version: i64, changed: Vec<Service>) -> Self {
        let mut services = self.services.clone();
        let mut added = Vec::new();
        let mut moved = false;
        for service in changed {
            match self.position(&service.id) {
                Some(position) => {
                    moved |= services[position].area != service.area;
                    services[position] = Arc::new(service);
                }
                None => added.push(Arc::new(service)),
            }
        }
        let areas = if added.is_empty() && !moved {
            Arc::clone(&self.areas)
        } else {
            services.append(&mut added);
            services.sort_by(|one, other| one.id.cmp(&other.id));
            Arc::new(Areas::of(&services))
        };
        Self {
            version,
            services,
            areas,
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
        Some(&self.services[self.position(id)?])
    }

    /// The services whose area covers this zone.
    pub fn covering(&self, zone: &ZoneId) -> impl Iterator<Item = &Service> {
        let local = self.areas.by_zone.get(zone);
        let local = local.map(Vec::as_slice).unwrap_or_default();
        let positions = local.iter().chain(&self.areas.everywhere);
        positions.filter_map(|position| self.services.get(*position).map(Arc::as_ref))
    }

    /// Those of them that are offered in this postal code of the zone.
    pub fn offered_at(
        &self,
        zone: &ZoneId,
        postal_code: PostalCode,
    ) -> impl Iterator<Item = &Service> {
        self.covering(zone)
            .filter(move |service| service.is_offered_in(postal_code))
    }

    fn position(&self, id: &ServiceId) -> Option<usize> {
        self.services
            .binary_search_by(|service| service.id.cmp(id))
            .ok()
    }
}

#[cfg(test)]
mod tests;
