//! How the line is: each service by its database, NATS by its connections, the door (`tokens`) by
//! whether it has keys to check tokens with.

use std::{sync::Arc, time::Duration};

use async_nats::{Client, connection::State};
use knipperlicht_access::Verifier;
use knipperlicht_eventing::Kit;
use knipperlicht_runtime::{Health, Stop};

/// How often to look.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Looks every second until it is time to stop. With NATS away the services stay well, for they
/// take signals in; `nats` alone says so.
pub(super) async fn watch_health(
    health: Health,
    kits: Vec<Kit>,
    nats: Vec<Client>,
    verifier: Arc<Verifier>,
    stop: Stop,
) {
    loop {
        let mut all_well = verifier.has_keys();
        health.set("tokens", all_well).await;
        for kit in &kits {
            let well = answers(kit).await;
            kit.database.tell_connections();
            all_well &= well;
            health.set(kit.service.name(), well).await;
        }
        health.set("", all_well).await;
        let connected = |client: &Client| client.connection_state() == State::Connected;
        health.set("nats", nats.iter().all(connected)).await;
        if !stop.pause(LOOK_EVERY).await {
            break;
        }
    }
    // Whoever balances load sends nothing more while calls under way finish.
    health.set("", false).await;
}

async fn answers(kit: &Kit) -> bool {
    let looked = tokio::time::timeout(LOOK_EVERY, kit.database.begin(&kit.principal)).await;
    matches!(looked, Ok(Ok(_)))
}
