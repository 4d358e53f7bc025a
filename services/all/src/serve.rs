//! `knipperlicht serve`: the services, for real. Without an issuer of tokens to believe, it does not
//! listen.

use std::{io, net::SocketAddr, path::PathBuf, sync::Arc};

use clap::Args;
use knipperlicht_contracts::event::Service;
use knipperlicht_runtime::system_environment;

use crate::{
    line::{CarerOptions, Line, LineError, LineSettings, RetentionOptions},
    outbound::{OutboundError, OutboundOptions},
    tokens::{TokenOptions, TokenOptionsError},
    trust::{AuditOptions, KeyOptions, TrustError},
    wire::{WireError, WireOptions},
};

/// What `serve` is told.
#[derive(Debug, Args)]
pub struct ServeOptions {
    /// Which services run in this process: `all`, or some of intake, assessment, routing,
    /// followup, notification
    #[arg(long, env = "KL_TARGET", default_value = "all", value_delimiter = ',', value_parser = target)]
    target: Vec<Target>,
    /// Where gRPC listens
    #[arg(long, env = "KL_LISTEN", default_value = "127.0.0.1:7400")]
    listen: SocketAddr,
    /// PostgreSQL; its user is, or may become, the role of each service (such as `kl_intake`)
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    database_url: String,
    /// NATS with JetStream
    #[arg(long, env = "NATS_URL")]
    nats_url: String,
    /// Database connections at most, per service, for calls; two or three more run all the time
    #[arg(long, env = "KL_CONNECTIONS", default_value_t = 8)]
    connections: u32,
    /// Folder with the questionnaires that the organisation has a licence for, a JSON file each
    #[arg(long, env = "KL_INSTRUMENTS_DIR")]
    instruments_dir: Option<PathBuf>,
    #[command(flatten)]
    keys: KeyOptions,
    #[command(flatten)]
    audit: AuditOptions,
    #[command(flatten)]
    wire: WireOptions,
    #[command(flatten)]
    tokens: TokenOptions,
    #[command(flatten)]
    carers: CarerOptions,
    #[command(flatten)]
    outbound: OutboundOptions,
    #[command(flatten)]
    retention: RetentionOptions,
    /// File with the hours and closed days of the zones, in the place of those of the program
    #[arg(long, env = "KL_CALENDARS")]
    calendars: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy)]
enum Target {
    All,
    One(Service),
}

fn target(name: &str) -> Result<Target, String> {
    match name {
        "all" => Ok(Target::All),
        name => Service::named(name).map(Target::One).ok_or_else(|| {
            let known: Vec<&str> = Service::ALL.iter().map(|service| service.name()).collect();
            format!("no such service; there are: all, {}", known.join(", "))
        }),
    }
}

/// Why `serve` ended.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Which tokens are believed.
    #[error(transparent)]
    Tokens(#[from] TokenOptionsError),
    /// The keys.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// Time.
    #[error(transparent)]
    Time(#[from] jiff::Error),
    /// Something would leave this machine in clear.
    #[error(transparent)]
    Wire(#[from] WireError),
    /// How notifications go out.
    #[error(transparent)]
    Outbound(#[from] OutboundError),
    /// The line.
    #[error(transparent)]
    Line(#[from] LineError),
    /// Signals.
    #[error("signals: {0}")]
    Signals(#[from] io::Error),
}

/// Serves until a signal says to stop.
pub async fn serve(options: ServeOptions) -> Result<(), ServeError> {
    let settings = settings(options)?;
    let targets: Vec<&str> = settings
        .targets
        .iter()
        .map(|service| service.name())
        .collect();
    let targets = targets.join(", ");
    let line = Line::start(settings, system_environment()?).await?;
    tracing::info!(address = %line.address(), targets, "ready");
    line.run().await?;
    Ok(())
}

fn settings(options: ServeOptions) -> Result<LineSettings, ServeError> {
    options
        .wire
        .check(options.listen, &options.database_url, &options.nats_url)?;
    let ring = options.keys.ring()?;
    let everything = options
        .target
        .iter()
        .any(|target| matches!(target, Target::All));
    let named = |service: &Service| {
        options
            .target
            .iter()
            .any(|target| matches!(target, Target::One(one) if one == service))
    };
    Ok(LineSettings {
        targets: Service::ALL
            .iter()
            .copied()
            .filter(|service| everything || named(service))
            .collect(),
        database_url: options.database_url,
        nats: options.wire.nats(options.nats_url),
        wire: options.wire.settings(),
        listen: options.listen,
        tokens: options
            .tokens
            .rules(options.listen, &options.outbound.authorities()?)?,
        index_key: options.keys.index_key(&ring)?,
        keys: Arc::new(ring),
        audit: options.audit.settings()?,
        connections: options.connections,
        instruments_dir: options.instruments_dir,
        carers: (&options.carers).into(),
        notification: options.outbound.settings()?,
        calendars_file: options.calendars,
        retention: (&options.retention).into(),
    })
}
