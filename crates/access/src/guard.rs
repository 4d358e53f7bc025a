//! The door: every call is checked here before a service sees it.

mod streams;

use std::{sync::Arc, time::Duration};

use axum::{
    extract::{Request, State},
    middleware::{self, Next},
    response::Response,
};
use governor::clock::MonotonicClock;
use http::{HeaderMap, Uri, header::AUTHORIZATION};
use knipperlicht_runtime::{Coded, Kind, is_from_inside, peer_of, refusal};
use knipperlicht_vocabulary::ReporterId;
use tokio::time::timeout;
use tonic::{Code, Status, service::Routes};

use crate::{
    AccessError, Admitted, Principal, Role, Verifier, allowed,
    rate::{Limiter, Peers, Rates},
};

use streams::{Streams, until_it_ends};

/// How long a call may take until it is answered, or a stream until it begins, whatever its caller
/// would wait.
const PATIENCE: Duration = Duration::from_secs(30);

/// The same for calls that send a stream, over whatever line they have.
const PATIENCE_WITH_STREAMS: Duration = Duration::from_mins(10);

/// Calls that send a stream; a test keeps it equal to the contracts.
const SENDING_STREAMS: &[&str] = &["knipperlicht.routing.v1.RoutingService/ImportServices"];

/// Calls that are answered by a stream; a test keeps it equal to the contracts.
const ANSWERED_BY_STREAMS: &[&str] = &[
    "knipperlicht.intake.v1.IntakeService/WatchMySignals",
    "knipperlicht.routing.v1.RoutingService/ExportServices",
    "knipperlicht.routing.v1.RoutingService/WatchReferrals",
];

/// Who is let in, and how often.
pub struct Door {
    verifier: Arc<Verifier>,
    limiter: Limiter,
    streams: Streams,
    peers: Peers,
}

impl Door {
    /// Believes whom `verifier` believes.
    #[must_use]
    pub fn new(verifier: Arc<Verifier>, rates: Rates, peers: Peers) -> Self {
        Self {
            verifier,
            limiter: Limiter::new(rates, MonotonicClock),
            streams: Streams::default(),
            peers,
        }
    }
}

/// Puts the door before `routes`.
#[must_use]
pub fn guard(routes: Routes, door: Door) -> Routes {
    Routes::from(
        routes
            .into_axum_router()
            .layer(middleware::from_fn_with_state(Arc::new(door), check)),
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

async fn check(State(door): State<Arc<Door>>, mut request: Request, next: Next) -> Response {
    let peer = peer_of(request.extensions());
    // From within this process calls the gateway alone, which says for whom.
    let peers = if is_from_inside(request.extensions()) {
        Peers::Forwarded
    } else {
        door.peers
    };
    let address = peers.address(peer, request.headers());
    let admitted = admit(&door.verifier, request.uri(), request.headers()).await;
    let admitted = match admitted {
        Ok(admitted) => admitted,
        Err(error) => return refusal(&error).into_http(),
    };
    let counted = door.limiter.count(&admitted.principal, address);
    let answer = match counted.outcome() {
        Ok(()) => {
            request.extensions_mut().insert(admitted.principal.clone());
            pass(&door, &admitted, request, next).await
        }
        Err(error) => Err(error),
    };
    let mut response = answer.unwrap_or_else(|error| refusal(&error).into_http());
    counted.tell(response.headers_mut());
    response
}

/// Has the call answered.
async fn pass(
    door: &Door,
    admitted: &Admitted,
    request: Request,
    next: Next,
) -> Result<Response, AccessError> {
    let call = call_of(request.uri());
    let patience = patience_with(call);
    let place = if ANSWERED_BY_STREAMS.contains(&call) {
        Some(door.streams.take(&admitted.principal.subject)?)
    } else {
        None
    };
    let Ok(response) = timeout(patience, next.run(request)).await else {
        return Ok(refusal(&TransportError::TookTooLong).into_http());
    };
    let response = with_code(response);
    Ok(match place {
        Some(place) => until_it_ends(response, admitted.holds_for, place),
        None => response,
    })
}

fn patience_with(call: &str) -> Duration {
    if SENDING_STREAMS.contains(&call) {
        PATIENCE_WITH_STREAMS
    } else {
        PATIENCE
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

/// A message that no service gets to see, or an answer that nobody waits for any more.
#[derive(Debug, thiserror::Error)]
enum TransportError {
    #[error("the message could not be read: generate the client anew from the contracts")]
    NotUnderstood,
    #[error("the message is too large: send less at a time")]
    TooLarge,
    #[error("this took too long and was given up: look whether it took effect, then try again")]
    TookTooLong,
}

impl Coded for TransportError {
    fn kind(&self) -> Kind {
        match self {
            Self::NotUnderstood | Self::TooLarge => Kind::Invalid,
            Self::TookTooLong => Kind::TookTooLong,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotUnderstood => "KL0006",
            Self::TooLarge => "KL0007",
            Self::TookTooLong => "KL0022",
        }
    }
}

fn call_of(uri: &Uri) -> &str {
    uri.path().trim_start_matches('/')
}

async fn admit(
    verifier: &Verifier,
    uri: &Uri,
    headers: &HeaderMap,
) -> Result<Admitted, AccessError> {
    let call = call_of(uri);
    let roles = allowed(call).unwrap_or_default();
    let admitted = match bearer(headers)? {
        Some(token) => verifier.verify(token).await?,
        None if roles == [Role::LinkHolder] => link_holder()?,
        None => return Err(AccessError::NoToken),
    };
    let role = admitted.principal.role;
    if roles.contains(&role) {
        Ok(admitted)
    } else {
        Err(AccessError::NotAllowed {
            role,
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
fn link_holder() -> Result<Admitted, AccessError> {
    let subject: ReporterId =
        "link"
            .parse()
            .map_err(|error: knipperlicht_vocabulary::IdError| {
                AccessError::BadToken(error.to_string())
            })?;
    Ok(Admitted {
        principal: Principal {
            subject,
            role: Role::LinkHolder,
            organisation: None,
            zones: Vec::new(),
        },
        // There is no token that could run out, and nothing streams to them.
        holds_for: Duration::MAX,
    })
}

#[cfg(test)]
mod tests;
