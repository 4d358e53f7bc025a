//! From listings to Open Referral HSDS 3.1 JSON. What it does not write, no listing holds: read
//! again, it changes nothing.

use jiff::civil::Date;
use knipperlicht_vocabulary::{CapacityState, Language};
use serde_json::{Map, Value, json};

use super::terms::{EVERYWHERE, Taxonomy, ZONE, as_uuid, derived};
use crate::model::{
    directory::{Area, Fit, Service},
    listing::{Day, Listing, Opening},
};

/// What a unit of capacity is here.
const UNIT: &str = "referral";

/// What comes before the first service: everything that services refer to.
#[must_use]
pub fn beginning() -> String {
    let taxonomies: Vec<Value> = Taxonomy::ALL
        .into_iter()
        .map(|one| {
            json!({
                "id": one.id(), "name": one.uri(), "description": one.description(), "uri": one.uri(),
            })
        })
        .collect();
    let terms: Vec<Value> = Taxonomy::ALL
        .into_iter()
        .flat_map(|taxonomy| {
            taxonomy.codes().into_iter().map(move |code| {
                json!({
                    "id": taxonomy.term_id(code), "code": code, "name": code,
                    "description": taxonomy.description(), "taxonomy": taxonomy.uri(),
                    "taxonomy_id": taxonomy.id(),
                })
            })
        })
        .collect();
    let units = json!([{ "id": unit_id(), "name": UNIT }]);
    format!(
        "{{\"taxonomies\":{},\n\"taxonomy_terms\":{},\n\"units\":{units},\n\"services\":[",
        Value::Array(taxonomies),
        Value::Array(terms),
    )
}

/// What comes after the last service.
pub const END: &str = "\n]}\n";

/// One service; the first of a file has none before it. On a line of its own.
#[must_use]
pub fn service(listing: &Listing, is_first: bool, today: Date) -> String {
    let comma = if is_first { "" } else { "," };
    format!("{comma}\n{}", value(listing, today))
}

fn value(listing: &Listing, today: Date) -> Value {
    let Listing {
        service, details, ..
    } = listing;
    let id = as_uuid("service", service.id.as_str());
    let parts = Parts(id.to_string());
    let ended = service.has_ended_before(today);
    let mut object = Map::new();
    let mut put = |key: &str, value: Value| {
        let empty = value.is_null() || value.as_array().is_some_and(Vec::is_empty);
        if !empty {
            object.insert(key.to_owned(), value);
        }
    };
    put("id", json!(id));
    put("name", json!(service.name));
    put("status", json!(if ended { "inactive" } else { "active" }));
    put("description", json!(details.description));
    put("url", json!(service.url));
    put("email", json!(details.email));
    put("eligibility_description", json!(details.eligibility));
    put("minimum_age", json!(details.minimum_age));
    put("maximum_age", json!(details.maximum_age));
    put("assured_date", json!(listing.verified_on));
    put("organization", organisation(service));
    put("service_areas", areas(service, &parts));
    put("languages", languages(service, &parts));
    put(
        "required_documents",
        parts.list(
            "required_document",
            &details.required_documents,
            |one| json!({ "document": one }),
        ),
    );
    put(
        "phones",
        parts.list(
            "phone",
            details.phone.as_slice(),
            |one| json!({ "number": one }),
        ),
    );
    put(
        "schedules",
        parts.list("schedule", &details.opening, schedule),
    );
    put("capacities", capacities(listing, &parts));
    put("attributes", attributes(listing, &parts));
    Value::Object(object)
}

/// Gives the parts of a service their ids.
struct Parts(String);

impl Parts {
    fn list<T>(&self, kind: &str, things: &[T], value: impl Fn(&T) -> Value) -> Value {
        let values = things.iter().enumerate().map(|(position, thing)| {
            let mut part = value(thing);
            part["id"] = json!(derived(&[&self.0, kind, &position.to_string()]));
            part
        });
        Value::Array(values.collect())
    }
}

fn organisation(service: &Service) -> Value {
    let own = service.organisation.as_str();
    let id = as_uuid("organization", own);
    let mut organisation = json!({
        "id": id, "name": service.organisation_name, "description": service.organisation_name,
    });
    if id.to_string() != own {
        let parts = Parts(id.to_string());
        organisation["attributes"] = parts.list(
            "attribute",
            &[(Taxonomy::Id, "organization_id", Some(own.to_owned()))],
            attribute,
        );
    }
    organisation
}

fn areas(service: &Service, parts: &Parts) -> Value {
    if !service.postal_codes.is_empty() {
        let codes: Vec<String> = service
            .postal_codes
            .iter()
            .map(ToString::to_string)
            .collect();
        return parts.list(
            "service_area",
            &[codes.join(",")],
            |extent| json!({ "extent_type": "text", "extent": extent }),
        );
    }
    match &service.area {
        Area::Zones(zones) => parts.list(
            "service_area",
            zones,
            |zone| json!({ "name": zone, "uri": format!("{ZONE}{zone}") }),
        ),
        Area::Everywhere => parts.list("service_area", &[EVERYWHERE], |uri| json!({ "uri": uri })),
    }
}

fn languages(service: &Service, parts: &Parts) -> Value {
    parts.list(
        "language",
        &service.languages,
        |language: &Language| json!({ "code": language.code() }),
    )
}

fn schedule(opening: &Opening) -> Value {
    let days: Vec<&str> = opening.days.iter().map(|day| Day::code(*day)).collect();
    let mut schedule = json!({ "freq": "WEEKLY", "byday": days.join(",") });
    for (key, time) in [
        ("opens_at", opening.opens_at),
        ("closes_at", opening.closes_at),
    ] {
        if let Some(time) = time {
            schedule[key] = json!(time.to_string());
        }
    }
    schedule
}

fn capacities(listing: &Listing, parts: &Parts) -> Value {
    parts.list(
        "service_capacity",
        listing.service.capacity.as_slice(),
        |capacity| {
            let mut said = vec![(Taxonomy::Capacity, capacity.state.code(), None)];
            if let Some(until) = listing.capacity_until {
                said.push((Taxonomy::Capacity, "until", Some(until.to_string())));
            }
            let within = Parts(format!("{} capacity", parts.0));
            json!({
                "unit_id": unit_id(),
                // HSDS wants a number; what is known is whether there is room. See the attribute.
                "available": u8::from(capacity.state == CapacityState::Available),
                "updated": capacity.stated_at,
                "attributes": within.list("attribute", &said, attribute),
            })
        },
    )
}

fn attributes(listing: &Listing, parts: &Parts) -> Value {
    let service = &listing.service;
    let mut said: Vec<(Taxonomy, &str, Option<String>)> = Vec::new();
    if parts.0 != service.id.as_str() {
        said.push((Taxonomy::Id, "service_id", Some(service.id.to_string())));
    }
    said.extend(
        service
            .needs
            .iter()
            .map(|need| (Taxonomy::Need, need.code(), None)),
    );
    let bands = service.age_bands.iter();
    said.extend(bands.map(|band| (Taxonomy::AgeBand, band.code(), None)));
    // Otherwise the ages would be read as bands.
    let ages = listing.details.minimum_age.or(listing.details.maximum_age);
    if service.age_bands.is_empty() && ages.is_some() {
        said.push((Taxonomy::AgeBand, "all", None));
    }
    if let Some(group) = &service.target_group {
        said.push((Taxonomy::TargetGroup, "target_group", Some(group.clone())));
    }
    if service.fit == Fit::Specific {
        said.push((Taxonomy::Fit, "specific", None));
    }
    if service.synthetic {
        said.push((Taxonomy::Synthetic, "synthetic", None));
    }
    let first = service.valid_from.to_string();
    said.push((Taxonomy::Validity, "valid_from", Some(first)));
    if let Some(last) = service.valid_to {
        said.push((Taxonomy::Validity, "valid_to", Some(last.to_string())));
    }
    parts.list("attribute", &said, attribute)
}

fn attribute((taxonomy, code, value): &(Taxonomy, &str, Option<String>)) -> Value {
    let mut attribute = json!({ "taxonomy_term_id": taxonomy.term_id(code) });
    if let Some(value) = value {
        attribute["value"] = json!(value);
    }
    attribute
}

fn unit_id() -> uuid::Uuid {
    derived(&["unit", UNIT])
}
