//! What the gateway itself refuses. What a service refuses is passed on as the service says it.

use std::time::Duration;

use http::StatusCode;
use knipperlicht_runtime::{Coded, Kind, refusal};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

/// A request that the gateway cannot answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Fault {
    /// A service does not answer.
    #[error(
        "a service is away for a moment, and whether anything was stored is not known: look, or send the same again"
    )]
    ServiceAway,
    /// Nothing is there.
    #[error("there is nothing here: /api/docs shows every address there is")]
    NoSuchCall,
    /// Something is there, which is asked otherwise.
    #[error("this address is not asked so: the header `allow` says how")]
    Method,
    /// What was sent is of another kind.
    #[error("send JSON, and say so: `content-type: application/json`")]
    NotJson,
    /// What was sent is not what the call takes.
    #[error("{what}")]
    Body {
        /// Where, as a JSON pointer into what was sent.
        pointer: String,
        /// What is wrong.
        what: String,
    },
    /// What stands in the address is not what the call takes.
    #[error("{what}")]
    Parameter {
        /// Which parameter.
        name: String,
        /// What is wrong.
        what: String,
    },
    /// What was sent is too long.
    #[error("that is more than 1 MiB: send less at a time")]
    TooLarge,
    /// A key that could not be kept.
    #[error("{what}")]
    IdempotencyKey {
        /// Why.
        what: &'static str,
    },
    /// More is under way than fits.
    #[error("too much is under way: try again in a moment")]
    Overloaded,
    /// Nobody waits for the answer any longer.
    #[error("this took too long and was given up: look whether it took effect, then try again")]
    TookTooLong,
    /// The people of a demonstration are others.
    #[error("nobody of the demonstration has this name: /dev/people lists them")]
    NoSuchPerson,
}

impl Fault {
    /// As HTTP says it.
    pub(crate) const fn http_status(&self) -> StatusCode {
        match self {
            Self::ServiceAway | Self::Overloaded => StatusCode::SERVICE_UNAVAILABLE,
            Self::TookTooLong => StatusCode::GATEWAY_TIMEOUT,
            Self::NoSuchCall | Self::NoSuchPerson => StatusCode::NOT_FOUND,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotJson => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Body { .. } | Self::Parameter { .. } | Self::IdempotencyKey { .. } => {
                StatusCode::BAD_REQUEST
            }
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        }
    }

    /// As gRPC says it.
    pub(crate) fn status(&self) -> Status {
        if *self != Self::ServiceAway {
            return refusal(self);
        }
        // Not the words for a service that knows that it stored nothing.
        let mut details = ErrorDetails::with_error_info(self.code(), "knipperlicht", []);
        details.set_retry_info(self.retry_after());
        let text = format!("{}: {self}", self.code());
        Status::with_error_details(Code::Unavailable, text, details)
    }
}

impl Coded for Fault {
    fn kind(&self) -> Kind {
        match self {
            Self::ServiceAway => Kind::Unavailable,
            Self::Overloaded => Kind::Exhausted,
            Self::TookTooLong => Kind::TookTooLong,
            Self::NoSuchCall | Self::NoSuchPerson => Kind::NotFound,
            Self::Method
            | Self::NotJson
            | Self::Body { .. }
            | Self::Parameter { .. }
            | Self::IdempotencyKey { .. }
            | Self::TooLarge => Kind::Invalid,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::ServiceAway => "KL7001",
            Self::NoSuchCall => "KL7002",
            Self::Method => "KL7003",
            Self::NotJson => "KL7004",
            Self::Body { .. } => "KL7005",
            Self::Parameter { .. } => "KL7006",
            Self::TooLarge => "KL7007",
            Self::IdempotencyKey { .. } => "KL7008",
            Self::Overloaded => "KL7009",
            Self::NoSuchPerson => "KL7010",
            Self::TookTooLong => "KL0022",
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        matches!(self, Self::ServiceAway | Self::Overloaded).then_some(Duration::from_secs(2))
    }
}
