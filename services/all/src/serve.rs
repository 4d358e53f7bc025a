//! `knipperlicht serve`: the services, for real. Without an issuer of tokens to believe, it does not
//! listen.

use std::{io, net::SocketAddr, path::PathBuf};

use clap::Args;
use knipperlicht_contracts::event::Service;
use knipperlicht_links::AddressError;
use knipperlicht_runtime::{Lifecycle, system_environment};

use crate::{
    gateway::{BoundGateway, GatewayError, GatewayOptions, GatewayPlan},
    line::{CarerOptions, Line, LineError, LineSettings, RetentionOptions},
    outbound::{OutboundError, OutboundOptions},
    tokens::{TokenOptions, TokenOptionsError},
    trust::{AuditOptions, KeyOptions, TrustError},
    wire::{WireError, WireOptions},
};

/// Where links for carers lead that nobody said the address of: nowhere.
const NOWHERE: &str = "https://knipperlicht.invalid/k";

/// Where whoever is notified looks, if nobody said: at the gateway of this machine.
const GATEWAY_HERE: &str = "http://127.0.0.1:7480/";

/// What `serve` is told.
#[derive(Debug, Args)]
pub struct ServeOptions {
    /// Which services run in this process: `all`, or some of intake, assessment, routing,
    /// followup, notification, gateway
    #[arg(long, env = "KL_TARGET", default_value = "all", value_delimiter = ',', value_parser = target)]
    target: Vec<Target>,
    /// Where gRPC listens
    #[arg(long, env = "KL_LISTEN", default_value = "127.0.0.1:7400")]
    listen: SocketAddr,
    /// PostgreSQL; its user is, or may become, the role of each service (such as `kl_intake`)
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    database_url: Option<String>,
    /// NATS with JetStream
    #[arg(long, env = "NATS_URL")]
    nats_url: Option<String>,
    /// Database connections at most, per service, for calls; two to four more run all the time
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
    gateway: GatewayOptions,
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

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    All,
    One(Service),
    Gateway,
}

fn target(name: &str) -> Result<Target, String> {
    match name {
        "all" => Ok(Target::All),
        "gateway" => Ok(Target::Gateway),
        name => Service::named(name).map(Target::One).ok_or_else(|| {
            let known: Vec<&str> = Service::ALL.iter().map(|service| service.name()).collect();
            format!(
                "no such service; there are: all, {}, gateway",
                known.join(", ")
            )
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
    /// A server that the services need, and a gateway alone does not.
    #[error("{0} is not set: the services need it")]
    NotSaid(&'static str),
    /// The gateway.
    #[error(transparent)]
    Gateway(#[from] GatewayError),
    /// Where links for carers lead.
    #[error("KL_CARER_ADDRESS: {0}")]
    CarerAddress(#[from] AddressError),
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

impl ServeOptions {
    fn is_wanted(&self, target: Target) -> bool {
        let wanted = |one: &Target| *one == Target::All || *one == target;
        self.target.iter().any(wanted)
    }

    /// What runs in this process, in words.
    pub(crate) fn target_names(&self) -> String {
        let gateway = self.is_wanted(Target::Gateway).then_some("gateway");
        let services = self.services().into_iter().map(Service::name);
        services.chain(gateway).collect::<Vec<_>>().join(",")
    }

    fn services(&self) -> Vec<Service> {
        let all = Service::ALL.iter().copied();
        all.filter(|service| self.is_wanted(Target::One(*service)))
            .collect()
    }
}

/// Serves until a signal says to stop.
pub async fn serve(options: ServeOptions) -> Result<(), ServeError> {
    let services = options.services();
    let gateway = options
        .is_wanted(Target::Gateway)
        .then(|| options.gateway.plan(&options.wire))
        .transpose()?;
    match gateway {
        Some(plan) if services.is_empty() => serve_gateway(&plan, &options).await,
        gateway => serve_line(settings(options, services, gateway)?).await,
    }
}

async fn serve_line(settings: LineSettings) -> Result<(), ServeError> {
    let targets: Vec<&str> = settings
        .targets
        .iter()
        .map(|service| service.name())
        .collect();
    let targets = targets.join(", ");
    let line = Line::start(settings, system_environment()?).await?;
    tracing::info!(address = %line.address(), targets, "ready");
    if let Some(address) = line.gateway_address() {
        tracing::info!(%address, "the gateway is ready");
    }
    line.run().await?;
    Ok(())
}

/// The gateway alone: no database, no NATS, no keys.
async fn serve_gateway(plan: &GatewayPlan, options: &ServeOptions) -> Result<(), ServeError> {
    let mut gateway = BoundGateway::bind(plan, &[], None).await?;
    if let Some(door) = options.wire.settings().health_listen {
        let opened = gateway.answer_health_at(door).await;
        if let Some(address) = opened.map_err(GatewayError::from)? {
            tracing::info!(%address, "health and metrics are told in clear");
        }
    }
    tracing::info!(address = %gateway.address(), "the gateway is ready");
    let lifecycle = Lifecycle::default();
    gateway.run(&lifecycle);
    lifecycle.run().await?;
    Ok(())
}

fn settings(
    options: ServeOptions,
    targets: Vec<Service>,
    gateway: Option<GatewayPlan>,
) -> Result<LineSettings, ServeError> {
    let database_url = options.database_url;
    let database_url = database_url.ok_or(ServeError::NotSaid("DATABASE_URL"))?;
    let nats_url = options.nats_url.ok_or(ServeError::NotSaid("NATS_URL"))?;
    options
        .wire
        .check(options.listen, &database_url, &nats_url)?;
    Ok(LineSettings {
        sealing: options.keys.sealing(&targets)?,
        targets,
        database_url,
        nats: options.wire.nats(nats_url),
        wire: options.wire.settings(),
        listen: options.listen,
        gateway,
        tokens: options
            .tokens
            .rules(options.listen, &options.outbound.authorities()?)?,
        audit: options.audit.settings()?,
        connections: options.connections,
        instruments_dir: options.instruments_dir,
        carers: options.carers.settings(NOWHERE)?,
        notification: options.outbound.settings(GATEWAY_HERE)?,
        calendars_file: options.calendars,
        retention: (&options.retention).into(),
    })
}
