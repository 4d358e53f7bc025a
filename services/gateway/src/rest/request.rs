//! A request over HTTP as the message that the call takes: fields from the path, from the parameters
//! and from the body, in the JSON form that Protocol Buffers prescribe.

use std::collections::BTreeMap;

use http::Method;
use prost_reflect::{
    DeserializeOptions, DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, Value as Field,
};
use serde_json::{Map, Value, map::Entry};
use serde_path_to_error::{Path, Segment, Track};
use uuid::Uuid;

use super::{
    rules::{Rule, Sent},
    template::Filled,
};
use crate::{fault::Fault, problem::FieldPlace};

const NO_SUCH_PARAMETER: &str = "there is no such parameter";
const TWICE: &str = "it is there twice";

/// What a request brings.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Brought<'a> {
    /// What stands in the path.
    pub(crate) fields: &'a [Filled<'a>],
    /// What stands behind the `?`.
    pub(crate) query: &'a str,
    pub(crate) body: &'a [u8],
    pub(crate) idempotency_key: Option<&'a str>,
}

/// The message that a call takes.
pub(crate) fn message(rule: &Rule, brought: Brought<'_>) -> Result<DynamicMessage, Fault> {
    let input = rule.call.input();
    let mut whole = body(rule, brought.body)?;
    // What stands in the address, by the name that it has in JSON.
    let mut in_address = BTreeMap::new();
    for (name, value) in brought.fields {
        let key = put_from_path(&input, &mut whole, name, value)?;
        in_address.insert(key, (*name).to_owned());
    }
    for (name, value) in form_urlencoded::parse(brought.query.as_bytes()) {
        let wrong = |what: &str| Fault::Parameter {
            name: name.clone().into_owned(),
            what: what.to_owned(),
        };
        let path: Vec<&str> = name.split('.').collect();
        let field = path.first().and_then(|first| field_named(&input, first));
        let is_free = rule.sent == Sent::Nothing
            && !brought.fields.iter().any(|(in_path, _)| *in_path == name);
        let field = field
            .filter(|_| is_free)
            .ok_or_else(|| wrong(NO_SUCH_PARAMETER))?;
        put_parameter(&input, &mut whole, &path, &value).map_err(wrong)?;
        in_address.insert(field.json_name().to_owned(), name.clone().into_owned());
    }
    let mut message = read(rule, &in_address, whole)?;
    if let Some(key) = brought.idempotency_key {
        put_key(rule, &mut message, key)?;
    }
    Ok(message)
}

/// Where in a request a field of the call stands, such as `signal.postal_code`.
pub(crate) fn place_of(rule: &Rule, field: &str) -> FieldPlace {
    let mut names = field.split(['.', '[', ']']).filter(|name| !name.is_empty());
    let first = names.clone().next().unwrap_or_default();
    if rule.sent == Sent::Nothing || rule.template.fields().any(|name| name == first) {
        return FieldPlace::Address(field.to_owned());
    }
    let mut within = Some(rule.call.input());
    if let Sent::Field(body) = &rule.sent
        && body.name() == first
    {
        names.next();
        within = message_in(body);
    }
    let mut pointer = String::new();
    for name in names {
        let found = within.as_ref().and_then(|within| field_named(within, name));
        pointer.push('/');
        pointer.push_str(found.as_ref().map_or(name, FieldDescriptor::json_name));
        // A number within a list says which, and what follows is in that one.
        if found.is_some() {
            within = found.as_ref().and_then(message_in);
        }
    }
    FieldPlace::Body(pointer)
}

fn body(rule: &Rule, body: &[u8]) -> Result<Map<String, Value>, Fault> {
    if rule.sent == Sent::Nothing || body.trim_ascii().is_empty() {
        return Ok(Map::new());
    }
    let wrong = |what| Fault::Body {
        pointer: String::new(),
        what,
    };
    let value: Value =
        serde_json::from_slice(body).map_err(|error| wrong(format!("this is no JSON: {error}")))?;
    match (&rule.sent, value) {
        (Sent::Field(field), value) => Ok(Map::from_iter([(field.json_name().to_owned(), value)])),
        (_, Value::Object(whole)) => Ok(whole),
        _ => Err(wrong("this is no JSON object".to_owned())),
    }
}

/// Says under which name it was put.
fn put_from_path(
    input: &MessageDescriptor,
    whole: &mut Map<String, Value>,
    name: &str,
    text: &str,
) -> Result<String, Fault> {
    let wrong = |what: &str| Fault::Parameter {
        name: name.to_owned(),
        what: what.to_owned(),
    };
    let field = field_named(input, name).ok_or_else(|| wrong(NO_SUCH_PARAMETER))?;
    let value = scalar(&field, text).map_err(wrong)?;
    let key = field.json_name().to_owned();
    for sent in [whole.remove(name), whole.remove(&key)]
        .into_iter()
        .flatten()
    {
        if sent != value {
            return Err(Fault::Body {
                pointer: format!("/{key}"),
                what: "the address says otherwise: leave it out here".to_owned(),
            });
        }
    }
    whole.insert(key.clone(), value);
    Ok(key)
}

fn put_parameter(
    message: &MessageDescriptor,
    whole: &mut Map<String, Value>,
    path: &[&str],
    text: &str,
) -> Result<(), &'static str> {
    let (first, rest) = path.split_first().ok_or(NO_SUCH_PARAMETER)?;
    let field = field_named(message, first).ok_or(NO_SUCH_PARAMETER)?;
    let key = field.json_name().to_owned();
    if !rest.is_empty() {
        let inner = message_in(&field).filter(|_| !field.is_list());
        let inner = inner.ok_or(NO_SUCH_PARAMETER)?;
        let within = whole.entry(key).or_insert_with(|| Map::new().into());
        let within = within.as_object_mut().ok_or(TWICE)?;
        return put_parameter(&inner, within, rest, text);
    }
    let value = scalar(&field, text)?;
    match whole.entry(key) {
        Entry::Vacant(place) if field.is_list() => {
            place.insert(Value::Array(vec![value]));
            Ok(())
        }
        Entry::Vacant(place) => {
            place.insert(value);
            Ok(())
        }
        Entry::Occupied(mut place) => match place.get_mut() {
            Value::Array(values) => {
                values.push(value);
                Ok(())
            }
            _ => Err(TWICE),
        },
    }
}

/// A value in an address, in the JSON form of its field. Numbers and moments are strings there too.
fn scalar(field: &FieldDescriptor, text: &str) -> Result<Value, &'static str> {
    match field.kind() {
        _ if field.is_map() => Err(NO_SUCH_PARAMETER),
        Kind::Bool => match text {
            "true" => Ok(true.into()),
            "false" => Ok(false.into()),
            _ => Err("give `true` or `false`"),
        },
        Kind::Message(message) if !is_text(&message) => Err(NO_SUCH_PARAMETER),
        _ => Ok(text.into()),
    }
}

/// Messages that are one string in JSON.
pub(crate) fn is_text(message: &MessageDescriptor) -> bool {
    matches!(
        message.full_name(),
        "google.protobuf.Timestamp" | "google.protobuf.Duration"
    )
}

fn field_named(message: &MessageDescriptor, name: &str) -> Option<FieldDescriptor> {
    message
        .get_field_by_name(name)
        .or_else(|| message.get_field_by_json_name(name))
}

fn message_in(field: &FieldDescriptor) -> Option<MessageDescriptor> {
    field.kind().as_message().filter(|it| !is_text(it)).cloned()
}

fn read(
    rule: &Rule,
    in_address: &BTreeMap<String, String>,
    whole: Map<String, Value>,
) -> Result<DynamicMessage, Fault> {
    let options = DeserializeOptions::new().deny_unknown_fields(true);
    let mut track = Track::new();
    let whole = Value::Object(whole);
    let reader = serde_path_to_error::Deserializer::new(whole, &mut track);
    let message = DynamicMessage::deserialize_with_options(rule.call.input(), reader, &options);
    message.map_err(|error| {
        let mut names = names(&track.path());
        let what = error.to_string();
        let in_address = names.first().and_then(|first| in_address.get(first));
        if let Some(name) = in_address {
            let name = name.clone();
            return Fault::Parameter { name, what };
        }
        if let Sent::Field(field) = &rule.sent
            && names
                .first()
                .is_some_and(|first| first == field.json_name())
        {
            names.remove(0);
        }
        let escape = |name: &String| format!("/{}", name.replace('~', "~0").replace('/', "~1"));
        let pointer = names.iter().map(escape).collect();
        Fault::Body { pointer, what }
    })
}

fn names(path: &Path) -> Vec<String> {
    path.iter()
        .filter_map(|segment| match segment {
            Segment::Seq { index } => Some(index.to_string()),
            Segment::Map { key } => Some(key.clone()),
            Segment::Enum { .. } | Segment::Unknown => None,
        })
        .collect()
}

/// An idempotency key is the id that the sender makes, where a call has one. Where it has none, a
/// gateway that keeps nothing would promise what it cannot keep.
fn put_key(rule: &Rule, message: &mut DynamicMessage, key: &str) -> Result<(), Fault> {
    if rule.method != Method::POST {
        // Doing it twice is the same by itself.
        return Ok(());
    }
    let wrong = |what| Fault::IdempotencyKey { what };
    let path = rule.own_id.ok_or_else(|| {
        wrong("this call has no id that its sender makes, so that a key would not be kept: leave it out")
    })?;
    let key = Uuid::try_parse(key).map_err(|_| wrong("give a UUID"))?;
    let id = own_id_in(message, path).ok_or_else(|| wrong("the call has another form"))?;
    if id.is_empty() {
        *id = key.to_string();
    } else if Uuid::try_parse(id) != Ok(key) {
        return Err(wrong(
            "it differs from the id that was sent: leave one of them out",
        ));
    }
    Ok(())
}

fn own_id_in<'m>(message: &'m mut DynamicMessage, path: &str) -> Option<&'m mut String> {
    let (first, rest) = match path.split_once('.') {
        Some((first, rest)) => (first, Some(rest)),
        None => (path, None),
    };
    match (message.get_field_by_name_mut(first)?, rest) {
        (Field::Message(inner), Some(rest)) => own_id_in(inner, rest),
        (Field::String(id), None) => Some(id),
        _ => None,
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use http::Method;

    use super::{
        super::rules::{Found, Rules, tests::rules},
        *,
    };

    const ID: &str = "0193b0a0-0000-7000-8000-000000000001";

    /// What a body becomes, whatever the address names.
    pub(crate) fn understood(rule: &Rule, body: &[u8]) -> Result<DynamicMessage, Fault> {
        let fields: Vec<_> = rule
            .template
            .fields()
            .map(|name| (name, ID.to_owned()))
            .collect();
        let brought = Brought {
            fields: &fields,
            query: "",
            body,
            idempotency_key: None,
        };
        message(rule, brought)
    }

    /// What a request becomes, as JSON; or its code and what it is about.
    fn ask(
        rules: &Rules,
        request: (Method, &str, &str),
        key: Option<&str>,
    ) -> Result<Value, String> {
        let (method, address, body) = request;
        let (path, query) = address.split_once('?').unwrap_or((address, ""));
        let Found::Call(rule, fields) = rules.find(&method, path) else {
            return Err("nothing".to_owned());
        };
        let brought = Brought {
            fields: &fields,
            query,
            body: body.as_bytes(),
            idempotency_key: key,
        };
        match message(rule, brought) {
            Ok(message) => Ok(serde_json::to_value(message).unwrap()),
            Err(Fault::Body { pointer, .. }) => Err(format!("body {pointer}")),
            Err(Fault::Parameter { name, .. }) => Err(format!("parameter {name}")),
            Err(fault) => Err(fault.to_string()),
        }
    }

    fn json(text: &str) -> Value {
        serde_json::from_str(text).unwrap()
    }

    #[tokio::test]
    async fn path_parameters_and_body_become_one_message() {
        let (_, rules) = rules();
        let ask = |method, address, body| super::tests::ask(&rules, (method, address, body), None);
        assert_eq!(
            ask(Method::GET, "/api/v1/signals?page_size=7&pageToken=x", ""),
            Ok(json(r#"{"pageSize":7,"pageToken":"x"}"#))
        );
        assert_eq!(
            ask(Method::GET, "/api/v1/tasks?open_only=true", ""),
            Ok(json(r#"{"openOnly":true}"#))
        );
        assert_eq!(
            ask(
                Method::GET,
                "/api/v1/instruments?language=LANGUAGE_FRENCH",
                ""
            ),
            Ok(json(r#"{"language":"LANGUAGE_FRENCH"}"#))
        );
        assert_eq!(
            ask(
                Method::POST,
                "/api/v1/referrals/7:decline",
                r#"{"reason":"DECLINE_REASON_LANGUAGE"}"#
            ),
            Ok(json(
                r#"{"referralId":"7","reason":"DECLINE_REASON_LANGUAGE"}"#
            ))
        );
        assert_eq!(
            ask(
                Method::POST,
                "/api/v1/referrals/7:accept",
                r#"{"referral_id":"7"}"#
            ),
            Ok(json(r#"{"referralId":"7"}"#))
        );
        assert_eq!(
            ask(
                Method::POST,
                "/api/v1/signals",
                r#"{"postalCode":"8400","observations":[1]}"#
            ),
            Ok(json(
                r#"{"signal":{"postalCode":"8400","observations":["OBSERVATION_EXHAUSTED"]}}"#
            ))
        );
    }

    #[tokio::test]
    async fn what_does_not_fit_is_told_with_its_place() {
        let (_, rules) = rules();
        for (method, address, body, told) in [
            (
                Method::GET,
                "/api/v1/signals?page_size=many",
                "",
                "parameter page_size",
            ),
            (
                Method::GET,
                "/api/v1/signals?page_size=1&page_size=2",
                "",
                "parameter page_size",
            ),
            (
                Method::GET,
                "/api/v1/signals?unknown=1",
                "",
                "parameter unknown",
            ),
            (
                Method::GET,
                "/api/v1/tasks?open_only=yes",
                "",
                "parameter open_only",
            ),
            (
                Method::GET,
                "/api/v1/instruments?language=FR",
                "",
                "parameter language",
            ),
            (
                Method::GET,
                "/api/v1/signals/7?signal_id=8",
                "",
                "parameter signal_id",
            ),
            (
                Method::POST,
                "/api/v1/referrals/7:accept?x=1",
                "",
                "parameter x",
            ),
            (Method::POST, "/api/v1/referrals/7:accept", "[]", "body "),
            (Method::POST, "/api/v1/referrals/7:accept", "{", "body "),
            (
                Method::POST,
                "/api/v1/referrals/7:accept",
                r#"{"referralId":"8"}"#,
                "body /referralId",
            ),
            (
                Method::POST,
                "/api/v1/signals",
                r#"{"postalCode":8400}"#,
                "body /postalCode",
            ),
            (
                Method::POST,
                "/api/v1/signals",
                r#"{"observations":["TIRED"]}"#,
                "body /observations/0",
            ),
            (
                Method::POST,
                "/api/v1/signals",
                r#"{"contact":{"birthYear":"x"}}"#,
                "body /contact/birthYear",
            ),
            (
                Method::POST,
                "/api/v1/signals",
                r#"{"reportedAt":"yesterday"}"#,
                "body /reportedAt",
            ),
        ] {
            let refused = ask(&rules, (method, address, body), None).unwrap_err();
            assert_eq!(refused, told, "{address} {body}");
        }
        let unknown = ask(
            &rules,
            (Method::POST, "/api/v1/signals", r#"{"colour":1}"#),
            None,
        );
        assert!(unknown.unwrap_err().starts_with("body"));
    }

    #[tokio::test]
    async fn an_idempotency_key_is_the_senders_own_id_or_is_refused() {
        let (_, rules) = rules();
        let ask = |address, body, key| {
            let request = (Method::POST, address, body);
            super::tests::ask(&rules, request, Some(key))
        };
        let made = ask("/api/v1/signals", "{}", ID).unwrap();
        assert_eq!(made["signal"]["signalId"], ID);
        let same = format!(r#"{{"signalId":"{ID}"}}"#);
        assert!(ask("/api/v1/signals", &same, ID).is_ok());
        let note = ask("/api/v1/situations/7/notes", "{}", ID).unwrap();
        assert_eq!(note["noteId"], ID);
        for (address, body, key) in [
            ("/api/v1/signals", "{}", "not a uuid"),
            ("/api/v1/signals", r#"{"signalId":"another"}"#, ID),
            ("/api/v1/referrals/7:accept", "", ID),
        ] {
            assert!(ask(address, body, key).is_err(), "{address} {body} {key}");
        }
        let put = (Method::PUT, "/api/v1/signals/7/consent", "{}");
        assert!(super::tests::ask(&rules, put, Some("any")).is_ok());
    }

    #[tokio::test]
    async fn a_field_that_a_service_names_is_found_in_the_request() {
        let (_, rules) = rules();
        let place = |method, path, field| {
            let Found::Call(rule, _) = rules.find(&method, path) else {
                panic!("{path}");
            };
            place_of(rule, field)
        };
        let body = |pointer: &str| FieldPlace::Body(pointer.to_owned());
        let address = |name: &str| FieldPlace::Address(name.to_owned());
        let signals = "/api/v1/signals";
        assert_eq!(
            place(Method::POST, signals, "signal.postal_code"),
            body("/postalCode")
        );
        assert_eq!(
            place(Method::POST, signals, "signal.contact.birth_year"),
            body("/contact/birthYear")
        );
        assert_eq!(
            place(Method::GET, signals, "page_token"),
            address("page_token")
        );
        let batch = "/api/v1/signals:batch";
        assert_eq!(
            place(Method::POST, batch, "signals[3].postal_code"),
            body("/signals/3/postalCode")
        );
        let decline = "/api/v1/referrals/7:decline";
        assert_eq!(
            place(Method::POST, decline, "referral_id"),
            address("referral_id")
        );
        assert_eq!(place(Method::POST, decline, "reason"), body("/reason"));
    }
}
