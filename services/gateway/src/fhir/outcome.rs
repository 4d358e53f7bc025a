//! What went wrong, as an `OperationOutcome`: the same code, words and field as everywhere else.

use std::time::Duration;

use axum::response::Response;
use http::{
    HeaderValue, StatusCode,
    header::{RETRY_AFTER, WWW_AUTHENTICATE},
};
use tonic::{Code, Status};

use super::{
    reply,
    terms::List,
    types::{CodeableConcept, Issue, OperationOutcome},
};
use crate::{
    fault::Fault,
    problem::{FieldPlace, Problem},
};

/// Something that FHIR refuses, or a service behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    status: StatusCode,
    issue: &'static str,
    code: String,
    what: String,
    expressions: Vec<String>,
    retry_after: Option<Duration>,
}

impl Refusal {
    fn own(status: StatusCode, issue: &'static str, code: &str, what: impl Into<String>) -> Self {
        Self {
            status,
            issue,
            code: code.to_owned(),
            what: what.into(),
            expressions: Vec::new(),
            retry_after: None,
        }
    }

    /// Another format was asked for than there is.
    pub(super) fn format() -> Self {
        let what = "answers are FHIR JSON: ask for `application/fhir+json`";
        Self::own(StatusCode::NOT_ACCEPTABLE, "not-supported", "KL7031", what)
    }

    /// Another format was sent than is understood.
    pub(super) fn sent_format() -> Self {
        let what = "send FHIR JSON, and say so: `content-type: application/fhir+json`";
        Self::own(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "not-supported",
            "KL7031",
            what,
        )
    }

    /// A resource cannot be taken as it is.
    pub(super) fn resource(issue: &'static str, at: &str, what: impl Into<String>) -> Self {
        let status = match issue {
            "structure" => StatusCode::BAD_REQUEST,
            _ => StatusCode::UNPROCESSABLE_ENTITY,
        };
        Self {
            expressions: vec![at.to_owned()],
            ..Self::own(status, issue, "KL7032", what)
        }
    }

    /// A search cannot be made as asked.
    pub(super) fn search(what: impl Into<String>) -> Self {
        Self::own(StatusCode::BAD_REQUEST, "invalid", "KL7033", what)
    }

    /// It changed since it was read.
    pub(super) fn changed() -> Self {
        let what = "it changed since you read it: read it again, then decide";
        Self::own(StatusCode::PRECONDITION_FAILED, "conflict", "KL7034", what)
    }

    /// A Task cannot be moved so.
    pub(super) fn moving(issue: &'static str, at: &str, what: impl Into<String>) -> Self {
        Self {
            expressions: vec![at.to_owned()],
            ..Self::own(StatusCode::UNPROCESSABLE_ENTITY, issue, "KL7035", what)
        }
    }

    /// The follow-up of what was accepted is not there yet.
    pub(super) fn too_soon() -> Self {
        let what = "the follow-up of this Task is being opened: send the same again in a second";
        Self {
            retry_after: Some(Duration::from_secs(1)),
            ..Self::own(StatusCode::CONFLICT, "transient", "KL7036", what)
        }
    }

    /// More would have to be read than is.
    pub(super) fn too_much() -> Self {
        let what = "there is more than one search reads: use the REST or gRPC lists, page by page";
        Self::own(StatusCode::FORBIDDEN, "too-costly", "KL7037", what)
    }

    /// There is no such resource, or not for this caller.
    pub(super) fn not_found(what: impl Into<String>) -> Self {
        Self::own(StatusCode::NOT_FOUND, "not-found", "KL7038", what)
    }

    /// What a service refused; `place` says where in the resource a field of its call came from.
    pub(super) fn of(status: &Status, place: impl Fn(&str) -> String) -> Self {
        let problem = Problem::of(status, |field| FieldPlace::Body(place(field)));
        let mut refusal = Self::from(problem);
        refusal.issue = issue_of(status.code()).unwrap_or(refusal.issue);
        if status.code() == Code::FailedPrecondition {
            // A rule of the line, not two who wrote at once.
            refusal.status = StatusCode::UNPROCESSABLE_ENTITY;
        }
        refusal
    }

    /// Whether it is not for the caller's role.
    pub(super) fn is_forbidden(&self) -> bool {
        self.status == StatusCode::FORBIDDEN && self.issue == "forbidden"
    }

    /// Whether there is no such thing, or not for the caller.
    pub(super) fn is_not_found(&self) -> bool {
        self.status == StatusCode::NOT_FOUND
    }

    /// The whole outcome.
    fn outcome(&self) -> OperationOutcome {
        let details = CodeableConcept {
            text: Some(self.what.clone()),
            ..List::Error.concept(self.code.clone())
        };
        OperationOutcome {
            issue: vec![Issue {
                severity: "error".to_owned(),
                code: self.issue.to_owned(),
                details: Some(details),
                diagnostics: Some(crate::pages::address(&self.code)),
                expression: self.expressions.clone(),
            }],
        }
    }

    pub(super) fn into_response(self) -> Response {
        let body = reply::json("OperationOutcome", &self.outcome());
        let mut response = reply::of(self.status, &body);
        let headers = response.headers_mut();
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(wait) = self.retry_after {
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds.max(1)));
        }
        response
    }
}

impl From<Status> for Refusal {
    fn from(status: Status) -> Self {
        Self::of(&status, str::to_owned)
    }
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        Self::from(Problem::from(fault))
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        let places = problem.errors.into_iter();
        Self {
            status: StatusCode::from_u16(problem.status)
                .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            issue: issue_by_status(problem.status),
            code: problem.code,
            what: problem.detail,
            expressions: places.filter_map(|one| one.pointer).collect(),
            retry_after: problem.retry_after,
        }
    }
}

/// Where the code of a refusal says more than its HTTP status.
const fn issue_of(code: Code) -> Option<&'static str> {
    match code {
        Code::FailedPrecondition => Some("business-rule"),
        Code::Aborted => Some("conflict"),
        Code::AlreadyExists => Some("duplicate"),
        _ => None,
    }
}

const fn issue_by_status(status: u16) -> &'static str {
    match status {
        400 => "value",
        401 => "login",
        403 => "forbidden",
        404 => "not-found",
        405 | 415 | 501 => "not-supported",
        409 => "conflict",
        413 => "too-long",
        429 => "throttled",
        503 => "transient",
        504 => "timeout",
        _ => "exception",
    }
}

#[cfg(test)]
mod tests {
    use knipperlicht_runtime::{Coded, Kind, refusal};

    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("it does not stand so")]
    struct Rule;

    impl Coded for Rule {
        fn kind(&self) -> Kind {
            Kind::Conflict
        }

        fn code(&self) -> &'static str {
            "KL3011"
        }
    }

    #[test]
    fn a_move_that_the_line_forbids_is_a_business_rule_with_its_own_code() {
        let told = Refusal::of(&refusal(&Rule), str::to_owned);
        assert_eq!(told.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(
            (told.issue, told.code.as_str()),
            ("business-rule", "KL3011")
        );
        let outcome = told.outcome();
        let issue = &outcome.issue[0];
        assert_eq!(issue.diagnostics.as_deref(), Some("/docs/errors/KL3011.md"));
    }

    #[test]
    fn whoever_is_away_comes_back() {
        let told = Refusal::from(Status::unavailable("tcp connect error"));
        assert_eq!((told.issue, told.code.as_str()), ("transient", "KL7001"));
        assert_eq!(told.into_response().headers()[RETRY_AFTER], "2");
    }
}
