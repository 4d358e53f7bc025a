//! The people of a demonstration, on a development machine alone: there is no way to say that a served
//! gateway should have them, for only who holds an issuer can hand it in.

use std::sync::Arc;

use axum::{
    Router,
    body::Bytes,
    extract::{Request, State},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use http::{
    HeaderMap, HeaderValue,
    header::{CACHE_CONTROL, CONTENT_TYPE, HOST},
};
use knipperlicht_runtime::is_this_machine;
use serde::{Deserialize, Serialize};

use crate::fault::Fault;

/// Who makes tokens for the people of a demonstration.
pub trait Demo: Send + Sync {
    /// Its people.
    fn people(&self) -> &[DemoPerson];
    /// A token for one of them.
    fn token(&self, name: &str) -> Option<DemoToken>;
}

/// Somebody of a demonstration: invented.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DemoPerson {
    /// The account.
    pub name: String,
    /// In which role.
    pub role: String,
    /// For which organisation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organisation: Option<String>,
    /// What that is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organisation_name: Option<String>,
    /// For which zones.
    pub zones: Vec<String>,
}

/// An access token.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DemoToken {
    /// The token.
    pub access_token: String,
    /// For how many seconds it holds.
    pub expires_in: i64,
}

#[derive(Deserialize)]
struct Asked {
    name: String,
}

/// Nothing at all without a demonstration.
pub(crate) fn routes(demo: Option<Arc<dyn Demo>>) -> Router {
    let Some(demo) = demo else {
        return Router::new();
    };
    Router::new()
        .route("/dev/people", get(people))
        .route("/dev/token", post(token))
        .layer(middleware::from_fn(from_this_machine))
        .with_state(demo)
}

/// Only a page of this machine: a name that somebody else made lead here is not ours.
async fn from_this_machine(request: Request, next: Next) -> Response {
    let header = request.headers().get(HOST);
    let named = header
        .and_then(|host| host.to_str().ok())
        .or_else(|| request.uri().authority().map(http::uri::Authority::as_str));
    let host = named.and_then(|named| named.parse::<http::uri::Authority>().ok());
    if host.is_some_and(|host| is_this_machine(host.host())) {
        next.run(request).await
    } else {
        Fault::NoSuchCall.into_response()
    }
}

async fn people(State(demo): State<Arc<dyn Demo>>) -> Response {
    json(&demo.people())
}

async fn token(State(demo): State<Arc<dyn Demo>>, headers: HeaderMap, body: Bytes) -> Response {
    // A page of elsewhere cannot send this kind without being asked first whether it may.
    let kind = headers.get(CONTENT_TYPE);
    if !kind.is_some_and(|kind| kind.as_bytes().starts_with(b"application/json")) {
        return Fault::NotJson.into_response();
    }
    let asked = serde_json::from_slice::<Asked>(&body).ok();
    match asked.and_then(|asked| demo.token(&asked.name)) {
        Some(token) => json(&token),
        None => Fault::NoSuchPerson.into_response(),
    }
}

fn json<T: Serialize + ?Sized>(value: &T) -> Response {
    let text = serde_json::to_vec(value).unwrap_or_default();
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (headers, text).into_response()
}
