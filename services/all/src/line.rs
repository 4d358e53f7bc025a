//! The line: which services run in this process, started and stopped in order.

use std::{
    fs, io,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use async_nats::{Client, jetstream};
use knipperlicht_access::{
    AccessError, Database, DatabaseOptions, Door, Principal, TokenRules, Verifier, guard,
};
use knipperlicht_assessment::{
    Assessment, FolderError, load_catalogue,
    model::{TableFault, TriageTables},
};
use knipperlicht_contracts::event::Service;
use knipperlicht_eventing::{
    Consumer, Feed, Forgets, Forgetting, Kit, Lead, Listener, Listens, NatsError, NatsOptions,
    NatsUser, Reactions, Relay, Turns, Waker, audit::Keeper,
};
use knipperlicht_followup::{
    Followup,
    model::{Calendars, CalendarsError},
};
use knipperlicht_intake::{Intake, model::Retention};
use knipperlicht_notification::{Notification, NotificationSettings};
use knipperlicht_privacy::Vault;
use knipperlicht_routing::{Routing, model::points::PointsTables};
use knipperlicht_runtime::{Bell, GrpcServer, Lifecycle, ServerError, ServerTls, TlsError};
use knipperlicht_vocabulary::{Environment, IdError};
use knipperlicht_zones::{TableError, ZoneTable};
use tonic::service::RoutesBuilder;

pub use self::carers::{CarerOptions, CarerSettings};
pub use self::retention::RetentionOptions;
use self::{health::watch_health, keys::watch_keys};
use crate::{
    gateway::{BoundGateway, GatewayError, GatewayPlan},
    trust::{AuditSettings, Sealing},
    wire::WireSettings,
};

mod carers;
mod health;
mod keys;
mod retention;

/// What a line needs to run.
pub struct LineSettings {
    /// The PostgreSQL URL of each service's database; most often the same.
    pub database_url: String,
    /// How NATS is reached.
    pub nats: NatsOptions,
    /// Where gRPC listens.
    pub listen: SocketAddr,
    /// How it is reached there.
    pub wire: WireSettings,
    /// Which services run.
    pub targets: Vec<Service>,
    /// The gateway beside them, where it runs here.
    pub gateway: Option<GatewayPlan>,
    /// Which tokens are believed.
    pub tokens: TokenRules,
    /// What personal data is kept with: intake and notification need it.
    pub sealing: Option<Sealing>,
    /// What checkpoints of the audit logs are made with, if they are.
    pub audit: Option<AuditSettings>,
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
    /// How long what is over is kept.
    pub retention: Retention,
}

/// Why a line could not start.
#[derive(Debug, thiserror::Error)]
pub enum LineError {
    /// The address.
    #[error(transparent)]
    Server(#[from] ServerError),
    /// The certificate.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The database URL.
    #[error("DATABASE_URL: {0}")]
    Database(#[from] sqlx::Error),
    /// NATS.
    #[error(transparent)]
    Nats(#[from] NatsError),
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
    /// No keys for a service that seals.
    #[error("KL6003: {0} keeps personal data, and there is no master key for it")]
    NoKeys(&'static str),
    /// The gateway.
    #[error(transparent)]
    Gateway(#[from] GatewayError),
    /// A service's name.
    #[error(transparent)]
    Name(#[from] IdError),
}

/// A running line.
pub struct Line {
    lifecycle: Lifecycle,
    address: SocketAddr,
    gateway: Option<SocketAddr>,
}

impl Line {
    /// Starts the services. They run, and say that they are not well, while PostgreSQL or NATS is
    /// away.
    pub async fn start(
        settings: LineSettings,
        environment: Environment,
    ) -> Result<Self, LineError> {
        let mut server = bind(&settings).await?;
        let address = server.address();
        let gateway = bind_gateway(&settings, &mut server).await?;
        let lifecycle = Lifecycle::default();
        let eraser = settings.nats.connect(NatsUser::Eraser).await?;
        let mut assembly = Assembly {
            lifecycle: &lifecycle,
            nats: vec![eraser.clone()],
            eraser: jetstream::new(eraser),
            environment: &environment,
            settings: &settings,
            zones: Arc::new(ZoneTable::builtin()?),
            routes: RoutesBuilder::default(),
            kits: Vec::new(),
            feed: (settings.targets.len() > 1).then(Feed::default),
            turns: Turns::default(),
        };
        for target in &settings.targets {
            assembly.add(*target).await?;
        }
        if let Some(feed) = assembly.feed.clone() {
            let jetstream = assembly.jetstream(NatsUser::Reader).await?;
            lifecycle.spawn(feed.run(jetstream, lifecycle.stop()));
        }
        let Assembly {
            routes, kits, nats, ..
        } = assembly;
        if let Some(sealing) = &settings.sealing {
            let keys = Arc::clone(&sealing.keys);
            lifecycle.spawn(watch_keys(keys, lifecycle.stop()));
        }
        let verifier = Arc::new(Verifier::new(&settings.tokens, environment)?);
        let (keys, stop) = (Arc::clone(&verifier), lifecycle.stop());
        lifecycle.spawn(async move { keys.keep_keys(stop).await });
        let WireSettings { rates, peers, .. } = settings.wire;
        let door = Door::new(Arc::clone(&verifier), rates, peers);
        let routes = guard(routes.routes(), door);
        lifecycle.spawn(watch_health(
            server.health(),
            kits,
            nats,
            verifier,
            lifecycle.stop(),
        ));
        let (stop, failed) = (lifecycle.stop(), lifecycle.stop());
        lifecycle.spawn(async move {
            if let Err(error) = Box::pin(server.serve(routes, stop)).await {
                tracing::error!(%error, "gRPC server broke down");
                failed.request();
            }
        });
        let gateway_address = gateway.as_ref().map(BoundGateway::address);
        if let Some(gateway) = gateway {
            gateway.run(&lifecycle);
        }
        Ok(Self {
            lifecycle,
            address,
            gateway: gateway_address,
        })
    }

    /// Where gRPC listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where the gateway listens, if it runs here.
    #[must_use]
    pub const fn gateway_address(&self) -> Option<SocketAddr> {
        self.gateway
    }

    /// The clock of the line was moved: what is due by it is looked for at once.
    pub fn time_moved(&self) {
        self.lifecycle.time_moved();
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
    nats: Vec<Client>,
    eraser: jetstream::Context,
    environment: &'a Environment,
    settings: &'a LineSettings,
    zones: Arc<ZoneTable>,
    routes: RoutesBuilder,
    kits: Vec<Kit>,
    feed: Option<Feed>,
    turns: Turns,
}

impl<'a> Assembly<'a> {
    async fn add(&mut self, service: Service) -> Result<(), LineError> {
        let jetstream = self.jetstream(NatsUser::Service(service)).await?;
        let kit = kit(service, jetstream, self)?;
        let stop = self.lifecycle.stop();
        self.keep_checkpoints(&kit);
        self.lifecycle.spawn(kit.watch().run(stop.clone()));
        match service {
            Service::Intake => {
                let sealing = self.sealing(service)?;
                let intake = Intake::new(
                    kit.clone(),
                    Arc::clone(&self.zones),
                    Vault::new(Arc::clone(&sealing.keys)),
                    &sealing.index_key,
                    self.settings.carers.address.clone(),
                );
                self.routes.add_service(intake.routes());
                self.react(&kit, intake.reactions());
                let expiring = intake.expiring(self.settings.retention);
                self.lifecycle.spawn(expiring.run(stop.clone()));
                self.lifecycle.spawn(intake.wake_watchers(stop.clone()));
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
                self.lifecycle.spawn(routing.wake_watchers(stop.clone()));
                if let Some(measuring) = routing.measuring() {
                    self.lifecycle.spawn(measuring.run(stop.clone()));
                }
                self.lifecycle.spawn(routing.endings().run(stop.clone()));
                self.lifecycle.spawn(routing.watch().run(stop));
            }
            Service::Followup => {
                let calendars = calendars(self.settings.calendars_file.as_deref())?;
                let CarerSettings { address, asking } = &self.settings.carers;
                let followup = Followup::new(kit.clone(), calendars, *asking, address.clone());
                self.routes.add_service(followup.routes());
                self.react(&kit, followup.reactions());
                self.lifecycle.spawn(followup.askings().run(stop.clone()));
                self.lifecycle.spawn(followup.clocks().run(stop.clone()));
                self.lifecycle.spawn(followup.watch().run(stop.clone()));
                self.lifecycle.spawn(followup.tallies().run(stop));
            }
            Service::Notification => {
                let settings = self.settings.notification.clone();
                let sealing = self.sealing(service)?;
                let vault = Vault::new(Arc::clone(&sealing.keys));
                let notification =
                    Notification::new(kit.clone(), settings, vault, &sealing.index_key);
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

    /// A connection of its own: in whose name it is decides what may be said on it.
    async fn jetstream(&mut self, user: NatsUser) -> Result<jetstream::Context, NatsError> {
        let client = self.settings.nats.connect(user).await?;
        self.nats.push(client.clone());
        Ok(jetstream::new(client))
    }

    fn sealing(&self, service: Service) -> Result<&'a Sealing, LineError> {
        let sealing = self.settings.sealing.as_ref();
        sealing.ok_or(LineError::NoKeys(service.name()))
    }

    fn keep_checkpoints(&self, kit: &Kit) {
        if let Some(audit) = &self.settings.audit {
            let keeper = Keeper {
                service: kit.service,
                database: kit.database.clone(),
                principal: kit.principal.clone(),
                environment: kit.environment.clone(),
                checkpoints: audit.checkpoints.clone(),
                key: Arc::clone(&audit.key),
            };
            self.lifecycle.spawn(keeper.run(self.lifecycle.stop()));
        }
    }

    fn react<R: Reactions>(&self, kit: &Kit, reactions: Arc<R>) {
        let consumer = Consumer {
            service: kit.service,
            database: kit.database.clone(),
            principal: kit.principal.clone(),
            jetstream: kit.jetstream.clone(),
            feed: self.feed.clone(),
            lead: kit.lead.clone(),
            environment: kit.environment.clone(),
            turns: kit.turns.clone(),
            reactions,
        };
        self.forget(kit, Arc::clone(&consumer.reactions));
        self.lifecycle
            .spawn_behind(consumer.run(self.lifecycle.stop()));
    }

    fn forget<F: Forgets>(&self, kit: &Kit, forgets: Arc<F>) {
        let forgetting = Forgetting::new(kit.clone(), self.eraser.clone(), forgets);
        self.lifecycle.spawn(forgetting.run(self.lifecycle.stop()));
    }

    fn listen<L: Listens>(&self, kit: &Kit, listens: Arc<L>) {
        let listener = Listener {
            service: kit.service,
            database: kit.database.clone(),
            principal: kit.principal.clone(),
            jetstream: kit.jetstream.clone(),
            feed: self.feed.clone(),
            lead: kit.lead.clone(),
            environment: kit.environment.clone(),
            turns: kit.turns.clone(),
            listens,
        };
        self.forget(kit, Arc::clone(&listener.listens));
        self.lifecycle
            .spawn_behind(listener.run(self.lifecycle.stop()));
    }

    fn relay(&self, kit: &Kit) {
        let relay = Relay {
            service: kit.service,
            database: kit.database.clone(),
            principal: kit.principal.clone(),
            jetstream: kit.jetstream.clone(),
            environment: kit.environment.clone(),
            waker: kit.waker.clone(),
            turns: kit.turns.clone(),
        };
        self.lifecycle
            .spawn_behind(relay.run(self.lifecycle.stop()));
    }
}

/// Takes the addresses.
async fn bind(settings: &LineSettings) -> Result<GrpcServer, LineError> {
    let tls = match &settings.wire.tls {
        Some(files) => Some(ServerTls::load(files.clone()).await?),
        None => None,
    };
    let mut server = GrpcServer::bind(settings.listen, tls).await?;
    if let Some(door) = settings.wire.health_listen
        && let Some(address) = door.open(&mut server).await?
    {
        tracing::info!(%address, "health and metrics are told in clear");
    }
    Ok(server)
}

/// Takes the gateway's address, and lets it in to the services of this process.
async fn bind_gateway(
    settings: &LineSettings,
    server: &mut GrpcServer,
) -> Result<Option<BoundGateway>, GatewayError> {
    let Some(plan) = &settings.gateway else {
        return Ok(None);
    };
    let inside = server.let_in_from_inside();
    let gateway = BoundGateway::bind(plan, &settings.targets, Some(&inside)).await?;
    Ok(Some(gateway))
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
    jetstream: jetstream::Context,
    assembly: &Assembly<'_>,
) -> Result<Kit, LineError> {
    let settings = assembly.settings;
    let database = Database::new(&DatabaseOptions {
        url: settings.database_url.clone(),
        service: service.name(),
        connections: settings.connections,
    })?;
    Ok(Kit {
        service,
        database,
        environment: assembly.environment.clone(),
        jetstream,
        principal: Principal::service(service.name().parse()?),
        waker: Waker::default(),
        turns: assembly.turns.clone(),
        lead: Lead::default(),
        bell: Bell::default(),
    })
}
