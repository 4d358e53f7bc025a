//! PostgreSQL, nats-server and the services, each a process of its own, on a directory that
//! disappears with them; and the network between them.

mod database;
mod disk;
mod keys;
mod network;
mod process;
mod program;
mod shape;
mod skew;

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use async_nats::jetstream;
use jiff::SignedDuration;
use knipperlicht::ops::ensure_streams;
use knipperlicht_access::{Database as Schema, DatabaseOptions, DevIssuer, Principal};
use knipperlicht_contracts::event::Service;
use knipperlicht_eventing::{NatsOptions, NatsUser, accounts, topology::STREAM};
use knipperlicht_harness::movable_environment;
use knipperlicht_runtime::system_environment;
use knipperlicht_sandbox::{
    Nats, NatsCluster, NatsOptions as ServerOptions, ScratchDirectory, Tools,
};
use knipperlicht_vocabulary::Environment;
use sqlx::{Connection, PgConnection};
use tempfile::TempDir;
use tokio::{
    process::Command,
    time::{Instant, sleep},
};

use self::{
    database::Database,
    disk::Disk,
    keys::Keys,
    network::Network,
    process::{GATEWAY, Process, family, signal},
    skew::{ProcessClock, Shim},
};
pub use self::{
    network::Addresses,
    shape::{Link, Part, Shape},
};
use crate::{ChaosError, people::People, proxy::Weather};

/// The whole line as processes that can be killed one by one.
pub struct Cluster {
    /// Time and randomness.
    pub environment: Environment,
    people: People,
    // In this order: whoever uses the servers ends first, then they, then the disks, the directory.
    members: Vec<Member>,
    network: Network,
    database: Database,
    nats: NatsCluster,
    disks: Vec<Disk>,
    directory: ScratchDirectory,
    nats_keys: TempDir,
}

struct Member {
    part: Part,
    process: Process,
}

/// A handful of accounts do here what a country does.
const UNHINDERED: &str = "reporter=1000000,partner=1000000,coordinator=1000000";

/// Tokens are that old: a process whose clock is behind still believes them.
const TOKENS_MADE_BEFORE: SignedDuration = SignedDuration::from_hours(-1);

/// How long the servers of NATS may take to agree.
const SETTLED_WITHIN: Duration = Duration::from_mins(1);

impl Cluster {
    /// Starts one of everything, the demo directory loaded, and waits until it answers.
    pub async fn start() -> Result<Self, ChaosError> {
        Self::start_as(Shape::ALONE, Self::program()?).await
    }

    /// The program as built beside us.
    pub fn program() -> Result<PathBuf, ChaosError> {
        program::find()
    }

    /// The same in another shape, every service as this program.
    pub async fn start_as(shape: Shape, program: PathBuf) -> Result<Self, ChaosError> {
        let environment = system_environment()?;
        let directory = ScratchDirectory::new()?;
        let tools = Tools::find()?;
        let at = |name: &str| directory.path().join(name);
        let disks = if shape.is_harsh {
            mount_disks(directory.path(), shape)?
        } else {
            Vec::new()
        };
        let nats_keys = TempDir::new().map_err(ChaosError::io("make a directory"))?;
        let options = ServerOptions {
            accounts: Some(accounts::keep_accounts(nats_keys.path(), &environment)?),
            ..ServerOptions::new(at("nats"))
        };
        let directories = [at("postgres-1"), at("postgres-2")];
        let (database, nats) = tokio::try_join!(
            Database::start(&tools, directories, shape.has_standby),
            async { Ok::<_, ChaosError>(NatsCluster::start(&tools, options, shape.nats).await?) }
        )?;
        if !nats.settled(SETTLED_WITHIN).await {
            return Err(ChaosError::NatsNotSettled);
        }
        let network = Network::start(&database, &nats, shape).await?;
        let (issuer_environment, clock) = movable_environment();
        clock.advance(TOKENS_MADE_BEFORE);
        let issuer = DevIssuer::new(&keys::ISSUER_SEED, issuer_environment);
        let keys = keys::write(directory.path(), &issuer, &environment)?;
        let mut cluster = Self {
            people: People::new(network.addresses(), issuer)?,
            environment,
            members: Vec::new(),
            network,
            database,
            nats,
            disks,
            directory,
            nats_keys,
        };
        cluster.migrate(&program).await?;
        cluster.make_stream(shape.nats).await?;
        load_directory(&cluster.database_url(), &cluster.environment).await?;
        cluster.start_services(shape, &program, &keys).await?;
        Ok(cluster)
    }

    async fn start_services(
        &mut self,
        shape: Shape,
        program: &Path,
        keys: &Keys,
    ) -> Result<(), ChaosError> {
        let directory = self.directory.path();
        let shim = shape.is_harsh.then(|| Shim::build(directory)).transpose()?;
        let shim = shim.flatten();
        for service in Service::ALL {
            for number in 0..shape.instances {
                let name = format!("{}-{}", service.name(), number + 1);
                let clock = shim.as_ref();
                let clock = clock
                    .map(|shim| ProcessClock::new(shim, directory.join(format!("{name}.clock"))))
                    .transpose()?;
                let mut arguments = keys.arguments();
                arguments.extend(self.network.arguments(number, &self.database));
                arguments.extend(["--nats-keys".into(), self.nats_keys.path().into()]);
                arguments.extend(["--calls-per-minute", UNHINDERED].map(Into::into));
                let log = directory.join(format!("{name}.log"));
                let program = program.to_owned();
                let mut process = Process::new(program, service.name(), arguments, log, clock)?;
                process.start()?;
                self.members.push(Member {
                    part: Part::Service(*service, number),
                    process,
                });
            }
        }
        for number in 0..shape.gateways {
            let log = directory.join(format!("gateway-{}.log", number + 1));
            let arguments = self.network.of_gateway();
            let mut process = Process::new(program.to_owned(), GATEWAY, arguments, log, None)?;
            process.start()?;
            self.members.push(Member {
                part: Part::Gateway(number),
                process,
            });
        }
        for Member { process, .. } in &self.members {
            process.answers().await?;
        }
        self.lead_to_all_but(None);
        Ok(())
    }

    /// Makes the stream, once the servers of NATS know who leads.
    async fn make_stream(&self, copies: usize) -> Result<(), ChaosError> {
        let deadline = Instant::now() + SETTLED_WITHIN;
        while let Err(error) = ensure_streams(&self.nats_options(), copies).await {
            if Instant::now() >= deadline {
                return Err(error.into());
            }
            sleep(Duration::from_millis(100)).await;
        }
        Ok(())
    }

    /// Brings the schemas up to date, as this program has them.
    pub async fn migrate(&self, program: &Path) -> Result<(), ChaosError> {
        let migrating = Command::new(program)
            .args(["migrate", "--database-url", &self.database_url()])
            .output()
            .await
            .map_err(ChaosError::io(format!("run {}", program.display())))?;
        if migrating.status.success() {
            Ok(())
        } else {
            let said = String::from_utf8_lossy(&migrating.stderr).into_owned();
            Err(ChaosError::NotMigrated(said))
        }
    }

    /// Those who use it. They can be handed to other tasks.
    #[must_use]
    pub fn people(&self) -> People {
        self.people.clone()
    }

    /// The owner's URL of the database. Another one after another PostgreSQL took over.
    #[must_use]
    pub fn database_url(&self) -> String {
        self.database.primary().url()
    }

    /// A connection as the owner of everything, for looking.
    pub async fn look(&self) -> Result<PgConnection, ChaosError> {
        Ok(PgConnection::connect(&self.database_url()).await?)
    }

    /// How NATS is reached, past the proxies.
    #[must_use]
    pub fn nats_options(&self) -> NatsOptions {
        NatsOptions {
            url: self.nats.url(),
            keys: Some(self.nats_keys.path().to_owned()),
            authorities: None,
        }
    }

    /// The server of NATS that leads the stream, once there is one.
    pub async fn nats_leader(&self) -> Result<Part, ChaosError> {
        let client = self.nats_options().connect_now(NatsUser::Operator).await?;
        let jetstream = jetstream::new(client);
        let deadline = Instant::now() + SETTLED_WITHIN;
        while Instant::now() < deadline {
            if let Ok(stream) = jetstream.get_stream(STREAM).await {
                let cluster = stream.cached_info().cluster.as_ref();
                let leader = cluster.and_then(|cluster| cluster.leader.as_deref());
                let mut nodes = self.nats.nodes().iter();
                if let Some(number) = nodes.position(|node| Some(node.name()) == leader) {
                    return Ok(Part::Nats(number));
                }
            }
            sleep(Duration::from_millis(100)).await;
        }
        Err(ChaosError::NatsNotSettled)
    }

    /// Every part.
    #[must_use]
    pub fn parts(&self) -> Vec<Part> {
        let services = self.members.iter().map(|member| member.part);
        let standby = self.database.has_standby().then_some(Part::Standby);
        let nats = (0..self.nats.nodes().len()).map(Part::Nats);
        let servers = [Part::Postgres].into_iter().chain(standby).chain(nats);
        services.chain(servers).collect()
    }

    /// Every part whose disk can be filled up.
    #[must_use]
    pub fn parts_with_disk(&self) -> Vec<Part> {
        let mut parts = self.parts();
        parts.retain(|part| self.disk(*part).is_some());
        parts
    }

    /// Kills it with `SIGKILL`; it writes, answers and closes nothing more.
    pub async fn kill(&mut self, part: Part) -> Result<(), ChaosError> {
        match part {
            Part::Postgres => self.database.kill().await?,
            Part::Standby => self.database.standby()?.kill().await?,
            Part::Nats(number) => self.nats_node(number)?.kill().await?,
            service => self.process(service)?.kill().await?,
        }
        Ok(())
    }

    /// Starts it again where it was, on what it had stored; in the place of a PostgreSQL its standby
    /// takes over, where there is one. A server is waited for; a service is not.
    pub async fn restart(&mut self, part: Part) -> Result<(), ChaosError> {
        match part {
            Part::Postgres => {
                self.database.run_again().await?;
                self.network.lead_to_primary(&self.database);
            }
            Part::Standby => self.database.standby()?.restart().await?,
            Part::Nats(number) => self.nats_node(number)?.restart().await?,
            service => self.process(service)?.start()?,
        }
        Ok(())
    }

    /// Kills it, leaves it dead for so long, and starts it again.
    pub async fn kill_and_restart(&mut self, part: Part, dead: Duration) -> Result<(), ChaosError> {
        self.kill(part).await?;
        sleep(dead).await;
        self.restart(part).await
    }

    /// Gives PostgreSQL a standby again, after the one there was took over.
    pub async fn add_standby(&mut self) -> Result<(), ChaosError> {
        self.database.add_standby().await
    }

    /// Stops it from doing anything, as a machine that is held up.
    pub async fn freeze(&mut self, part: Part) -> Result<(), ChaosError> {
        self.signal_all(part, "STOP").await
    }

    /// Lets it go on.
    pub async fn thaw(&mut self, part: Part) -> Result<(), ChaosError> {
        self.signal_all(part, "CONT").await
    }

    async fn signal_all(&mut self, part: Part, name: &str) -> Result<(), ChaosError> {
        let pid = match part {
            Part::Postgres => self.database.primary().pid(),
            Part::Standby => self.database.standby()?.pid(),
            Part::Nats(number) => self.nats_node(number)?.pid(),
            service => self.process(service)?.pid(),
        };
        for pid in pid.map(family).into_iter().flatten() {
            signal(pid, name).await?;
        }
        Ok(())
    }

    /// Changes what becomes of what is said on a connection.
    pub fn weather(&self, link: Link, weather: Weather) {
        self.network.set(link, weather);
    }

    /// Takes all room that is left on the disk of a part.
    pub fn fill_disk(&self, part: Part) -> Result<(), ChaosError> {
        self.disk(part).map_or(Ok(()), Disk::fill)
    }

    /// Gives the room back, and starts what ended for want of it, as whoever watches over it would.
    pub async fn clear_disk(&mut self, part: Part) -> Result<(), ChaosError> {
        self.disk(part).map_or(Ok(()), Disk::clear)?;
        if part == Part::Postgres {
            self.database.keep_running().await?;
        }
        if let Part::Nats(number) = part {
            let node = self.nats_node(number)?;
            if !node.is_well().await {
                node.restart().await?;
            }
        }
        Ok(())
    }

    fn disk(&self, part: Part) -> Option<&Disk> {
        let directory = match part {
            Part::Postgres => self.database.primary().directory(),
            Part::Nats(number) => self.nats.nodes().get(number)?.directory(),
            Part::Standby | Part::Service(..) | Part::Gateway(_) => return None,
        };
        self.disks.iter().find(|disk| disk.holds(directory))
    }

    /// Puts the clock of a service's process so far from what is right.
    pub fn move_clock(&mut self, part: Part, by: SignedDuration) -> Result<(), ChaosError> {
        let clock = self.process(part)?.clock();
        clock.map_or(Ok(()), |clock| clock.set(by))
    }

    /// Whether clocks can be moved.
    #[must_use]
    pub fn has_clocks(&self) -> bool {
        self.members
            .iter()
            .any(|member| member.process.clock().is_some())
    }

    /// Replaces one process as a cluster does that rolls. A service or gateway: nobody new is led to it,
    /// it ends when it has finished, and the next one is called only once it answers. A server of NATS
    /// has what the others have before it counts. The standby of PostgreSQL takes over from one that has
    /// ended.
    pub async fn roll(&mut self, part: Part, program: Option<PathBuf>) -> Result<(), ChaosError> {
        match part {
            Part::Service(..) | Part::Gateway(_) => {
                self.lead_to_all_but(Some(part));
                sleep(UNLED).await;
                let process = self.process(part)?;
                process.end().await?;
                if let Some(program) = program {
                    process.becomes(program);
                }
                process.start()?;
                process.answers().await?;
                self.lead_to_all_but(None);
            }
            Part::Nats(number) => {
                self.nats_node(number)?.restart().await?;
                if !self.nats.settled(SETTLED_WITHIN).await {
                    return Err(ChaosError::NatsNotSettled);
                }
            }
            Part::Postgres => {
                self.database.end().await?;
                self.restart(part).await?;
            }
            Part::Standby => self.database.standby()?.restart().await?,
        }
        Ok(())
    }

    /// Leads whoever calls to all processes but this one.
    fn lead_to_all_but(&self, except: Option<Part>) {
        let called = |wanted: &dyn Fn(Part) -> bool| {
            let members = self.members.iter();
            let called =
                members.filter(|member| Some(member.part) != except && wanted(member.part));
            called
                .map(|member| member.process.address())
                .collect::<Vec<_>>()
        };
        for service in Service::ALL {
            let is_its = |part| matches!(part, Part::Service(of, _) if of == *service);
            self.network.lead_to(*service, called(&is_its).into_iter());
        }
        let gateways = called(&|part| matches!(part, Part::Gateway(_)));
        self.network.lead_to_gateways(gateways.into_iter());
    }

    /// The end of every log, for whoever has to find out what went wrong.
    #[must_use]
    pub fn logs(&self) -> String {
        let services = self.members.iter();
        let mut logs: Vec<(String, String)> = services
            .map(|member| (member.part.to_string(), member.process.log_tail()))
            .collect();
        let postgres = self.database.primary().log();
        logs.push((Part::Postgres.to_string(), process::tail(&postgres)));
        for (number, node) in self.nats.nodes().iter().enumerate() {
            logs.push((Part::Nats(number).to_string(), process::tail(&node.log())));
        }
        let logs: Vec<String> = logs
            .iter()
            .map(|(name, tail)| format!("--- {name}\n{tail}"))
            .collect();
        logs.join("\n")
    }

    /// Processes of services that have ended without being killed.
    pub fn fallen(&mut self) -> Result<Vec<Part>, ChaosError> {
        let mut fallen = Vec::new();
        for Member { part, process } in &mut self.members {
            if process.has_fallen()? {
                fallen.push(*part);
            }
        }
        Ok(fallen)
    }

    fn process(&mut self, part: Part) -> Result<&mut Process, ChaosError> {
        let found = self.members.iter_mut().find(|member| member.part == part);
        found
            .map(|member| &mut member.process)
            .ok_or(ChaosError::NoSuchPart(part))
    }

    fn nats_node(&mut self, number: usize) -> Result<&mut Nats, ChaosError> {
        let node = self.nats.node(number);
        node.ok_or(ChaosError::NoSuchPart(Part::Nats(number)))
    }
}

/// How long nobody new has been led to a process before it is told to end.
const UNLED: Duration = Duration::from_millis(200);

/// A disk for each server that writes; none where we may not mount any.
fn mount_disks(directory: &Path, shape: Shape) -> Result<Vec<Disk>, ChaosError> {
    let nats = (0..shape.nats).map(|number| format!("nats/node-{number}"));
    let postgres = ["postgres-1", "postgres-2"].map(str::to_owned);
    let mut disks = Vec::new();
    for name in nats.chain(postgres) {
        let image = directory.join(format!("{}.disk", name.replace('/', "-")));
        disks.extend(Disk::mount(&image, &directory.join(name))?);
    }
    Ok(disks)
}

async fn load_directory(database_url: &str, environment: &Environment) -> Result<(), ChaosError> {
    let service = Service::Routing.name();
    let options = DatabaseOptions {
        url: database_url.to_owned(),
        service,
        connections: 1,
    };
    let database = Schema::new(&options)?;
    let principal = Principal::service("chaos".parse()?);
    knipperlicht_routing::load_demo_directory(&database, &principal, environment.now()).await?;
    database.close().await;
    Ok(())
}
