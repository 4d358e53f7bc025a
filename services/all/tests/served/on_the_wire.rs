//! The program as a process of its own, told by its environment: what it refuses to start with, and
//! who can speak to it.

use std::{
    net::SocketAddr,
    process::{Output, Stdio},
};

use knipperlicht::{migrate::migrate, ops::ensure_streams};
use knipperlicht_access::Role;
use knipperlicht_eventing::NatsOptions;
use knipperlicht_harness::{Bed, eventually};
use knipperlicht_sandbox::{Identity, free_port};
use tonic::transport::Endpoint;
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};

use crate::ground::{Ground, program};

#[test]
fn what_could_be_read_on_the_way_is_refused_at_the_start_with_what_to_do() {
    let ground = Ground::new();
    let (here, there) = ("postgres://kl@127.0.0.1/kl", "postgres://kl@192.0.2.1/kl");
    let nats = "nats://127.0.0.1:4222";
    let refused = |database: &str, nats: &str, more: &[(&'static str, String)]| {
        let settings = [ground.settings(database, nats), more.to_vec()].concat();
        let output = program(&["serve"], &settings).output().unwrap();
        assert!(!output.status.success());
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let everywhere = ("KL_LISTEN", "0.0.0.0:0".to_owned());
    let nowhere = |name| (name, "/nowhere".to_owned());
    for (code, said) in [
        ("KL0016", refused(here, nats, &[everywhere])),
        (
            "KL7011",
            refused(here, nats, &[("KL_GATEWAY_LISTEN", "0.0.0.0:0".to_owned())]),
        ),
        ("KL0018", refused(here, "nats://192.0.2.1:4222", &[])),
        ("KL0020", refused(there, nats, &[])),
        (
            "KL0019",
            refused(here, nats, &[nowhere("KL_NATS_KEYS_DIR")]),
        ),
        (
            "KL0017",
            refused(
                here,
                nats,
                &[nowhere("KL_TLS_CERT_FILE"), nowhere("KL_TLS_KEY_FILE")],
            ),
        ),
    ] {
        assert!(said.contains(code), "{code}: {said}");
    }
}

/// How it is, as told in clear.
pub(crate) async fn is_well(health: SocketAddr, service: &str) -> bool {
    let endpoint = Endpoint::from_shared(format!("http://{health}")).unwrap();
    let Ok(channel) = endpoint.connect().await else {
        return false;
    };
    let request = HealthCheckRequest {
        service: service.to_owned(),
    };
    HealthClient::new(channel)
        .check(request)
        .await
        .is_ok_and(|answer| answer.into_inner().status() == ServingStatus::Serving)
}

/// Asks for a zone from the command line.
fn asks(server: String, ground: &Ground, identity: &Identity, shows_who: bool) -> Output {
    let mut settings = vec![
        ("KL_SERVER", server),
        ("KL_TOKEN", ground.token(Role::Reporter, None, &[])),
        ("KL_CA_FILE", identity.authority.display().to_string()),
    ];
    if shows_who {
        settings.extend([
            (
                "KL_CLIENT_CERT_FILE",
                identity.certificate.display().to_string(),
            ),
            ("KL_CLIENT_KEY_FILE", identity.key.display().to_string()),
        ]);
    }
    program(&["zone", "resolve", "8400"], &settings)
        .output()
        .unwrap()
}

#[tokio::test]
async fn a_process_that_speaks_to_everybody_encrypted_answers_the_command_line() {
    let (bed, ground) = (Bed::start_encrypted().await, Ground::new());
    let identity = bed.identity.clone().unwrap();
    let nats: NatsOptions = bed.nats_options();
    migrate(&bed.database_url).await.unwrap();
    ensure_streams(&nats, 1).await.unwrap();
    let port = |()| SocketAddr::from(([127, 0, 0, 1], free_port().unwrap()));
    let [address, health] = [(), ()].map(port);
    let file = |path: &std::path::Path| path.display().to_string();
    let mut settings = ground.settings(&bed.database_url, &nats.url);
    settings.extend([
        ("KL_LISTEN", address.to_string()),
        ("KL_HEALTH_LISTEN", health.to_string()),
        ("KL_TLS_CERT_FILE", file(&identity.certificate)),
        ("KL_TLS_KEY_FILE", file(&identity.key)),
        ("KL_TLS_CLIENT_CA_FILE", file(&identity.authority)),
        ("KL_CA_FILE", file(&identity.authority)),
        ("KL_NATS_KEYS_DIR", file(nats.keys.as_deref().unwrap())),
    ]);
    let mut serving = program(&["serve"], &settings)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    for what in ["", "nats"] {
        eventually("it to be well", async || {
            is_well(health, what).await.then_some(())
        })
        .await;
    }

    let encrypted = format!("https://{address}");
    let answer = asks(encrypted.clone(), &ground, &identity, true);
    let said = String::from_utf8_lossy(&answer.stdout).into_owned();
    let complaint = String::from_utf8_lossy(&answer.stderr).into_owned();
    assert!(said.contains("oostende-bredene"), "{said}{complaint}");
    let nobody = asks(encrypted, &ground, &identity, false);
    assert_eq!(nobody.status.code(), Some(4));
    let in_clear = asks(format!("http://{address}"), &ground, &identity, true);
    assert_eq!(in_clear.status.code(), Some(4));
    serving.kill().unwrap();
    serving.wait().unwrap();
}

#[tokio::test]
async fn a_gateway_alone_needs_no_database_no_nats_and_no_keys() {
    let port = |()| SocketAddr::from(([127, 0, 0, 1], free_port().unwrap()));
    let [gateway, health, nowhere] = [(), (), ()].map(port);
    let settings = [
        ("KL_GATEWAY_LISTEN", gateway.to_string()),
        ("KL_HEALTH_LISTEN", health.to_string()),
        ("KL_SERVER", format!("http://{nowhere}")),
    ];
    let mut serving = program(&["serve", "--target", "gateway"], &settings)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    eventually("it to be well", async || {
        is_well(health, "gateway").await.then_some(())
    })
    .await;
    // It says of each service how it is, at its own address as well.
    assert!(is_well(gateway, "").await);
    assert!(!is_well(gateway, "intake").await);
    serving.kill().unwrap();
    serving.wait().unwrap();
    let nothing_said = program(&["serve"], &settings).output().unwrap();
    let said = String::from_utf8_lossy(&nothing_said.stderr);
    assert!(said.contains("DATABASE_URL"), "{said}");
}
