//! How an answer looks: FHIR JSON, kept by nobody on the way, with the version of what it holds.

use axum::{body::Body, response::Response};
use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, VARY},
};
use serde::Serialize;
use serde_json::{Map, Value};

use super::{outcome::Refusal, query::Query};

pub(super) const FHIR_JSON: &str = "application/fhir+json";
const ANSWERED: &str = "application/fhir+json; charset=utf-8";

/// A resource as JSON, its type first. Nothing where it cannot be written, which our types can.
pub(super) fn json<T: Serialize>(kind: &str, resource: &T) -> Value {
    let mut whole = Map::new();
    whole.insert("resourceType".to_owned(), kind.into());
    if let Ok(Value::Object(fields)) = serde_json::to_value(resource) {
        whole.extend(fields);
    }
    Value::Object(whole)
}

pub(super) fn of(status: StatusCode, body: &Value) -> Response {
    let mut response = empty(status);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(ANSWERED));
    // The version is the answer's own: whoever asks may see more, or less, than another.
    let version = body["meta"]["versionId"].as_str();
    let etag = version.and_then(|version| HeaderValue::try_from(format!("W/\"{version}\"")).ok());
    if let Some(etag) = etag {
        headers.insert(ETAG, etag);
    }
    *response.body_mut() = Body::from(body.to_string());
    response
}

pub(super) fn empty(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(VARY, HeaderValue::from_static("authorization, accept"));
    response
}

/// Whether an answer can be in the format that was asked for; there is one.
pub(super) fn check_format(query: &Query, headers: &HeaderMap) -> Result<(), Refusal> {
    if let Some(format) = query.format() {
        return if is_json(format) {
            Ok(())
        } else {
            Err(Refusal::format())
        };
    }
    let accepted: Vec<_> = headers
        .get_all(http::header::ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|one| one.split(';').next().unwrap_or_default().trim())
        .filter(|one| !one.is_empty())
        .collect();
    let takes = |one: &&str| is_json(one) || matches!(*one, "*/*" | "application/*");
    if accepted.is_empty() || accepted.iter().any(takes) {
        Ok(())
    } else {
        Err(Refusal::format())
    }
}

/// Whether what was sent says that it is JSON.
pub(super) fn check_sent(headers: &HeaderMap) -> Result<(), Refusal> {
    let kind = headers.get(CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if is_json(kind) && kind != "json" {
        Ok(())
    } else {
        Err(Refusal::sent_format())
    }
}

fn is_json(kind: &str) -> bool {
    // A `+` in an address that nobody escaped is a blank.
    [
        "json",
        "application/json",
        FHIR_JSON,
        "application/fhir json",
    ]
    .iter()
    .any(|known| kind.eq_ignore_ascii_case(known))
}

/// What whoever writes wants back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    Representation,
    Minimal,
    Outcome,
}

/// What `Prefer` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Preference {
    pub(super) wanted: Wanted,
    /// Whether what is not known in a search is passed over.
    pub(super) lenient: bool,
}

pub(super) fn preference(headers: &HeaderMap) -> Preference {
    let mut preference = Preference {
        wanted: Wanted::Representation,
        lenient: false,
    };
    let said = headers.get_all("prefer").iter();
    let said = said.filter_map(|value| value.to_str().ok());
    for one in said.flat_map(|value| value.split([',', ';'])) {
        match one.trim() {
            "return=minimal" => preference.wanted = Wanted::Minimal,
            "return=OperationOutcome" => preference.wanted = Wanted::Outcome,
            "return=representation" => preference.wanted = Wanted::Representation,
            "handling=lenient" => preference.lenient = true,
            _ => {}
        }
    }
    preference
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asking(name: &'static str, value: &'static str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::from_static(value));
        headers
    }

    #[test]
    fn json_is_answered_to_whoever_takes_it() {
        let plain = Query::parse("").unwrap();
        for good in [
            "application/fhir+json",
            "application/json",
            "*/*",
            "application/fhir+xml;q=0.5, application/fhir+json",
        ] {
            assert!(
                check_format(&plain, &asking("accept", good)).is_ok(),
                "{good}"
            );
        }
        let xml = asking("accept", "application/fhir+xml");
        assert_eq!(check_format(&plain, &xml), Err(Refusal::format()));
        // What stands in the address counts for more.
        let said = Query::parse("_format=json").unwrap();
        assert!(check_format(&said, &xml).is_ok());
        let said = Query::parse("_format=xml").unwrap();
        assert!(check_format(&said, &asking("accept", "*/*")).is_err());
    }

    #[test]
    fn what_is_sent_says_what_it_is() {
        for good in ["application/fhir+json", "application/json; charset=utf-8"] {
            assert!(check_sent(&asking("content-type", good)).is_ok(), "{good}");
        }
        for bad in ["json", "text/plain", "application/fhir+xml"] {
            assert!(check_sent(&asking("content-type", bad)).is_err(), "{bad}");
        }
        assert!(check_sent(&HeaderMap::new()).is_err());
    }

    #[test]
    fn a_preference_is_heard() {
        let said = preference(&asking("prefer", "return=minimal, handling=lenient"));
        assert_eq!((said.wanted, said.lenient), (Wanted::Minimal, true));
        let nothing = preference(&asking("prefer", "respond-async"));
        assert_eq!(nothing.wanted, Wanted::Representation);
    }
}
