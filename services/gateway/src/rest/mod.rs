//! REST: every call of the contracts that has a rule (`google.api.http`), as JSON over HTTP.
//!
//! It is worked out from the descriptors when the gateway starts: there is no second model to keep.
//! Of the crates that do the like, `structured-proxy` is a server of its own, with its own settings,
//! sign-in and eight major versions in a year; `tonic-rest` and `tonic2axum` generate handlers, for
//! services in the same process or without problem documents, unknown fields refused, and ids.

mod answer;
mod codec;
mod events;
mod request;
mod rules;
mod template;

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    response::{IntoResponse, Response},
    routing::any,
};
use http::{
    HeaderMap, HeaderValue, Method,
    header::{ALLOW, CONTENT_TYPE},
    request::Parts,
};
use knipperlicht_runtime::{Route, Stop};
use prost_reflect::DynamicMessage;
use tokio::time::timeout;
use tonic::{Code, Status, Streaming, client::Grpc, metadata::MetadataMap};
use tracing::Span;

pub use self::rules::RuleError;
use self::{codec::DynamicCodec, request::Brought, rules::Found};
pub(crate) use self::{
    request::is_text,
    rules::{Rule, Rules, Sent},
};
#[cfg(test)]
pub(crate) use self::{request::tests::understood, rules::tests};
use crate::{allowance, caller::Caller, fault::Fault, places::Places, problem::Problem, way::Way};

/// How long a call may take: a little longer than the service's own door gives it.
const PATIENCE: Duration = Duration::from_secs(32);

/// What an answer may hold at most, in bytes: an export of a situation with years of history.
const LARGEST_ANSWER: usize = 16 * 1024 * 1024;

/// Streams open at once.
const STREAMS: usize = 20_000;

const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// Answers requests.
pub(crate) struct Rest {
    rules: Rules,
    caller: Caller,
    stop: Stop,
    requests: Places,
    streams: Places,
}

impl Rest {
    pub(crate) fn new(rules: Rules, caller: Caller, requests: Places, stop: Stop) -> Self {
        Self {
            rules,
            caller,
            stop,
            requests,
            streams: Places::new(STREAMS),
        }
    }

    pub(crate) fn routes(self) -> Router {
        Router::new()
            .route("/api/v1/{*path}", any(answer))
            .with_state(Arc::new(self))
    }

    /// By which name a request is counted.
    fn route(&self, request: &Request) -> Option<Route> {
        match self.rules.find(request.method(), request.uri().path()) {
            Found::Call(rule, _) => Some(Route(rule.template.text().into())),
            Found::Otherwise(_) | Found::Nothing => None,
        }
    }

    async fn answer(&self, request: Request) -> Result<Response, Refused> {
        let (parts, body) = request.into_parts();
        let (rule, fields) = match self.rules.find(&parts.method, parts.uri.path()) {
            Found::Call(rule, fields) => (rule, fields),
            Found::Otherwise(allowed) => return Err(Refused::Method(allowed)),
            Found::Nothing => return Err(Fault::NoSuchCall.into()),
        };
        name_span(rule);
        // Streams are counted by themselves, and last.
        let places = if rule.call.is_server_streaming() {
            &self.streams
        } else {
            &self.requests
        };
        // Of what takes nothing nothing is read.
        let body = if rule.sent == Sent::Nothing {
            Body::empty()
        } else {
            body
        };
        let (body, place) = places.received(body).await?;
        is_json(&parts, &body)?;
        let brought = Brought {
            fields: &fields,
            query: parts.uri.query().unwrap_or_default(),
            body: &body,
            idempotency_key: idempotency_key(&parts.headers)?,
        };
        let message = request::message(rule, brought)?;
        let told = self.caller.told(&parts.headers, &parts.extensions);
        let call = Call {
            rule,
            request: tonic::Request::from_parts(
                MetadataMap::from_headers(told),
                http::Extensions::new(),
                message,
            ),
        };
        let (left, mut response) = if rule.call.is_server_streaming() {
            let (left, messages) = said(call.stream().await?);
            let kind = rule.call.output();
            let response = events::response(messages, &kind, self.stop.clone(), place);
            (left, response)
        } else {
            let (left, message) = said(call.once().await?);
            let response = answer::response(&parts.method, &parts.uri, &parts.headers, &message);
            (left, response)
        };
        response.headers_mut().extend(left);
        Ok(response)
    }
}

async fn answer(State(rest): State<Arc<Rest>>, request: Request) -> Response {
    let route = rest.route(&request);
    let mut response = match rest.answer(request).await {
        Ok(response) => response,
        Err(refused) => refused.into_response(),
    };
    if let Some(route) = route {
        response.extensions_mut().insert(route);
    }
    response
}

/// How many calls are left, and the answer itself.
fn said<T>(answer: tonic::Response<T>) -> (HeaderMap, T) {
    let (metadata, said, _) = answer.into_parts();
    (allowance::of(&metadata), said)
}

/// A call that is about to be made.
struct Call<'r> {
    rule: &'r Rule,
    request: tonic::Request<DynamicMessage>,
}

impl Call<'_> {
    async fn once(self) -> Result<tonic::Response<DynamicMessage>, Refused> {
        let (rule, path) = (self.rule, self.rule.path.clone());
        let codec = DynamicCodec::reading(rule.call.output());
        let mut client = client(rule);
        let answer = async {
            client.ready().await.map_err(unreachable_service)?;
            client.unary(self.request, path, codec).await
        };
        match timeout(PATIENCE, answer).await {
            Ok(answer) => answer.map_err(|status| Refused::by_service(rule, &status)),
            Err(_) => Err(Fault::TookTooLong.into()),
        }
    }

    async fn stream(self) -> Result<tonic::Response<Streaming<DynamicMessage>>, Refused> {
        let (rule, path) = (self.rule, self.rule.path.clone());
        let codec = DynamicCodec::reading(rule.call.output());
        let mut client = client(rule);
        let begun = async {
            client.ready().await.map_err(unreachable_service)?;
            client.server_streaming(self.request, path, codec).await
        };
        match timeout(PATIENCE, begun).await {
            Ok(begun) => begun.map_err(|status| Refused::by_service(rule, &status)),
            Err(_) => Err(Fault::TookTooLong.into()),
        }
    }
}

fn client(rule: &Rule) -> Grpc<Way> {
    Grpc::new(rule.way.clone()).max_decoding_message_size(LARGEST_ANSWER)
}

fn unreachable_service(_: tonic::transport::Error) -> Status {
    Status::new(Code::Unavailable, "")
}

/// Why a request gets no answer.
enum Refused {
    /// What is wrong; and how many calls are left, where a service was asked.
    Problem(Box<(Problem, HeaderMap)>),
    Method(Vec<Method>),
}

impl Refused {
    fn by_service(rule: &Rule, status: &Status) -> Self {
        let problem = Problem::of(status, |field| request::place_of(rule, field));
        Self::Problem(Box::new((problem, allowance::of(status.metadata()))))
    }
}

impl From<Fault> for Refused {
    fn from(fault: Fault) -> Self {
        Self::Problem(Box::new((fault.into(), HeaderMap::new())))
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        match self {
            Self::Problem(refused) => {
                let (problem, left) = *refused;
                let mut response = problem.into_response();
                response.headers_mut().extend(left);
                response
            }
            Self::Method(allowed) => {
                let mut names: Vec<&str> = allowed.iter().map(Method::as_str).collect();
                if names.contains(&"GET") {
                    names.push("HEAD");
                }
                let mut response = Fault::Method.into_response();
                if let Ok(names) = HeaderValue::try_from(names.join(", ")) {
                    response.headers_mut().insert(ALLOW, names);
                }
                response
            }
        }
    }
}

/// What was sent is JSON, if anything was.
fn is_json(parts: &Parts, body: &[u8]) -> Result<(), Fault> {
    let kind = parts.headers.get(CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if body.is_empty() || kind.eq_ignore_ascii_case("application/json") {
        Ok(())
    } else {
        Err(Fault::NotJson)
    }
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<&str>, Fault> {
    let Some(key) = headers.get(IDEMPOTENCY_KEY) else {
        return Ok(None);
    };
    // Some write it between quotation marks, as a structured field.
    let key = key.to_str().map_err(|_| Fault::IdempotencyKey {
        what: "give a UUID",
    })?;
    Ok(Some(key.trim().trim_matches('"')))
}

/// The span of a request is named by what is asked, never by the address itself.
fn name_span(rule: &Rule) {
    let route = rule.template.text();
    let span = Span::current();
    span.record("otel.name", format!("{} {route}", rule.method));
    span.record("http.route", route);
}
