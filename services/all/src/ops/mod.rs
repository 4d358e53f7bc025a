//! `knipperlicht ops ...`: looking at the line and repairing it, without ever seeing personal
//! data.

mod audit;
mod backup;
mod doctor;
mod drain;
mod http;
pub mod keys;
pub mod lag;
mod ledgers;
mod parked;
mod reconcile;
mod status;
mod trace;

use std::{io, path::PathBuf, time::Duration};

use async_nats::jetstream;
use clap::{Args, Subcommand};
use comfy_table::{Table, presets};
use jiff::Timestamp;
use knipperlicht_access::{Database, DatabaseOptions, OwnedTransaction, Principal, Role};
use knipperlicht_contracts::event::Service;
use knipperlicht_eventing::{
    NatsError, NatsOptions, NatsUser,
    accounts::{self, KeyError},
    audit::{CheckpointsError, append},
    schema::SchemaError,
    topology::{self, TopologyError},
};
use knipperlicht_privacy::{VaultError, audit::Entry};
use knipperlicht_runtime::metrics;
use knipperlicht_traces::ReadError;
use knipperlicht_vocabulary::{Environment, IdError};
use sqlx::PgConnection;

pub use self::drain::drain;
pub(crate) use self::ledgers::Ledgers;
use crate::{print::tell, trust::TrustError, wire::NatsAccess};

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
    /// How far each service is behind, and since when the oldest event waits
    Lag,
    /// Wait until everything that was said is published and handled: nobody may be sending
    Drain {
        /// Seconds to wait at most
        #[arg(long, default_value_t = 300)]
        within: u64,
    },
    /// Is all that the line stands on as it should be: servers, versions, settings, rights, clocks?
    Doctor {
        /// The monitoring port of nats-server, such as `http://127.0.0.1:8222`
        #[arg(long, env = "KL_NATS_MONITOR_URL", value_name = "URL")]
        nats_monitor_url: Option<String>,
    },
    /// One signal's way through the services, step by step
    Trace(trace::TraceArgs),
    /// Write everything into two files: all but the keys of situations, and those keys
    Backup(backup::BackupArgs),
    /// Bring a backup into an empty database
    Restore(backup::RestoreArgs),
    /// What the program measures: each metric by its Prometheus name, with its labels
    MetricsList,
    /// Compare what was said with what was handled, per service and partition
    Reconcile,
    /// Say again what was said from a moment on; who has heard it leaves it
    Replay {
        /// The moment, such as 2026-11-21T00:00:00Z
        #[arg(long)]
        from: Timestamp,
    },
    /// Whether the audit logs are as they were written
    Audit(audit::AuditArgs),
    /// Which master key personal data is sealed with, and its change for another one
    Keys(keys::KeysArgs),
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
    /// Keys.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// What is sealed.
    #[error("KL6003: {0}")]
    Vault(#[from] VaultError),
    /// Checkpoints.
    #[error("KL6005: checkpoints: {0}")]
    Checkpoints(#[from] CheckpointsError),
    /// An audit log is not what it was.
    #[error("KL6001: the audit log of {0} is not as it was written: see above")]
    AuditBroken(String),
    /// The index key is made of the oldest master key.
    #[error(
        "KL6006: carers are recognised with a key made of the oldest master key: first keep it apart, `knipperlicht ops keys index > index.key`, and say KL_INDEX_KEY_FILE wherever the services run"
    )]
    NoIndexKey,
    /// Data keys under a master key that is not there.
    #[error(
        "KL6007: data keys that could not be opened: {0}: put that master key back into the file"
    )]
    KeysLost(String),
    /// The stream.
    #[error("the stream: {0}: `knipperlicht ops ensure-streams` brings it up to date")]
    Stream(async_nats::Error),
    /// The line did not run dry.
    #[error(
        "events still wait after {0} s: `knipperlicht ops lag` says where, `ops parked list` what is stuck"
    )]
    NotDry(u64),
    /// Something is not as it should be.
    #[error("{0} things are not as they should be: see the table")]
    NotWell(usize),
    /// There is no such signal.
    #[error("there is no such signal, or it was erased")]
    NoSignal,
    /// Somebody beside the line.
    #[error("{url}: {what}")]
    Http {
        /// Where.
        url: String,
        /// What is wrong.
        what: String,
    },
    /// A trace.
    #[error(transparent)]
    Trace(#[from] ReadError),
    /// A program of PostgreSQL.
    #[error("{program}: {what}; KL_POSTGRES_BIN says where PostgreSQL's programs are")]
    Program {
        /// Which.
        program: String,
        /// What it said.
        what: String,
    },
    /// A file.
    #[error("{path}: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The schemas.
    #[error("the schemas: {0}")]
    Schema(#[from] SchemaError),
    /// What was found could not be printed.
    #[error("standard output: {0}")]
    Output(#[from] io::Error),
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
            Ok(tell!("stream {} is as it should be", topology::STREAM)?)
        }
        OpsCommand::MetricsList => {
            for metric in metrics::listed() {
                tell!("{metric}")?;
            }
            Ok(())
        }
        OpsCommand::Keys(args) if !args.needs_database() => args.print(environment),
        OpsCommand::Audit(args) if !args.needs_database() => args.print(),
        OpsCommand::NatsAccounts => {
            let keys = options.nats.nats_keys;
            let keys = keys.ok_or(OpsError::NotSaid("KL_NATS_KEYS_DIR"))?;
            let accounts = accounts::keep_accounts(&keys, environment)?;
            Ok(tell!("{}", accounts.trim_end())?)
        }
        command => {
            let url = options
                .database_url
                .ok_or(OpsError::NotSaid("DATABASE_URL"))?;
            let desk = Desk::new(&url, environment)?;
            let nats = options.nats_url.map(|url| options.nats.to(url));
            let nats = nats.ok_or(OpsError::NotSaid("NATS_URL"));
            match command {
                OpsCommand::Lag => {
                    let lags = lag::read(&desk, &stream(&nats?).await?).await?;
                    lag::print(&lags, environment.now())?;
                }
                OpsCommand::Drain { within } => {
                    let within = Duration::from_secs(within);
                    drain(&desk, &stream(&nats?).await?, within).await?;
                    tell!("the line is dry: nothing is under way")?;
                }
                OpsCommand::Doctor { nats_monitor_url } => {
                    doctor::run(&desk, &nats?, nats_monitor_url.as_deref()).await?;
                }
                OpsCommand::Trace(args) => trace::run(&desk, &args).await?,
                OpsCommand::Backup(args) => backup::backup(&url, &args)?,
                OpsCommand::Restore(args) => backup::restore(&url, &args).await?,
                OpsCommand::Status => status::print(&Ledgers::open(&url)?.read().await?)?,
                OpsCommand::Reconcile => reconcile::print(&Ledgers::open(&url)?.read().await?)?,
                OpsCommand::Replay { from } => reconcile::replay(&desk, from).await?,
                OpsCommand::Parked { command } => parked::run(&desk, command).await?,
                OpsCommand::Audit(args) => audit::run(&desk, args).await?,
                OpsCommand::Keys(args) => keys::run(&desk, args).await?,
                OpsCommand::EnsureStreams { .. }
                | OpsCommand::NatsAccounts
                | OpsCommand::MetricsList => {}
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

/// The stream, as whoever operates it sees it.
async fn stream(nats: &NatsOptions) -> Result<jetstream::Context, OpsError> {
    let client = nats.connect_now(NatsUser::Operator).await?;
    Ok(jetstream::new(client))
}

/// Where operations work: every service's schema, each under its own role.
pub struct Desk {
    url: String,
    environment: Environment,
    principal: Principal,
}

impl Desk {
    /// In the databases at this URL.
    pub fn new(url: &str, environment: &Environment) -> Result<Self, IdError> {
        Ok(Self {
            url: url.to_owned(),
            environment: environment.clone(),
            principal: Principal::service("ops".parse()?),
        })
    }

    fn database(&self, service: Service, connections: u32) -> Result<Database, sqlx::Error> {
        Database::new(&DatabaseOptions {
            url: self.url.clone(),
            service: service.name(),
            connections,
        })
    }

    async fn open(&self, service: Service) -> Result<OwnedTransaction, OpsError> {
        let database = self.database(service, 1)?;
        Ok(database.begin(&self.principal).await?)
    }

    /// Notes in a service's audit log what an operator did. Last of all in its transaction.
    async fn note(
        &self,
        connection: &mut PgConnection,
        action: &str,
        object: String,
        purpose: &str,
    ) -> Result<(), sqlx::Error> {
        let entry = Entry {
            at: self.environment.now(),
            subject: self.principal.subject.to_string(),
            role: Role::Operator.to_string(),
            action: action.to_owned(),
            object,
            purpose: purpose.to_owned(),
            trace_id: String::new(),
        };
        append(connection, &entry).await?;
        Ok(())
    }
}

fn service(name: &str) -> Result<Service, String> {
    Service::named(name)
        .ok_or_else(|| "one of intake, assessment, routing, followup, notification".to_owned())
}

/// A table without frills under this heading.
fn table<const COLUMNS: usize>(heading: [&str; COLUMNS]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(heading);
    table
}
