//! From Open Referral HSDS 3, as JSON: services with their parts nested in them, alone, in a list,
//! on a page of an HSDS API, or in a package whose organisations, units and taxonomies they refer
//! to.

use std::collections::{HashMap, HashSet};

use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use super::{
    Check, Reading,
    draft::{Draft, DraftArea, DraftOpening, Text},
    fault::{Fault, FaultKind, Place},
    terms::{EVERYWHERE, Taxonomy, ZONE, own_terms},
};

/// A package: HSDS has no form for several records in one file (its page "Serialization"), so its
/// tables' names hold what its tables hold, and a page of its API holds services alone.
#[derive(Deserialize)]
struct Package<'f> {
    #[serde(borrow)]
    services: Option<Vec<&'f RawValue>>,
    #[serde(borrow)]
    contents: Option<Vec<&'f RawValue>>,
    #[serde(default)]
    organizations: Vec<Value>,
    #[serde(default)]
    taxonomies: Vec<Value>,
    #[serde(default)]
    taxonomy_terms: Vec<Value>,
    #[serde(default)]
    units: Vec<Value>,
}

pub(super) fn read(file: &[u8], check: &Check<'_>) -> Reading {
    let file = file.strip_prefix(b"\xef\xbb\xbf").unwrap_or(file);
    let first = file.iter().find(|byte| !byte.is_ascii_whitespace());
    let package = if first == Some(&b'[') {
        serde_json::from_slice::<Vec<&RawValue>>(file).map(|services| (services, "", None))
    } else {
        serde_json::from_slice::<Package<'_>>(file).and_then(|mut package| {
            match (package.services.take(), package.contents.take()) {
                (Some(services), _) => Ok((services, "services", Some(package))),
                (None, Some(services)) => Ok((services, "contents", Some(package))),
                // One service alone.
                (None, None) => serde_json::from_slice::<&RawValue>(file)
                    .map(|service| (vec![service], "", None)),
            }
        })
    };
    let (services, list, package) = match package {
        Ok(package) => package,
        Err(error) => {
            let place = Place {
                line: u64::try_from(error.line()).unwrap_or_default(),
                path: format!("column {}", error.column()),
            };
            return Reading::refuse(place, error.to_string());
        }
    };
    let mut reading = Reading::default();
    let shelf = Shelf::of(package.as_ref(), &mut reading.faults);
    for (position, service) in services.into_iter().enumerate() {
        let path = format!("{list}[{position}]");
        let before = reading.faults.len();
        match serde_json::from_str::<Value>(service.get()) {
            Ok(value) if value.is_object() => {
                let reader = Reader {
                    shelf: &shelf,
                    faults: &mut reading.faults,
                };
                if let Some(draft) = reader.service(&Node {
                    value: &value,
                    path,
                }) {
                    reading.take(&draft, before, check);
                }
            }
            _ => reading.faults.push(Fault {
                place: Place { line: 0, path },
                kind: FaultKind::Unreadable,
                what: "this is no service".to_owned(),
            }),
        }
    }
    reading
}

/// What services may refer to, by id.
struct Shelf<'p> {
    organisations: HashMap<&'p str, (usize, &'p Value)>,
    units: HashSet<&'p str>,
    terms: HashMap<String, (Taxonomy, String)>,
    /// Terms of taxonomies that say nothing to us.
    foreign: HashSet<&'p str>,
}

impl<'p> Shelf<'p> {
    fn of(package: Option<&'p Package<'_>>, faults: &mut Vec<Fault>) -> Self {
        let own = own_terms().into_iter();
        let mut shelf = Self {
            organisations: HashMap::new(),
            units: HashSet::new(),
            terms: own
                .map(|(id, (taxonomy, code))| (id, (taxonomy, code.to_owned())))
                .collect(),
            foreign: HashSet::new(),
        };
        let Some(package) = package else {
            return shelf;
        };
        let id = |value: &'p Value| value.get("id").and_then(Value::as_str);
        for (position, one) in package.organizations.iter().enumerate() {
            shelf
                .organisations
                .extend(id(one).map(|id| (id, (position, one))));
        }
        shelf.units.extend(package.units.iter().filter_map(id));
        let taxonomies: HashMap<&str, &str> = package
            .taxonomies
            .iter()
            .filter_map(|one| {
                Some((
                    id(one)?,
                    one.get("uri").and_then(Value::as_str).unwrap_or_default(),
                ))
            })
            .collect();
        for (position, term) in package.taxonomy_terms.iter().enumerate() {
            let Some(term_id) = id(term) else { continue };
            let within = term.get("taxonomy_id").and_then(Value::as_str);
            if let Some(within) = within
                && !taxonomies.contains_key(within)
            {
                faults.push(Fault {
                    place: Place {
                        line: 0,
                        path: format!("taxonomy_terms[{position}].taxonomy_id"),
                    },
                    kind: FaultKind::Dangling,
                    what: format!("the file has no taxonomy `{within}`"),
                });
            }
            let named = within.and_then(|within| taxonomies.get(within).copied());
            match meaning(term, named) {
                Some(term) => {
                    shelf.terms.insert(term_id.to_owned(), term);
                }
                None => {
                    shelf.foreign.insert(term_id);
                }
            }
        }
        shelf
    }
}

/// What a taxonomy term says to us, if anything.
fn meaning(term: &Value, taxonomy: Option<&str>) -> Option<(Taxonomy, String)> {
    let text = |value: Option<&Value>| value.and_then(Value::as_str).map(ToOwned::to_owned);
    let nested = term
        .get("taxonomy_detail")
        .and_then(|detail| detail.get("uri"));
    let named = text(term.get("taxonomy")).or_else(|| text(nested));
    let taxonomy = Taxonomy::named(named.as_deref().or(taxonomy)?)?;
    Some((taxonomy, text(term.get("code")).unwrap_or_default()))
}

/// A value and where it stands.
struct Node<'v> {
    value: &'v Value,
    path: String,
}

impl<'v> Node<'v> {
    fn place(&self, key: &str) -> Place {
        Place {
            line: 0,
            path: format!("{}.{key}", self.path),
        }
    }

    fn child(&self, key: &str) -> Option<Node<'v>> {
        let value = self.value.get(key).filter(|value| value.is_object())?;
        Some(Node {
            value,
            path: format!("{}.{key}", self.path),
        })
    }

    fn list(&self, key: &str) -> Vec<Node<'v>> {
        let list = self.value.get(key).and_then(Value::as_array);
        let list = list.map(Vec::as_slice).unwrap_or_default().iter();
        list.enumerate()
            .map(|(position, value)| Node {
                value,
                path: format!("{}.{key}[{position}]", self.path),
            })
            .collect()
    }
}

/// An attribute that says something to us.
struct Attribute {
    taxonomy: Taxonomy,
    code: Text,
    value: Text,
}

struct Reader<'r> {
    shelf: &'r Shelf<'r>,
    faults: &'r mut Vec<Fault>,
}

impl Reader<'_> {
    fn service(mut self, node: &Node<'_>) -> Option<Draft> {
        let mut draft = Draft {
            id: self.text(node, "id"),
            name: self.text(node, "name"),
            url: self.text(node, "url"),
            description: self.text(node, "description"),
            eligibility: self.text(node, "eligibility_description"),
            minimum_age: self.text(node, "minimum_age"),
            maximum_age: self.text(node, "maximum_age"),
            verified_on: self.text(node, "assured_date"),
            email: self.text(node, "email"),
            needs_place: node.place("attributes"),
            area: self.area(node),
            languages_place: node.place("languages"),
            ..Draft::default()
        };
        for language in node.list("languages") {
            draft.languages.push(self.text(&language, "code"));
        }
        for document in node.list("required_documents") {
            draft
                .required_documents
                .push(self.text(&document, "document"));
        }
        for attribute in self.attributes(node) {
            let Attribute {
                taxonomy,
                code,
                value,
            } = attribute;
            match (taxonomy, code.text.as_str()) {
                (Taxonomy::Need, _) => draft.needs.push(code),
                (Taxonomy::AgeBand, _) => draft.age_bands.push(code),
                (Taxonomy::TargetGroup, _) => draft.target_group = value,
                (Taxonomy::Fit, _) => draft.fit = code,
                (Taxonomy::Synthetic, _) => draft.synthetic = true,
                (Taxonomy::Validity, "valid_from") => draft.valid_from = value,
                (Taxonomy::Validity, "valid_to") => draft.valid_to = value,
                (Taxonomy::Id, "service_id") => draft.id = value,
                (Taxonomy::Validity | Taxonomy::Id | Taxonomy::Capacity, other) => {
                    let what = format!("`{other}` says nothing of a service");
                    self.fault(code.place, FaultKind::Code, what);
                }
            }
        }
        self.organisation(node, &mut draft);
        self.phone(node, &mut draft);
        self.capacity(node, &mut draft);
        self.schedules(node, &mut draft);
        self.is_listed(node, &draft).then_some(draft)
    }

    /// What is not offered is listed only where its last day is known.
    fn is_listed(&mut self, node: &Node<'_>, draft: &Draft) -> bool {
        let status = self.text(node, "status");
        match status.text.as_str() {
            "" | "active" => true,
            "inactive" | "defunct" | "temporarily closed" => {
                let listed = !draft.valid_to.text.is_empty();
                if !listed {
                    let what = format!("the service is {}", status.text);
                    self.fault(status.place, FaultKind::LeftOut, what);
                }
                listed
            }
            _ => {
                let what = "known are: active, inactive, defunct, temporarily closed".to_owned();
                self.fault(status.place, FaultKind::Code, what);
                true
            }
        }
    }

    fn organisation(&mut self, node: &Node<'_>, draft: &mut Draft) {
        let by_id = self.text(node, "organization_id");
        let organisations = &self.shelf.organisations;
        let nested = node.child("organization").or_else(|| {
            let (position, value) = organisations.get(by_id.text.as_str())?;
            Some(Node {
                value,
                path: format!("organizations[{position}]"),
            })
        });
        let Some(organisation) = nested else {
            if by_id.text.is_empty() {
                draft.organisation.place = node.place("organization");
                draft.organisation_name.place = node.place("organization");
            } else {
                let what = format!("the file has no organization `{}`", by_id.text);
                self.fault(by_id.place, FaultKind::Dangling, what);
                // Said once is enough.
                draft.organisation.text.clone_from(&by_id.text);
                draft.organisation_name.text = by_id.text;
            }
            return;
        };
        draft.organisation = self.text(&organisation, "id");
        draft.organisation_name = self.text(&organisation, "name");
        if draft.url.text.is_empty() {
            draft.url = self.text(&organisation, "website");
        }
        if draft.email.text.is_empty() {
            draft.email = self.text(&organisation, "email");
        }
        for attribute in self.attributes(&organisation) {
            if attribute.taxonomy == Taxonomy::Id {
                draft.organisation = attribute.value;
            }
        }
    }

    /// The first number that belongs to the service, or to its organisation.
    fn phone(&mut self, node: &Node<'_>, draft: &mut Draft) {
        let organisation = node.child("organization");
        let phones = node.list("phones").into_iter();
        let phones = phones.chain(organisation.iter().flat_map(|one| one.list("phones")));
        if let Some(phone) = phones.take(1).next() {
            draft.phone = self.text(&phone, "number");
        }
        for contact in node.list("contacts") {
            let place = Place {
                line: 0,
                path: contact.path,
            };
            let what = "a person's name and address are not kept, only those of the organisation";
            self.fault(place, FaultKind::NotKept, what.to_owned());
        }
    }

    fn area(&mut self, node: &Node<'_>) -> DraftArea {
        let mut area = DraftArea {
            place: node.place("service_areas"),
            ..DraftArea::default()
        };
        for one in node.list("service_areas") {
            let uri = self.text(&one, "uri");
            let extent = self.text(&one, "extent");
            if let Some(zone) = uri.text.strip_prefix(ZONE) {
                area.zones.push(Text {
                    text: zone.to_owned(),
                    place: uri.place,
                });
            } else if uri.text == EVERYWHERE {
                area.everywhere = true;
            } else if self.text(&one, "extent_type").text == "text" {
                let codes = extent
                    .text
                    .split([',', ';', ' '])
                    .filter(|code| !code.is_empty());
                area.postal_codes.extend(codes.map(|code| Text {
                    place: extent.place.clone(),
                    text: code.to_owned(),
                }));
            } else {
                let place = Place {
                    line: 0,
                    path: one.path,
                };
                let what = format!(
                    "neither a `uri` that begins with {ZONE}, nor an `extent` of postal codes as text"
                );
                self.fault(place, FaultKind::Area, what);
            }
        }
        area
    }

    fn capacity(&mut self, node: &Node<'_>, draft: &mut Draft) {
        let mut capacities = node.list("capacities").into_iter();
        let Some(capacity) = capacities.next() else {
            return;
        };
        for other in capacities {
            let place = Place {
                line: 0,
                path: other.path,
            };
            let what = "a service has one capacity here: the first".to_owned();
            self.fault(place, FaultKind::NotKept, what);
        }
        let unit = self.text(&capacity, "unit_id");
        let known = self.shelf.units.contains(unit.text.as_str());
        if capacity.child("unit").is_none() && !unit.text.is_empty() && !known {
            let what = format!("the file has no unit `{}`", unit.text);
            self.fault(unit.place, FaultKind::Dangling, what);
        }
        draft.capacity_updated = self.text(&capacity, "updated");
        for attribute in self.attributes(&capacity) {
            if attribute.taxonomy == Taxonomy::Capacity {
                if attribute.code.text == "until" {
                    draft.capacity_until = attribute.value;
                } else {
                    draft.capacity = attribute.code;
                }
            }
        }
        if draft.capacity.text.is_empty() {
            let available = self.text(&capacity, "available");
            let room = available.text.parse::<f64>();
            draft.capacity = Text {
                text: match room {
                    Ok(room) if room > 0.0 => "available".to_owned(),
                    Ok(_) => "full".to_owned(),
                    Err(_) => available.text,
                },
                place: available.place.clone(),
            };
            if draft.capacity.text.is_empty() {
                let what = "how many are available is not said".to_owned();
                self.fault(available.place, FaultKind::Missing, what);
            }
        }
    }

    fn schedules(&mut self, node: &Node<'_>, draft: &mut Draft) {
        for schedule in node.list("schedules") {
            let freq = self.text(&schedule, "freq");
            let days = self.text(&schedule, "byday");
            let interval = self.text(&schedule, "interval");
            let weekly = matches!(freq.text.as_str(), "" | "WEEKLY");
            let every = matches!(interval.text.as_str(), "" | "1");
            if weekly && every && !days.text.is_empty() {
                draft.opening.push(DraftOpening {
                    days,
                    opens_at: self.text(&schedule, "opens_at"),
                    closes_at: self.text(&schedule, "closes_at"),
                });
            } else {
                let place = Place {
                    line: 0,
                    path: schedule.path,
                };
                let what = "only days of every week are kept".to_owned();
                self.fault(place, FaultKind::NotKept, what);
            }
        }
    }

    /// The attributes that say something to us.
    fn attributes(&mut self, node: &Node<'_>) -> Vec<Attribute> {
        let mut attributes = Vec::new();
        for one in node.list("attributes") {
            let id = self.text(&one, "taxonomy_term_id");
            let nested = one.child("taxonomy_term");
            let (meaning, place) = match &nested {
                Some(term) => (meaning(term.value, None), term.place("code")),
                None if id.text.is_empty() => continue,
                None => {
                    let known = self.shelf.terms.get(&id.text).cloned();
                    if known.is_none() && !self.shelf.foreign.contains(id.text.as_str()) {
                        let what = format!("the file has no taxonomy_term `{}`", id.text);
                        self.fault(id.place.clone(), FaultKind::Dangling, what);
                    }
                    (known, id.place)
                }
            };
            if let Some((taxonomy, code)) = meaning {
                attributes.push(Attribute {
                    taxonomy,
                    code: Text { place, text: code },
                    value: self.text(&one, "value"),
                });
            }
        }
        attributes
    }

    /// A text or number.
    fn text(&mut self, node: &Node<'_>, key: &str) -> Text {
        let place = node.place(key);
        let text = match node.value.get(key) {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => text.clone(),
            Some(Value::Number(number)) => number.to_string(),
            Some(_) => {
                let what = "this has to be a text or a number".to_owned();
                self.fault(place.clone(), FaultKind::Malformed, what);
                String::new()
            }
        };
        Text { place, text }
    }

    fn fault(&mut self, place: Place, kind: FaultKind, what: String) {
        self.faults.push(Fault { place, kind, what });
    }
}
