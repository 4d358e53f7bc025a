//! TLS on the way in. The files are looked at again every few seconds, so that a certificate that
//! was renewed is used without a restart; as long as they do not fit together, the old one stays.

use std::{
    convert::Infallible,
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use tokio::{sync::watch, time::sleep};
use tokio_rustls::rustls::{
    self, RootCertStore, ServerConfig,
    crypto::ring,
    pki_types::{
        CertificateDer, PrivateKeyDer,
        pem::{self, PemObject},
    },
    server::{VerifierBuilderError, WebPkiClientVerifier},
};

/// How often to look whether the files have changed.
const LOOK_EVERY: Duration = Duration::from_secs(3);

/// What is spoken, negotiated in the handshake (ALPN).
const HTTP_2: &[u8] = b"h2";
const HTTP_1: &[u8] = b"http/1.1";

/// The files that say who this process is, and whom it lets in.
#[derive(Debug, Clone)]
pub struct TlsFiles {
    /// The certificate and those between it and its authority (PEM).
    pub certificate: PathBuf,
    /// Its private key (PEM).
    pub key: PathBuf,
    /// The authorities of those who may call (PEM). With it, whoever calls needs a certificate.
    pub client_authorities: Option<PathBuf>,
}

/// The files cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// One cannot be read.
    #[error("KL0017: {path}: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// One does not hold what it should.
    #[error("KL0017: {path} holds no {lacks} that can be read (PEM): {source}")]
    Form {
        /// Which.
        path: PathBuf,
        /// What it should hold.
        lacks: &'static str,
        /// What is wrong with it.
        source: pem::Error,
    },
    /// The certificate and the key do not go together.
    #[error("KL0017: the certificate and its key cannot be used together: {0}")]
    Pair(rustls::Error),
    /// The authorities of those who call.
    #[error("KL0017: the authorities of those who may call: {0}")]
    Authorities(#[from] VerifierBuilderError),
}

/// Who this process is to those who call it.
#[derive(Debug)]
pub struct ServerTls {
    files: TlsFiles,
    speaks: &'static [&'static [u8]],
    read: Contents,
    current: watch::Sender<Arc<ServerConfig>>,
}

/// What was in the files.
#[derive(Debug, PartialEq, Eq)]
struct Contents {
    certificate: Vec<u8>,
    key: Vec<u8>,
    client_authorities: Option<Vec<u8>>,
}

impl ServerTls {
    /// Reads the files, for callers that speak gRPC.
    pub async fn load(files: TlsFiles) -> Result<Self, TlsError> {
        Self::speaking(&[HTTP_2], files).await
    }

    /// Reads the files, for browsers and their like.
    pub async fn load_for_web(files: TlsFiles) -> Result<Self, TlsError> {
        Self::speaking(&[HTTP_2, HTTP_1], files).await
    }

    async fn speaking(speaks: &'static [&'static [u8]], files: TlsFiles) -> Result<Self, TlsError> {
        let read = Contents::read(&files).await?;
        let config = read.config(&files, speaks)?;
        Ok(Self {
            files,
            speaks,
            read,
            current: watch::Sender::new(Arc::new(config)),
        })
    }

    /// What to answer the next caller with.
    pub(crate) fn current(&self) -> watch::Receiver<Arc<ServerConfig>> {
        self.current.subscribe()
    }

    /// Looks at the files for ever.
    pub(crate) async fn keep_fresh(&mut self) -> Infallible {
        loop {
            sleep(LOOK_EVERY).await;
            match self.refresh().await {
                Ok(false) => {}
                Ok(true) => tracing::info!("the new certificate is used from now on"),
                Err(error) => {
                    tracing::warn!(%error, "the certificate stays as it was until the files fit");
                }
            }
        }
    }

    /// Uses the files if they have changed; says whether they have.
    async fn refresh(&mut self) -> Result<bool, TlsError> {
        let read = Contents::read(&self.files).await?;
        if read == self.read {
            return Ok(false);
        }
        let config = read.config(&self.files, self.speaks)?;
        self.current.send_replace(Arc::new(config));
        self.read = read;
        Ok(true)
    }
}

impl Contents {
    async fn read(files: &TlsFiles) -> Result<Self, TlsError> {
        let client_authorities = match &files.client_authorities {
            Some(path) => Some(read(path).await?),
            None => None,
        };
        Ok(Self {
            certificate: read(&files.certificate).await?,
            key: read(&files.key).await?,
            client_authorities,
        })
    }

    fn config(&self, files: &TlsFiles, speaks: &[&[u8]]) -> Result<ServerConfig, TlsError> {
        let provider = Arc::new(ring::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(TlsError::Pair)?;
        let builder = match (&self.client_authorities, &files.client_authorities) {
            (Some(text), Some(path)) => {
                let mut roots = RootCertStore::empty();
                for authority in certificates(text, path)? {
                    roots.add(authority).map_err(TlsError::Pair)?;
                }
                let verifier =
                    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
                        .build()?;
                builder.with_client_cert_verifier(verifier)
            }
            _ => builder.with_no_client_auth(),
        };
        let key = PrivateKeyDer::from_pem_slice(&self.key).map_err(|source| TlsError::Form {
            path: files.key.clone(),
            lacks: "private key",
            source,
        })?;
        let chain = certificates(&self.certificate, &files.certificate)?;
        let mut config = builder
            .with_single_cert(chain, key)
            .map_err(TlsError::Pair)?;
        config.alpn_protocols = speaks.iter().map(|protocol| protocol.to_vec()).collect();
        Ok(config)
    }
}

async fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    tokio::fs::read(path)
        .await
        .map_err(|source| TlsError::File {
            path: path.to_owned(),
            source,
        })
}

fn certificates(text: &[u8], path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let unfit = |source| TlsError::Form {
        path: path.to_owned(),
        lacks: "certificate",
        source,
    };
    let found: Vec<_> = CertificateDer::pem_slice_iter(text)
        .collect::<Result<_, _>>()
        .map_err(unfit)?;
    if found.is_empty() {
        return Err(unfit(pem::Error::NoItemsFound));
    }
    Ok(found)
}

#[cfg(test)]
mod tests;
