//! The gRPC server: TLS, limits, health, reflection, an orderly end.

use std::{io, net::SocketAddr, time::Duration};

use axum::{Extension, Router, middleware};
use http::header::CONTENT_TYPE;
use knipperlicht_contracts::DESCRIPTORS;
use tokio::{io::DuplexStream, net::TcpListener, sync::mpsc};
use tokio_stream::{StreamExt, wrappers::ReceiverStream};
use tonic::{
    service::Routes,
    transport::{self, Server, server::TcpIncoming},
};
use tonic_health::{ServingStatus, server::HealthReporter};
use tracing::{Span, field::Empty};

use crate::{
    ServerTls, Stop,
    calls::{http_method, measure_call, measure_request, method_of},
    door::{self, Readiness},
    incoming::encrypted,
    inside::{FromInside, Inside},
    trace::begin_call,
};

/// Calls under way on one connection; more are refused politely.
const CALLS_PER_CONNECTION: usize = 512;

/// The same for browsers, which share a connection with nobody: the rest waits.
const REQUESTS_PER_CONNECTION: u32 = 256;

/// Calls from within this process that were given up before they were looked at. They are many
/// callers' on one connection: it does not end because some are impatient.
const GIVEN_UP_FROM_INSIDE: usize = 4_096;

/// How long open streams and calls may take to end once it is time to stop.
const DRAIN: Duration = Duration::from_secs(5);

/// The server could not start or broke down.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The address is taken or not ours.
    #[error("cannot listen on {address}: {source}; is another one running there?")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// The descriptors of the contracts are broken: a mistake in the build.
    #[error("reflection: {0}")]
    Reflection(#[from] tonic_reflection::server::Error),
    /// The transport broke down.
    #[error("transport: {0}")]
    Transport(#[from] tonic::transport::Error),
}

/// Who is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Callers {
    /// Programs that speak gRPC.
    Programs,
    /// Browsers as well: HTTP/1.1 and HTTP/2, whatever is asked.
    Browsers,
}

/// A gRPC server that holds its address.
pub struct GrpcServer {
    callers: Callers,
    listener: TcpListener,
    address: SocketAddr,
    tls: Option<ServerTls>,
    health: Health,
    health_routes: Routes,
    health_door: Option<TcpListener>,
    from_inside: Option<mpsc::Receiver<DuplexStream>>,
    routes: Routes,
}

impl GrpcServer {
    /// Takes the address, so that a clash shows before anything else starts. Without `tls` it
    /// speaks in clear.
    pub async fn bind(address: SocketAddr, tls: Option<ServerTls>) -> Result<Self, ServerError> {
        Self::bind_for(Callers::Programs, address, tls).await
    }

    /// The same for browsers as well; `tls` is [for the web](ServerTls::load_for_web).
    pub async fn bind_web(
        address: SocketAddr,
        tls: Option<ServerTls>,
    ) -> Result<Self, ServerError> {
        Self::bind_for(Callers::Browsers, address, tls).await
    }

    async fn bind_for(
        callers: Callers,
        address: SocketAddr,
        tls: Option<ServerTls>,
    ) -> Result<Self, ServerError> {
        let (listener, address) = listen(address).await?;
        let (health, health_service) = tonic_health::server::health_reporter();
        let reflection = tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(DESCRIPTORS)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
            .build_v1()?;
        let routes = Routes::new(health_service.clone()).add_service(reflection);
        Ok(Self {
            callers,
            listener,
            address,
            tls,
            health: Health {
                reporter: health,
                readiness: Readiness::default(),
            },
            health_routes: Routes::new(health_service),
            health_door: None,
            from_inside: None,
            routes,
        })
    }

    /// Answers how it is at this address too, in clear and nothing else: over gRPC, and over HTTP at
    /// `/livez`, `/readyz` and, for Prometheus, `/metrics`. For who watches over processes and has no
    /// certificates. Says where that is.
    pub async fn answer_health_at(
        &mut self,
        address: SocketAddr,
    ) -> Result<SocketAddr, ServerError> {
        let (listener, address) = listen(address).await?;
        self.health_door = Some(listener);
        Ok(address)
    }

    /// Lets calls in from within this process.
    pub fn let_in_from_inside(&mut self) -> Inside {
        let (inside, connections) = Inside::new();
        self.from_inside = Some(connections);
        inside
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// What tells others how each service is. The empty name stands for the whole process.
    #[must_use]
    pub fn health(&self) -> Health {
        self.health.clone()
    }

    /// Serves `routes`, with health and reflection, until it is time to stop.
    pub async fn serve(self, routes: Routes, stop: Stop) -> Result<(), ServerError> {
        // Both answer "unimplemented" to what they do not know; one answer is enough.
        let open = self.routes.into_axum_router().reset_fallback();
        let all = self.callers.measured(routes.into_axum_router().merge(open));
        let inside = serve_inside(all.clone(), self.from_inside, stop.clone());
        let server = self.callers.server().add_routes(Routes::from(all));
        let (listener, stopping) = (self.listener, stopped(stop.clone()));
        let serving = async {
            match self.tls {
                None => {
                    let incoming = in_clear(listener);
                    server
                        .serve_with_incoming_shutdown(incoming, stopping)
                        .await
                }
                Some(mut tls) => {
                    let incoming = encrypted(listener, tls.current());
                    tokio::select! {
                        done = server.serve_with_incoming_shutdown(incoming, stopping) => done,
                        never = tls.keep_fresh() => match never {},
                    }
                }
            }
        };
        let health = async {
            match self.health_door {
                None => Ok(()),
                Some(door) => {
                    let routes = door::routes(self.health_routes, self.health.readiness);
                    let server = Server::builder()
                        .accept_http1(true)
                        .concurrency_limit_per_connection(CALLS_PER_CONNECTION)
                        .add_routes(routes);
                    let stopping = stopped(stop.clone());
                    server
                        .serve_with_incoming_shutdown(in_clear(door), stopping)
                        .await
                }
            }
        };
        tokio::select! {
            done = async { tokio::try_join!(serving, health, inside) } => {
                done?;
            }
            () = async {
                stop.requested().await;
                tokio::time::sleep(DRAIN).await;
            } => {}
        }
        Ok(())
    }
}

impl Callers {
    /// What they ask, measured.
    fn measured(self, routes: Router) -> Router {
        match self {
            Self::Programs => routes.layer(middleware::from_fn(measure_call)),
            Self::Browsers => routes.layer(middleware::from_fn(measure_request)),
        }
    }

    fn server(self) -> Server {
        match self {
            Self::Programs => Server::builder()
                .trace_fn(call_span)
                .concurrency_limit_per_connection(CALLS_PER_CONNECTION)
                .load_shed(true),
            // Nothing is shed here: what tonic answers then is no answer to a browser.
            Self::Browsers => Server::builder()
                .trace_fn(web_span)
                .accept_http1(true)
                .max_concurrent_streams(REQUESTS_PER_CONNECTION),
        }
    }
}

/// Serves those who call from within this process. They are one caller for many, so that their
/// calls are not counted together.
async fn serve_inside(
    routes: Router,
    connections: Option<mpsc::Receiver<DuplexStream>>,
    stop: Stop,
) -> Result<(), transport::Error> {
    let Some(connections) = connections else {
        return Ok(());
    };
    let incoming = ReceiverStream::new(connections).map(Ok::<_, io::Error>);
    Server::builder()
        .trace_fn(call_span)
        .http2_max_pending_accept_reset_streams(Some(GIVEN_UP_FROM_INSIDE))
        .add_routes(Routes::from(routes.layer(Extension(FromInside))))
        .serve_with_incoming_shutdown(incoming, stopped(stop))
        .await
}

async fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), ServerError> {
    let refused = |source| ServerError::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(refused)?;
    let address = listener.local_addr().map_err(refused)?;
    Ok((listener, address))
}

/// Set here and not on the server, which leaves sockets that it is handed as they are: an answer
/// that waits for the acknowledgement of the one before costs 40 ms.
fn in_clear(listener: TcpListener) -> TcpIncoming {
    TcpIncoming::from(listener).with_nodelay(Some(true))
}

async fn stopped(stop: Stop) {
    stop.requested().await;
}

/// Tells load balancers and people how each service is.
#[derive(Clone)]
pub struct Health {
    reporter: HealthReporter,
    readiness: Readiness,
}

impl Health {
    /// Says how a service is. The empty name stands for the whole process.
    pub async fn set(&self, service: &str, well: bool) {
        let status = if well {
            ServingStatus::Serving
        } else {
            ServingStatus::NotServing
        };
        self.reporter.set_service_status(service, status).await;
        if service.is_empty() {
            self.readiness.set(well);
        }
    }
}

/// A span for what a browser asks, named by its method until it is known what it asks for: an
/// address is nobody's business. None for what is the same for everybody.
fn web_span(request: &http::Request<()>) -> Span {
    let content = request.headers().get(CONTENT_TYPE);
    if content.is_some_and(|kind| kind.as_bytes().starts_with(b"application/grpc")) {
        return call_span(request);
    }
    let path = request.uri().path();
    if !(path.starts_with("/api/v1/") || path.starts_with("/fhir/")) {
        return Span::none();
    }
    let method = http_method(request.method());
    let span = tracing::info_span!(
        "request",
        otel.name = method,
        otel.kind = "server",
        otel.status_code = Empty,
        http.request.method = method,
        http.route = Empty,
        http.response.status_code = Empty,
        error.type = Empty,
    );
    begin(&span, method, request);
    span
}

/// One span a call, named by its full method, under the caller's where it sent a `traceparent`. None for
/// those who ask every few seconds whether we are well.
fn call_span(request: &http::Request<()>) -> Span {
    let method = method_of(request.uri().path());
    if method.starts_with("grpc.health.") {
        return Span::none();
    }
    let span = tracing::info_span!(
        "call",
        otel.name = method,
        otel.kind = "server",
        otel.status_code = Empty,
        rpc.system.name = "grpc",
        rpc.method = method,
        rpc.response.status_code = Empty,
        error.type = Empty,
    );
    begin(&span, method, request);
    span
}

fn begin(span: &Span, method: &'static str, request: &http::Request<()>) {
    let parent = request.headers().get("traceparent");
    begin_call(span, method, parent.and_then(|value| value.to_str().ok()));
}
