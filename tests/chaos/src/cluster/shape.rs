//! How much there is of everything.

use std::fmt;

use knipperlicht_contracts::event::Service;

/// How much there is of everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Processes of each service.
    pub instances: usize,
    /// Gateways that everybody calls; without, the services are called.
    pub gateways: usize,
    /// Servers of NATS.
    pub nats: usize,
    /// Whether a standby of PostgreSQL has all that is committed.
    pub has_standby: bool,
    /// Whether disks can be filled up and clocks moved.
    pub is_harsh: bool,
}

impl Shape {
    /// One of everything.
    pub const ALONE: Self = Self {
        instances: 1,
        gateways: 0,
        nats: 1,
        has_standby: false,
        is_harsh: false,
    };

    /// As it runs where a loss of one machine may not be noticed.
    pub const DOUBLED: Self = Self {
        instances: 2,
        gateways: 2,
        nats: 3,
        has_standby: true,
        is_harsh: false,
    };
}

/// One process of the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// One of a service's processes.
    Service(Service, usize),
    /// One of the gateways.
    Gateway(usize),
    /// The PostgreSQL that is written to.
    Postgres,
    /// Its standby.
    Standby,
    /// One of the servers of NATS.
    Nats(usize),
}

impl Part {
    /// Whether it is the program itself, on this machine.
    #[must_use]
    pub const fn runs_on(self, machine: usize) -> bool {
        matches!(self, Self::Service(_, number) | Self::Gateway(number) if number == machine)
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Service(service, number) => write!(f, "{} {}", service.name(), number + 1),
            Self::Gateway(number) => write!(f, "gateway {}", number + 1),
            Self::Postgres => f.write_str("postgres"),
            Self::Standby => f.write_str("standby"),
            Self::Nats(number) => write!(f, "nats {}", number + 1),
        }
    }
}

/// A connection that the network can fail on. The first process of each service runs on the first
/// machine, the second on the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Link {
    /// From those who call to the gateways.
    Gateway,
    /// To a service: from the gateways, or from those who call it where there are none.
    Door(Service),
    /// From the services of a machine to PostgreSQL.
    Postgres(usize),
    /// From the services of a machine to all servers of NATS.
    Nats(usize),
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gateway => f.write_str("callers - gateway"),
            Self::Door(service) => write!(f, "calls - {}", service.name()),
            Self::Postgres(machine) => write!(f, "machine {} - postgres", machine + 1),
            Self::Nats(machine) => write!(f, "machine {} - nats", machine + 1),
        }
    }
}
