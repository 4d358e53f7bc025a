//! A world to play the scenarios in: the whole line in this process, on a database and a
//! nats-server of its own, with a clock to move. Never part of a release.

#![allow(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "a test that cannot go on should say so loudly"
)]

mod closed;
mod collector;
mod consent;
mod desks;
mod marks;
mod raw;
mod signal;
mod web;

use std::{
    fs,
    net::SocketAddr,
    num::NonZeroU32,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use knipperlicht::{
    dev::DemoPeople,
    gateway::GatewayPlan,
    line::{CarerSettings, Line, LineSettings},
    migrate::migrate,
    ops::ensure_streams,
    trust::Sealing,
    wire::WireSettings,
};
use knipperlicht_access::{
    Database, DatabaseOptions, DevIssuer, Person, Principal, Rate, Rates, Role,
};
use knipperlicht_contracts::event::Service;
use knipperlicht_followup::model::AskingRule;
use knipperlicht_gateway::{AppSettings, GatewaySettings, Proxy};
use knipperlicht_harness::{Bed, MovableClock, movable_environment};
use knipperlicht_notification::{Authorities, NotificationSettings, Retention};
use knipperlicht_privacy::{IndexKey, KeyRing, MasterKey};
use knipperlicht_runtime::TlsFiles;
use knipperlicht_vocabulary::Environment;
use sqlx::{Connection, PgConnection};
use tempfile::TempDir;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};

pub use closed::Closed;
pub use collector::Collector;
pub use desks::{Caller, CoordinatorDesk, PartnerDesk, ReporterPhone};
pub use marks::Search;
pub use raw::{Call, calls, contracts};
pub use signal::a_signal;
pub use web::{Answer, Event, Events, Kept, Web};

/// What tokens are signed with.
const ISSUER_SEED: [u8; 32] = [7; 32];

/// The file with the master keys.
const MASTER_KEYS: &str = "master.key";

/// The whole line, and its clock.
pub struct World {
    /// PostgreSQL and NATS.
    pub bed: Bed,
    /// Time, to be moved.
    pub clock: MovableClock,
    /// Time and randomness, as the services see them.
    pub environment: Environment,
    issuer: DevIssuer,
    line: Line,
    channel: Channel,
    keys: TempDir,
    index_key: String,
    targets: &'static [Service],
    outbound: NotificationSettings,
}

/// Another process of the same world.
pub struct SecondLine<'w> {
    world: &'w World,
    line: Line,
    channel: Channel,
}

impl SecondLine<'_> {
    /// The phone of a reporter of this name, who reaches this process.
    #[must_use]
    pub fn reporter(&self, name: &str) -> ReporterPhone {
        let token = self.world.token(name, Role::Reporter, None, &[]);
        ReporterPhone::new(Caller::new(self.channel.clone(), Some(&token)))
    }

    /// The desk of a partner organisation, which reaches this process.
    #[must_use]
    pub fn partner(&self, organisation: &str) -> PartnerDesk {
        let token = self
            .world
            .token("desk", Role::Partner, Some(organisation), &[]);
        PartnerDesk::new(Caller::new(self.channel.clone(), Some(&token)))
    }

    /// Stops it in order.
    pub async fn stop(&self) {
        self.line.stop().await;
    }
}

impl World {
    /// Starts it, with the demo directory.
    pub async fn start() -> Self {
        Self::on(Bed::start().await).await
    }

    /// Starts it on servers of its own; nothing of it speaks to anybody in clear.
    pub async fn start_encrypted() -> Self {
        Self::on(Bed::start_encrypted().await).await
    }

    /// Starts it on these servers.
    pub async fn on(bed: Bed) -> Self {
        Self::of(bed, Service::ALL, outbound()).await
    }

    /// Starts it with a gateway before it, of which this is otherwise than usual.
    pub async fn with_gateway(unusual: impl FnOnce(&mut GatewaySettings)) -> Self {
        let mut settings = gateway();
        unusual(&mut settings);
        Self::behind(settings, &[]).await
    }

    /// Starts it with a gateway before it, and lets these roles call only so often in a minute.
    pub async fn with_few_calls(rates: &[(Role, NonZeroU32)]) -> Self {
        Self::behind(gateway(), rates).await
    }

    /// Starts it with a gateway before it that has the people of a demonstration.
    pub async fn with_demo_people() -> Self {
        let time = movable_environment();
        let issuer = DevIssuer::new(&ISSUER_SEED, time.0.clone());
        let people = DemoPeople::new(issuer).expect("the demo people");
        let settings = GatewaySettings {
            demo: Some(Arc::new(people)),
            ..gateway()
        };
        let plan = GatewayPlan {
            settings,
            elsewhere: Vec::new(),
        };
        let bed = Bed::start().await;
        Self::build(
            bed,
            time,
            Service::ALL,
            outbound(),
            (Some(plan), Vec::new()),
        )
        .await
    }

    async fn behind(gateway: GatewaySettings, rates: &[(Role, NonZeroU32)]) -> Self {
        let plan = GatewayPlan {
            settings: gateway,
            elsewhere: Vec::new(),
        };
        let rate = |(role, per_minute): &(Role, NonZeroU32)| Rate {
            role: *role,
            per_minute: *per_minute,
        };
        let rates = rates.iter().map(rate).collect();
        let bed = Bed::start().await;
        let time = movable_environment();
        Self::build(bed, time, Service::ALL, outbound(), (Some(plan), rates)).await
    }

    /// Starts these of its services, with notifications that go out so.
    pub async fn of(bed: Bed, targets: &'static [Service], outbound: NotificationSettings) -> Self {
        let time = movable_environment();
        Self::build(bed, time, targets, outbound, (None, Vec::new())).await
    }

    async fn build(
        bed: Bed,
        (environment, clock): (Environment, MovableClock),
        targets: &'static [Service],
        outbound: NotificationSettings,
        (gateway, rates): (Option<GatewayPlan>, Vec<Rate>),
    ) -> Self {
        migrate(&bed.database_url).await.expect("schemas");
        ensure_streams(&bed.nats_options(), 1)
            .await
            .expect("streams");
        load_directory(&bed.database_url, &environment).await;
        let issuer = DevIssuer::new(&ISSUER_SEED, environment.clone());
        let keys = TempDir::new().expect("a temporary directory");
        fs::write(
            keys.path().join(MASTER_KEYS),
            MasterKey::generate("test", &environment).as_bytes(),
        )
        .expect("a key file");
        let index_key = MasterKey::generate("index", &environment).to_string();
        let kept = (keys.path(), index_key.as_str());
        let usual = settings(&bed, &issuer, kept, targets, outbound.clone());
        let settings = LineSettings {
            gateway,
            wire: WireSettings {
                rates: usual.wire.rates.and(rates),
                ..usual.wire
            },
            ..usual
        };
        let line = Box::pin(Line::start(settings, environment.clone()))
            .await
            .expect("a line");
        let channel = reach(&bed, &line);
        Self {
            bed,
            clock,
            environment,
            issuer,
            line,
            channel,
            keys,
            index_key,
            targets,
            outbound,
        }
    }

    /// Starts another process with the same services, on the same servers.
    pub async fn second_line(&self) -> SecondLine<'_> {
        self.line_of(self.targets).await
    }

    /// Starts another process with these services, on the same servers.
    pub async fn line_of(&self, targets: &[Service]) -> SecondLine<'_> {
        let settings = settings(
            &self.bed,
            &self.issuer,
            (self.keys.path(), &self.index_key),
            targets,
            self.outbound.clone(),
        );
        let line = Box::pin(Line::start(settings, self.environment.clone()))
            .await
            .expect("a line");
        let channel = reach(&self.bed, &line);
        SecondLine {
            world: self,
            line,
            channel,
        }
    }

    /// The phone of a reporter of this name.
    #[must_use]
    pub fn reporter(&self, name: &str) -> ReporterPhone {
        ReporterPhone::new(self.caller(name, Role::Reporter, None, &[]))
    }

    /// The desk of a partner organisation.
    #[must_use]
    pub fn partner(&self, organisation: &str) -> PartnerDesk {
        PartnerDesk::new(self.caller("desk", Role::Partner, Some(organisation), &[]))
    }

    /// The desk of the coordinator of these zones.
    #[must_use]
    pub fn coordinator(&self, zones: &[&str]) -> CoordinatorDesk {
        CoordinatorDesk::new(self.caller("coordinator", Role::Coordinator, None, zones))
    }

    /// Somebody with a token.
    #[must_use]
    pub fn caller(
        &self,
        name: &str,
        role: Role,
        organisation: Option<&str>,
        zones: &[&str],
    ) -> Caller {
        let token = self.token(name, role, organisation, zones);
        Caller::new(self.channel.clone(), Some(&token))
    }

    /// A token, of the development issuer.
    #[must_use]
    pub fn token(
        &self,
        name: &str,
        role: Role,
        organisation: Option<&str>,
        zones: &[&str],
    ) -> String {
        let person = Person {
            subject: name.parse().expect("a name"),
            role,
            organisation: organisation
                .map(|organisation| organisation.parse().expect("an organisation")),
            zones: zones
                .iter()
                .map(|zone| zone.parse().expect("a zone"))
                .collect(),
        };
        self.issuer
            .token(&person, 120 * 24 * 3600)
            .expect("a token")
    }

    /// Somebody without a token.
    #[must_use]
    pub fn nobody(&self) -> Caller {
        Caller::new(self.channel.clone(), None)
    }

    /// The keys that everything personal is sealed under.
    #[must_use]
    pub fn key_ring(&self) -> KeyRing {
        KeyRing::open(&self.keys.path().join(MASTER_KEYS)).expect("keys")
    }

    /// Where gRPC listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.line.address()
    }

    /// Somebody at the gateway, without a token.
    #[must_use]
    pub fn web(&self) -> Web {
        Web::at(self.line.gateway_address().expect("a gateway"))
    }

    /// The channel to the line.
    #[must_use]
    pub fn channel(&self) -> Channel {
        self.channel.clone()
    }

    /// The file with the master keys.
    #[must_use]
    pub fn master_key_file(&self) -> PathBuf {
        self.keys.path().join(MASTER_KEYS)
    }

    /// A connection as the owner of everything, for looking.
    pub async fn look(&self) -> PgConnection {
        PgConnection::connect(&self.bed.database_url)
            .await
            .expect("PostgreSQL")
    }

    /// Stops the line in order.
    pub async fn stop(&self) {
        self.line.stop().await;
    }
}

fn settings(
    bed: &Bed,
    issuer: &DevIssuer,
    (keys, index_key): (&Path, &str),
    targets: &[Service],
    notification: NotificationSettings,
) -> LineSettings {
    LineSettings {
        database_url: bed.database_url.clone(),
        nats: bed.nats_options(),
        listen: ([127, 0, 0, 1], 0).into(),
        wire: wire(bed),
        targets: targets.to_vec(),
        gateway: None,
        tokens: issuer.rules().expect("rules"),
        sealing: Some(Sealing {
            keys: Arc::new(KeyRing::open(&keys.join(MASTER_KEYS)).expect("keys")),
            index_key: IndexKey::parse(index_key).expect("a key"),
        }),
        audit: None,
        connections: 6,
        instruments_dir: None,
        carers: CarerSettings {
            address: "https://knipperlicht.example/k"
                .parse()
                .expect("an address"),
            asking: AskingRule::default(),
        },
        notification,
        calendars_file: None,
        retention: knipperlicht_intake::model::Retention::of_days(730),
    }
}

/// A gateway on this machine.
#[must_use]
pub fn gateway() -> GatewaySettings {
    GatewaySettings {
        listen: ([127, 0, 0, 1], 0).into(),
        tls: None,
        proxy: Proxy::None,
        origins: Vec::new(),
        app: AppSettings::default(),
        demo: None,
    }
}

/// How a line is reached: as its servers are, and by tests as often as they like.
fn wire(bed: &Bed) -> WireSettings {
    let often = |role: &Role| Rate {
        role: *role,
        per_minute: NonZeroU32::MAX,
    };
    WireSettings {
        tls: bed.identity.as_ref().map(|identity| TlsFiles {
            certificate: identity.certificate.clone(),
            key: identity.key.clone(),
            client_authorities: None,
        }),
        rates: Rates::with(Role::CALLERS.iter().map(often).collect()),
        ..WireSettings::default()
    }
}

/// How notifications go out: by webhook, also to this machine.
#[must_use]
pub fn outbound() -> NotificationSettings {
    NotificationSettings {
        link: "https://knipperlicht.test/".to_owned(),
        mail: None,
        authorities: Authorities::default(),
        allow_loopback: true,
        retention: Retention::of_days(90, 180),
    }
}

/// A lazy channel to a line.
#[must_use]
pub fn connect(address: &str) -> Channel {
    endpoint(address).connect_lazy()
}

fn endpoint(address: &str) -> Endpoint {
    Endpoint::from_shared(address.to_owned())
        .expect("an address")
        .connect_timeout(Duration::from_secs(5))
}

fn reach(bed: &Bed, line: &Line) -> Channel {
    let Some(identity) = &bed.identity else {
        return connect(&format!("http://{}", line.address()));
    };
    let authority = fs::read(&identity.authority).expect("an authority");
    let tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(authority));
    endpoint(&format!("https://{}", line.address()))
        .tls_config(tls)
        .expect("certificates")
        .connect_lazy()
}

/// Loads the demo directory.
pub async fn load_directory(database_url: &str, environment: &Environment) {
    let options = DatabaseOptions {
        url: database_url.to_owned(),
        service: "routing",
        connections: 1,
    };
    let database = Database::new(&options).expect("a database");
    let principal = Principal::service("test".parse().expect("a name"));
    knipperlicht_routing::load_demo_directory(&database, &principal, environment.now())
        .await
        .expect("a directory");
    database.close().await;
}
