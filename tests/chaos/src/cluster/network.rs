//! Who reaches whom, and through which proxy.

use std::{
    ffi::OsString,
    net::{Ipv4Addr, SocketAddr},
};

use knipperlicht_contracts::event::Service;
use knipperlicht_sandbox::{Nats, NatsCluster};

use super::{
    database::Database,
    shape::{Link, Shape},
};
use crate::{
    ChaosError,
    proxy::{Proxy, Weather},
};

/// Where the services are called.
#[derive(Debug, Clone, Copy)]
pub struct Addresses {
    /// Intake.
    pub intake: SocketAddr,
    /// Routing.
    pub routing: SocketAddr,
    /// Follow-up.
    pub followup: SocketAddr,
}

/// Every proxy.
pub(super) struct Network {
    gateway: Option<Proxy>,
    doors: Vec<(Service, Proxy)>,
    machines: Vec<Machine>,
}

/// What the services of one machine reach.
struct Machine {
    postgres: Proxy,
    nats: Vec<Proxy>,
}

impl Network {
    pub(super) async fn start(
        database: &Database,
        nats: &NatsCluster,
        shape: Shape,
    ) -> Result<Self, ChaosError> {
        let mut doors = Vec::new();
        for service in Service::ALL {
            doors.push((*service, Proxy::start([]).await?));
        }
        let mut machines = Vec::new();
        for _ in 0..shape.instances {
            let mut machine = Machine {
                postgres: Proxy::start([here(database.primary().port())]).await?,
                nats: Vec::new(),
            };
            for node in nats.nodes().iter().map(Nats::port) {
                machine.nats.push(Proxy::start([here(node)]).await?);
            }
            machines.push(machine);
        }
        let gateway = match shape.gateways {
            0 => None,
            _ => Some(Proxy::start([]).await?),
        };
        Ok(Self {
            gateway,
            doors,
            machines,
        })
    }

    /// Where everybody calls.
    pub(super) fn addresses(&self) -> Addresses {
        let of = |wanted: Service| {
            let mut doors = self.doors.iter();
            let found = doors.find(|(service, _)| *service == wanted);
            let proxy = self.gateway.as_ref().or(found.map(|(_, proxy)| proxy));
            proxy.map_or(here(0), Proxy::address)
        };
        Addresses {
            intake: of(Service::Intake),
            routing: of(Service::Routing),
            followup: of(Service::Followup),
        }
    }

    /// What a service on this machine is told of its servers.
    pub(super) fn arguments(&self, machine: usize, database: &Database) -> Vec<OsString> {
        let Some(machine) = self.machines.get(machine) else {
            return Vec::new();
        };
        let primary = database.primary();
        let direct = here(primary.port()).to_string();
        let database_url = primary
            .url()
            .replace(&direct, &machine.postgres.address().to_string());
        let nats_urls: Vec<String> = machine
            .nats
            .iter()
            .map(|proxy| format!("nats://{}", proxy.address()))
            .collect();
        let nats_url = nats_urls.join(",");
        ["--database-url", &database_url, "--nats-url", &nats_url]
            .map(Into::into)
            .to_vec()
    }

    /// What a gateway is told of the services.
    pub(super) fn of_gateway(&self) -> Vec<OsString> {
        let doors = self.doors.iter();
        doors
            .flat_map(|(service, proxy)| {
                let (name, address) = (service.name(), proxy.address());
                [format!("--{name}-url"), format!("http://{address}")]
            })
            .map(Into::into)
            .collect()
    }

    /// Leads those who call the gateway to these, in turn.
    pub(super) fn lead_to_gateways(&self, processes: impl Iterator<Item = SocketAddr>) {
        if let Some(proxy) = &self.gateway {
            proxy.lead_to(processes);
        }
    }

    /// Leads those who call a service to these processes, in turn.
    pub(super) fn lead_to(&self, service: Service, processes: impl Iterator<Item = SocketAddr>) {
        let mut doors = self.doors.iter();
        if let Some((_, proxy)) = doors.find(|(of, _)| *of == service) {
            proxy.lead_to(processes);
        }
    }

    /// Leads everybody to the PostgreSQL that is written to now, and nobody to another.
    pub(super) fn lead_to_primary(&self, database: &Database) {
        for machine in &self.machines {
            machine.postgres.lead_to([here(database.primary().port())]);
            machine.postgres.break_off();
        }
    }

    pub(super) fn set(&self, link: Link, weather: Weather) {
        match link {
            Link::Gateway => {
                if let Some(proxy) = &self.gateway {
                    proxy.set(weather);
                }
            }
            Link::Door(wanted) => {
                for (_, proxy) in self.doors.iter().filter(|(of, _)| *of == wanted) {
                    proxy.set(weather);
                }
            }
            Link::Postgres(machine) => {
                if let Some(machine) = self.machines.get(machine) {
                    machine.postgres.set(weather);
                }
            }
            Link::Nats(machine) => {
                for proxy in self.machines.get(machine).iter().flat_map(|one| &one.nats) {
                    proxy.set(weather);
                }
            }
        }
    }
}

const fn here(port: u16) -> SocketAddr {
    SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), port)
}
