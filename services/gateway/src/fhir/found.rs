//! Something that is there to be read: the resource, when it last changed, and what finds it.

use jiff::Timestamp;
use prost_types::Timestamp as Moment;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{offer::Kind, types::Coding};
use crate::etag::hex;

/// A resource, and what finds it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Found {
    pub(super) id: String,
    /// Nothing where nobody tells.
    pub(super) at: Option<Timestamp>,
    pub(super) resource: Value,
    keys: Vec<(&'static str, Option<String>, String)>,
}

/// What is invented says so, wherever it goes.
pub(super) fn invented() -> Coding {
    Coding {
        system: Some("http://terminology.hl7.org/CodeSystem/v3-ActReason".to_owned()),
        code: Some("HTEST".to_owned()),
        display: Some("test health data".to_owned()),
        ..Coding::default()
    }
}

impl Found {
    /// Puts the version in: the services have none, so it is made of what the resource says.
    pub(super) fn new(kind: Kind, id: String, at: Option<Timestamp>, mut resource: Value) -> Self {
        let hash = Sha256::digest(resource.to_string().as_bytes());
        let tags = resource["meta"]["tag"].take();
        let mut meta = json!({ "versionId": hex(&hash[..8]) });
        if let Some(at) = at {
            meta["lastUpdated"] = instant(at).into();
        }
        if tags.is_array() {
            meta["tag"] = tags;
        }
        resource["resourceType"] = kind.name().into();
        resource["id"] = id.clone().into();
        resource["meta"] = meta;
        let own = ("_id", None, id.clone());
        Self {
            id,
            at,
            resource,
            keys: vec![own],
        }
    }

    /// It is found by this as well.
    pub(super) fn by(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.keys.push((name, None, value.into()));
        self
    }

    /// It is found by this value of a system as well.
    pub(super) fn by_token(
        mut self,
        name: &'static str,
        system: &str,
        value: impl Into<String>,
    ) -> Self {
        self.keys
            .push((name, Some(system.to_owned()), value.into()));
        self
    }

    /// Whether it is found by this: a value, or one of a system (`system|value`).
    pub(super) fn has(&self, name: &str, asked: &str) -> bool {
        let (system, value) = match asked.rsplit_once('|') {
            Some((system, value)) => (Some(system), value),
            None => (None, asked),
        };
        self.keys.iter().any(|(one, its_system, its_value)| {
            *one == name
                && (its_value == value || value.is_empty() && its_system.is_some())
                && system.is_none_or(|system| its_system.as_deref().unwrap_or("") == system)
        })
    }

    /// Where it stands among others.
    pub(super) fn place(&self) -> (i64, &str) {
        (self.at.map_or(0, Timestamp::as_microsecond), &self.id)
    }

    pub(super) fn version(&self) -> &str {
        self.resource["meta"]["versionId"]
            .as_str()
            .unwrap_or_default()
    }
}

/// A moment as FHIR writes it: to the microsecond, as it is kept, so that nothing lies between.
pub(super) fn instant(at: Timestamp) -> String {
    format!("{at:.6}")
}

/// A moment that a service tells.
pub(super) fn moment(told: Option<&Moment>) -> Option<Timestamp> {
    told.and_then(|told| knipperlicht_contracts::from_proto(*told).ok())
}

/// The same as text.
pub(super) fn told(told: Option<&Moment>) -> Option<String> {
    moment(told).map(instant)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_found_is_found_by_value_and_by_system() {
        let found = Found::new(Kind::Task, "a".to_owned(), None, json!({}))
            .by("status", "active")
            .by_token("zone", "urn:z", "oostende-bredene");
        for good in ["oostende-bredene", "urn:z|oostende-bredene", "urn:z|"] {
            assert!(found.has("zone", good), "{good}");
        }
        for bad in [
            "oostende",
            "urn:y|oostende-bredene",
            "|oostende-bredene",
            "",
        ] {
            assert!(!found.has("zone", bad) || bad.is_empty(), "{bad}");
        }
        assert!(found.has("status", "active") && found.has("status", "|active"));
        assert!(found.has("_id", "a") && !found.has("status", "a"));
    }

    #[test]
    fn another_content_is_another_version() {
        let of = |value| Found::new(Kind::Task, "a".to_owned(), None, value);
        let first = of(json!({"status": "draft"}));
        assert_eq!(first.version(), of(json!({"status": "draft"})).version());
        assert_ne!(first.version(), of(json!({"status": "ready"})).version());
    }

    #[test]
    fn a_moment_is_written_to_the_microsecond() {
        let at: Timestamp = "2026-11-21T14:02:03.5Z".parse().unwrap();
        assert_eq!(instant(at), "2026-11-21T14:02:03.500000Z");
    }
}
