//! The gRPC server: limits, health, reflection, an orderly end.

use std::{net::SocketAddr, time::Duration};

use knipperlicht_contracts::DESCRIPTORS;
use tokio::net::TcpListener;
use tonic::{
    service::Routes,
    transport::{Server, server::TcpIncoming},
};
use tonic_health::{ServingStatus, server::HealthReporter};
use tracing::Span;

use crate::{Stop, set_parent};

/// Calls under way on one connection; more are refused politely.
const CALLS_PER_CONNECTION: usize = 512;

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

/// A gRPC server that holds its address.
pub struct GrpcServer {
    listener: TcpListener,
    address: SocketAddr,
    health: HealthReporter,
    routes: Routes,
}

impl GrpcServer {
    /// Takes the address, so that a clash shows before anything else starts.
    pub async fn bind(address: SocketAddr) -> Result<Self, ServerError> {
        let refused = |source| ServerError::Listen { address, source };
        let listener = TcpListener::bind(address).await.map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        let (health, health_service) = tonic_health::server::health_reporter();
        let reflection = tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(DESCRIPTORS)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
            .build_v1()?;
        let routes = Routes::new(health_service).add_service(reflection);
        Ok(Self {
            listener,
            address,
            health,
            routes,
        })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// What tells others how each service is. The empty name stands for the whole process.
    #[must_use]
    pub fn health(&self) -> Health {
        Health(self.health.clone())
    }

    /// Serves `routes`, with health and reflection, until it is time to stop.
    pub async fn serve(self, routes: Routes, stop: Stop) -> Result<(), ServerError> {
        // Both answer "unimplemented" to what they do not know; one answer is enough.
        let open = self.routes.into_axum_router().reset_fallback();
        let all = routes.into_axum_router().merge(open);
        // Set here and not on the server, which leaves sockets that it is handed as they are: an answer
        // that waits for the acknowledgement of the one before costs 40 ms.
        let incoming = TcpIncoming::from(self.listener).with_nodelay(Some(true));
        let serving = Server::builder()
            .trace_fn(call_span)
            .concurrency_limit_per_connection(CALLS_PER_CONNECTION)
            .load_shed(true)
            .add_routes(Routes::from(all))
            .serve_with_incoming_shutdown(incoming, {
                let stop = stop.clone();
                async move { stop.requested().await }
            });
        tokio::select! {
            served = serving => served?,
            () = async {
                stop.requested().await;
                tokio::time::sleep(DRAIN).await;
            } => {}
        }
        Ok(())
    }
}

/// Tells load balancers and people how each service is.
#[derive(Clone)]
pub struct Health(HealthReporter);

impl Health {
    /// Says how a service is. The empty name stands for the whole process.
    pub async fn set(&self, service: &str, well: bool) {
        let status = if well {
            ServingStatus::Serving
        } else {
            ServingStatus::NotServing
        };
        self.0.set_service_status(service, status).await;
    }
}

/// One span a call, named by its full method, under the caller's where it sent a `traceparent`.
fn call_span(request: &http::Request<()>) -> Span {
    let method = request.uri().path().trim_start_matches('/');
    let span = tracing::info_span!(
        "call",
        otel.name = method,
        otel.kind = "server",
        rpc.system.name = "grpc",
        rpc.method = method,
    );
    if let Some(parent) = request
        .headers()
        .get("traceparent")
        .and_then(|value| value.to_str().ok())
    {
        set_parent(&span, parent);
    }
    span
}
