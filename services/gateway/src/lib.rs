//! The gateway: the way in for browsers and for other software. It carries the web app, and passes
//! calls on to the services: as gRPC-Web, as REST, or as they are.
//!
//! It owns nothing and decides nothing. Who may do what, and how often, the services' own door says;
//! the gateway passes on who calls, from where, and in which trace.

mod allowance;
mod app;
mod caller;
mod compression;
mod demo;
mod etag;
mod explorer;
mod fault;
mod fhir;
mod grpc;
mod headers;
mod health;
mod openapi;
mod pages;
mod places;
mod problem;
mod rest;
mod settings;
mod upstream;
mod way;

use axum::Router;
use knipperlicht_contracts::DESCRIPTORS;
use knipperlicht_runtime::{Health, Stop};
use prost_reflect::DescriptorPool;
use tonic::service::Routes;

use crate::{
    caller::Caller,
    places::Places,
    rest::{Rest, Rules},
    upstream::Upstreams,
};
pub use crate::{
    demo::{Demo, DemoPerson, DemoToken},
    rest::RuleError,
    settings::{AppSettings, GatewaySettings, Origin, OriginError, Proxy},
    upstream::{Place, Services, UpstreamError},
};

/// What a request may hold at most, in bytes: as much as the largest call.
const LARGEST_REQUEST: usize = 1024 * 1024;

/// Requests under way at once, REST and FHIR together.
const REQUESTS: usize = 4_096;

/// The gateway, ready to be served.
#[derive(Debug, Clone)]
pub struct Gateway {
    settings: GatewaySettings,
    upstreams: Upstreams,
    contracts: DescriptorPool,
    rules: Rules,
}

/// A gateway cannot be put together.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    /// The way to a service.
    #[error(transparent)]
    Upstream(#[from] UpstreamError),
    /// How calls are made over HTTP.
    #[error(transparent)]
    Rules(#[from] RuleError),
}

impl Gateway {
    /// Puts it together; nobody is called yet.
    pub fn new(settings: GatewaySettings, services: &Services) -> Result<Self, GatewayError> {
        let upstreams = Upstreams::new(services)?;
        let contracts = DescriptorPool::decode(DESCRIPTORS).map_err(RuleError::from)?;
        Ok(Self {
            rules: Rules::read(&contracts, &upstreams)?,
            settings,
            upstreams,
            contracts,
        })
    }

    /// Everything that it answers, until it is time to stop.
    #[must_use]
    pub fn routes(&self, stop: Stop) -> Routes {
        let caller = Caller::new(self.settings.proxy);
        let requests = Places::new(REQUESTS);
        let router = Router::new()
            .merge(grpc::routes(&self.upstreams, caller))
            .merge(Rest::new(self.rules.clone(), caller, requests.clone(), stop).routes())
            .merge(openapi::routes(&self.contracts, &self.rules))
            .merge(explorer::routes())
            .merge(fhir::routes(
                &self.upstreams,
                caller,
                requests,
                &self.settings,
            ))
            .merge(pages::routes())
            .merge(demo::routes(self.settings.demo.clone()))
            .merge(health::routes(&self.upstreams))
            .merge(app::routes(&self.settings));
        Routes::from(headers::on_everything(router, &self.settings))
    }

    /// Tells how it and each service is, until it is time to stop.
    pub async fn watch(self, health: Health, stop: Stop) {
        health::watch(&self.upstreams, &health, &stop).await;
    }
}
