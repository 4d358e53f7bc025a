//! The door: every call is checked here before a service sees it.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    middleware::{self, Next},
    response::Response,
};
use http::{HeaderMap, Uri, header::AUTHORIZATION};
use knipperlicht_runtime::{Coded, Kind, refusal};
use knipperlicht_vocabulary::ReporterId;
use tonic::{Code, Status, service::Routes};

use crate::{AccessError, Principal, Role, Verifier, allowed};

/// Puts the door before `routes`.
#[must_use]
pub fn guard(routes: Routes, verifier: Arc<Verifier>) -> Routes {
    Routes::from(
        routes
            .into_axum_router()
            .layer(middleware::from_fn_with_state(verifier, check)),
    )
}

/// Who makes this call, as [`guard`] found out.
pub fn principal_of<T>(request: &tonic::Request<T>) -> Result<Principal, Status> {
    request
        .extensions()
        .get()
        .cloned()
        .ok_or_else(|| refusal(&AccessError::NoToken))
}

async fn check(
    State(verifier): State<Arc<Verifier>>,
    mut request: Request,
    next: Next,
) -> Response {
    let admitted = admit(&verifier, request.uri(), request.headers()).await;
    match admitted {
        Ok(principal) => {
            request.extensions_mut().insert(principal);
            with_code(next.run(request).await)
        }
        Err(error) => refusal(&error).into_http(),
    }
}

/// What the transport refuses by itself, before a service sees it, gets a code of ours too.
fn with_code(response: Response) -> Response {
    let Some(status) = Status::from_header_map(response.headers()) else {
        return response;
    };
    if !status.details().is_empty() {
        return response;
    }
    match status.code() {
        Code::OutOfRange => refusal(&TransportError::TooLarge).into_http(),
        Code::Internal => refusal(&TransportError::NotUnderstood).into_http(),
        _ => response,
    }
}

/// A message that no service gets to see.
#[derive(Debug, thiserror::Error)]
enum TransportError {
    #[error("the message could not be read: generate the client anew from the contracts")]
    NotUnderstood,
    #[error("the message is too large: send less at a time")]
    TooLarge,
}

impl Coded for TransportError {
    fn kind(&self) -> Kind {
        Kind::Invalid
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotUnderstood => "KL0006",
            Self::TooLarge => "KL0007",
        }
    }
}

async fn admit(
    verifier: &Verifier,
    uri: &Uri,
    headers: &HeaderMap,
) -> Result<Principal, AccessError> {
    let call = uri.path().trim_start_matches('/');
    let roles = allowed(call).unwrap_or_default();
    let principal = match bearer(headers)? {
        Some(token) => verifier.verify(token).await?,
        None if roles == [Role::LinkHolder] => link_holder()?,
        None => return Err(AccessError::NoToken),
    };
    if roles.contains(&principal.role) {
        Ok(principal)
    } else {
        Err(AccessError::NotAllowed {
            role: principal.role,
            call: call.chars().take(100).collect(),
        })
    }
}

/// The token, if one was sent. Whoever sends one is its account, also at a carer's door.
fn bearer(headers: &HeaderMap) -> Result<Option<&str>, AccessError> {
    let mut sent = headers.get_all(AUTHORIZATION).iter();
    let Some(value) = sent.next() else {
        return Ok(None);
    };
    if sent.next().is_some() {
        return Err(AccessError::BadToken("sent more than once".to_owned()));
    }
    value
        .to_str()
        .ok()
        .and_then(|value| value.strip_prefix("Bearer "))
        .map(Some)
        .ok_or(AccessError::NoToken)
}

/// Whoever holds a link proves it by the link's token, in the request itself.
fn link_holder() -> Result<Principal, AccessError> {
    let subject: ReporterId =
        "link"
            .parse()
            .map_err(|error: knipperlicht_vocabulary::IdError| {
                AccessError::BadToken(error.to_string())
            })?;
    Ok(Principal {
        subject,
        role: Role::LinkHolder,
        organisation: None,
        zones: Vec::new(),
    })
}
