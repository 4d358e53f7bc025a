#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::{fs, net::SocketAddr};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio_stream::StreamExt;
use tonic::transport::{Certificate, ClientTlsConfig, Endpoint, Identity};
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};

use super::*;
use crate::{GrpcServer, Stop, incoming::encrypted};

const HERE: &str = "localhost";

/// Somebody who vouches for others.
struct Authority(CertifiedIssuer<'static, KeyPair>);

/// What is vouched for, as PEM: the certificate and its key.
type Vouched = (String, String);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn pem(&self) -> String {
        self.0.pem()
    }

    fn vouch(&self, host: &str) -> Vouched {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new([host.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        (certificate.pem(), key.serialize_pem())
    }
}

fn put(files: &TlsFiles, (certificate, key): &Vouched) {
    fs::write(&files.certificate, certificate).unwrap();
    fs::write(&files.key, key).unwrap();
}

fn files(directory: &TempDir) -> TlsFiles {
    TlsFiles {
        certificate: directory.path().join("tls.crt"),
        key: directory.path().join("tls.key"),
        client_authorities: None,
    }
}

/// Calls health at `server`, trusting `authority`, as `identity`.
async fn asks(server: &str, authority: Option<&Authority>, identity: Option<&Vouched>) -> bool {
    let mut endpoint = Endpoint::from_shared(server.to_owned()).unwrap();
    if let Some(authority) = authority {
        let mut tls = ClientTlsConfig::new()
            .domain_name(HERE)
            .ca_certificate(Certificate::from_pem(authority.pem()));
        if let Some((certificate, key)) = identity {
            tls = tls.identity(Identity::from_pem(certificate, key));
        }
        endpoint = endpoint.tls_config(tls).unwrap();
    }
    let Ok(channel) = endpoint.connect().await else {
        return false;
    };
    let request = HealthCheckRequest::default();
    HealthClient::new(channel).check(request).await.is_ok()
}

async fn serve(tls: ServerTls) -> (SocketAddr, SocketAddr, Stop) {
    let here = SocketAddr::from(([127, 0, 0, 1], 0));
    let mut server = GrpcServer::bind(here, Some(tls)).await.unwrap();
    let health = server.answer_health_at(here).await.unwrap();
    let (address, stop) = (server.address(), Stop::default());
    let stopping = stop.clone();
    tokio::spawn(async move {
        let routes = tonic::service::Routes::default();
        Box::pin(server.serve(routes, stopping)).await.unwrap();
    });
    (address, health, stop)
}

#[tokio::test]
async fn whoever_calls_encrypted_and_trusts_the_authority_is_answered_and_nobody_else() {
    let directory = TempDir::new().unwrap();
    let (files, ours, stranger) = (files(&directory), Authority::new(), Authority::new());
    put(&files, &ours.vouch(HERE));
    let (address, health, stop) = serve(ServerTls::load(files).await.unwrap()).await;
    let encrypted = format!("https://{address}");
    assert!(asks(&encrypted, Some(&ours), None).await);
    assert!(!asks(&encrypted, Some(&stranger), None).await);
    assert!(!asks(&format!("http://{address}"), None, None).await);
    // Health alone is told in clear, and at its own door.
    assert!(asks(&format!("http://{health}"), None, None).await);
    stop.request();
}

#[tokio::test]
async fn where_callers_need_a_certificate_only_who_has_one_of_the_authority_is_let_in() {
    let directory = TempDir::new().unwrap();
    let (ours, stranger) = (Authority::new(), Authority::new());
    let authorities = directory.path().join("clients.crt");
    fs::write(&authorities, ours.pem()).unwrap();
    let files = TlsFiles {
        client_authorities: Some(authorities),
        ..files(&directory)
    };
    put(&files, &ours.vouch(HERE));
    let (address, health, stop) = serve(ServerTls::load(files).await.unwrap()).await;
    let server = format!("https://{address}");
    assert!(asks(&server, Some(&ours), Some(&ours.vouch("gateway"))).await);
    assert!(!asks(&server, Some(&ours), None).await);
    assert!(!asks(&server, Some(&ours), Some(&stranger.vouch("gateway"))).await);
    assert!(asks(&format!("http://{health}"), None, None).await);
    stop.request();
}

/// Whether a handshake with what is current now succeeds for somebody who trusts `authority`.
async fn believed(tls: &ServerTls, authority: &Authority) -> bool {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut incoming = Box::pin(encrypted(listener, tls.current()));
    let serving = tokio::spawn(async move { incoming.next().await });
    let tls = ClientTlsConfig::new()
        .domain_name(HERE)
        .ca_certificate(Certificate::from_pem(authority.pem()));
    let endpoint = Endpoint::from_shared(format!("https://{address}")).unwrap();
    let connected = endpoint.tls_config(tls).unwrap().connect().await.is_ok();
    serving.abort();
    connected
}

#[tokio::test]
async fn a_certificate_that_was_renewed_is_used_from_the_next_handshake_on() {
    let directory = TempDir::new().unwrap();
    let (files, old, new) = (files(&directory), Authority::new(), Authority::new());
    put(&files, &old.vouch(HERE));
    let mut tls = ServerTls::load(files.clone()).await.unwrap();
    assert!(!tls.refresh().await.unwrap());
    assert!(believed(&tls, &old).await);

    put(&files, &new.vouch(HERE));
    assert!(tls.refresh().await.unwrap());
    assert!(believed(&tls, &new).await);
    assert!(!believed(&tls, &old).await);
    assert!(!tls.refresh().await.unwrap());
}

#[tokio::test]
async fn files_that_do_not_fit_together_leave_the_old_certificate_in_use() {
    let directory = TempDir::new().unwrap();
    let (files, old, new) = (files(&directory), Authority::new(), Authority::new());
    put(&files, &old.vouch(HERE));
    let mut tls = ServerTls::load(files.clone()).await.unwrap();
    let (certificate, key) = new.vouch(HERE);

    // The certificate is there and its key not yet.
    fs::write(&files.certificate, &certificate).unwrap();
    let refused = tls.refresh().await.unwrap_err();
    assert!(matches!(refused, TlsError::Pair(_)), "{refused}");
    fs::write(&files.certificate, "half of it").unwrap();
    let refused = tls.refresh().await.unwrap_err();
    assert!(matches!(refused, TlsError::Form { .. }), "{refused}");
    fs::remove_file(&files.certificate).unwrap();
    let refused = tls.refresh().await.unwrap_err();
    assert!(matches!(refused, TlsError::File { .. }), "{refused}");
    assert!(believed(&tls, &old).await);

    put(&files, &(certificate, key));
    assert!(tls.refresh().await.unwrap());
    assert!(believed(&tls, &new).await);
}
