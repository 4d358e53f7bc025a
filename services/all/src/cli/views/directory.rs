//! The directory: services with all that is known of them, and what an import came to.

use jiff::tz::TimeZone;
use knipperlicht_contracts::routing::v1 as proto;
use knipperlicht_vocabulary::{AgeBand, CapacityState, Language, Need};
use serde::Serialize;

use super::{Moment, View, Word, words};

/// A service with all that is known of it.
#[derive(Debug, Serialize)]
pub(crate) struct ListingView {
    service_id: String,
    organisation_id: String,
    name: String,
    organisation_name: String,
    needs: Vec<Word>,
    everywhere: bool,
    zones: Vec<String>,
    postal_codes: Vec<String>,
    languages: Vec<Word>,
    age_bands: Vec<Word>,
    target_group: String,
    capacity: Option<CapacityView>,
    valid_from: String,
    valid_to: String,
    verified_on: String,
    stale: bool,
    description: String,
    eligibility: String,
    url: String,
    email: String,
    phone: String,
    opening: Vec<String>,
    synthetic: bool,
}

#[derive(Debug, Serialize)]
struct CapacityView {
    state: Option<Word>,
    stated_at: Option<Moment>,
    until: String,
    holds: bool,
}

impl From<proto::Service> for ListingView {
    fn from(service: proto::Service) -> Self {
        Self {
            needs: Word::all::<Need>(&service.needs),
            languages: Word::all::<Language>(&service.languages),
            age_bands: Word::all::<AgeBand>(&service.age_bands),
            capacity: service.capacity.map(|capacity| CapacityView {
                state: Word::of::<CapacityState>(capacity.state),
                stated_at: Moment::of(capacity.stated_at),
                until: capacity.until,
                holds: capacity.holds,
            }),
            service_id: service.service_id,
            organisation_id: service.organisation_id,
            name: service.name,
            organisation_name: service.organisation_name,
            everywhere: service.everywhere,
            zones: service.zone_ids,
            postal_codes: service.postal_codes,
            target_group: service.target_group,
            valid_from: service.valid_from,
            valid_to: service.valid_to,
            verified_on: service.verified_on,
            stale: service.stale,
            description: service.description,
            eligibility: service.eligibility,
            url: service.url,
            email: service.email,
            phone: service.phone,
            opening: service.opening,
            synthetic: service.synthetic,
        }
    }
}

impl ListingView {
    fn area(&self) -> String {
        if self.everywhere {
            "everywhere".to_owned()
        } else if self.postal_codes.is_empty() {
            self.zones.join(", ")
        } else {
            self.postal_codes.join(", ")
        }
    }

    fn offered(&self) -> String {
        if self.valid_to.is_empty() {
            format!("from {}", self.valid_from)
        } else {
            format!("{} to {}", self.valid_from, self.valid_to)
        }
    }

    fn verified(&self) -> String {
        match (self.verified_on.as_str(), self.stale) {
            ("", _) => "never".to_owned(),
            (day, true) => format!("{day}, too long ago"),
            (day, false) => day.to_owned(),
        }
    }

    fn room(&self, local: &TimeZone) -> String {
        let Some(capacity) = &self.capacity else {
            return "unknown".to_owned();
        };
        let state = capacity.state.as_ref().map(Word::text).unwrap_or_default();
        let at = capacity.stated_at.map(|at| at.text(local));
        let at = at.unwrap_or_default();
        if !capacity.holds {
            format!("unknown ({state} on {at}, too long ago)")
        } else if capacity.until.is_empty() {
            format!("{state} ({at})")
        } else {
            format!("{state} ({at}, until {})", capacity.until)
        }
    }
}

impl View for ListingView {
    fn cells(&self, local: &TimeZone) -> Vec<(&'static str, String)> {
        vec![
            ("service", self.service_id.clone()),
            ("name", self.name.clone()),
            ("room", self.room(local)),
            ("area", self.area()),
            ("languages", words(&self.languages)),
            ("needs", words(&self.needs)),
            ("offered", self.offered()),
            ("verified", self.verified()),
            (
                "data",
                if self.synthetic { "invented" } else { "real" }.to_owned(),
            ),
        ]
    }
}

/// What an import came to.
#[derive(Debug, Serialize)]
pub(crate) struct ImportView {
    stored: bool,
    dry_run: bool,
    services: i64,
    added: i64,
    changed: i64,
    ended: i64,
    directory_version: i64,
    lines: Vec<ImportLineView>,
    lines_left_out: i64,
}

impl ImportView {
    /// What the report says, without its lines.
    pub(crate) const fn new(report: &proto::ImportServicesResponse, dry_run: bool) -> Self {
        Self {
            stored: report.stored,
            dry_run,
            services: report.services,
            added: report.added,
            changed: report.changed,
            ended: report.ended,
            directory_version: report.directory_version,
            lines: Vec::new(),
            lines_left_out: report.lines_left_out,
        }
    }

    /// With its lines.
    pub(crate) fn with(self, lines: Vec<ImportLineView>) -> Self {
        Self { lines, ..self }
    }
}

impl View for ImportView {
    fn cells(&self, _local: &TimeZone) -> Vec<(&'static str, String)> {
        let outcome = match (self.stored, self.dry_run) {
            (true, _) => "stored",
            (false, true) => "only tried, nothing stored",
            (false, false) => "refused, nothing stored",
        };
        let version = if self.directory_version == 0 {
            "as before".to_owned()
        } else {
            self.directory_version.to_string()
        };
        vec![
            ("outcome", outcome.to_owned()),
            ("services", self.services.to_string()),
            ("new", self.added.to_string()),
            ("changed", self.changed.to_string()),
            ("ended", self.ended.to_string()),
            ("directory", version),
        ]
    }
}

/// A line of an import's report.
#[derive(Debug, Serialize)]
pub(crate) struct ImportLineView {
    line: i64,
    path: String,
    code: String,
    pub(crate) wrong: bool,
    what: String,
    remedy: String,
}

impl From<proto::ImportLine> for ImportLineView {
    fn from(line: proto::ImportLine) -> Self {
        Self {
            line: line.line,
            path: line.path,
            code: line.code,
            wrong: line.wrong,
            what: line.what,
            remedy: line.remedy,
        }
    }
}

impl View for ImportLineView {
    fn cells(&self, _local: &TimeZone) -> Vec<(&'static str, String)> {
        let place = if self.line == 0 {
            self.path.clone()
        } else {
            format!("line {}, {}", self.line, self.path)
        };
        vec![
            ("place", place),
            ("code", self.code.clone()),
            ("what", self.what.clone()),
            ("what to do", self.remedy.clone()),
        ]
    }
}
