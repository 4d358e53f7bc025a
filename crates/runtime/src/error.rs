//! One way to say errors: a closed set of kinds, mapped once to gRPC, and a code with a page.

use std::{collections::HashMap, time::Duration};

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

/// What sort of error it is: what the caller can do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The request is wrong: change it.
    Invalid,
    /// We do not know who asks: log in.
    Unauthenticated,
    /// The caller may not do this.
    Forbidden,
    /// There is no such thing, or the caller may not see it.
    NotFound,
    /// It no longer goes with the present state: look again.
    Conflict,
    /// Too much at once: come back later.
    Exhausted,
    /// Something we need is away: try again.
    Unavailable,
    /// It was given up: whether it took effect is not known.
    TookTooLong,
    /// A mistake of ours.
    Internal,
}

/// An error that a user can meet.
pub trait Coded: std::error::Error {
    /// What sort of error it is.
    fn kind(&self) -> Kind;
    /// Its code, such as `KL1001`: `docs/errors/` has a page for each.
    fn code(&self) -> &'static str;
    /// How long to wait before trying again, where that is known.
    fn retry_after(&self) -> Option<Duration> {
        None
    }
    /// The field at fault, where one is.
    fn field(&self) -> Option<&str> {
        None
    }
}

/// The error as a gRPC status, with `google.rpc.ErrorInfo` and, for a field, `BadRequest`;
/// `RetryInfo` says how long to wait, where that is known.
///
/// An internal error is logged here and tells the caller only its code: its text may name tables.
pub fn refusal(error: &dyn Coded) -> Status {
    let grpc_code = match error.kind() {
        Kind::Invalid => Code::InvalidArgument,
        Kind::Unauthenticated => Code::Unauthenticated,
        Kind::Forbidden => Code::PermissionDenied,
        Kind::NotFound => Code::NotFound,
        Kind::Conflict => Code::FailedPrecondition,
        Kind::Exhausted => Code::ResourceExhausted,
        Kind::Unavailable => Code::Unavailable,
        Kind::TookTooLong => Code::DeadlineExceeded,
        Kind::Internal => Code::Internal,
    };
    let message = match error.kind() {
        Kind::Internal => {
            tracing::error!(code = error.code(), error = %causes_of(error), "call failed");
            "something went wrong on our side; it is recorded, try again later".to_owned()
        }
        // Health and the writer say that something is away; a line for each caller would hide it.
        Kind::Unavailable => {
            tracing::debug!(code = error.code(), error = %causes_of(error), "call refused");
            "something we need is away for a moment; nothing was stored, try again".to_owned()
        }
        _ => error.to_string(),
    };
    let mut details = ErrorDetails::with_error_info(
        error.code(),
        "knipperlicht",
        HashMap::from([(
            "page".to_owned(),
            format!("docs/errors/{}.md", error.code()),
        )]),
    );
    if let Some(wait) = error.retry_after() {
        details.set_retry_info(Some(wait));
    }
    if let Some(field) = error.field() {
        details.add_bad_request_violation(field, &message);
    }
    Status::with_error_details(grpc_code, format!("{}: {message}", error.code()), details)
}

fn causes_of(error: &dyn Coded) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}

/// An error as the caller of a gRPC service receives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Its code, such as `KL1001`; empty when the other side is not ours.
    pub code: String,
    /// The field at fault, where one is.
    pub field: Option<String>,
    /// What is wrong and what to do.
    pub message: String,
}

impl From<&Status> for Problem {
    fn from(status: &Status) -> Self {
        let details = status.get_error_details();
        let code = details
            .error_info()
            .map(|info| info.reason.clone())
            .unwrap_or_default();
        let field = details
            .bad_request()
            .and_then(|bad| bad.field_violations.first())
            .map(|violation| violation.field.clone());
        Self {
            code,
            field,
            message: status.message().to_owned(),
        }
    }
}
