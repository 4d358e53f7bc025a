//! A gateway with a certificate: HTTP/1.1 and HTTP/2 alike, and browsers are told to stay encrypted.

use std::{fs, sync::Arc};

use http::Request;
use http_body_util::Empty;
use hyper::{body::Bytes, client::conn::http1};
use hyper_util::rt::TokioIo;
use knipperlicht_access::Role;
use knipperlicht_e2e::World;
use knipperlicht_runtime::TlsFiles;
use knipperlicht_sandbox::Authority;
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio_rustls::{
    TlsConnector,
    rustls::{
        ClientConfig, RootCertStore,
        crypto::ring,
        pki_types::{CertificateDer, ServerName, pem::PemObject},
    },
};
use tonic::transport::{Certificate, ClientTlsConfig, Endpoint};

#[tokio::test]
async fn browsers_and_programs_come_in_encrypted() {
    let directory = TempDir::new().unwrap();
    let authority = Authority::new(directory.path()).unwrap();
    let identity = authority.vouch_for_this_machine().unwrap();
    let world = World::with_gateway(|settings| {
        settings.tls = Some(TlsFiles {
            certificate: identity.certificate.clone(),
            key: identity.key.clone(),
            client_authorities: None,
        });
    })
    .await;
    let address = world.web().address();

    // A browser of yesterday, by HTTP/1.1.
    let mut roots = RootCertStore::empty();
    let authority = fs::read(&identity.authority).unwrap();
    roots
        .add(CertificateDer::from_pem_slice(&authority).unwrap())
        .unwrap();
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let name = ServerName::try_from("localhost").unwrap();
    let stream = TcpStream::connect(address).await.unwrap();
    let stream = TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await
        .unwrap();
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let request = Request::get("/app/config.json").header("host", "localhost");
    let request = request.body(Empty::<Bytes>::new()).unwrap();
    let answer = sender.send_request(request).await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(
        answer.headers()["strict-transport-security"],
        "max-age=31536000"
    );

    // A program, by HTTP/2.
    let tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(authority));
    let endpoint = Endpoint::from_shared(format!("https://{address}")).unwrap();
    let channel = endpoint.tls_config(tls).unwrap().connect().await.unwrap();
    let token = world.token("cleaner", Role::Reporter, None, &[]);
    let caller = knipperlicht_e2e::Caller::new(channel, Some(&token));
    let zone = knipperlicht_contracts::routing::v1::ResolveZoneRequest {
        postal_code: "8400".to_owned(),
        on: String::new(),
    };
    caller.routing().resolve_zone(zone).await.unwrap();
    world.stop().await;
}
