//! gRPC-Web, and gRPC as it is: a call is passed on to its service without a look into it.

use std::{
    convert::Infallible,
    future::ready,
    task::{Context, Poll},
};

use axum::Router;
use futures::future::BoxFuture;
use http::{
    HeaderName, HeaderValue, Method, Request, Response, Uri, Version,
    header::{CONTENT_TYPE, TE},
};
use knipperlicht_contracts::event::Service as Owner;
use tonic::body::Body;
use tonic_web::GrpcWebLayer;
use tower::{Layer, Service, ServiceExt};

use crate::{caller::Caller, fault::Fault, upstream::Upstreams, way::Way};

const TIMEOUT: HeaderName = HeaderName::from_static("grpc-timeout");

/// The path of every call, of each service.
pub(crate) fn routes(upstreams: &Upstreams, caller: Caller) -> Router {
    let mut router = Router::new();
    for (owner, way) in upstreams.iter() {
        let onward = Onward {
            way: way.clone(),
            caller,
        };
        let path = format!("/{}/{{call}}", service_name(owner));
        router = router.route_service(&path, GrpcWebLayer::new().layer(onward));
    }
    router
}

/// The full name of a service in the contracts.
fn service_name(owner: Owner) -> String {
    let name = owner.name();
    let mut letters = name.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    let title: String = first.into_iter().chain(letters).collect();
    format!("knipperlicht.{name}.v1.{title}Service")
}

/// Passes calls on to one service.
#[derive(Debug, Clone)]
struct Onward {
    way: Way,
    caller: Caller,
}

impl Service<Request<Body>> for Onward {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let Some(request) = onward(request, self.caller) else {
            return Box::pin(ready(Ok(Fault::NoSuchCall.status().into_http())));
        };
        let way = self.way.clone();
        Box::pin(async move {
            let answer = way.oneshot(request).await;
            Ok(answer.unwrap_or_else(|_| Fault::ServiceAway.status().into_http()))
        })
    }
}

/// The same call, with what the service is told of who makes it.
fn onward(request: Request<Body>, caller: Caller) -> Option<Request<Body>> {
    let (parts, body) = request.into_parts();
    let mut request = Request::new(body);
    *request.method_mut() = Method::POST;
    *request.version_mut() = Version::HTTP_2;
    // Without what may stand behind a `?`: no call has anything there.
    *request.uri_mut() = Uri::builder()
        .path_and_query(parts.uri.path())
        .build()
        .ok()?;
    let headers = request.headers_mut();
    *headers = caller.told(&parts.headers, &parts.extensions);
    for name in [CONTENT_TYPE, TIMEOUT] {
        if let Some(value) = parts.headers.get(&name) {
            headers.insert(name, value.clone());
        }
    }
    headers.insert(TE, HeaderValue::from_static("trailers"));
    Some(request)
}

#[cfg(test)]
mod tests {
    use knipperlicht_contracts::DESCRIPTORS;

    use super::*;

    #[test]
    fn each_service_is_called_as_the_contracts_call_it() {
        for owner in Owner::ALL {
            let name = service_name(*owner);
            let (_, last) = name.rsplit_once('.').unwrap();
            let found = DESCRIPTORS
                .windows(last.len())
                .any(|window| window == last.as_bytes());
            assert!(found, "{name}");
        }
    }
}
