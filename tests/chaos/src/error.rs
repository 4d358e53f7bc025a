//! Why a run could not be made. What it finds wrong is no error but a finding.

use std::{io, path::PathBuf};

use knipperlicht::ops::OpsError;
use knipperlicht_access::IssuerError;
use knipperlicht_eventing::{NatsError, accounts::KeyError};
use knipperlicht_routing::RoutingError;
use knipperlicht_sandbox::SandboxError;
use knipperlicht_vocabulary::{CodeError, IdError};
use knipperlicht_zones::TableError;

use crate::cluster::Part;

/// Why a run could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ChaosError {
    /// PostgreSQL or nats-server.
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
    /// The program that is to suffer.
    #[error("{0} is not there: build it first, with `cargo build --bin knipperlicht`")]
    NotBuilt(PathBuf),
    /// A file or a process.
    #[error("{what}: {source}")]
    Io {
        /// What was tried.
        what: String,
        /// Why it failed.
        source: io::Error,
    },
    /// A service does not answer.
    #[error("{service} does not answer\n{log}")]
    NotUp {
        /// Which.
        service: &'static str,
        /// The end of its log.
        log: String,
    },
    /// A service does not end when it is told to.
    #[error("{service} does not end\n{log}")]
    NotEnded {
        /// Which.
        service: &'static str,
        /// The end of its log.
        log: String,
    },
    /// There is no such process.
    #[error("there is no {0}")]
    NoSuchPart(Part),
    /// A standby does not follow.
    #[error("the standby of PostgreSQL does not follow")]
    NoStandby,
    /// The servers of NATS do not agree who leads.
    #[error("the servers of NATS do not agree in time")]
    NatsNotSettled,
    /// A disk.
    #[error("a disk cannot be filled up: is `fallocate` (util-linux) there?")]
    DiskNotFilled,
    /// NATS.
    #[error(transparent)]
    Nats(#[from] NatsError),
    /// The keys of the users of NATS.
    #[error(transparent)]
    NatsKeys(#[from] KeyError),
    /// The schemas.
    #[error("the schemas: {0}")]
    NotMigrated(String),
    /// The streams.
    #[error(transparent)]
    Streams(#[from] OpsError),
    /// The demo directory.
    #[error("the demo directory: {0}")]
    Directory(#[from] RoutingError),
    /// The zone table.
    #[error(transparent)]
    Zones(#[from] TableError),
    /// The database.
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    /// A row that says something unknown.
    #[error("a row of the database: {0}")]
    Code(#[from] CodeError),
    /// A token.
    #[error(transparent)]
    Issuer(#[from] IssuerError),
    /// A name.
    #[error(transparent)]
    Name(#[from] IdError),
    /// An address.
    #[error("an address: {0}")]
    Address(#[from] tonic::transport::Error),
    /// A token that does not fit into a header.
    #[error(transparent)]
    Token(#[from] tonic::metadata::errors::InvalidMetadataValue),
    /// Time.
    #[error(transparent)]
    Time(#[from] jiff::Error),
}

impl ChaosError {
    /// What to make of a failed `what`.
    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }
}
