//! PostgreSQL, nats-server and the four services, each a process of its own, on a directory that
//! disappears with them.

mod keys;
mod process;
mod program;

use std::{net::SocketAddr, time::Duration};

use knipperlicht::{migrate::migrate, ops::ensure_streams};
use knipperlicht_access::{Database, DatabaseOptions, DevIssuer, Principal};
use knipperlicht_contracts::event::Service;
use knipperlicht_eventing::{NatsOptions, accounts};
use knipperlicht_runtime::system_environment;
use knipperlicht_sandbox::{Durability, Scratch, ScratchOptions, Tools};
use knipperlicht_vocabulary::Environment;
use sqlx::{Connection, PgConnection};
use tempfile::TempDir;

use self::process::Process;
use crate::{ChaosError, Victim, people::People};

/// Where the services listen.
#[derive(Debug, Clone, Copy)]
pub struct Addresses {
    /// Intake.
    pub intake: SocketAddr,
    /// Routing.
    pub routing: SocketAddr,
    /// Follow-up.
    pub followup: SocketAddr,
}

/// The whole line as processes that can be killed one by one.
pub struct Cluster {
    /// Time and randomness.
    pub environment: Environment,
    people: People,
    // Before the servers: whoever uses them ends first.
    services: Vec<(Service, Process)>,
    servers: Scratch,
    _nats_keys: TempDir,
}

/// A handful of accounts do here what a country does.
const UNHINDERED: &str = "reporter=1000000,partner=1000000,coordinator=1000000";

impl Cluster {
    /// Starts everything, the demo directory loaded, and waits until it answers.
    pub async fn start() -> Result<Self, ChaosError> {
        let environment = system_environment()?;
        let program = program::find()?;
        let nats_keys = TempDir::new().map_err(ChaosError::io("make a directory"))?;
        let options = ScratchOptions {
            durability: Durability::Durable,
            accounts: Some(accounts::keep_accounts(nats_keys.path(), &environment)?),
            identity: None,
        };
        let servers = Scratch::start_with(&Tools::find()?, options).await?;
        let (database_url, nats_url) = (servers.postgres.url(), servers.nats.url());
        migrate(&database_url).await?;
        let nats = NatsOptions {
            url: nats_url.clone(),
            keys: Some(nats_keys.path().to_owned()),
            authorities: None,
        };
        ensure_streams(&nats, 1).await?;
        load_directory(&database_url, &environment).await?;

        let issuer = DevIssuer::new(&keys::ISSUER_SEED, environment.clone());
        let keys = keys::write(servers.directory(), &issuer, &environment)?;
        let mut services = Vec::new();
        for service in Service::ALL {
            let log = servers.directory().join(format!("{}.log", service.name()));
            let mut arguments = keys.arguments();
            arguments
                .extend(["--database-url", &database_url, "--nats-url", &nats_url].map(Into::into));
            arguments.extend(["--nats-keys".into(), nats_keys.path().into()]);
            arguments.extend(["--calls-per-minute", UNHINDERED].map(Into::into));
            services.push((
                *service,
                Process::new(program.clone(), *service, arguments, log)?,
            ));
        }
        let address = |wanted: Service| {
            let found = services.iter().find(|(service, _)| *service == wanted);
            found.map_or_else(
                || SocketAddr::from(([127, 0, 0, 1], 0)),
                |(_, process)| process.address(),
            )
        };
        let addresses = Addresses {
            intake: address(Service::Intake),
            routing: address(Service::Routing),
            followup: address(Service::Followup),
        };
        let people = People::new(addresses, issuer)?;
        for (_, process) in &mut services {
            process.start()?;
        }
        for (_, process) in &services {
            process.answers().await?;
        }
        Ok(Self {
            environment,
            people,
            services,
            servers,
            _nats_keys: nats_keys,
        })
    }

    /// Those who use it. They can be handed to other tasks.
    #[must_use]
    pub fn people(&self) -> People {
        self.people.clone()
    }

    /// The owner's URL of the database.
    #[must_use]
    pub fn database_url(&self) -> String {
        self.servers.postgres.url()
    }

    /// A connection as the owner of everything, for looking.
    pub async fn look(&self) -> Result<PgConnection, ChaosError> {
        Ok(PgConnection::connect(&self.database_url()).await?)
    }

    /// Kills it with `SIGKILL`; it writes, answers and closes nothing more.
    pub async fn kill(&mut self, victim: Victim) -> Result<(), ChaosError> {
        match victim {
            Victim::Postgres => self.servers.postgres.kill().await?,
            Victim::Nats => self.servers.nats.kill().await?,
            service => self.process(service)?.kill().await?,
        }
        Ok(())
    }

    /// Starts it again where it was, on what it had stored. A server is waited for; a service is
    /// not.
    pub async fn restart(&mut self, victim: Victim) -> Result<(), ChaosError> {
        match victim {
            Victim::Postgres => self.servers.postgres.restart().await?,
            Victim::Nats => self.servers.nats.restart().await?,
            service => self.process(service)?.start()?,
        }
        Ok(())
    }

    /// Kills it, leaves it dead for so long, and starts it again.
    pub async fn kill_and_restart(
        &mut self,
        victim: Victim,
        dead: Duration,
    ) -> Result<(), ChaosError> {
        self.kill(victim).await?;
        tokio::time::sleep(dead).await;
        self.restart(victim).await
    }

    /// The end of every log, for whoever has to find out what went wrong.
    #[must_use]
    pub fn logs(&self) -> String {
        let services = self.services.iter();
        let mut logs: Vec<(&str, String)> = services
            .map(|(service, process)| (service.name(), process.log_tail()))
            .collect();
        logs.push(("postgres", process::tail(&self.servers.postgres.log())));
        logs.push(("nats", process::tail(&self.servers.nats.log())));
        let logs: Vec<String> = logs
            .iter()
            .map(|(name, tail)| format!("--- {name}\n{tail}"))
            .collect();
        logs.join("\n")
    }

    /// Services that have ended without being killed.
    pub fn fallen(&mut self) -> Result<Vec<Service>, ChaosError> {
        let mut fallen = Vec::new();
        for (service, process) in &mut self.services {
            if process.has_fallen()? {
                fallen.push(*service);
            }
        }
        Ok(fallen)
    }

    fn process(&mut self, victim: Victim) -> Result<&mut Process, ChaosError> {
        let found = self
            .services
            .iter_mut()
            .find(|(service, _)| service.name() == victim.name());
        found
            .map(|(_, process)| process)
            .ok_or_else(|| ChaosError::NotBuilt(victim.name().into()))
    }
}

async fn load_directory(database_url: &str, environment: &Environment) -> Result<(), ChaosError> {
    let service = Service::Routing.name();
    let options = DatabaseOptions {
        url: database_url.to_owned(),
        service,
        connections: 1,
    };
    let database = Database::new(&options)?;
    let principal = Principal::service("chaos".parse()?);
    knipperlicht_routing::load_demo_directory(&database, &principal, environment.now()).await?;
    database.close().await;
    Ok(())
}
