//! Who can be killed.

use std::fmt;

use knipperlicht_contracts::event::Service;
use serde::Serialize;

/// Who can be killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Victim {
    /// The service that takes signals in.
    Intake,
    /// The service that judges them.
    Assessment,
    /// The service that refers them.
    Routing,
    /// The service that follows them up.
    Followup,
    /// The database of all.
    Postgres,
    /// What carries events.
    Nats,
}

impl Victim {
    /// Every victim.
    pub const ALL: [Self; 6] = [
        Self::Intake,
        Self::Assessment,
        Self::Routing,
        Self::Followup,
        Self::Postgres,
        Self::Nats,
    ];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::Nats => "nats",
            Self::Intake => Service::Intake.name(),
            Self::Assessment => Service::Assessment.name(),
            Self::Routing => Service::Routing.name(),
            Self::Followup => Service::Followup.name(),
        }
    }
}

impl fmt::Display for Victim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
