//! The last traces, in memory: what an OpenTelemetry collector and Jaeger are in production, as much of
//! it as whoever develops needs, and a test. Spans come in by OTLP over gRPC; out they go as a page, and
//! as JSON in the form of Jaeger's query API, so that who asks for a trace asks either in the same way.
//!
//! It is bounded, forgets with its process, and lets anybody in: never for production.
//! (The crate `otlp-embedded` does likewise, but needs `protoc` to be built and brings 9 MB of pages.)

mod jaeger;
mod page;
mod receive;
mod span;
mod store;
mod waterfall;

use std::{io, net::SocketAddr};

use opentelemetry_proto::tonic::collector::{
    metrics::v1::metrics_service_server::MetricsServiceServer,
    trace::v1::trace_service_server::TraceServiceServer,
};
use tokio::net::TcpListener;
use tonic::transport::{Server, server::TcpIncoming};

use crate::receive::Receiver;
pub use crate::{
    jaeger::{Answer, ReadError, read},
    span::{Kind, Span},
    store::Store,
    waterfall::{Row, waterfall},
};

/// The last traces: where they come in, and where they are looked at.
#[derive(Debug)]
pub struct Traces {
    store: Store,
    otlp: TcpListener,
    page: TcpListener,
}

impl Traces {
    /// Takes both addresses; for a port of 0, a free one.
    pub async fn bind(otlp: SocketAddr, page: SocketAddr) -> io::Result<Self> {
        Ok(Self {
            store: Store::default(),
            otlp: TcpListener::bind(otlp).await?,
            page: TcpListener::bind(page).await?,
        })
    }

    /// What came in.
    #[must_use]
    pub fn store(&self) -> Store {
        self.store.clone()
    }

    /// Where spans come in (OTLP over gRPC).
    pub fn otlp_address(&self) -> io::Result<SocketAddr> {
        self.otlp.local_addr()
    }

    /// Where they are looked at.
    pub fn page_address(&self) -> io::Result<SocketAddr> {
        self.page.local_addr()
    }

    /// Takes spans in and shows them, until it is dropped.
    pub async fn serve(self) -> io::Result<()> {
        let receiver = Receiver(self.store.clone());
        let incoming = TcpIncoming::from(self.otlp);
        let receiving = async {
            Server::builder()
                .add_service(TraceServiceServer::new(receiver.clone()))
                .add_service(MetricsServiceServer::new(receiver.clone()))
                .serve_with_incoming(incoming)
                .await
                .map_err(io::Error::other)
        };
        let showing = async { axum::serve(self.page, page::routes(self.store)).await };
        tokio::try_join!(receiving, showing)?;
        Ok(())
    }
}
