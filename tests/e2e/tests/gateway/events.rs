//! Server-sent events.

use std::time::Duration;

use knipperlicht_access::Role;
use knipperlicht_e2e::World;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::gateway::rest::{a_signal, somebody};

#[tokio::test]
async fn what_changes_is_told_as_it_happens() {
    let world = World::with_gateway(|_| ()).await;
    let cleaner = somebody(&world, Role::Reporter);
    let desk = somebody(&world, Role::Partner);
    let mut inbox = desk.listen("/api/v1/referrals:watch").await;
    let mut told = cleaner.listen("/api/v1/signals:watch").await;

    let sent = cleaner
        .post("/api/v1/signals", &a_signal(&world))
        .await
        .json();
    let id = sent["receipt"]["signalId"].clone();
    let event = told.next().await.unwrap();
    assert_eq!(event.event, "signal");
    let first: Value = serde_json::from_str(&event.data).unwrap();
    assert_eq!(first["signal"]["receipt"]["signalId"], id);

    let event = inbox.next().await.unwrap();
    assert_eq!(event.event, "referral");
    let data: Value = serde_json::from_str(&event.data).unwrap();
    let referral = data["referral"]["referralId"].as_str().unwrap();
    let accept = format!("/api/v1/referrals/{referral}:accept");
    desk.post(&accept, &json!({})).await;
    let changed = inbox.next().await.unwrap();
    assert_ne!(changed.id, event.id);
    assert!(changed.data.contains("REFERRAL_STATE_ACCEPTED"));
    loop {
        let event = told.next().await.unwrap();
        if event.data.contains("STEP_ACCEPTED") {
            // Whoever connects again sees the present state, under the same id.
            let mut again = cleaner.listen("/api/v1/signals:watch").await;
            assert_eq!(again.next().await.unwrap().id, event.id);
            break;
        }
    }

    // It ends when the gateway does, at once.
    let ended = async { while inbox.next().await.is_some() {} };
    let (ended, ()) = tokio::join!(timeout(Duration::from_secs(4), ended), world.stop());
    ended.unwrap();
}

#[tokio::test]
async fn whoever_may_not_listen_is_told_so_at_once() {
    let world = World::with_gateway(|_| ()).await;
    let refused = world.web().get("/api/v1/referrals:watch").await;
    assert_eq!(refused.problem(), (401, "KL0001".to_owned()));
    let refused = somebody(&world, Role::Reporter)
        .get("/api/v1/referrals:watch")
        .await;
    assert_eq!(refused.problem(), (403, "KL0004".to_owned()));
    world.stop().await;
}
