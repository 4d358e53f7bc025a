//! How long calls take and how they end: for the metrics, and on the span of the call.

use std::{sync::Arc, time::Instant};

use axum::{
    body::Body,
    extract::{MatchedPath, Request},
    middleware::Next,
    response::Response,
};
use http::{HeaderMap, Method};
use http_body_util::BodyExt;
use knipperlicht_contracts::known_call;
use opentelemetry::KeyValue;
use tonic::Code;
use tracing::Span;

use crate::metrics::{HTTP_SERVER_REQUEST, RPC_SERVER_CALL};

/// What every server of gRPC answers besides its services.
const GRPC_METHODS: [&str; 3] = [
    "grpc.health.v1.Health/Check",
    "grpc.health.v1.Health/Watch",
    "grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
];

/// The name of any method that is not known.
const OTHER: &str = "_OTHER";

/// The method that a path names. Whoever calls what is not there gives no names to spans, metrics and
/// logs.
pub(crate) fn method_of(path: &str) -> &'static str {
    let asked = path.trim_start_matches('/');
    let of_grpc = || GRPC_METHODS.iter().find(|known| **known == asked).copied();
    known_call(asked).or_else(of_grpc).unwrap_or(OTHER)
}

/// The template of an address, such as `/api/v1/signals/{signal_id}`: whoever answers a request says
/// it of the answer where the router knows less.
#[derive(Debug, Clone)]
pub struct Route(pub Arc<str>);

/// The method of an HTTP request, as it may be named.
pub(crate) fn http_method(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => OTHER,
    }
}

/// Measures a gRPC call, until its last byte.
pub(crate) async fn measure_call(request: Request, next: Next) -> Response {
    let mut call = Call {
        method: method_of(request.uri().path()),
        began: Instant::now(),
        span: Span::current(),
        ended: None,
    };
    let response = next.run(request).await;
    call.look(response.headers());
    // From here on the body holds it: a call that is given up ends when its body is dropped.
    response.map(|body| {
        Body::new(body.map_frame(move |frame| {
            if let Some(trailers) = frame.trailers_ref() {
                call.look(trailers);
            }
            frame
        }))
    })
}

/// A call under way. Ends when it is dropped.
struct Call {
    method: &'static str,
    began: Instant,
    span: Span,
    ended: Option<Code>,
}

impl Call {
    fn look(&mut self, headers: &HeaderMap) {
        if let Some(status) = headers.get("grpc-status") {
            self.ended = Some(Code::from_bytes(status.as_bytes()));
        }
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        let code = self.ended.unwrap_or(Code::Cancelled);
        let name = code_name(code);
        let mut labels = vec![
            KeyValue::new("rpc.system.name", "grpc"),
            KeyValue::new("rpc.method", self.method),
            KeyValue::new("rpc.response.status_code", name),
        ];
        self.span.record("rpc.response.status_code", name);
        if is_our_fault(code) {
            labels.push(KeyValue::new("error.type", name));
            self.span.record("error.type", name);
            self.span.record("otel.status_code", "ERROR");
        }
        RPC_SERVER_CALL.record_with(self.began.elapsed().as_secs_f64(), &labels);
    }
}

/// Which ends of a call are an error of the server's, by the conventions for gRPC.
const fn is_our_fault(code: Code) -> bool {
    matches!(
        code,
        Code::Unknown
            | Code::DeadlineExceeded
            | Code::Unimplemented
            | Code::Internal
            | Code::Unavailable
            | Code::DataLoss
    )
}

const fn code_name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}

/// Measures a request of a browser or its like, until its headers are answered: streams of events go
/// on for hours.
pub(crate) async fn measure_request(request: Request, next: Next) -> Response {
    let began = Instant::now();
    let span = Span::current();
    let method = http_method(request.method());
    let path = request.extensions().get::<MatchedPath>().cloned();
    let call = method_of(request.uri().path());
    let response = next.run(request).await;
    let status = response.status();
    let mut labels = vec![
        KeyValue::new("http.request.method", method),
        KeyValue::new("http.response.status_code", i64::from(status.as_u16())),
    ];
    if let Some(Route(route)) = response.extensions().get() {
        labels.push(KeyValue::new("http.route", Arc::clone(route)));
    } else if call != OTHER {
        labels.push(KeyValue::new("http.route", format!("/{call}")));
    } else if let Some(path) = path {
        labels.push(KeyValue::new("http.route", path.as_str().to_owned()));
    }
    span.record("http.response.status_code", status.as_u16());
    if status.is_server_error() {
        span.record("error.type", status.as_str());
        span.record("otel.status_code", "ERROR");
    }
    HTTP_SERVER_REQUEST.record_with(began.elapsed().as_secs_f64(), &labels);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_methods_that_there_are_have_a_name() {
        let own = "knipperlicht.intake.v1.IntakeService/GetSignal";
        for known in [own, GRPC_METHODS[0]] {
            assert_eq!(method_of(&format!("/{known}")), known);
        }
        for unknown in [
            "/",
            "/anything/0001",
            "/Maria.Peeters/0470123456",
            "/knipperlicht.intake.v1.IntakeService/Get",
        ] {
            assert_eq!(method_of(unknown), OTHER);
        }
    }
}
