//! Who asks.

use std::fmt;

use knipperlicht_vocabulary::{OrganisationId, ReporterId, ZoneId};
use serde::{Deserialize, Serialize};

/// In which role somebody asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Flags situations.
    Reporter,
    /// Works at a partner's desk.
    Partner,
    /// Coordinates zones.
    Coordinator,
    /// Sees aggregates only.
    Analyst,
    /// Runs the system; sees no personal data.
    Operator,
    /// Keeps the directory and the tables.
    Admin,
    /// One of our own services, reacting to an event.
    Service,
    /// Holds a link for one purpose, without an account.
    LinkHolder,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Reporter,
        Self::Partner,
        Self::Coordinator,
        Self::Analyst,
        Self::Operator,
        Self::Admin,
        Self::Service,
        Self::LinkHolder,
    ];

    /// The roles in which somebody comes through the door.
    pub const CALLERS: &[Self] = &[
        Self::Reporter,
        Self::Partner,
        Self::Coordinator,
        Self::Analyst,
        Self::Operator,
        Self::Admin,
        Self::LinkHolder,
    ];

    /// Its name in tokens, policies and logs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Reporter => "reporter",
            Self::Partner => "partner",
            Self::Coordinator => "coordinator",
            Self::Analyst => "analyst",
            Self::Operator => "operator",
            Self::Admin => "admin",
            Self::Service => "service",
            Self::LinkHolder => "link_holder",
        }
    }

    /// Whether an access token may give it: the other roles are our own.
    #[must_use]
    pub const fn has_accounts(self) -> bool {
        !matches!(self, Self::Service | Self::LinkHolder)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Who asks: every call and every database transaction carries one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// The account.
    pub subject: ReporterId,
    /// In which role.
    pub role: Role,
    /// For which organisation: a partner's desk always has one.
    pub organisation: Option<OrganisationId>,
    /// For which zones: a coordinator has at least one.
    pub zones: Vec<ZoneId>,
}

impl Principal {
    /// One of our own services, reacting to an event or a clock.
    #[must_use]
    pub fn service(subject: ReporterId) -> Self {
        Self {
            subject,
            role: Role::Service,
            organisation: None,
            zones: Vec::new(),
        }
    }
}
