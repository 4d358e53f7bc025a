//! How each call is made over HTTP, as the contracts say it (`google.api.http`).

use http::Method;
use prost_reflect::{
    DescriptorPool, DynamicMessage, ExtensionDescriptor, FieldDescriptor, MethodDescriptor, Value,
};
use tonic::codegen::http::uri::PathAndQuery;

use super::template::{Filled, Template};
use crate::{upstream::Upstreams, way::Way};

/// The name of the rule in the contracts.
const HTTP: &str = "google.api.http";

/// Calls that have an id which their sender makes, so that the same sent twice is one, and the field
/// that it stands in. For these an idempotency key is that id.
const OWN_IDS: &[(&str, &str)] = &[
    (
        "knipperlicht.intake.v1.IntakeService.SubmitSignal",
        "signal.signal_id",
    ),
    (
        "knipperlicht.intake.v1.IntakeService.SubmitSelfSignal",
        "signal.signal_id",
    ),
    ("knipperlicht.intake.v1.IntakeService.AddNote", "note_id"),
    (
        "knipperlicht.followup.v1.FollowupService.RecordContact",
        "contact_id",
    ),
    (
        "knipperlicht.assessment.v1.AssessmentService.SubmitAssessment",
        "response_id",
    ),
];

/// What of a request is sent as the body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Sent {
    /// Nothing: what is not in the path is a parameter.
    Nothing,
    /// Everything that is not in the path.
    All,
    /// This field.
    Field(FieldDescriptor),
}

/// One call over HTTP.
#[derive(Debug, Clone)]
pub(crate) struct Rule {
    pub(crate) method: Method,
    pub(crate) template: Template,
    pub(crate) sent: Sent,
    pub(crate) call: MethodDescriptor,
    /// The field that holds the sender's own id, where there is one.
    pub(crate) own_id: Option<&'static str>,
    /// Its path over gRPC.
    pub(crate) path: PathAndQuery,
    pub(crate) way: Way,
}

/// Every call over HTTP.
#[derive(Debug, Clone)]
pub(crate) struct Rules(Vec<Rule>);

/// What an address leads to.
#[derive(Debug)]
pub(crate) enum Found<'r> {
    /// A call, with the fields that stand in the path.
    Call(&'r Rule, Vec<Filled<'r>>),
    /// Calls by other methods.
    Otherwise(Vec<Method>),
    /// Nothing.
    Nothing,
}

/// The contracts do not say it right: a mistake in the build, which a test finds.
#[derive(Debug, thiserror::Error)]
pub enum RuleError {
    /// The contracts cannot be read.
    #[error("the contracts: {0}")]
    Contracts(#[from] prost_reflect::DescriptorError),
    /// How a call is made over HTTP.
    #[error("{0}: its google.api.http is wrong: {1}")]
    Rule(String, &'static str),
}

impl Rules {
    /// Reads them.
    pub(crate) fn read(pool: &DescriptorPool, upstreams: &Upstreams) -> Result<Self, RuleError> {
        let Some(http) = pool.get_extension_by_name(HTTP) else {
            return Ok(Self(Vec::new()));
        };
        let mut rules = Vec::new();
        for service in pool.services() {
            let Some(way) = upstreams.of_package(service.package_name()) else {
                continue;
            };
            for call in service.methods() {
                rules.extend(Rule::read(&http, call, way)?);
            }
        }
        Ok(Self(rules))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Rule> {
        self.0.iter()
    }

    /// What is at a path, for a method.
    pub(crate) fn find(&self, method: &Method, path: &str) -> Found<'_> {
        // Whoever asks for the headers alone gets those of the whole.
        let method = if method == Method::HEAD {
            &Method::GET
        } else {
            method
        };
        let mut otherwise = Vec::new();
        for rule in &self.0 {
            if let Some(fields) = rule.template.fill(path) {
                if rule.method == *method {
                    return Found::Call(rule, fields);
                }
                otherwise.push(rule.method.clone());
            }
        }
        if otherwise.is_empty() {
            Found::Nothing
        } else {
            Found::Otherwise(otherwise)
        }
    }
}

impl Rule {
    fn read(
        http: &ExtensionDescriptor,
        call: MethodDescriptor,
        way: &Way,
    ) -> Result<Option<Self>, RuleError> {
        let options = call.options();
        if !options.has_extension(http) {
            return Ok(None);
        }
        let wrong = |why| RuleError::Rule(call.full_name().to_owned(), why);
        let rule = options.get_extension(http);
        let rule = rule.as_message().ok_or_else(|| wrong("no rule"))?;
        let (method, path) = pattern(rule).ok_or_else(|| wrong("no method"))?;
        let template = Template::parse(&path).ok_or_else(|| wrong("no path"))?;
        let input = call.input();
        if template
            .fields()
            .any(|field| input.get_field_by_name(field).is_none())
        {
            return Err(wrong("the path has a field that the request has not"));
        }
        let sent = match text(rule, "body").as_deref() {
            None => Sent::Nothing,
            Some("*") => Sent::All,
            Some(name) => Sent::Field(
                input
                    .get_field_by_name(name)
                    .ok_or_else(|| wrong("the body is a field that the request has not"))?,
            ),
        };
        if call.is_client_streaming() {
            return Err(wrong("a call that takes a stream"));
        }
        let path = format!("/{}/{}", call.parent_service().full_name(), call.name());
        let own_id = OWN_IDS.iter().find(|(name, _)| *name == call.full_name());
        Ok(Some(Self {
            method,
            template,
            sent,
            own_id: own_id.map(|(_, field)| *field),
            path: PathAndQuery::try_from(path).map_err(|_| wrong("the call's own path"))?,
            way: way.clone(),
            call,
        }))
    }
}

fn pattern(rule: &DynamicMessage) -> Option<(Method, String)> {
    let methods = [
        ("get", Method::GET),
        ("put", Method::PUT),
        ("post", Method::POST),
        ("delete", Method::DELETE),
    ];
    methods
        .into_iter()
        .find_map(|(name, method)| Some((method, text(rule, name)?)))
}

fn text(rule: &DynamicMessage, field: &str) -> Option<String> {
    match rule.get_field_by_name(field)?.into_owned() {
        Value::String(text) if !text.is_empty() => Some(text),
        _ => None,
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::collections::BTreeSet;

    use knipperlicht_contracts::{DESCRIPTORS, event::Service};

    use super::*;
    use crate::{Place, Services};

    /// Calls that are made over gRPC alone.
    const WITHOUT_A_RULE: &[(&str, &str)] = &[
        (
            "knipperlicht.routing.v1.RoutingService.ImportServices",
            "takes a file in pieces: the command line brings it in",
        ),
        (
            "knipperlicht.routing.v1.RoutingService.ExportServices",
            "gives a file in pieces: the command line puts them together",
        ),
    ];

    /// The rules of the contracts, with services that are nowhere.
    pub(crate) fn rules() -> (DescriptorPool, Rules) {
        let nowhere = |service: &Service| {
            let url = "http://127.0.0.1:1".to_owned();
            let tls = Box::default();
            (*service, Place::At { url, tls })
        };
        let services = Services::at(Service::ALL.iter().map(nowhere).collect());
        let pool = DescriptorPool::decode(DESCRIPTORS).unwrap();
        let rules = Rules::read(&pool, &Upstreams::new(&services).unwrap()).unwrap();
        (pool, rules)
    }

    #[tokio::test]
    async fn every_call_has_a_rule_or_says_why_not() {
        let (pool, rules) = rules();
        let name = |call: MethodDescriptor| call.full_name().to_owned();
        let calls: BTreeSet<String> = pool
            .services()
            .flat_map(|service| service.methods().map(name).collect::<Vec<_>>())
            .collect();
        let made = rules.iter().map(|rule| rule.call.full_name().to_owned());
        let excused = WITHOUT_A_RULE.iter().map(|(call, _)| (*call).to_owned());
        assert_eq!(made.chain(excused).collect::<BTreeSet<_>>(), calls);
        for (call, field) in OWN_IDS {
            let found = rules.iter().find(|rule| rule.call.full_name() == *call);
            assert_eq!(found.and_then(|rule| rule.own_id), Some(*field), "{call}");
        }
    }

    #[tokio::test]
    async fn no_two_calls_are_at_one_address() {
        let (_, rules) = rules();
        let mut addresses = BTreeSet::new();
        for rule in rules.iter() {
            let sample = rule.template.text().replace(['{', '}'], "");
            let Found::Call(found, _) = rules.find(&rule.method, &sample) else {
                panic!("{} leads nowhere", rule.template.text());
            };
            assert_eq!(found.call.full_name(), rule.call.full_name());
            let address = format!("{} {}", rule.method, rule.template.text());
            assert!(addresses.insert(address), "{}", rule.template.text());
        }
    }

    #[tokio::test]
    async fn a_wrong_method_is_told_from_a_wrong_address() {
        let (_, rules) = rules();
        let Found::Otherwise(allowed) = rules.find(&Method::DELETE, "/api/v1/signals") else {
            panic!("DELETE /api/v1/signals");
        };
        assert_eq!(allowed.len(), 2);
        let nothing = rules.find(&Method::GET, "/api/v1/nothing");
        assert!(matches!(nothing, Found::Nothing));
        let head = rules.find(&Method::HEAD, "/api/v1/signals");
        assert!(matches!(head, Found::Call(..)));
    }

    #[tokio::test]
    async fn what_is_secret_or_says_why_is_never_in_an_address() {
        let (_, rules) = rules();
        for rule in rules.iter() {
            let in_address: Vec<String> = match rule.sent {
                Sent::Nothing => rule
                    .call
                    .input()
                    .fields()
                    .map(|field| field.name().to_owned())
                    .collect(),
                _ => rule.template.fields().map(str::to_owned).collect(),
            };
            for secret in [
                "token", "purpose", "note", "text", "contact", "name", "phone",
            ] {
                let found = in_address.iter().any(|field| field == secret);
                assert!(!found, "{secret} in {}", rule.template.text());
            }
        }
    }
}
