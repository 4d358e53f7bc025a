//! Those who use the line, each with their own token, and what they do when there is no answer:
//! call again.

use std::{error::Error, sync::Arc, time::Duration};

use knipperlicht_access::{DevIssuer, Person, Role};
use knipperlicht_contracts::{
    followup::v1::followup_service_client::FollowupServiceClient,
    intake::v1::intake_service_client::IntakeServiceClient,
    routing::v1::routing_service_client::RoutingServiceClient,
};
use knipperlicht_harness::{Token, WithToken};
use knipperlicht_vocabulary::ZoneId;
use knipperlicht_zones::ZoneTable;
use tonic::{
    Code, Status,
    transport::{Channel, Endpoint},
};

use crate::{ChaosError, cluster::Addresses};

/// How long an answer is waited for. Longer than intake itself waits for a commit.
const PATIENCE: Duration = Duration::from_secs(6);

/// A run takes minutes.
const TOKEN_SECONDS: i64 = 24 * 3600;

/// Everybody there is.
#[derive(Clone)]
pub struct People {
    doors: Doors,
    addresses: Addresses,
    issuer: Arc<DevIssuer>,
    every_zone: Arc<[ZoneId]>,
}

#[derive(Clone)]
struct Doors {
    intake: Channel,
    routing: Channel,
    followup: Channel,
}

impl Doors {
    fn new(addresses: Addresses) -> Result<Self, ChaosError> {
        let door = |address| {
            let endpoint = Endpoint::from_shared(format!("http://{address}"))?;
            // Nobody listens while a service is dead: it is tried again, by whoever calls.
            Ok::<_, ChaosError>(
                endpoint
                    .connect_timeout(Duration::from_secs(2))
                    .timeout(PATIENCE)
                    .connect_lazy(),
            )
        };
        Ok(Self {
            intake: door(addresses.intake)?,
            routing: door(addresses.routing)?,
            followup: door(addresses.followup)?,
        })
    }
}

impl People {
    pub(crate) fn new(addresses: Addresses, issuer: DevIssuer) -> Result<Self, ChaosError> {
        let zones = ZoneTable::builtin()?;
        Ok(Self {
            doors: Doors::new(addresses)?,
            addresses,
            issuer: Arc::new(issuer),
            every_zone: zones.zones().map(|zone| zone.id.clone()).collect(),
        })
    }

    /// A reporter with a phone, and so connections, of their own.
    pub fn reporter(&self, name: &str) -> Result<Caller, ChaosError> {
        let doors = Doors::new(self.addresses)?;
        Ok(Caller {
            doors,
            ..self.caller(name, Role::Reporter, None, Vec::new())?
        })
    }

    /// The desk of a partner organisation.
    pub fn partner(&self, organisation: &str) -> Result<Caller, ChaosError> {
        self.caller("desk", Role::Partner, Some(organisation), Vec::new())
    }

    /// A coordinator of every zone.
    pub fn coordinator(&self) -> Result<Caller, ChaosError> {
        self.caller(
            "coordinator",
            Role::Coordinator,
            None,
            self.every_zone.to_vec(),
        )
    }

    /// Somebody without an account.
    #[must_use]
    pub fn nobody(&self) -> Caller {
        Caller {
            doors: self.doors.clone(),
            token: Token::default(),
        }
    }

    fn caller(
        &self,
        name: &str,
        role: Role,
        organisation: Option<&str>,
        zones: Vec<ZoneId>,
    ) -> Result<Caller, ChaosError> {
        let organisation = organisation.map(str::parse).transpose()?;
        let person = Person {
            subject: name.parse()?,
            role,
            organisation,
            zones,
        };
        let token = self.issuer.token(&person, TOKEN_SECONDS)?;
        Ok(Caller {
            doors: self.doors.clone(),
            token: Token::bearer(&token)?,
        })
    }
}

/// Somebody who calls.
#[derive(Clone)]
pub struct Caller {
    doors: Doors,
    token: Token,
}

impl Caller {
    /// A client of intake.
    #[must_use]
    pub fn intake(&self) -> IntakeServiceClient<WithToken> {
        IntakeServiceClient::with_interceptor(self.doors.intake.clone(), self.token.clone())
    }

    /// A client of routing.
    #[must_use]
    pub fn routing(&self) -> RoutingServiceClient<WithToken> {
        RoutingServiceClient::with_interceptor(self.doors.routing.clone(), self.token.clone())
    }

    /// A client of follow-up.
    #[must_use]
    pub fn followup(&self) -> FollowupServiceClient<WithToken> {
        FollowupServiceClient::with_interceptor(self.doors.followup.clone(), self.token.clone())
    }
}

/// Whether the call may work out if it is made again: nobody answered, or whoever did could not
/// help it. Anything else is an answer.
#[must_use]
pub fn is_no_answer(status: &Status) -> bool {
    matches!(
        status.code(),
        Code::Unavailable
            | Code::Unknown
            | Code::Cancelled
            | Code::DeadlineExceeded
            | Code::Internal
            | Code::Aborted
            | Code::ResourceExhausted
    )
}

/// Whether the call never left: its connection had ended before it was its turn, as happens when a
/// process is replaced in an orderly way. Libraries of gRPC make such a call again by themselves (gRFC
/// A6, transparent retries), but for the one used here. What came over the network has no source.
#[must_use]
pub fn never_left(status: &Status) -> bool {
    status.code() == Code::Cancelled && status.source().is_some()
}

/// How long to wait before the try after `failures`: 50 ms, doubling, at most 800.
#[must_use]
pub fn pause_after(failures: u32) -> Duration {
    Duration::from_millis(50 << failures.min(4))
}
