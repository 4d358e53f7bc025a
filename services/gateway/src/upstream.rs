//! The services behind the gateway, and the way to each.

use std::time::Duration;

use hyper_util::rt::TokioIo;
use knipperlicht_contracts::event::Service;
use knipperlicht_runtime::Inside;
use tonic::transport::{Channel, ClientTlsConfig, Endpoint};
use tower::service_fn;

use crate::way::Way;

/// How long it may take to find out that nobody listens.
pub(crate) const CONNECT: Duration = Duration::from_secs(3);

/// How often a service that says nothing is asked whether it is still there, and how long it may
/// take to answer: streams are silent for hours.
const ALIVE_EVERY: Duration = Duration::from_secs(20);
const ALIVE_WITHIN: Duration = Duration::from_secs(10);

/// What may be on its way on one stream. Whoever does not read holds up so much and no more.
const STREAM_WINDOW: u32 = 64 * 1024;

/// All streams of a connection together: never what binds, for else a few who do not read would hold
/// up everybody.
const CONNECTION_WINDOW: u32 = 1024 * 1024 * 1024;

/// Calls that were given up and are remembered, while what a service still says of them comes in. A
/// connection is everybody's: however many give up, or are refused before all was sent, it stays.
const GIVEN_UP: usize = 4_096;

/// Where a service is.
#[derive(Debug, Clone)]
pub enum Place {
    /// In this process.
    Inside(Inside),
    /// At an address, `http://` or `https://`.
    At {
        /// The address.
        url: String,
        /// Whom to believe there, and who we are.
        tls: Box<ClientTlsConfig>,
    },
}

/// Where each service is.
#[derive(Debug, Clone)]
pub struct Services(Vec<(Service, Place)>);

impl Services {
    /// Each at its place.
    #[must_use]
    pub const fn at(places: Vec<(Service, Place)>) -> Self {
        Self(places)
    }
}

/// A service cannot be reached as told.
#[derive(Debug, thiserror::Error)]
pub enum UpstreamError {
    /// The address.
    #[error("KL7012: `{url}` is no address of a service: give one such as http://127.0.0.1:7400")]
    Address {
        /// What was given.
        url: String,
    },
    /// The certificates.
    #[error("KL7012: the certificates for `{url}` cannot be used: {source}")]
    Certificates {
        /// The service's address.
        url: String,
        /// Why.
        source: tonic::transport::Error,
    },
}

/// The way to each service.
#[derive(Debug, Clone)]
pub(crate) struct Upstreams(Vec<(Service, Way)>);

impl Upstreams {
    pub(crate) fn new(services: &Services) -> Result<Self, UpstreamError> {
        let ways = services.0.iter();
        let ways = ways.map(|(service, place)| Ok((*service, place.channel()?.into())));
        ways.collect::<Result<_, _>>().map(Self)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (Service, &Way)> {
        self.0.iter().map(|(service, way)| (*service, way))
    }

    /// The way to the service whose contracts are in this package.
    pub(crate) fn of_package(&self, package: &str) -> Option<&Way> {
        let is_named = |service: Service| package == format!("knipperlicht.{}.v1", service.name());
        self.iter()
            .find(|(service, _)| is_named(*service))
            .map(|(_, way)| way)
    }
}

impl Place {
    fn channel(&self) -> Result<Channel, UpstreamError> {
        match self {
            Self::Inside(inside) => {
                let inside = inside.clone();
                let connect = service_fn(move |_| {
                    let inside = inside.clone();
                    async move { inside.connect().await.map(TokioIo::new) }
                });
                let endpoint = Endpoint::from_static("http://inside");
                Ok(tuned(endpoint).connect_with_connector_lazy(connect))
            }
            Self::At { url, tls } => {
                let encrypted = url.starts_with("https://");
                let mut endpoint = Endpoint::from_shared(url.clone())
                    .ok()
                    .filter(|_| encrypted || url.starts_with("http://"))
                    .filter(|endpoint| endpoint.uri().host().is_some())
                    .ok_or_else(|| UpstreamError::Address { url: url.clone() })?;
                if encrypted {
                    let unfit = |source| UpstreamError::Certificates {
                        url: url.clone(),
                        source,
                    };
                    endpoint = endpoint.tls_config((**tls).clone()).map_err(unfit)?;
                }
                let endpoint = endpoint
                    .http2_keep_alive_interval(ALIVE_EVERY)
                    .keep_alive_timeout(ALIVE_WITHIN)
                    .keep_alive_while_idle(true);
                Ok(tuned(endpoint).connect_lazy())
            }
        }
    }
}

fn tuned(endpoint: Endpoint) -> Endpoint {
    endpoint
        .connect_timeout(CONNECT)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .http2_max_concurrent_reset_streams(GIVEN_UP)
        .http2_max_local_error_reset_streams(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all_at(url: &str) -> Services {
        let place = |service: &Service| {
            let tls = Box::default();
            let url = url.to_owned();
            (*service, Place::At { url, tls })
        };
        Services::at(Service::ALL.iter().map(place).collect())
    }

    #[tokio::test]
    async fn an_address_that_is_none_is_told_at_the_start() {
        for wrong in [
            "",
            "nonsense",
            "127.0.0.1:7400",
            "ftp://a.example",
            "http://",
        ] {
            let told = Upstreams::new(&all_at(wrong)).unwrap_err().to_string();
            assert!(told.starts_with("KL7012"), "{told}");
        }
    }

    #[tokio::test]
    async fn each_service_is_found_by_the_package_of_its_contracts() {
        let upstreams = Upstreams::new(&all_at("http://127.0.0.1:1")).unwrap();
        assert!(upstreams.of_package("knipperlicht.intake.v1").is_some());
        assert!(upstreams.of_package("knipperlicht.followup.v1").is_some());
        assert!(upstreams.of_package("knipperlicht.events.v1").is_none());
    }
}
