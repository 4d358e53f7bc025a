//! Why a measurement did not come about.

use std::{io, path::PathBuf};

/// Why a measurement did not come about.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BenchError {
    #[error("{0} is not there: build it first, with the same profile")]
    NotBuilt(PathBuf),
    #[error(
        "no program `pgbench` beside PostgreSQL's or in PATH: install PostgreSQL's client tools"
    )]
    NoPgbench,
    #[error("the image was not laid out: {0}")]
    NoImage(String),
    #[error("pgbench: {0}")]
    Pgbench(String),
    #[error("{what}: {source}")]
    Io { what: String, source: io::Error },
    #[error("the program was not ready in time; its log:\n{log}")]
    NotReady { log: String },
    #[error("the line has not worked off what was sent within a minute")]
    NeverDrained,
    #[error("{left} of {of} clocks have not been fired within five minutes")]
    NeverFired { left: i64, of: i64 },
    #[error("told to stop before the end; nothing was written")]
    Stopped,
    #[error("the directory was not taken: {0}")]
    NotTaken(String),
    #[error("no signal reached a partner's inbox: {0}")]
    NothingArrived(&'static str),
    #[error("{0} has no line `<!-- bench:begin -->` with `<!-- bench:end -->` after it")]
    NoMarkers(PathBuf),
    #[error(transparent)]
    Sandbox(#[from] knipperlicht_sandbox::SandboxError),
    #[error("the schemas: {0}")]
    Schema(#[from] knipperlicht_eventing::schema::SchemaError),
    #[error(transparent)]
    Streams(#[from] knipperlicht::ops::OpsError),
    #[error("NATS: {0}")]
    Nats(String),
    #[error(transparent)]
    Zones(#[from] knipperlicht_zones::TableError),
    #[error("the demo directory: {0}")]
    Directory(#[from] knipperlicht_routing::RoutingError),
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    #[error(transparent)]
    Issuer(#[from] knipperlicht_access::IssuerError),
    #[error(transparent)]
    Name(#[from] knipperlicht_vocabulary::IdError),
    #[error(transparent)]
    Zone(#[from] knipperlicht_vocabulary::ZoneIdError),
    #[error(transparent)]
    Time(#[from] jiff::Error),
    #[error("connection: {0}")]
    Connection(#[from] tonic::transport::Error),
    #[error("token: {0}")]
    Token(#[from] tonic::metadata::errors::InvalidMetadataValue),
    #[error("call: {0}")]
    Call(#[from] Box<tonic::Status>),
    #[error("the gateway: {0}")]
    Http(#[from] hyper::Error),
    #[error("the gateway answered {0}")]
    NotAnswered(String),
    #[error("histogram: {0}")]
    Histogram(#[from] hdrhistogram::CreationError),
    #[error("JSON: {0}")]
    Json(#[from] serde_json::Error),
}

impl From<tonic::Status> for BenchError {
    fn from(status: tonic::Status) -> Self {
        Self::Call(Box::new(status))
    }
}

/// Says what was being done when input or output failed.
pub(crate) trait Doing<T> {
    fn doing(self, what: impl Into<String>) -> Result<T, BenchError>;
}

impl<T> Doing<T> for io::Result<T> {
    fn doing(self, what: impl Into<String>) -> Result<T, BenchError> {
        self.map_err(|source| BenchError::Io {
            what: what.into(),
            source,
        })
    }
}
