//! The gateway in this process, beside services or alone.

use std::{net::SocketAddr, path::PathBuf};

use clap::Args;
use knipperlicht_contracts::event::Service;
use knipperlicht_gateway::{
    AppSettings, Gateway, GatewayError as BuildError, GatewaySettings, Origin, Place, Services,
};
use knipperlicht_runtime::{
    GrpcServer, Inside, Lifecycle, ServerError, ServerTls, TlsError, TlsFiles,
};

use crate::{
    cli::{CliError, ServiceUrls, Trust},
    wire::{HealthDoor, WireError, WireOptions},
};

/// How the gateway is reached, and how it reaches the services that are elsewhere.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Gateway")]
pub(crate) struct GatewayOptions {
    /// Where the gateway listens: the web app, REST, gRPC-Web
    #[arg(long, env = "KL_GATEWAY_LISTEN", default_value = "127.0.0.1:7480")]
    gateway_listen: SocketAddr,
    /// File with its certificate and those up to its authority (PEM); that of this process if not
    /// said
    #[arg(long, env = "KL_GATEWAY_TLS_CERT_FILE", requires = "gateway_tls_key")]
    gateway_tls_cert: Option<PathBuf>,
    /// File with its private key (PEM)
    #[arg(long, env = "KL_GATEWAY_TLS_KEY_FILE", requires = "gateway_tls_cert")]
    gateway_tls_key: Option<PathBuf>,
    /// Where users of the web app sign in (OpenID Connect): most often the issuer of the tokens that are
    /// believed
    #[arg(long, env = "KL_WEB_ISSUER")]
    web_issuer: Option<Origin>,
    /// Under which name the web app is known there
    #[arg(long, env = "KL_WEB_CLIENT_ID")]
    web_client_id: Option<String>,
    /// Where whoever keeps the services running looks at traces, such as Jaeger's address: the page for
    /// operations leads there
    #[arg(long, env = "KL_WEB_TRACES_URL")]
    web_traces_url: Option<Origin>,
    /// Pages of others that may call from a browser, such as `https://care.example`
    #[arg(long, env = "KL_CORS_ORIGINS", value_delimiter = ',')]
    cors_origins: Vec<Origin>,
    #[command(flatten)]
    services: ServiceUrls,
    #[command(flatten)]
    trust: Trust,
}

impl GatewayOptions {
    /// As a gateway takes it; refuses what would be in clear where others could read it.
    pub(crate) fn plan(&self, wire: &WireOptions) -> Result<GatewayPlan, GatewayError> {
        let own = self
            .gateway_tls_cert
            .clone()
            .zip(self.gateway_tls_key.clone());
        let own = own.map(|(certificate, key)| TlsFiles {
            certificate,
            key,
            client_authorities: None,
        });
        // Whoever may call the services shows a certificate; browsers have none.
        let of_process = wire.settings().tls.map(|files| TlsFiles {
            client_authorities: None,
            ..files
        });
        let tls = own.or(of_process);
        wire.check_gateway(self.gateway_listen, tls.is_some())?;
        let place = |service: &Service| {
            let place = Place::At {
                url: self.services.url(*service).to_owned(),
                tls: Box::new(self.trust.tls()?),
            };
            Ok((*service, place))
        };
        Ok(GatewayPlan {
            settings: GatewaySettings {
                listen: self.gateway_listen,
                tls,
                proxy: wire.proxy(),
                origins: self.cors_origins.clone(),
                app: AppSettings {
                    issuer: self.web_issuer.clone(),
                    client_id: self.web_client_id.clone(),
                    traces: self.web_traces_url.clone(),
                },
                demo: None,
            },
            elsewhere: Service::ALL
                .iter()
                .map(place)
                .collect::<Result<_, CliError>>()?,
        })
    }
}

/// A gateway to run.
#[derive(Debug, Clone)]
pub struct GatewayPlan {
    /// How it is reached.
    pub settings: GatewaySettings,
    /// Where the services are that are not in this process.
    pub elsewhere: Vec<(Service, Place)>,
}

/// A gateway could not start.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    /// It would be in clear.
    #[error(transparent)]
    Wire(#[from] WireError),
    /// Whom it believes, and who it is to the services.
    #[error(transparent)]
    Trust(#[from] CliError),
    /// What it consists of.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// Nothing says where a service is.
    #[error("nothing says where {} is", .0.name())]
    Nowhere(Service),
    /// Its address.
    #[error(transparent)]
    Server(#[from] ServerError),
    /// Its certificate.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// A gateway that holds its address.
pub(crate) struct BoundGateway {
    gateway: Gateway,
    server: GrpcServer,
}

impl BoundGateway {
    /// Takes the address. `inside` is the way to `services`, which run in this process.
    pub(crate) async fn bind(
        plan: &GatewayPlan,
        services: &[Service],
        inside: Option<&Inside>,
    ) -> Result<Self, GatewayError> {
        let place = |service: &Service| match inside {
            Some(inside) if services.contains(service) => Ok(Place::Inside(inside.clone())),
            _ => plan
                .elsewhere
                .iter()
                .find(|(elsewhere, _)| elsewhere == service)
                .map(|(_, place)| place.clone())
                .ok_or(GatewayError::Nowhere(*service)),
        };
        let places = Service::ALL.iter().map(|one| Ok((*one, place(one)?)));
        let places: Vec<_> = places.collect::<Result<_, GatewayError>>()?;
        let tls = match &plan.settings.tls {
            Some(files) => Some(ServerTls::load_for_web(files.clone()).await?),
            None => None,
        };
        Ok(Self {
            gateway: Gateway::new(plan.settings.clone(), &Services::at(places))?,
            server: GrpcServer::bind_web(plan.settings.listen, tls).await?,
        })
    }

    /// Answers how it is at this door too, in clear.
    pub(crate) async fn answer_health_at(
        &mut self,
        door: HealthDoor,
    ) -> Result<Option<SocketAddr>, ServerError> {
        door.open(&mut self.server).await
    }

    /// Where it listens.
    pub(crate) const fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// Runs until it is time to stop.
    pub(crate) fn run(self, lifecycle: &Lifecycle) {
        let (health, stop) = (self.server.health(), lifecycle.stop());
        let routes = self.gateway.routes(lifecycle.stop());
        lifecycle.spawn(self.gateway.watch(health, stop));
        let (server, stop, failed) = (self.server, lifecycle.stop(), lifecycle.stop());
        lifecycle.spawn(async move {
            if let Err(error) = Box::pin(server.serve(routes, stop)).await {
                tracing::error!(%error, "the gateway's server broke down");
                failed.request();
            }
        });
    }
}
