//! Asking an issuer for its keys: by https alone, with a limit to how long and how much.

use std::{sync::Arc, time::Duration};

use http::{Request, StatusCode, Uri, header};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::{body::Bytes, client::conn::http1};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::{
    TlsConnector,
    rustls::{self, ClientConfig, RootCertStore, crypto::ring, pki_types::ServerName},
};

/// How long an issuer has for one answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long an answer may be: a hundred keys fit.
const LARGEST: usize = 256 * 1024;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FetchError {
    /// Not an address to ask.
    #[error("{0} is no https address")]
    Address(String),
    /// TLS cannot be set up.
    #[error("TLS: {0}")]
    Tls(#[from] rustls::Error),
    /// Nobody is there, or not who should be.
    #[error("connection: {0}")]
    Connection(#[from] std::io::Error),
    /// It broke off.
    #[error("HTTP: {0}")]
    Http(#[from] hyper::Error),
    /// Another answer than 200: no redirect is followed.
    #[error("answered with status {0}")]
    Status(StatusCode),
    /// The answer broke off, or is longer than it may be.
    #[error("the answer broke off or is too long")]
    Body,
    /// It took too long.
    #[error("no answer in {} seconds", PATIENCE.as_secs())]
    Timeout,
}

/// Asks by https.
pub(crate) struct Fetcher {
    tls: TlsConnector,
}

impl Fetcher {
    pub(crate) fn new(roots: RootCertStore) -> Result<Self, FetchError> {
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self {
            tls: TlsConnector::from(Arc::new(config)),
        })
    }

    pub(crate) async fn get(&self, address: &str) -> Result<Bytes, FetchError> {
        timeout(PATIENCE, self.ask(address))
            .await
            .map_err(|_| FetchError::Timeout)?
    }

    async fn ask(&self, address: &str) -> Result<Bytes, FetchError> {
        let wrong = || FetchError::Address(address.to_owned());
        let uri: Uri = address.parse().map_err(|_| wrong())?;
        let authority = uri.authority().ok_or_else(wrong)?;
        if uri.scheme_str() != Some("https") {
            return Err(wrong());
        }
        let host = authority.host().trim_matches(['[', ']']);
        let name = ServerName::try_from(host.to_owned()).map_err(|_| wrong())?;
        let stream = TcpStream::connect((host, authority.port_u16().unwrap_or(443))).await?;
        let stream = self.tls.connect(name, stream).await?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        let request = Request::get(path)
            .header(header::HOST, authority.as_str())
            .header(header::ACCEPT, "application/json")
            .header(header::USER_AGENT, "knipperlicht")
            .body(Empty::<Bytes>::new())
            .map_err(|_| wrong())?;
        let reading = async {
            let answer = sender.send_request(request).await?;
            if answer.status() != StatusCode::OK {
                return Err(FetchError::Status(answer.status()));
            }
            let body = Limited::new(answer.into_body(), LARGEST).collect().await;
            body.map(http_body_util::Collected::to_bytes)
                .map_err(|_| FetchError::Body)
        };
        tokio::pin!(reading);
        tokio::select! {
            read = &mut reading => read,
            // What came before the connection ended counts.
            _ = connection => reading.await,
        }
    }
}
