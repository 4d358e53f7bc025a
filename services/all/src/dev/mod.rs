//! `knipperlicht dev`: everything on this machine, with private servers that end with it.

mod banner;
mod people;
mod secrets;
mod servers;
mod settings_file;
mod traces;
mod years;

use std::{
    io,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use clap::Args;
use indicatif::ProgressBar;
use knipperlicht_access::{
    Database, DatabaseOptions, DevIssuer, IssuerError, Principal, TokenRules,
};
use knipperlicht_contracts::event::Service;
use knipperlicht_eventing::{accounts::KeyError as NatsKeyError, schema::SchemaError};
use knipperlicht_gateway::{AppSettings, GatewaySettings, Proxy};
use knipperlicht_links::AddressError;
use knipperlicht_notification::NotificationSettings;
use knipperlicht_routing::RoutingError;
use knipperlicht_runtime::{Lifecycle, system_environment};
use knipperlicht_sandbox::{InstanceLock, SandboxError};
use knipperlicht_vocabulary::{Environment, IdError};

pub use self::{people::DemoPeople, traces::TracePlaces};
use self::{
    secrets::Secrets,
    servers::Servers,
    years::{YearsError, YearsOptions},
};
use crate::{
    cli::CliError,
    gateway::GatewayPlan,
    line::{CarerOptions, Line, LineError, LineSettings, RetentionOptions},
    migrate::migrate,
    ops::{OpsError, ensure_streams},
    outbound::{OutboundError, OutboundOptions},
    trust::TrustError,
    wire::{HealthDoor, NatsAccess, WireSettings},
};

/// What `dev` is told.
#[derive(Debug, Args)]
pub struct DevOptions {
    /// Where the private servers keep their data, and the keys and tokens of the demo people lie
    #[arg(long, env = "KL_DEV_DIR", default_value = ".knipperlicht")]
    dir: PathBuf,
    /// Where gRPC listens
    #[arg(long, env = "KL_LISTEN", default_value = "127.0.0.1:7400")]
    listen: SocketAddr,
    /// Where the gateway listens: the web app, REST, gRPC-Web
    #[arg(long, env = "KL_GATEWAY_LISTEN", default_value = "127.0.0.1:7480")]
    gateway_listen: SocketAddr,
    /// An existing PostgreSQL instead of a private one; its user may create schemas and roles
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    database_url: Option<String>,
    /// An existing NATS with JetStream instead of a private one
    #[arg(long, env = "NATS_URL")]
    nats_url: Option<String>,
    #[command(flatten)]
    nats: NatsAccess,
    /// Start the servers and prepare everything, but no service: for running them as processes of
    /// their own with `knipperlicht serve --target ...`
    #[arg(long)]
    servers_only: bool,
    #[command(flatten)]
    years: YearsOptions,
    /// Folder with the questionnaires that the organisation has a licence for, a JSON file each
    #[arg(long, env = "KL_INSTRUMENTS_DIR")]
    instruments_dir: Option<PathBuf>,
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

/// Why `dev` ended.
#[derive(Debug, thiserror::Error)]
pub enum DevError {
    /// Somebody else runs here.
    #[error(
        "it is already running in {directory} (process {pid}): use it, or stop it with Ctrl-C there"
    )]
    AlreadyRunning {
        /// The directory.
        directory: PathBuf,
        /// The process.
        pid: u32,
    },
    /// The private servers.
    #[error(transparent)]
    Sandbox(SandboxError),
    /// A file.
    #[error("{path}: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The keys of the users of NATS.
    #[error(transparent)]
    NatsKeys(#[from] NatsKeyError),
    /// The schemas.
    #[error("the schemas: {0}")]
    Schema(#[from] SchemaError),
    /// The schemas, in a database that we were told of.
    #[error(
        "the schemas: {0}: DATABASE_URL says where the database is; without it a private one is started"
    )]
    SchemaElsewhere(SchemaError),
    /// The streams.
    #[error(transparent)]
    Streams(#[from] OpsError),
    /// The demo directory.
    #[error("the demo directory: {0}")]
    Directory(#[from] RoutingError),
    /// The database.
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    /// The demo people's tokens.
    #[error(transparent)]
    Issuer(#[from] IssuerError),
    /// A name.
    #[error(transparent)]
    Name(#[from] IdError),
    /// The keys.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// Time.
    #[error(transparent)]
    Time(#[from] jiff::Error),
    /// How notifications go out.
    #[error(transparent)]
    Outbound(#[from] OutboundError),
    /// Calls, in the invented years.
    #[error(transparent)]
    Calls(#[from] CliError),
    /// The invented years.
    #[error(transparent)]
    Years(#[from] YearsError),
    /// What others could reach, and may not on a development machine.
    #[error(
        "the gateway of a development machine lets anybody be anybody: it listens on 127.0.0.1 only, not on {0}"
    )]
    GatewayElsewhere(SocketAddr),
    /// Where links for carers lead.
    #[error("KL_CARER_ADDRESS: {0}")]
    CarerAddress(#[from] AddressError),
    /// The line.
    #[error(transparent)]
    Line(#[from] LineError),
    /// Signals.
    #[error("signals: {0}")]
    Signals(#[from] io::Error),
}

impl From<SandboxError> for DevError {
    fn from(error: SandboxError) -> Self {
        match error {
            SandboxError::AlreadyRunning { directory, pid } => {
                Self::AlreadyRunning { directory, pid }
            }
            other => Self::Sandbox(other),
        }
    }
}

/// Runs everything until a signal says to stop; then stops everything it started.
pub async fn run(options: DevOptions, traces: Option<TracePlaces>) -> Result<(), DevError> {
    if !options.gateway_listen.ip().is_loopback() {
        return Err(DevError::GatewayElsewhere(options.gateway_listen));
    }
    let environment = system_environment()?;
    std::fs::create_dir_all(&options.dir).map_err(|source| DevError::File {
        path: options.dir.clone(),
        source,
    })?;
    let _lock = InstanceLock::acquire(&options.dir)?;
    let place = if options.years.demo {
        years::place(&options)?
    } else {
        options.dir.clone()
    };
    let secrets = Secrets::load_or_make(&place, &environment)?;
    let issuer = DevIssuer::new(&secrets.issuer_seed, environment.clone());

    let step = Steps::default();
    step.now("starting PostgreSQL and NATS");
    let servers = Servers::start(
        &place,
        options.database_url.clone(),
        options.nats_url.clone(),
        &environment,
    )
    .await?;
    step.now("bringing the schemas up to date");
    migrate(&servers.database_url).await.map_err(|error| {
        if options.database_url.is_some() {
            DevError::SchemaElsewhere(error)
        } else {
            DevError::Schema(error)
        }
    })?;
    step.now("making the stream");
    ensure_streams(&servers.nats(&options.nats), 1).await?;
    if options.years.demo {
        step.done();
        years::play(&options, &place, &servers, &environment).await?;
    }
    step.now("loading the demo directory");
    load_directory(&servers.database_url, &environment).await?;
    let published = issuer.published()?;
    settings_file::write(&options.dir, &place, (&servers, traces), &published)?;
    let rules = issuer.rules()?;
    let people = DemoPeople::new(issuer)?;
    people.write_tokens(&options.dir)?;
    step.done();

    let outcome = if options.servers_only {
        // They run, whether or not somebody reads where.
        let _ = banner::print_servers(&options.dir, (&servers, traces));
        Lifecycle::default().run().await.map_err(DevError::from)
    } else {
        let tokens = (rules, people);
        let servers = (&servers, traces);
        serve(&options, &place, servers, tokens, secrets, environment).await
    };
    servers.stop().await?;
    outcome
}

async fn serve(
    options: &DevOptions,
    place: &Path,
    (servers, traces): (&Servers, Option<TracePlaces>),
    (tokens, people): (TokenRules, DemoPeople),
    secrets: Secrets,
    environment: Environment,
) -> Result<(), DevError> {
    let gateway = GatewayPlan {
        settings: GatewaySettings {
            listen: options.gateway_listen,
            tls: None,
            proxy: Proxy::None,
            origins: Vec::new(),
            app: AppSettings {
                traces: traces.and_then(|places| places.address().parse().ok()),
                ..AppSettings::default()
            },
            demo: Some(Arc::new(people)),
        },
        elsewhere: Vec::new(),
    };
    let settings = LineSettings {
        gateway: Some(gateway),
        ..line_settings(options, servers, tokens, secrets)?
    };
    let line = Line::start(settings, environment).await?;
    let invented = options.years.demo.then_some(place);
    // It runs, whether or not somebody reads where.
    let _ = banner::print(&options.dir, &line, (servers, traces), invented);
    line.run().await?;
    Ok(())
}

/// The services, without the gateway.
fn line_settings(
    options: &DevOptions,
    servers: &Servers,
    tokens: TokenRules,
    secrets: Secrets,
) -> Result<LineSettings, DevError> {
    // A name rather than a number: a link for a carer is `https`, or begins so.
    let app = format!("http://localhost:{}", options.gateway_listen.port());
    Ok(LineSettings {
        database_url: servers.database_url.clone(),
        nats: servers.nats(&options.nats),
        listen: options.listen,
        wire: WireSettings {
            health_listen: Some(HealthDoor::IfFree),
            ..WireSettings::default()
        },
        targets: Service::ALL.to_vec(),
        gateway: None,
        tokens,
        sealing: Some(secrets.sealing),
        audit: Some(secrets.audit),
        connections: 8,
        instruments_dir: options.instruments_dir.clone(),
        carers: options.carers.settings(&app)?,
        notification: NotificationSettings {
            // Whoever develops has their receiver here.
            allow_loopback: true,
            ..options.outbound.settings(&format!("{app}/"))?
        },
        calendars_file: options.calendars.clone(),
        retention: (&options.retention).into(),
    })
}

async fn load_directory(database_url: &str, environment: &Environment) -> Result<(), DevError> {
    let options = DatabaseOptions {
        url: database_url.to_owned(),
        service: Service::Routing.name(),
        connections: 1,
    };
    let database = Database::new(&options)?;
    let principal = Principal::service("dev".parse()?);
    knipperlicht_routing::load_demo_directory(&database, &principal, environment.now()).await?;
    database.close().await;
    Ok(())
}

/// Says what is going on while it takes longer than a moment.
struct Steps(ProgressBar);

impl Default for Steps {
    fn default() -> Self {
        let spinner = ProgressBar::new_spinner();
        spinner.enable_steady_tick(Duration::from_millis(120));
        Self(spinner)
    }
}

impl Steps {
    fn now(&self, what: &'static str) {
        self.0.set_message(what);
    }

    fn done(&self) {
        self.0.finish_and_clear();
    }
}
