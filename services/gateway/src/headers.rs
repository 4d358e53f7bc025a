//! What every answer says to browsers, and which pages of others may ask.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    extract::State,
    middleware::{from_fn, map_response_with_state},
    response::Response,
};
use http::{
    HeaderMap, HeaderName, HeaderValue, Method,
    header::{
        ACCEPT_LANGUAGE, AUTHORIZATION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_MATCH,
        IF_NONE_MATCH, LINK, LOCATION, REFERRER_POLICY, RETRY_AFTER, STRICT_TRANSPORT_SECURITY,
        X_CONTENT_TYPE_OPTIONS,
    },
};
use tower_http::cors::CorsLayer;

use crate::{GatewaySettings, Proxy, allowance, compression::compress};

/// What a page of ours may do: run what came with it, and speak to where it came from. Cards to print
/// are images that a page makes itself.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' data: blob:; font-src 'self'; manifest-src 'self'; worker-src 'self'; \
    form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// What no page of ours asks of a device.
const PERMISSIONS: &str = "camera=(), microphone=(), geolocation=(), payment=(), usb=(), \
    serial=(), hid=(), midi=(), display-capture=()";

/// How long a browser may remember that a page of others may ask.
const REMEMBERED: Duration = Duration::from_hours(1);

pub(crate) fn on_everything(router: Router, settings: &GatewaySettings) -> Router {
    let router = router.layer(from_fn(compress));
    let router = if settings.origins.is_empty() {
        router
    } else {
        router.layer(cors(settings))
    };
    router.layer(map_response_with_state(Arc::new(said(settings)), say))
}

async fn say(State(said): State<Arc<HeaderMap>>, mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in said.iter() {
        if !headers.contains_key(name) {
            headers.insert(name.clone(), value.clone());
        }
    }
    response
}

fn said(settings: &GatewaySettings) -> HeaderMap {
    let mut policy = POLICY.to_owned();
    policy.push_str("; connect-src 'self'");
    let issuer = settings.app.issuer.as_ref();
    if let Some(origin) = issuer.and_then(|issuer| issuer.origin().to_str().ok()) {
        policy.push(' ');
        policy.push_str(origin);
    }
    let mut said = HeaderMap::new();
    if let Ok(policy) = HeaderValue::try_from(policy) {
        said.insert(CONTENT_SECURITY_POLICY, policy);
    }
    let mut say = |name, value| said.insert(name, HeaderValue::from_static(value));
    say(X_CONTENT_TYPE_OPTIONS, "nosniff");
    say(REFERRER_POLICY, "no-referrer");
    say(HeaderName::from_static("permissions-policy"), PERMISSIONS);
    say(
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    );
    if settings.tls.is_some() || settings.proxy == Proxy::Ours {
        say(STRICT_TRANSPORT_SECURITY, "max-age=31536000");
    }
    said
}

fn cors(settings: &GatewaySettings) -> CorsLayer {
    let name = HeaderName::from_static;
    let origins = settings.origins.iter();
    CorsLayer::new()
        .allow_origin(origins.map(|one| one.origin().clone()).collect::<Vec<_>>())
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::DELETE])
        .allow_headers([
            AUTHORIZATION,
            CONTENT_TYPE,
            ACCEPT_LANGUAGE,
            IF_MATCH,
            IF_NONE_MATCH,
            name("if-none-exist"),
            name("prefer"),
            name("idempotency-key"),
            name("traceparent"),
            name("grpc-timeout"),
            name("x-grpc-web"),
            name("x-user-agent"),
        ])
        .expose_headers([
            ETAG,
            LINK,
            LOCATION,
            RETRY_AFTER,
            allowance::POLICY,
            allowance::LEFT,
            name("grpc-status"),
            name("grpc-message"),
            name("grpc-status-details-bin"),
        ])
        .max_age(REMEMBERED)
}
