//! Zones and the services in them.

use jiff::tz::TimeZone;
use knipperlicht_contracts::routing::v1 as proto;
use knipperlicht_vocabulary::Need;
use serde::Serialize;

use super::{View, Word, words};

/// A primary-care zone.
#[derive(Debug, Serialize)]
pub(crate) struct ZoneView {
    pub(crate) zone_id: String,
    name: String,
    province: String,
}

impl From<proto::Zone> for ZoneView {
    fn from(zone: proto::Zone) -> Self {
        Self {
            zone_id: zone.zone_id,
            name: zone.name,
            province: zone.province,
        }
    }
}

impl ZoneView {
    pub(crate) fn text(&self) -> String {
        format!("{} ({}), {}", self.name, self.zone_id, self.province)
    }
}

/// The zone of a postal code on a day.
#[derive(Debug, Serialize)]
pub(crate) struct ResolvedZoneView {
    pub(crate) zone: ZoneView,
    municipality: String,
    other_candidates: Vec<ZoneView>,
    verified: bool,
    confidence: Word,
    table_version: String,
}

impl ResolvedZoneView {
    /// A zone and what is known of it.
    pub(crate) fn new(zone: proto::Zone, answer: proto::ResolveZoneResponse) -> Self {
        Self {
            zone: zone.into(),
            municipality: answer.municipality,
            other_candidates: answer
                .other_candidates
                .into_iter()
                .map(ZoneView::from)
                .collect(),
            verified: answer.verified,
            confidence: Word::named(answer.confidence),
            table_version: answer.table_version,
        }
    }
}

impl View for ResolvedZoneView {
    fn cells(&self, _local: &TimeZone) -> Vec<(&'static str, String)> {
        let other: Vec<String> = self.other_candidates.iter().map(ZoneView::text).collect();
        let checked = if self.verified {
            "for that day"
        } else {
            "for an earlier day, carried forward"
        };
        vec![
            ("zone", self.zone.text()),
            ("municipality", self.municipality.clone()),
            ("or zone", other.join("; ")),
            ("checked", checked.to_owned()),
            ("confidence", self.confidence.text()),
            ("table", self.table_version.clone()),
        ]
    }
}

/// What a partner offers.
#[derive(Debug, Serialize)]
pub(crate) struct ServiceView {
    service_id: String,
    pub(crate) organisation_id: String,
    pub(crate) name: String,
    organisation_name: String,
    needs: Vec<Word>,
    synthetic: bool,
}

impl From<proto::Service> for ServiceView {
    fn from(service: proto::Service) -> Self {
        Self {
            needs: Word::all::<Need>(&service.needs),
            service_id: service.service_id,
            organisation_id: service.organisation_id,
            name: service.name,
            organisation_name: service.organisation_name,
            synthetic: service.synthetic,
        }
    }
}

impl ServiceView {
    /// Its id, and whether it is invented.
    pub(crate) fn label(&self) -> String {
        if self.synthetic {
            format!("{} (invented)", self.service_id)
        } else {
            self.service_id.clone()
        }
    }
}

impl View for ServiceView {
    fn cells(&self, _local: &TimeZone) -> Vec<(&'static str, String)> {
        let real = if self.synthetic { "invented" } else { "real" };
        vec![
            ("service", self.service_id.clone()),
            ("name", self.name.clone()),
            ("organisation", self.organisation_name.clone()),
            ("needs", words(&self.needs)),
            ("data", real.to_owned()),
        ]
    }
}
