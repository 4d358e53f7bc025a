//! A gateway in a process of its own, with the services elsewhere, or away.

use knipperlicht_access::Role;
use knipperlicht_contracts::event::Service;
use knipperlicht_e2e::{Web, World, gateway};
use knipperlicht_gateway::{Gateway, Place, Services};
use knipperlicht_runtime::{GrpcServer, Lifecycle};
use knipperlicht_sandbox::free_port;

use crate::gateway::rest::{PARTNER, ZONE};

/// A gateway that reaches every service at this address.
async fn alone(url: &str) -> (Web, Lifecycle) {
    let place = |service: &Service| {
        let tls = Box::default();
        let url = url.to_owned();
        (*service, Place::At { url, tls })
    };
    let services = Services::at(Service::ALL.iter().map(place).collect());
    let settings = gateway();
    let server = GrpcServer::bind_web(settings.listen, None).await.unwrap();
    let web = Web::at(server.address());
    let lifecycle = Lifecycle::default();
    let routes = Gateway::new(settings, &services)
        .unwrap()
        .routes(lifecycle.stop());
    let stop = lifecycle.stop();
    lifecycle.spawn(async move { Box::pin(server.serve(routes, stop)).await.unwrap() });
    (web, lifecycle)
}

#[tokio::test]
async fn services_elsewhere_are_reached_by_their_address() {
    let world = World::start().await;
    let (web, lifecycle) = alone(&format!("http://{}", world.address())).await;
    let token = world.token("cleaner", Role::Reporter, None, &[]);
    let cleaner = web.with_token(&token);
    let zone = cleaner.get("/api/v1/zones:resolve?postal_code=8400").await;
    assert_eq!(zone.json()["zone"]["zoneId"], ZONE);
    let token = world.token("desk", Role::Partner, Some(PARTNER), &[]);
    let inbox = web.with_token(&token).get("/api/v1/referrals").await;
    assert_eq!(inbox.status, 200);
    lifecycle.finish().await;
    world.stop().await;
}

#[tokio::test]
async fn while_a_service_is_away_whoever_asks_is_told_when_to_come_back() {
    let port = free_port().unwrap();
    let (web, lifecycle) = alone(&format!("http://127.0.0.1:{port}")).await;
    let away = web.get("/api/v1/signals").await;
    assert_eq!(away.problem(), (503, "KL7001".to_owned()));
    assert_eq!(away.header("retry-after"), "2");
    let away = web.get("/api/v1/signals:watch").await;
    assert_eq!(away.problem(), (503, "KL7001".to_owned()));
    // What needs no service is there.
    assert_eq!(web.get("/app/config.json").await.status, 200);
    lifecycle.finish().await;
}
