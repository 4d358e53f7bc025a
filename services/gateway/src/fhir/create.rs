//! A proposal that somebody sends, as a signal. What a signal has no place for is refused, never
//! dropped: a sign must not get lost, nor half of it.

use jiff::Timestamp;
use knipperlicht_contracts::{intake::v1 as intake, to_proto};
use knipperlicht_vocabulary::{AgeBand, Consent, Language, Observation, ReporterRole};
use serde_json::Value;
use uuid::Uuid;

use super::{
    outcome::Refusal,
    terms::{ABSENT, List, Own, URI},
    types::{Extension, Identifier, Narrative, Patient, ServiceRequest},
};

/// A resource of this kind, as our types have it.
pub(super) fn read<T: serde::de::DeserializeOwned>(
    kind: &'static str,
    body: &[u8],
) -> Result<T, Refusal> {
    let mut sent: Value = serde_json::from_slice(body).map_err(|error| {
        Refusal::resource("structure", kind, format!("this is no JSON: {error}"))
    })?;
    let said = sent["resourceType"].as_str().map(str::to_owned);
    if said.as_deref() != Some(kind) {
        let what = format!("send a {kind}: `resourceType` says what it is");
        return Err(Refusal::resource("structure", kind, what));
    }
    if let Some(fields) = sent.as_object_mut() {
        fields.remove("resourceType");
    }
    serde_path_to_error::deserialize(sent).map_err(|error| {
        let path = error.path().to_string();
        let at = if path == "." {
            kind.to_owned()
        } else {
            format!("{kind}.{path}")
        };
        // Without what was sent: it may say who somebody is.
        let what = error.inner().to_string();
        let what = if what.starts_with("unknown field") || what.starts_with("missing field") {
            what
        } else {
            "this is a value of another kind than FHIR has here".to_owned()
        };
        Refusal::resource("structure", &at, what)
    })
}

/// Only what was made of the rest can be left out.
pub(super) fn check_narrative(kind: &str, text: Option<&Narrative>) -> Result<(), Refusal> {
    match text {
        Some(text) if text.status != "generated" => Err(Refusal::resource(
            "business-rule",
            &format!("{kind}.text"),
            "a text is not kept, unless it only repeats the rest (`generated`): write it in `note`",
        )),
        _ => Ok(()),
    }
}

/// The id that the sender made.
pub(super) fn id_of(identifiers: &[Identifier]) -> Result<Uuid, Refusal> {
    let at = "ServiceRequest.identifier";
    let [one] = identifiers else {
        return Err(wrong(at, "give one identifier: an id of your own making"));
    };
    uuid_in(
        one.system.as_deref(),
        one.value.as_deref().unwrap_or_default(),
    )
    .ok_or_else(|| {
        let what = "an id of your own making is a UUID: system `urn:ietf:rfc:3986`, value \
                    `urn:uuid:0190a3b2-7c4d-7e5f-8a9b-0c1d2e3f4a5b`";
        wrong(at, what)
    })
}

/// The UUID in an identifier.
pub(super) fn uuid_in(system: Option<&str>, value: &str) -> Option<Uuid> {
    let value = value.strip_prefix("urn:uuid:")?;
    let uuid = Uuid::try_parse(value).ok()?;
    (system == Some(URI)).then_some(uuid)
}

fn wrong(at: &str, what: impl Into<String>) -> Refusal {
    Refusal::resource("value", at, what)
}

/// The signal that a proposal is.
pub(super) fn signal(sent: &ServiceRequest) -> Result<intake::Signal, Refusal> {
    check_fixed(sent)?;
    let at = "ServiceRequest.authoredOn";
    let reported_at: Timestamp = sent
        .authored_on
        .as_deref()
        .and_then(|said| said.parse().ok())
        .ok_or_else(|| wrong(at, "say when it was noticed, such as 2026-11-21T14:02:00Z"))?;
    let mut signal = intake::Signal {
        signal_id: id_of(&sent.identifier)?.to_string(),
        reported_at: Some(to_proto(reported_at)),
        observations: observations(sent)?,
        contact: contact(sent)?,
        note: notes(sent),
        ..intake::Signal::default()
    };
    for (index, extension) in sent.extension.iter().enumerate() {
        extend(&mut signal, index, extension)?;
    }
    Ok(signal)
}

/// What every proposal says.
fn check_fixed(sent: &ServiceRequest) -> Result<(), Refusal> {
    check_narrative("ServiceRequest", sent.text.as_ref())?;
    let is = |field: &str, said: Option<&str>, expected: &str| match said {
        Some(said) if said == expected => Ok(()),
        _ => Err(wrong(
            &format!("ServiceRequest.{field}"),
            format!("`{field}` is `{expected}`"),
        )),
    };
    is("status", sent.status.as_deref(), "active")?;
    is("intent", sent.intent.as_deref(), "proposal")?;
    if sent.priority.is_some() {
        let what =
            "how soon somebody must act is judged from what was noticed: leave `priority` out";
        return Err(Refusal::resource(
            "business-rule",
            "ServiceRequest.priority",
            what,
        ));
    }
    if !sent.replaces.is_empty() {
        let what = "a signal replaces nothing: leave it out";
        return Err(Refusal::resource(
            "business-rule",
            "ServiceRequest.replaces",
            what,
        ));
    }
    for (field, concept) in sent
        .category
        .iter()
        .map(|one| ("category", one))
        .chain(sent.code.iter().map(|one| ("code", one)))
    {
        if List::Term.code_in(concept) != Some("carer-support") {
            let what = format!("`{field}` is `{}|carer-support`", List::Term.system());
            return Err(wrong(&format!("ServiceRequest.{field}"), what));
        }
    }
    Ok(())
}

fn observations(sent: &ServiceRequest) -> Result<Vec<i32>, Refusal> {
    let read = sent.reason_code.iter().enumerate().map(|(index, concept)| {
        let at = format!("ServiceRequest.reasonCode[{index}]");
        let code = List::Observation.code_in(concept);
        let code = code.ok_or_else(|| {
            let system = List::Observation.system();
            wrong(&at, format!("what was noticed is a code of `{system}`"))
        })?;
        let known: Observation = code.parse().map_err(|error| wrong(&at, words(&error)))?;
        Ok(known.number())
    });
    read.collect()
}

fn words(error: &knipperlicht_vocabulary::CodeError) -> String {
    error.to_string()
}

fn notes(sent: &ServiceRequest) -> String {
    let texts: Vec<_> = sent.note.iter().map(|note| note.text.as_str()).collect();
    texts.join("\n")
}

/// What our own extensions say.
fn extend(signal: &mut intake::Signal, index: usize, said: &Extension) -> Result<(), Refusal> {
    let at = format!("ServiceRequest.extension[{index}]");
    let code = || {
        let code = said.value_code.as_deref();
        code.ok_or_else(|| wrong(&at, "this extension holds a `valueCode`"))
    };
    let text = || {
        let text = said.value_string.clone();
        text.ok_or_else(|| wrong(&at, "this extension holds a `valueString`"))
    };
    match Own::of(&said.url) {
        Some(Own::PostalCode) => signal.postal_code = text()?,
        Some(Own::VitalInterestReason) => signal.vital_interest_reason = text()?,
        Some(Own::AgeBand) => {
            let known: AgeBand = code()?.parse().map_err(|error| wrong(&at, words(&error)))?;
            signal.age_band = known.number();
        }
        Some(Own::Language) => {
            let known: Language = code()?.parse().map_err(|error| wrong(&at, words(&error)))?;
            signal.language = known.number();
        }
        Some(Own::Consent) => {
            let known: Consent = code()?.parse().map_err(|error| wrong(&at, words(&error)))?;
            signal.consent = known.number();
        }
        Some(Own::ReporterRole) => {
            let known: ReporterRole = code()?.parse().map_err(|error| wrong(&at, words(&error)))?;
            signal.reporter_role = known.number();
        }
        _ => {
            let what = "this extension is not taken here: docs/fhir.md lists those that are";
            return Err(Refusal::resource("extension", &at, what));
        }
    }
    Ok(())
}

/// How to reach the carer: a `Patient` inside the proposal, or nobody.
fn contact(sent: &ServiceRequest) -> Result<Option<intake::Contact>, Refusal> {
    let at = "ServiceRequest.subject";
    let what = "the subject is the carer: a `Patient` in `contained` (`#carer`), or the extension \
                data-absent-reason where nothing says who it is";
    let subject = sent.subject.as_ref().ok_or_else(|| wrong(at, what))?;
    if subject.display.is_some() || subject.identifier.is_some() {
        return Err(wrong(at, what));
    }
    let Some(reference) = subject.reference.as_deref() else {
        let is_absent = subject.extension.iter().any(|one| one.url == ABSENT);
        return match (is_absent, sent.contained.as_slice()) {
            (true, []) => Ok(None),
            _ => Err(wrong(at, what)),
        };
    };
    match sent.contained.as_slice() {
        [carer] if reference.strip_prefix('#') == carer.id.as_deref() => person(carer).map(Some),
        _ => Err(wrong(at, what)),
    }
}

fn person(carer: &Patient) -> Result<intake::Contact, Refusal> {
    let at = |field: &str| format!("ServiceRequest.contained[0].{field}");
    if carer.resource_type != "Patient" {
        return Err(wrong(&at("resourceType"), "the carer is a `Patient`"));
    }
    let one = |many: usize, field: &str| {
        if many > 1 {
            return Err(wrong(&at(field), "one is taken: choose"));
        }
        Ok(())
    };
    one(carer.name.len(), "name")?;
    one(carer.address.len(), "address")?;
    let mut contact = intake::Contact::default();
    if let Some(name) = carer.name.first() {
        let family = name.family.clone().unwrap_or_default();
        let whole = format!("{} {family}", name.given.join(" "));
        contact.name = name.text.clone().unwrap_or_else(|| whole.trim().to_owned());
        contact.family_name = family;
    }
    if let Some(address) = carer.address.first() {
        let lines = || address.line.join(", ");
        contact.address = address.text.clone().unwrap_or_else(lines);
    }
    for (index, way) in carer.telecom.iter().enumerate() {
        let value = way.value.clone().unwrap_or_default();
        let place = match way.system.as_deref() {
            Some("phone" | "sms") => &mut contact.phone,
            Some("email") => &mut contact.mail,
            _ => {
                return Err(wrong(
                    &at(&format!("telecom[{index}]")),
                    "`phone` or `email`",
                ));
            }
        };
        if !place.is_empty() {
            return Err(wrong(
                &at(&format!("telecom[{index}]")),
                "one of each is taken: choose",
            ));
        }
        *place = value;
    }
    if let Some(born) = carer.birth_date.as_deref() {
        let year = born.split('-').next().and_then(|year| year.parse().ok());
        contact.birth_year = year.ok_or_else(|| wrong(&at("birthDate"), "such as 1958"))?;
    }
    Ok(contact)
}

/// Where in a proposal a field of a signal came from.
pub(super) fn place(field: &str) -> String {
    let field = field.strip_prefix("signal.").unwrap_or(field);
    let place = match field {
        "signal_id" => "identifier",
        "reported_at" => "authoredOn",
        "observations" => "reasonCode",
        "postal_code" => "extension('postal-code')",
        "reporter_role" => "extension('reporter-role')",
        "consent" => "extension('consent')",
        "vital_interest_reason" => "extension('vital-interest-reason')",
        "language" => "extension('language')",
        "age_band" => "extension('age-band')",
        "note" => "note",
        _ if field.starts_with("contact") => "contained[0]",
        _ => return "ServiceRequest".to_owned(),
    };
    format!("ServiceRequest.{place}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn whole() -> Value {
        let own =
            |name: &str| format!("https://knipperlicht.example/fhir/StructureDefinition/{name}");
        json!({
            "resourceType": "ServiceRequest",
            "status": "active",
            "intent": "proposal",
            "identifier": [{"system": URI, "value": "urn:uuid:0190a3b2-7c4d-7e5f-8a9b-0c1d2e3f4a5b"}],
            "authoredOn": "2026-11-21T14:02:00+01:00",
            "contained": [{
                "resourceType": "Patient", "id": "carer",
                "name": [{"family": "Peeters", "given": ["Maria"]}],
                "telecom": [{"system": "phone", "value": "0470 12 34 56"}],
                "birthDate": "1958-03-02",
            }],
            "subject": {"reference": "#carer"},
            "reasonCode": [{"coding": [{"system": List::Observation.system(), "code": "exhausted"}]}],
            "note": [{"text": "after five"}],
            "extension": [
                {"url": own("postal-code"), "valueString": "8400"},
                {"url": own("consent"), "valueCode": "given"},
                {"url": own("reporter-role"), "valueCode": "nurse"},
                {"url": own("language"), "valueCode": "fr"},
                {"url": own("age-band"), "valueCode": AgeBand::ALL[2].code()},
            ],
        })
    }

    fn taken(sent: &Value) -> Result<intake::Signal, Refusal> {
        signal(&read("ServiceRequest", sent.to_string().as_bytes())?)
    }

    #[test]
    fn a_proposal_is_a_signal_with_all_that_it_says() {
        let signal = taken(&whole()).unwrap();
        assert_eq!(signal.signal_id, "0190a3b2-7c4d-7e5f-8a9b-0c1d2e3f4a5b");
        assert_eq!(signal.observations, [Observation::Exhausted.number()]);
        assert_eq!(signal.postal_code, "8400");
        assert_eq!(signal.consent, Consent::Given.number());
        assert_eq!(signal.language, Language::French.number());
        assert_eq!(signal.reporter_role, ReporterRole::Nurse.number());
        assert_eq!(signal.note, "after five");
        let contact = signal.contact.unwrap();
        assert_eq!(contact.name, "Maria Peeters");
        assert_eq!(
            (contact.family_name.as_str(), contact.birth_year),
            ("Peeters", 1958)
        );
        assert_eq!(contact.phone, "0470 12 34 56");
    }

    #[test]
    fn what_has_no_place_is_refused_and_says_nothing_of_whom() {
        let with = |path: &str, value: Value| {
            let mut sent = whole();
            *sent.pointer_mut(path).unwrap() = value;
            sent
        };
        let plus = |name: &str, value: Value| {
            let mut sent = whole();
            sent[name] = value;
            sent
        };
        for wrong in [
            plus("priority", json!("urgent")),
            plus("requester", json!({"display": "Maria"})),
            plus("text", json!({"status": "additional", "div": "Maria"})),
            plus("modifierExtension", json!([{"url": "x"}])),
            plus("resourceType", json!("Patient")),
            plus("identifier", json!([])),
            plus("code", json!({"text": "help Maria"})),
            with("/intent", json!("order")),
            with("/status", json!("Maria")),
            with("/reasonCode/0/coding/0/code", json!("thirsty")),
            with("/extension/0/url", json!("urn:x")),
            with("/extension/1/valueCode", json!(7)),
            with("/subject", json!({"reference": "Patient/1"})),
            with("/subject", json!({"display": "Maria"})),
            with("/contained/0/telecom/0/system", json!("fax")),
            with(
                "/contained/0/name",
                json!([{"text": "Maria"}, {"text": "Mia"}]),
            ),
            with("/authoredOn", json!("Maria")),
        ] {
            let told = format!("{:?}", taken(&wrong).unwrap_err());
            assert!(!told.contains("Maria"), "{told}");
        }
    }

    #[test]
    fn whoever_does_not_know_who_it_is_says_so() {
        let mut sent = whole();
        sent["contained"] = json!([]);
        sent["subject"] = json!({"extension": [{"url": ABSENT, "valueCode": "masked"}]});
        assert!(taken(&sent).unwrap().contact.is_none());
    }
}
