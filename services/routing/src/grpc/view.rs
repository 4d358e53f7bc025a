//! From the model to the wire.

use jiff::{Timestamp, civil::Date};
use knipperlicht_contracts::{routing::v1 as pb, to_proto};
use knipperlicht_vocabulary::{AgeBand, Language, Need, PostalCode, SituationId, ZoneId};
use knipperlicht_zones as zones;
use serde::Serialize;

use crate::model::{
    case::Item,
    directory::{Area, Directory, Service},
    listing::{Day, Listing, Opening},
    points::PointsTable,
    referral::{Move, Referral, State},
};

/// A zone.
pub(super) fn zone(zone: &zones::Zone) -> pb::Zone {
    pb::Zone {
        zone_id: zone.id.to_string(),
        name: zone.name.to_string(),
        province: word(zone.province),
    }
}

/// The other zones that a postal code may belong to on a day, besides the one it is taken to lie
/// in: a boundary case that a coordinator should see. None where there is no doubt.
pub(super) fn other_zones(
    table: &zones::ZoneTable,
    postal_code: PostalCode,
    on: Date,
    taken_for: &ZoneId,
) -> Vec<pb::Zone> {
    let Ok(resolution) = table.resolve(postal_code, on) else {
        return Vec::new();
    };
    resolution
        .candidates()
        .filter(|other| other.id != *taken_for)
        .map(zone)
        .collect()
}

/// How sure a row of the zone table is.
pub(super) fn confidence(confidence: zones::Confidence) -> String {
    word(confidence)
}

/// The code by which a value is written everywhere else.
fn word(value: impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}

/// A service.
pub(super) fn service(service: &Service) -> pb::Service {
    pb::Service {
        service_id: service.id.to_string(),
        organisation_id: service.organisation.to_string(),
        name: service.name.clone(),
        organisation_name: service.organisation_name.clone(),
        needs: service.needs.iter().map(Need::number).collect(),
        synthetic: service.synthetic,
        ..pb::Service::default()
    }
}

/// A service with everything that is known of it.
pub(super) fn listing(
    listing: &Listing,
    points: &PointsTable,
    now: Timestamp,
    today: Date,
) -> pb::Service {
    let Listing {
        service: told,
        details,
        ..
    } = listing;
    let zone_ids = match &told.area {
        Area::Everywhere => Vec::new(),
        Area::Zones(zones) => zones.iter().map(ToString::to_string).collect(),
    };
    let day = |day: Option<Date>| day.map(|day| day.to_string()).unwrap_or_default();
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    pb::Service {
        everywhere: told.area == Area::Everywhere,
        zone_ids,
        postal_codes: told.postal_codes.iter().map(ToString::to_string).collect(),
        languages: told
            .languages
            .iter()
            .copied()
            .map(Language::number)
            .collect(),
        age_bands: told
            .age_bands
            .iter()
            .copied()
            .map(AgeBand::number)
            .collect(),
        target_group: text(&told.target_group),
        capacity: told.capacity.map(|capacity| pb::Capacity {
            state: capacity.state.number(),
            stated_at: Some(to_proto(capacity.stated_at)),
            until: day(listing.capacity_until),
            holds: listing.capacity_holds(&points.capacity_holds, now, today),
        }),
        valid_from: told.valid_from.to_string(),
        valid_to: day(told.valid_to),
        verified_on: day(listing.verified_on),
        stale: listing.is_stale(today),
        description: text(&details.description),
        eligibility: text(&details.eligibility),
        url: text(&told.url),
        email: text(&details.email),
        phone: text(&details.phone),
        opening: details.opening.iter().map(opening).collect(),
        ..service(told)
    }
}

fn opening(opening: &Opening) -> String {
    let days: Vec<&str> = opening.days.iter().map(|day| Day::code(*day)).collect();
    let hours = [opening.opens_at, opening.closes_at].map(|time| time.map(|time| time.to_string()));
    match hours {
        [None, None] => days.join(","),
        [opens, closes] => format!(
            "{} {}-{}",
            days.join(","),
            opens.unwrap_or_default(),
            closes.unwrap_or_default()
        ),
    }
}

/// A referral. A service that left the directory since is shown by its ids.
pub(super) fn referral(
    situation: SituationId,
    referral: &Referral,
    directory: &Directory,
) -> pb::Referral {
    let shown = directory.service(&referral.service).map_or_else(
        || pb::Service {
            service_id: referral.service.to_string(),
            organisation_id: referral.organisation.to_string(),
            ..pb::Service::default()
        },
        service,
    );
    let reason = match referral.state {
        State::Declined(reason) => reason.number(),
        _ => 0,
    };
    pb::Referral {
        referral_id: referral.id.to_string(),
        situation_id: situation.to_string(),
        previous_referral_id: referral
            .previous
            .map(|previous| previous.to_string())
            .unwrap_or_default(),
        service: Some(shown),
        zone_id: referral.circumstances.zone.to_string(),
        postal_code: referral.circumstances.postal_code.to_string(),
        needs: numbers(&referral.needs),
        urgency: referral.urgency.number(),
        language: referral.circumstances.language.number(),
        age_band: referral.circumstances.age_band.map_or(0, AgeBand::number),
        state: referral.state.code().number(),
        state_since: Some(to_proto(referral.state_since)),
        decline_reason: reason,
        requested_at: referral.requested_at.map(to_proto),
        other_candidates: Vec::new(),
        takes_over_referral_id: referral
            .takes_over
            .map(|giver| giver.to_string())
            .unwrap_or_default(),
    }
}

/// A coordinator's item, with the other zones it may belong to.
pub(super) fn item(
    situation: SituationId,
    item: &Item,
    other_candidates: Vec<pb::Zone>,
) -> pb::Item {
    pb::Item {
        item_id: item.id.to_string(),
        situation_id: situation.to_string(),
        kind: item.kind.number(),
        zone_id: item.circumstances.zone.to_string(),
        postal_code: item.circumstances.postal_code.to_string(),
        needs: numbers(&item.needs),
        urgency: item.urgency.number(),
        opened_at: Some(to_proto(item.opened_at)),
        other_candidates,
        referral_id: item
            .referral
            .map(|referral| referral.to_string())
            .unwrap_or_default(),
        escalated_at: item.escalated_at.map(to_proto),
    }
}

/// What can be done with a referral.
pub(super) const fn action(step: Move) -> pb::Action {
    match step {
        Move::Accept => pb::Action::Accept,
        Move::Decline(_) => pb::Action::Decline,
        Move::Redirect => pb::Action::Redirect,
        Move::Hold => pb::Action::Hold,
        Move::Release => pb::Action::Release,
        Move::Cancel => pb::Action::Cancel,
        Move::HandOver => pb::Action::HandOver,
        Move::Consent | Move::Expire | Move::Merge | Move::Unmerge => pb::Action::Unspecified,
    }
}

pub(super) fn numbers(needs: &[Need]) -> Vec<i32> {
    needs.iter().map(|need| need.number()).collect()
}
