//! What this is: the capability statement, the extensions and the lists of codes of our own. All of it
//! is written from the tables that requests are judged by.

use knipperlicht_vocabulary as words;
use serde_json::{Value, json};

use super::{
    found::Found,
    offer::{Interaction, Kind, OFFERS, Offer},
    terms::{List, OWN, Own},
};

const FHIR: &str = "4.0.1";
const DATE: &str = "2026-11-23";
const SECURITY: &str = "http://terminology.hl7.org/CodeSystem/restful-security-service";

/// What is offered at this address.
pub(super) fn capabilities(base: &str) -> Value {
    json!({
        "resourceType": "CapabilityStatement",
        "id": "knipperlicht",
        "url": format!("{OWN}CapabilityStatement/knipperlicht"),
        "version": env!("CARGO_PKG_VERSION"),
        "name": "Knipperlicht",
        "title": "Knipperlicht: signs that a carer is overloaded, and who acts",
        "status": "active",
        "date": DATE,
        "kind": "instance",
        "software": {"name": "Knipperlicht", "version": env!("CARGO_PKG_VERSION")},
        "implementation": {"description": "The FHIR facade of the gateway", "url": base},
        "fhirVersion": FHIR,
        "format": ["application/fhir+json", "json"],
        "rest": [{
            "mode": "server",
            "documentation": "Nothing here says who a carer is: a request names a situation by a \
                pseudonym. Poll with `_lastUpdated`, not more often than each 15 minutes.",
            "security": {
                "cors": false,
                "service": [{"coding": [{"system": SECURITY, "code": "OAuth"}]}],
                "description": "An access token of the organisation's own issuer, as a bearer token. \
                    What its role may see and do is the same as everywhere else.",
            },
            "resource": OFFERS.iter().map(resource).collect::<Vec<_>>(),
        }],
    })
}

fn resource(offer: &Offer) -> Value {
    let interactions = offer.interactions.iter();
    let parameters = offer.parameters.iter();
    let creates = offer.interactions.contains(&Interaction::Create);
    let mut resource = json!({
        "type": offer.kind.name(),
        "documentation": offer.about,
        "interaction": interactions.map(|one| json!({"code": one.code()})).collect::<Vec<_>>(),
        "versioning": "versioned",
        "readHistory": false,
        "updateCreate": false,
        "conditionalCreate": creates,
        "conditionalRead": "not-match",
        "conditionalUpdate": false,
        "conditionalDelete": "not-supported",
        "searchParam": parameters
            .map(|(name, kind, about)| json!({"name": name, "type": kind, "documentation": about}))
            .collect::<Vec<_>>(),
    });
    if matches!(offer.kind, Kind::ServiceRequest | Kind::Task) {
        resource["referencePolicy"] = json!(["literal", "logical"]);
    }
    resource
}

/// The extensions of our own.
pub(super) fn extensions() -> Vec<Found> {
    Own::ALL.iter().map(|own| extension(*own)).collect()
}

/// What an extension holds: a value of one kind, or parts of these kinds.
enum Holds {
    One(&'static str),
    Parts(&'static [(&'static str, &'static str)]),
}

const fn holds(own: Own) -> Holds {
    match own {
        Own::PostalCode | Own::VitalInterestReason => Holds::One("string"),
        Own::AgeBand | Own::Language | Own::Consent | Own::ReporterRole | Own::Urgency => {
            Holds::One("code")
        }
        Own::Zone => Holds::One("Coding"),
        Own::Service => Holds::One("Reference"),
        Own::CallNow => Holds::Parts(&[("number", "string"), ("purpose", "code")]),
        Own::Progress => Holds::Parts(&[("step", "code"), ("at", "instant"), ("outcome", "code")]),
        Own::Detail => Holds::Parts(&[("name", "code"), ("value", "string")]),
    }
}

const fn about(own: Own) -> &'static str {
    match own {
        Own::PostalCode => {
            "Postal code of the cared-for person's home: four digits, in Flanders or Brussels. It decides the zone."
        }
        Own::AgeBand => "The carer's age, coarse enough to say nothing about who it is.",
        Own::Language => "The language in which the carer is best helped (ISO 639-1, or `other`).",
        Own::Consent => "Whether the carer agreed that a partner learns who they are.",
        Own::VitalInterestReason => {
            "Why a vital interest outweighs consent: mandatory with consent `vital_interest`. Taken in, never given out."
        }
        Own::ReporterRole => "In which role the reporter noticed it.",
        Own::Zone => "The primary-care zone (eerstelijnszone).",
        Own::Urgency => {
            "How soon somebody must act, in the words of the line: FHIR's priority is coarser."
        }
        Own::CallNow => "A number to call now, and what it is for: show it at once.",
        Own::Progress => "A step of a signal's way, as its reporter is told it.",
        Own::Service => "The partner's service that is asked.",
        Own::Detail => "A code that goes with what happened.",
    }
}

fn contexts(own: Own) -> &'static [&'static str] {
    match own {
        Own::Detail => &["Provenance"],
        Own::Service => &["Task"],
        Own::PostalCode | Own::AgeBand | Own::Language | Own::Zone | Own::Urgency => {
            &["ServiceRequest", "Task"]
        }
        _ => &["ServiceRequest"],
    }
}

fn extension(own: Own) -> Found {
    let id = own.id();
    let name: String = id.split('-').map(capitalised).collect();
    let contexts = contexts(own).iter();
    let mut element = vec![
        json!({"id": "Extension", "path": "Extension", "short": about(own), "min": 0, "max": "*"}),
    ];
    match holds(own) {
        Holds::One(kind) => {
            element.push(url("Extension", &own.url()));
            element.push(value("Extension", kind));
        }
        Holds::Parts(parts) => {
            for (name, kind) in parts {
                let slice = format!("Extension.extension:{name}");
                element.push(json!({
                    "id": slice, "path": "Extension.extension", "sliceName": name,
                    "min": 0, "max": "1",
                }));
                element.push(url(&slice, name));
                element.push(value(&slice, kind));
            }
            element.push(url("Extension", &own.url()));
            element.push(
                json!({"id": "Extension.value[x]", "path": "Extension.value[x]", "max": "0"}),
            );
        }
    }
    let definition = json!({
        "url": own.url(),
        "version": env!("CARGO_PKG_VERSION"),
        "name": name,
        "title": name,
        "status": "active",
        "date": DATE,
        "publisher": "Knipperlicht",
        "description": about(own),
        "fhirVersion": FHIR,
        "kind": "complex-type",
        "abstract": false,
        "context": contexts
            .map(|one| json!({"type": "element", "expression": one}))
            .collect::<Vec<_>>(),
        "type": "Extension",
        "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Extension",
        "derivation": "constraint",
        "differential": {"element": element},
    });
    Found::new(Kind::StructureDefinition, id.to_owned(), None, definition).by("url", own.url())
}

fn path_of(id: &str) -> &str {
    if id.contains(':') {
        "Extension.extension"
    } else {
        "Extension"
    }
}

fn url(of: &str, url: &str) -> Value {
    let path = format!("{}.url", path_of(of));
    json!({"id": format!("{of}.url"), "path": path, "fixedUri": url})
}

fn value(of: &str, kind: &str) -> Value {
    let path = format!("{}.value[x]", path_of(of));
    json!({"id": format!("{of}.value[x]"), "path": path, "min": 1, "type": [{"code": kind}]})
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

/// The lists of codes of our own.
pub(super) fn code_systems() -> Vec<Found> {
    List::ALL.iter().map(|list| code_system(*list)).collect()
}

macro_rules! codes_of {
    ($list:ident) => {
        words::$list::ALL.iter().map(|one| one.code()).collect()
    };
}

/// The codes of a list; nothing of one that others keep.
fn codes(list: List) -> Vec<&'static str> {
    match list {
        List::Observation => codes_of!(Observation),
        List::Need => codes_of!(Need),
        List::Urgency => codes_of!(Urgency),
        List::Consent => codes_of!(Consent),
        List::DeclineReason => codes_of!(DeclineReason),
        List::Outcome => codes_of!(OutcomeResult),
        List::OutcomeReason => codes_of!(OutcomeReason),
        List::AgeBand => codes_of!(AgeBand),
        List::ReporterRole => codes_of!(ReporterRole),
        List::Step => codes_of!(Step),
        List::ReferralState => codes_of!(ReferralState),
        List::ContactChannel => codes_of!(ContactChannel),
        List::Actor => codes_of!(Actor),
        List::Trend => vec!["better", "worse", "same"],
        List::Term => vec![
            "carer-support",
            "contact-channel",
            "outcome",
            "outcome-reason",
            "late",
            "need",
            "reason",
            "weight",
            "judgement",
            "trend",
            "trend-since-first",
            "direction",
            "higher-is-better",
            "higher-is-worse",
            "overloaded",
        ],
        List::BusinessStatus => vec![
            "pending",
            "ready",
            "in-progress",
            "inactive",
            "completed",
            "cancelled",
            "expired",
        ],
        // Events and errors are added as the line grows: their pages are in docs/.
        List::Happening | List::Error => Vec::new(),
    }
}

fn code_system(list: List) -> Found {
    let name: String = list.id().split('-').map(capitalised).collect();
    let codes = codes(list);
    let mut system = json!({
        "url": list.system(),
        "version": env!("CARGO_PKG_VERSION"),
        "name": name,
        "status": "active",
        "date": DATE,
        "publisher": "Knipperlicht",
        "caseSensitive": true,
        "content": if codes.is_empty() { "not-present" } else { "complete" },
    });
    if !codes.is_empty() {
        let concepts = codes.iter().map(|code| json!({"code": code}));
        system["concept"] = concepts.collect();
    }
    Found::new(Kind::CodeSystem, list.id().to_owned(), None, system).by("url", list.system())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_extension_and_list_is_there_once() {
        let mut ids: Vec<_> = extensions().into_iter().map(|one| one.id).collect();
        let many = ids.len();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), many);
        for list in code_systems() {
            let is_open = list.resource["content"] == "not-present";
            assert_eq!(is_open, list.resource["concept"].is_null(), "{}", list.id);
        }
    }

    #[test]
    fn the_statement_says_what_the_table_says() {
        let told = capabilities("http://localhost/fhir/R4");
        let resources = told["rest"][0]["resource"].as_array().unwrap();
        assert_eq!(resources.len(), OFFERS.len());
        let creates = |one: &&Value| one["conditionalCreate"] == true;
        assert_eq!(resources.iter().filter(creates).count(), 1);
    }
}
