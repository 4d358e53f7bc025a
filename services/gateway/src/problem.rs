//! What went wrong, as a problem document (RFC 9457): the same code as over gRPC, its page as the
//! type, and each field at fault.

use std::time::Duration;

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{
    HeaderValue, StatusCode,
    header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE},
};
use knipperlicht_runtime::Coded;
use serde::Serialize;
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::{fault::Fault, pages};

/// The media type.
pub(crate) const PROBLEM_JSON: &str = "application/problem+json";

/// How long to wait where a refusal for overload does not say it.
const A_MOMENT: Duration = Duration::from_secs(1);

/// A problem document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Problem {
    #[serde(rename = "type")]
    kind: String,
    title: String,
    pub(crate) status: u16,
    pub(crate) detail: String,
    pub(crate) code: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) errors: Vec<FieldError>,
    #[serde(skip)]
    pub(crate) retry_after: Option<Duration>,
}

/// What is wrong in one place of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct FieldError {
    /// Where in what was sent, as a JSON pointer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) pointer: Option<String>,
    /// Or which parameter of the address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) parameter: Option<String>,
    /// What is wrong.
    pub(crate) detail: String,
}

impl Problem {
    /// What a service refused. `place` tells where in the request a field of the call came from.
    pub(crate) fn of(status: &Status, place: impl Fn(&str) -> FieldPlace) -> Self {
        let details = status.get_error_details();
        let Some(info) = details.error_info() else {
            return Self::of_transport(status);
        };
        let code = info.reason.clone();
        let prefix = format!("{code}: ");
        let told = |text: &str| text.strip_prefix(&prefix).unwrap_or(text).to_owned();
        let violations = details.bad_request().into_iter();
        let errors = violations.flat_map(|bad| &bad.field_violations).map(|bad| {
            let detail = told(&bad.description);
            match place(&bad.field) {
                FieldPlace::Body(pointer) => FieldError {
                    pointer: Some(pointer),
                    parameter: None,
                    detail,
                },
                FieldPlace::Address(name) => FieldError {
                    pointer: None,
                    parameter: Some(name),
                    detail,
                },
            }
        });
        let http = http_status(status.code());
        Self {
            kind: pages::address(&code),
            title: pages::title(&code),
            status: http.as_u16(),
            detail: told(status.message()),
            errors: errors.collect(),
            retry_after: details
                .retry_info()
                .and_then(|info| info.retry_delay)
                .or_else(|| is_for_now(http).then_some(A_MOMENT)),
            code,
        }
    }

    /// Our services always say a code: without one, something on the way to them spoke.
    fn of_transport(status: &Status) -> Self {
        tracing::debug!(code = ?status.code(), "a service did not answer");
        match status.code() {
            Code::Unimplemented => Fault::NoSuchCall.into(),
            _ => Fault::ServiceAway.into(),
        }
    }
}

/// Where a field of a call stands in a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FieldPlace {
    /// In what was sent, at this JSON pointer.
    Body(String),
    /// In the address, as this parameter.
    Address(String),
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        let detail = fault.to_string();
        let errors = match &fault {
            Fault::Body { pointer, what } => vec![FieldError {
                pointer: Some(pointer.clone()),
                parameter: None,
                detail: what.clone(),
            }],
            Fault::Parameter { name, what } => vec![FieldError {
                pointer: None,
                parameter: Some(name.clone()),
                detail: what.clone(),
            }],
            _ => Vec::new(),
        };
        Self {
            kind: pages::address(fault.code()),
            title: pages::title(fault.code()),
            status: fault.http_status().as_u16(),
            detail,
            code: fault.code().to_owned(),
            errors,
            retry_after: fault.retry_after(),
        }
    }
}

/// What the code of a refusal is in HTTP.
fn http_status(code: Code) -> StatusCode {
    match code {
        Code::Ok => StatusCode::OK,
        Code::InvalidArgument | Code::OutOfRange => StatusCode::BAD_REQUEST,
        Code::Unauthenticated => StatusCode::UNAUTHORIZED,
        Code::PermissionDenied => StatusCode::FORBIDDEN,
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::AlreadyExists | Code::FailedPrecondition | Code::Aborted => StatusCode::CONFLICT,
        Code::ResourceExhausted => StatusCode::TOO_MANY_REQUESTS,
        Code::Unimplemented => StatusCode::NOT_IMPLEMENTED,
        Code::Unavailable | Code::Cancelled => StatusCode::SERVICE_UNAVAILABLE,
        Code::DeadlineExceeded => StatusCode::GATEWAY_TIMEOUT,
        Code::Unknown | Code::Internal | Code::DataLoss => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// Whether the same may go through later.
fn is_for_now(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE
    )
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        // Strings and numbers alone: there is nothing in it that cannot be written.
        let text = serde_json::to_vec(&self).unwrap_or_default();
        let mut response = Response::new(Body::from(text));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(wait) = self.retry_after {
            // Whole seconds, and never none.
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds.max(1)));
        }
        response
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        Problem::from(self).into_response()
    }
}

#[cfg(test)]
mod tests {
    use knipperlicht_runtime::refusal;

    use super::*;

    #[test]
    fn what_a_service_refuses_keeps_its_code_its_words_and_its_field() {
        let status = refusal(&Fault::Body {
            pointer: String::new(),
            what: "no such thing".to_owned(),
        });
        let problem = Problem::of(&status, |_| unreachable!("no field was named"));
        assert_eq!(problem.code, "KL7005");
        assert_eq!(problem.kind, "/docs/errors/KL7005.md");
        assert_eq!(
            (problem.status, problem.detail.as_str()),
            (400, "no such thing")
        );
        assert!(!problem.title.is_empty());
    }

    #[test]
    fn whoever_does_not_answer_is_away_and_comes_back() {
        let silent = Status::unavailable("tcp connect error");
        let problem = Problem::of(&silent, |_| unreachable!("no field was named"));
        assert_eq!((problem.status, problem.code.as_str()), (503, "KL7001"));
        let response = problem.into_response();
        assert_eq!(response.headers()["retry-after"], "2");
        assert_eq!(response.headers()["content-type"], PROBLEM_JSON);
    }

    #[test]
    fn over_grpc_whoever_is_away_has_the_same_code() {
        let problem = Problem::of(&Fault::ServiceAway.status(), |_| unreachable!("no field"));
        assert_eq!(problem, Problem::from(Fault::ServiceAway));
    }
}
