//! `knipperlicht ops ...`: looking at the line and repairing it, without ever seeing personal
//! data.

mod parked;
mod reconcile;
mod status;

use std::collections::BTreeMap;

use async_nats::jetstream;
use clap::{Args, Subcommand};
use comfy_table::{Table, presets};
use jiff::Timestamp;
use knipperlicht_access::{Database, DatabaseOptions, OwnedTransaction, Principal};
use knipperlicht_contracts::event::Service;
use knipperlicht_eventing::{
    NatsError, NatsOptions, NatsUser,
    accounts::{self, KeyError},
    reconciler::{self, Ledger},
    topology::{self, TopologyError},
};
use knipperlicht_vocabulary::{Environment, IdError};

use crate::wire::NatsAccess;

/// What `ops` is told.
#[derive(Debug, Args)]
pub struct OpsOptions {
    /// PostgreSQL; its user is, or may become, the role of each service
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, global = true)]
    database_url: Option<String>,
    /// NATS with JetStream
    #[arg(long, env = "NATS_URL", global = true)]
    nats_url: Option<String>,
    #[command(flatten)]
    nats: NatsAccess,
    #[command(subcommand)]
    command: OpsCommand,
}

#[derive(Debug, Subcommand)]
enum OpsCommand {
    /// Make the stream, or bring it up to date
    EnsureStreams {
        /// Copies of the stream: 3 on a cluster
        #[arg(long, default_value_t = 1)]
        replicas: usize,
    },
    /// Make the keys of the users of NATS that are not there yet, and print what its server is to be
    /// told of them: which of them may do what
    NatsAccounts,
    /// How the line is: said, published, heard and parked, per service
    Status,
    /// Compare what was said with what was handled, per service and partition
    Reconcile,
    /// Say again what was said from a moment on; who has heard it leaves it
    Replay {
        /// The moment, such as 2026-11-21T00:00:00Z
        #[arg(long)]
        from: Timestamp,
    },
    /// What could not be handled
    Parked {
        #[command(subcommand)]
        command: parked::ParkedCommand,
    },
}

/// Why an operation failed.
#[derive(Debug, thiserror::Error)]
pub enum OpsError {
    /// Something to work on is not named.
    #[error("{0} is not set: say where it is")]
    NotSaid(&'static str),
    /// PostgreSQL.
    #[error(
        "database: {0}: does it run where DATABASE_URL says? `make run` says it anew after every start, in .knipperlicht/dev.env"
    )]
    Database(#[from] sqlx::Error),
    /// NATS.
    #[error(transparent)]
    Nats(#[from] NatsError),
    /// The keys of its users.
    #[error(transparent)]
    NatsKeys(#[from] KeyError),
    /// The stream.
    #[error(transparent)]
    Topology(#[from] TopologyError),
    /// A name.
    #[error(transparent)]
    Name(#[from] IdError),
    /// There is nothing parked under this number.
    #[error("nothing is parked under number {0} of {1}: see `knipperlicht ops parked list`")]
    NotParked(i64, &'static str),
    /// Somebody has not heard everything.
    #[error(
        "not everything that was said has been handled: see the table; `knipperlicht ops replay` says it again"
    )]
    Shortfall,
}

/// Does it.
pub async fn run(options: OpsOptions, environment: &Environment) -> Result<(), OpsError> {
    match options.command {
        OpsCommand::EnsureStreams { replicas } => {
            let url = options.nats_url.ok_or(OpsError::NotSaid("NATS_URL"))?;
            ensure_streams(&options.nats.to(url), replicas).await?;
            println!("stream {} is as it should be", topology::STREAM);
            Ok(())
        }
        OpsCommand::NatsAccounts => {
            let keys = options.nats.nats_keys;
            let keys = keys.ok_or(OpsError::NotSaid("KL_NATS_KEYS_DIR"))?;
            print!("{}", accounts::keep_accounts(&keys, environment)?);
            Ok(())
        }
        command => {
            let url = options
                .database_url
                .ok_or(OpsError::NotSaid("DATABASE_URL"))?;
            let desk = Desk {
                url,
                environment: environment.clone(),
            };
            match command {
                OpsCommand::Status => status::print(&desk.ledgers().await?),
                OpsCommand::Reconcile => reconcile::print(&desk.ledgers().await?)?,
                OpsCommand::Replay { from } => reconcile::replay(&desk, from).await?,
                OpsCommand::Parked { command } => parked::run(&desk, command).await?,
                OpsCommand::EnsureStreams { .. } | OpsCommand::NatsAccounts => {}
            }
            Ok(())
        }
    }
}

/// Makes the stream.
pub async fn ensure_streams(nats: &NatsOptions, replicas: usize) -> Result<(), OpsError> {
    let nats = nats.connect_now(NatsUser::Operator).await?;
    topology::ensure(&jetstream::new(nats), replicas).await?;
    Ok(())
}

/// Where operations work: every service's schema, each under its own role.
struct Desk {
    url: String,
    environment: Environment,
}

impl Desk {
    async fn open(&self, service: Service) -> Result<OwnedTransaction, OpsError> {
        let options = DatabaseOptions {
            url: self.url.clone(),
            service: service.name(),
            connections: 1,
        };
        let database = Database::new(&options)?;
        Ok(database.begin(&Principal::service("ops".parse()?)).await?)
    }

    async fn ledgers(&self) -> Result<BTreeMap<Service, Ledger>, OpsError> {
        let mut ledgers = BTreeMap::new();
        for service in Service::ALL {
            let mut transaction = self.open(*service).await?;
            ledgers.insert(*service, reconciler::ledger(&mut transaction).await?);
        }
        Ok(ledgers)
    }
}

/// A table without frills under this heading.
fn table<const COLUMNS: usize>(heading: [&str; COLUMNS]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(heading);
    table
}
