//! Calling webhooks: where the name leads is looked up once, checked, and called; no redirect is
//! followed, and of the answer nothing is read but its status.

use std::{
    net::SocketAddr,
    sync::{Arc, OnceLock},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, header};
use http_body_util::Full;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use knipperlicht_runtime::{Attribute, MessageSpan, MessageWay};
use standardwebhooks::Webhook;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpStream, lookup_host},
    time::timeout,
};
use tokio_rustls::{
    TlsConnector,
    rustls::{ClientConfig, crypto::ring, pki_types::ServerName},
};
use zeroize::Zeroizing;

use super::Round;
use crate::{
    authorities::Authorities,
    model::{
        endpoint::{Endpoint, Reach},
        fault::{Fault, Outcome},
        message::{self, News},
    },
    sealing::{self, Place},
    store::subscriptions::Subscription,
};

/// How long a receiver has for the whole call.
const PATIENCE: Duration = Duration::from_secs(10);

/// Delivers one piece of news to a webhook, in the trace of the news.
pub(super) async fn deliver(round: &Round, subscription: &Subscription, news: &News) -> Outcome {
    let mut span = MessageSpan::start(MessageWay::Deliver, news.traceparent.as_deref(), || {
        let attributes: [Attribute; 3] = [
            ("http.request.method", "POST".into()),
            ("messaging.message.id", news.id.to_string().into()),
            ("knipperlicht.service", "notification".into()),
        ];
        ("POST".to_owned(), attributes)
    });
    let traceparent = span.traceparent().or_else(|| news.traceparent.clone());
    let outcome = call(round, subscription, news, traceparent).await;
    if outcome.status > 0 {
        span.note("http.response.status_code", outcome.status.to_string());
    }
    if let Some(fault) = outcome.fault {
        span.fail(fault.word());
    }
    outcome
}

async fn call(
    round: &Round,
    subscription: &Subscription,
    news: &News,
    traceparent: Option<String>,
) -> Outcome {
    let Some(letter) = Letter::of(round, subscription).await else {
        return Outcome::nothing(Fault::Sealed);
    };
    let body = message::webhook(news, &round.settings.link);
    let now = round.kit.environment.now();
    match letter.request(news, traceparent, now, body) {
        Some(request) => round.caller.call(&letter.endpoint, request).await,
        None => Outcome::nothing(Fault::Sealed),
    }
}

/// Where a webhook leads and what it is signed with, opened.
struct Letter {
    endpoint: Endpoint,
    secrets: Vec<Zeroizing<String>>,
}

impl Letter {
    async fn of(round: &Round, subscription: &Subscription) -> Option<Self> {
        let sealed = subscription.sealed.as_ref()?;
        let key = round
            .vault
            .unwrap_key_of(subscription.id.uuid(), &sealed.key)
            .await
            .ok()?;
        let target = sealing::open(&key, Place::Target, &sealed.target).ok()?;
        let endpoint = Endpoint::parse(&target, round.settings.reach()).ok()?;
        let now = round.kit.environment.now();
        let old = sealed
            .old_secret
            .as_ref()
            .filter(|(_, until)| *until > now)
            .map(|(secret, _)| secret);
        let secrets = sealed
            .secret
            .iter()
            .chain(old)
            .map(|secret| sealing::open(&key, Place::Secret, secret).ok())
            .collect::<Option<_>>()?;
        Some(Self { endpoint, secrets })
    }

    /// The request, signed as Standard Webhooks says, by each secret that holds.
    fn request(
        &self,
        news: &News,
        traceparent: Option<String>,
        now: Timestamp,
        body: String,
    ) -> Option<Request<Full<Bytes>>> {
        let id = news.id.to_string();
        let signatures = self
            .secrets
            .iter()
            .map(|secret| {
                let webhook = Webhook::new(secret.as_str()).ok()?;
                webhook.sign(&id, now.as_second(), body.as_bytes()).ok()
            })
            .collect::<Option<Vec<_>>>()?
            .join(" ");
        let path = self.endpoint.uri.path_and_query()?.as_str();
        let mut request = Request::post(path)
            .header(header::HOST, self.endpoint.uri.authority()?.as_str())
            .header(
                header::CONTENT_TYPE,
                "application/cloudevents+json; charset=utf-8",
            )
            .header(header::USER_AGENT, "knipperlicht")
            .header("webhook-id", id)
            .header("webhook-timestamp", now.as_second())
            .header("webhook-signature", signatures);
        if let Some(traceparent) = traceparent {
            request = request.header("traceparent", traceparent);
        }
        request.body(Full::new(Bytes::from(body))).ok()
    }
}

/// Calls receivers.
pub(super) struct Caller {
    reach: Reach,
    authorities: Authorities,
    tls: OnceLock<TlsConnector>,
}

impl Caller {
    pub(super) const fn new(reach: Reach, authorities: Authorities) -> Self {
        Self {
            reach,
            authorities,
            tls: OnceLock::new(),
        }
    }

    async fn call(&self, endpoint: &Endpoint, request: Request<Full<Bytes>>) -> Outcome {
        match timeout(PATIENCE, self.status(endpoint, request)).await {
            Ok(Ok(status)) => Outcome::of_http(status),
            Ok(Err(fault)) => Outcome::nothing(fault),
            Err(_) => Outcome::nothing(Fault::Timeout),
        }
    }

    async fn status(
        &self,
        endpoint: &Endpoint,
        request: Request<Full<Bytes>>,
    ) -> Result<u16, Fault> {
        let stream = self.connect(endpoint).await?;
        if endpoint.is_tls {
            let name = ServerName::try_from(endpoint.host.clone()).map_err(|_| Fault::Name)?;
            let stream = self
                .tls()?
                .connect(name, stream)
                .await
                .map_err(|_| Fault::Tls)?;
            exchange(stream, request).await
        } else {
            exchange(stream, request).await
        }
    }

    /// Connects to an address that was looked up and found to be public: to that and no other.
    async fn connect(&self, endpoint: &Endpoint) -> Result<TcpStream, Fault> {
        let addresses: Vec<SocketAddr> = lookup_host((endpoint.host.as_str(), endpoint.port))
            .await
            .map_err(|_| Fault::Name)?
            .collect();
        // One private address among public ones is one too many.
        let may_call = |address: &SocketAddr| endpoint.may_call(address.ip(), self.reach);
        if !addresses.iter().all(may_call) {
            return Err(Fault::PrivateAddress);
        }
        for address in addresses {
            if let Ok(stream) = TcpStream::connect(address).await {
                return Ok(stream);
            }
        }
        Err(Fault::Connection)
    }

    /// Made at the first call that needs it: it reads this machine's certificates.
    fn tls(&self) -> Result<&TlsConnector, Fault> {
        if let Some(tls) = self.tls.get() {
            return Ok(tls);
        }
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|_| Fault::Tls)?
            .with_root_certificates(self.authorities.roots())
            .with_no_client_auth();
        Ok(self
            .tls
            .get_or_init(|| TlsConnector::from(Arc::new(config))))
    }
}

/// Sends the request and reads the status of the answer.
async fn exchange<S>(stream: S, request: Request<Full<Bytes>>) -> Result<u16, Fault>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|_| Fault::Connection)?;
    let answer = sender.send_request(request);
    tokio::pin!(answer);
    let answer = tokio::select! {
        answer = &mut answer => answer,
        // A status that came counts, also where the connection broke behind it.
        _ = connection => answer.await,
    };
    answer
        .map(|answer| answer.status().as_u16())
        .map_err(|_| Fault::Connection)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::net::TcpListener;

    use super::*;

    fn request() -> Request<Full<Bytes>> {
        Request::post("/").body(Full::default()).unwrap()
    }

    /// A public name may lead to a private address the next time it is looked up: then nobody is
    /// called. `localhost` stands for such a name.
    #[tokio::test]
    async fn a_name_that_leads_to_a_private_address_is_not_called() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let endpoint =
            Endpoint::parse(&format!("https://localhost:{port}/"), Reach::Public).unwrap();
        let caller = Caller::new(Reach::Public, Authorities::default());
        let outcome = caller.call(&endpoint, request()).await;
        assert_eq!(outcome, Outcome::nothing(Fault::PrivateAddress));
        let somebody = timeout(Duration::from_millis(50), listener.accept()).await;
        assert!(somebody.is_err(), "somebody called");
    }

    /// Who answers without a certificate that this machine trusts is not told anything.
    #[tokio::test]
    async fn who_is_not_trusted_is_told_nothing() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            drop(stream);
        });
        let reach = Reach::PublicAndLoopback;
        let endpoint = Endpoint::parse(&format!("https://localhost:{port}/"), reach).unwrap();
        let caller = Caller::new(reach, Authorities::default());
        let outcome = caller.call(&endpoint, request()).await;
        assert_eq!(outcome, Outcome::nothing(Fault::Tls));
    }
}
