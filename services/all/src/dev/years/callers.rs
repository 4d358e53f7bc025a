//! Those who call in the invented years, each with their own token.

use std::{collections::HashMap, net::SocketAddr};

use jiff::{SignedDuration, Timestamp};
use knipperlicht_access::{DevIssuer, IssuerError, Person, Role};
use knipperlicht_vocabulary::{Environment, ZoneId};
use tonic::{
    service::interceptor::InterceptedService,
    transport::{Channel, Endpoint},
};

use crate::{
    cli::{Credentials, Line},
    dev::DevError,
};

/// How long a token holds, and after how long the next one is taken.
const SECONDS: i64 = 30 * 24 * 3600;
const RENEWED_AFTER: SignedDuration = SignedDuration::from_hours(20 * 24);

/// Who calls, by name.
pub(super) struct Callers {
    channel: Channel,
    issuer: DevIssuer,
    environment: Environment,
    known: HashMap<String, (Timestamp, Credentials)>,
}

impl Callers {
    pub(super) fn new(
        address: SocketAddr,
        issuer: DevIssuer,
        environment: Environment,
    ) -> Result<Self, tonic::transport::Error> {
        let channel = Endpoint::from_shared(format!("http://{address}"))?.connect_lazy();
        Ok(Self {
            channel,
            issuer,
            environment,
            known: HashMap::new(),
        })
    }

    pub(super) fn reporter(&mut self, name: &str) -> Result<Line, DevError> {
        self.line(name.to_owned(), name, Role::Reporter, &[])
    }

    pub(super) fn desk(&mut self, organisation: &str) -> Result<Line, DevError> {
        self.line(organisation.to_owned(), organisation, Role::Partner, &[])
    }

    /// Whoever coordinates these zones.
    pub(super) fn coordinator(&mut self, zones: &[ZoneId]) -> Result<Line, DevError> {
        let names: Vec<&str> = zones.iter().map(ZoneId::as_str).collect();
        let key = format!("coordinator {}", names.join(" "));
        self.line(key, "coordinator", Role::Coordinator, zones)
    }

    /// A carer, who has a link and no account.
    pub(super) fn carer(&self) -> Result<Line, DevError> {
        let nobody = Credentials::new(None, &self.environment)?;
        Ok(InterceptedService::new(self.channel.clone(), nobody))
    }

    /// The same token for whoever is known by `key`, until it is time for the next.
    fn line(
        &mut self,
        key: String,
        name: &str,
        role: Role,
        zones: &[ZoneId],
    ) -> Result<Line, DevError> {
        let now = self.environment.now();
        let credentials = match self.known.get(&key) {
            Some((since, known)) if now.duration_since(*since) < RENEWED_AFTER => known.clone(),
            _ => {
                let token = self.token(name, role, zones)?;
                let fresh = Credentials::new(Some(&token), &self.environment)?;
                self.known.insert(key, (now, fresh.clone()));
                fresh
            }
        };
        Ok(InterceptedService::new(self.channel.clone(), credentials))
    }

    fn token(&self, name: &str, role: Role, zones: &[ZoneId]) -> Result<String, DevError> {
        let organisation = (role == Role::Partner).then(|| name.parse()).transpose()?;
        let person = Person {
            subject: name.parse()?,
            role,
            organisation,
            zones: zones.to_vec(),
        };
        let token: Result<String, IssuerError> = self.issuer.token(&person, SECONDS);
        Ok(token?)
    }
}
