//! The line: which services run in this process, started and stopped in order.

use std::{
    fs, io,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use async_nats::{Client, ConnectError, jetstream};
use knipperlicht_access::{
    AccessError, Database, DatabaseOptions, Principal, TokenRules, Verifier, guard,
};
use knipperlicht_assessment::{
    Assessment, FolderError, load_catalogue,
    model::{TableFault, TriageTables},
};
use knipperlicht_contracts::event::Service;
use knipperlicht_eventing::{
    Consumer, Feed, Kit, Listener, Listens, Reactions, Relay, Turns, Waker,
};
use knipperlicht_followup::{
    Followup,
    model::{Calendars, CalendarsError},
};
use knipperlicht_intake::Intake;
use knipperlicht_notification::{Notification, NotificationSettings};
use knipperlicht_privacy::MasterKey;
use knipperlicht_routing::{Routing, model::points::PointsTables};
use knipperlicht_runtime::{Bell, GrpcServer, Lifecycle, ServerError};
use knipperlicht_vocabulary::{Environment, IdError};
use knipperlicht_zones::{TableError, ZoneTable};
use tonic::service::RoutesBuilder;

pub use self::carers::{CarerOptions, CarerSettings};
use self::health::watch_health;

mod carers;
mod health;

/// What a line needs to run.
pub struct LineSettings {
    /// The PostgreSQL URL of each service's database; most often the same.
    pub database_url: String,
    /// The NATS URL.
    pub nats_url: String,
    /// Where gRPC listens.
    pub listen: SocketAddr,
    /// Which services run.
    pub targets: Vec<Service>,
    /// Which tokens are believed.
    pub tokens: TokenRules,
    /// What personal data is sealed with.
    pub master_key: MasterKey,
    /// Database connections at most, per service, for calls; what runs all the time has its own:
    /// the relay, the consumer, intake's writer.
    pub connections: u32,
    /// A folder with the instruments that the organisation has a licence for.
    pub instruments_dir: Option<PathBuf>,
    /// How carers are heard.
    pub carers: CarerSettings,
    /// How notifications go out.
    pub notification: NotificationSettings,
    /// A file with the working time of the zones, in the place of the one that comes with the
    /// program.
    pub calendars_file: Option<PathBuf>,
}

/// Why a line could not start.
#[derive(Debug, thiserror::Error)]
pub enum LineError {
    /// The address.
    #[error(transparent)]
    Server(#[from] ServerError),
    /// The database URL.
    #[error("DATABASE_URL: {0}")]
    Database(#[from] sqlx::Error),
    /// NATS.
    #[error("NATS_URL: {0}")]
    Nats(#[from] ConnectError),
    /// The token rules.
    #[error(transparent)]
    Tokens(#[from] AccessError),
    /// The zone table.
    #[error(transparent)]
    Zones(#[from] TableError),
    /// The triage table.
    #[error(transparent)]
    Triage(#[from] TableFault),
    /// The weights of routing.
    #[error("weights of routing: {0}")]
    Points(#[from] serde_json::Error),
    /// The instruments.
    #[error("KL_INSTRUMENTS_DIR: {0}")]
    Instruments(#[from] FolderError),
    /// The working time of the zones.
    #[error("KL4013: KL_CALENDARS: {0}")]
    Calendars(#[from] CalendarsError),
    /// The file with the working time of the zones.
    #[error("KL4013: KL_CALENDARS: {path}: {source}")]
    CalendarsFile {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A service's name.
    #[error(transparent)]
    Name(#[from] IdError),
}

/// A running line.
pub struct Line {
    lifecycle: Lifecycle,
    address: SocketAddr,
}

impl Line {
    /// Starts the services. They run, and say that they are not well, while PostgreSQL or NATS is
    /// away.
    pub async fn start(
        settings: LineSettings,
        environment: Environment,
    ) -> Result<Self, LineError> {
        let server = GrpcServer::bind(settings.listen).await?;
        let address = server.address();
        let lifecycle = Lifecycle::default();
        let nats = knipperlicht_eventing::connect(&settings.nats_url, "knipperlicht").await?;
        let mut assembly = Assembly {
            lifecycle: &lifecycle,
            nats: &nats,
            environment: &environment,
            settings: &settings,
            zones: Arc::new(ZoneTable::builtin()?),
            routes: RoutesBuilder::default(),
            kits: Vec::new(),
            feed: (settings.targets.len() > 1).then(Feed::default),
            turns: Turns::default(),
        };
        for target in &settings.targets {
            assembly.add(*target)?;
        }
        let Assembly {
            routes, kits, feed, ..
        } = assembly;
        if let Some(feed) = feed {
            lifecycle.spawn(feed.run(jetstream::new(nats.clone()), lifecycle.stop()));
        }
        let verifier = Arc::new(Verifier::new(&settings.tokens, environment)?);
        let (keys, stop) = (Arc::clone(&verifier), lifecycle.stop());
        lifecycle.spawn(async move { keys.keep_keys(stop).await });
        lifecycle.spawn(watch_health(
            server.health(),
            kits,
            nats,
            Arc::clone(&verifier),
            lifecycle.stop(),
        ));
        let (stop, failed) = (lifecycle.stop(), lifecycle.stop());
        lifecycle.spawn(async move {
            if let Err(error) = server.serve(guard(routes.routes(), verifier), stop).await {
                tracing::error!(%error, "gRPC server broke down");
                failed.request();
            }
        });
        Ok(Self { lifecycle, address })
    }

    /// Where gRPC listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Runs until a signal says to stop, and stops in order.
    pub async fn run(&self) -> std::io::Result<()> {
        self.lifecycle.run().await
    }

    /// Stops in order.
    pub async fn stop(&self) {
        self.lifecycle.finish().await;
    }
}

/// A line in the making.
struct Assembly<'a> {
    lifecycle: &'a Lifecycle,
    nats: &'a Client,
    environment: &'a Environment,
    settings: &'a LineSettings,
    zones: Arc<ZoneTable>,
    routes: RoutesBuilder,
    kits: Vec<Kit>,
    feed: Option<Feed>,
    turns: Turns,
}

impl Assembly<'_> {
    fn add(&mut self, service: Service) -> Result<(), LineError> {
        let kit = kit(service, self.settings, self.environment, &self.turns)?;
        let stop = self.lifecycle.stop();
        match service {
            Service::Intake => {
                let intake = Intake::new(
                    kit.clone(),
                    Arc::clone(&self.zones),
                    &self.settings.master_key,
                    self.settings.carers.address.clone(),
                );
                self.routes.add_service(intake.routes());
                self.react(&kit, intake.reactions());
                self.lifecycle.spawn(intake.write_signals(stop));
            }
            Service::Assessment => {
                let catalogue = load_catalogue(self.settings.instruments_dir.as_deref())?;
                let assessment = Assessment::new(
                    kit.clone(),
                    Arc::new(TriageTables::builtin()?),
                    Arc::new(catalogue),
                );
                self.routes.add_service(assessment.routes());
                self.react(&kit, assessment.reactions());
            }
            Service::Routing => {
                let points = Arc::new(PointsTables::builtin()?);
                let routing = Routing::new(kit.clone(), Arc::clone(&self.zones), points);
                self.routes.add_service(routing.routes());
                self.react(&kit, routing.reactions());
                if let Some(measuring) = routing.measuring() {
                    self.lifecycle.spawn(measuring.run(stop.clone()));
                }
                self.lifecycle.spawn(routing.endings().run(stop));
            }
            Service::Followup => {
                let calendars = calendars(self.settings.calendars_file.as_deref())?;
                let CarerSettings { address, asking } = &self.settings.carers;
                let followup = Followup::new(kit.clone(), calendars, *asking, address.clone());
                self.routes.add_service(followup.routes());
                self.react(&kit, followup.reactions());
                self.lifecycle.spawn(followup.askings().run(stop.clone()));
                self.lifecycle.spawn(followup.clocks().run(stop.clone()));
                self.lifecycle.spawn(followup.tallies().run(stop));
            }
            Service::Notification => {
                let settings = self.settings.notification.clone();
                let notification =
                    Notification::new(kit.clone(), settings, &self.settings.master_key);
                self.routes.add_service(notification.routes());
                self.listen(&kit, notification.reactions());
                self.lifecycle
                    .spawn(notification.courier().run(stop.clone()));
                self.lifecycle.spawn(notification.clearing().run(stop));
                // It says nothing: there is nothing to relay.
                self.kits.push(kit);
                return Ok(());
            }
        }
        self.relay(&kit);
        self.kits.push(kit);
        Ok(())
    }

    fn react<R: Reactions>(&self, kit: &Kit, reactions: Arc<R>) {
        let consumer = Consumer {
            service: kit.service,
            database: kit.database.clone(),
            principal: kit.principal.clone(),
            jetstream: jetstream::new(self.nats.clone()),
            feed: self.feed.clone(),
            environment: kit.environment.clone(),
            turns: kit.turns.clone(),
            reactions,
        };
        self.lifecycle.spawn(consumer.run(self.lifecycle.stop()));
    }

    fn listen<L: Listens>(&self, kit: &Kit, listens: Arc<L>) {
        let listener = Listener {
            service: kit.service,
            database: kit.database.clone(),
            principal: kit.principal.clone(),
            jetstream: jetstream::new(self.nats.clone()),
            feed: self.feed.clone(),
            environment: kit.environment.clone(),
            turns: kit.turns.clone(),
            listens,
        };
        self.lifecycle.spawn(listener.run(self.lifecycle.stop()));
    }

    fn relay(&self, kit: &Kit) {
        let relay = Relay {
            service: kit.service,
            database: kit.database.clone(),
            principal: kit.principal.clone(),
            jetstream: jetstream::new(self.nats.clone()),
            environment: kit.environment.clone(),
            waker: kit.waker.clone(),
            turns: kit.turns.clone(),
        };
        self.lifecycle.spawn(relay.run(self.lifecycle.stop()));
    }
}

fn calendars(file: Option<&Path>) -> Result<Calendars, LineError> {
    let Some(path) = file else {
        return Ok(Calendars::builtin()?);
    };
    let text = fs::read_to_string(path).map_err(|source| LineError::CalendarsFile {
        path: path.to_owned(),
        source,
    })?;
    Ok(Calendars::parse(&text)?)
}

fn kit(
    service: Service,
    settings: &LineSettings,
    environment: &Environment,
    turns: &Turns,
) -> Result<Kit, LineError> {
    let database = Database::new(&DatabaseOptions {
        url: settings.database_url.clone(),
        service: service.name(),
        connections: settings.connections,
    })?;
    Ok(Kit {
        service,
        database,
        environment: environment.clone(),
        principal: Principal::service(service.name().parse()?),
        waker: Waker::default(),
        turns: turns.clone(),
        bell: Bell::default(),
    })
}
