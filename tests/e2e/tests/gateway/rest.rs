//! S1 by REST alone, and what makes lists bearable.

use http::Method;
use knipperlicht_access::Role;
use knipperlicht_e2e::{Web, World};
use knipperlicht_harness::eventually;
use serde_json::{Value, json};

pub(crate) const ZONE: &str = "oostende-bredene";
pub(crate) const PARTNER: &str = "dmw-oostende-bredene";

/// Somebody with a token, at the gateway.
pub(crate) fn somebody(world: &World, role: Role) -> Web {
    let organisation = (role == Role::Partner).then_some(PARTNER);
    let zones: &[&str] = if role == Role::Coordinator {
        &[ZONE]
    } else {
        &[]
    };
    let token = world.token("somebody", role, organisation, zones);
    world.web().with_token(&token)
}

/// A signal of a carer who does too much, and agreed.
pub(crate) fn a_signal(world: &World) -> Value {
    json!({
        "signalId": world.environment.uuid().to_string(),
        "reportedAt": world.environment.now().to_string(),
        "observations": ["OBSERVATION_TASKS_TOO_HEAVY", "OBSERVATION_CONFLICT_AT_HOME"],
        "postalCode": "8400",
        "reporterRole": "REPORTER_ROLE_HOME_CARE_WORKER",
        "consent": "CONSENT_GIVEN",
        "contact": {"name": "Maria Peeters", "phone": "0470 12 34 56"},
    })
}

#[tokio::test]
async fn from_the_signal_to_the_outcome_by_rest_alone() {
    let world = World::with_gateway(|_| ()).await;
    let cleaner = somebody(&world, Role::Reporter);
    let desk = somebody(&world, Role::Partner);

    let sent = cleaner.post("/api/v1/signals", &a_signal(&world)).await;
    assert_eq!(sent.status, 200, "{}", sent.json());
    let receipt = sent.json()["receipt"].clone();
    assert_eq!(receipt["zoneId"], ZONE);
    let signal = format!("/api/v1/signals/{}", receipt["signalId"].as_str().unwrap());
    let situation = receipt["situationId"].as_str().unwrap();
    let situation = format!("/api/v1/situations/{situation}");

    let referral = eventually("a referral", async || {
        let inbox = desk.get("/api/v1/referrals?open_only=true").await.json();
        Some(inbox["referrals"][0]["referralId"].as_str()?.to_owned())
    })
    .await;
    let why = json!({"purpose": "first call"});
    let contact = format!("{situation}:readContact");
    assert_eq!(desk.post(&contact, &why).await.status, 404);
    let accept = format!("/api/v1/referrals/{referral}:accept");
    let accepted = desk.post(&accept, &json!({})).await.json();
    assert_eq!(accepted["referral"]["state"], "REFERRAL_STATE_ACCEPTED");
    eventually("intake to hear of it", async || {
        let known = desk.post(&contact, &why).await.json();
        (known["contacts"][0]["name"] == "Maria Peeters").then_some(())
    })
    .await;

    let task = eventually("a follow-up", async || {
        let tasks = desk.get("/api/v1/tasks").await.json();
        Some(tasks["tasks"][0]["taskId"].as_str()?.to_owned())
    })
    .await;
    let reached = json!({
        "channel": "CONTACT_CHANNEL_PHONE",
        "result": "CONTACT_RESULT_REACHED",
    });
    let contacts = format!("/api/v1/tasks/{task}/contacts");
    assert_eq!(desk.post(&contacts, &reached).await.status, 200);
    let complete = format!("/api/v1/tasks/{task}:complete");
    let helped = json!({"result": "OUTCOME_RESULT_HELPED"});
    let done = desk.post(&complete, &helped).await.json();
    assert_eq!(done["task"]["state"], "FOLLOW_UP_STATE_COMPLETED");
    eventually("the reporter to be told", async || {
        let told = cleaner.get(&signal).await.json();
        (told["signal"]["step"] == "STEP_CLOSED").then_some(())
    })
    .await;
    world.stop().await;
}

#[tokio::test]
async fn an_idempotency_key_is_the_id_of_what_is_sent() {
    let world = World::with_gateway(|_| ()).await;
    let cleaner = somebody(&world, Role::Reporter);
    let key = world.environment.uuid().to_string();
    let mut signal = a_signal(&world);
    signal.as_object_mut().unwrap().remove("signalId");
    let send = async |key: &str| {
        let headers = [("idempotency-key", key)];
        let path = "/api/v1/signals";
        cleaner
            .send(Method::POST, path, &headers, &signal.to_string())
            .await
    };
    let first = send(&key).await;
    assert_eq!(first.json()["receipt"]["signalId"], key);
    assert_eq!(send(&key).await.json(), first.json());
    let listed = cleaner.get("/api/v1/signals").await.json();
    assert_eq!(listed["signals"].as_array().unwrap().len(), 1);
    assert_eq!(
        send("not a uuid").await.problem(),
        (400, "KL7008".to_owned())
    );
    let headers = [("idempotency-key", key.as_str())];
    let withdraw = format!("/api/v1/signals/{key}:withdraw");
    let refused = cleaner.send(Method::POST, &withdraw, &headers, "").await;
    assert_eq!(refused.problem(), (400, "KL7008".to_owned()));
    world.stop().await;
}

#[tokio::test]
async fn a_list_goes_on_by_its_link_and_what_did_not_change_is_not_sent_again() {
    let world = World::with_gateway(|_| ()).await;
    let cleaner = somebody(&world, Role::Reporter);
    for _ in 0..5 {
        let sent = cleaner.post("/api/v1/signals", &a_signal(&world)).await;
        assert_eq!(sent.status, 200);
    }
    let (mut seen, mut next) = (Vec::new(), "/api/v1/signals?page_size=2".to_owned());
    for pages in 1.. {
        let page = cleaner.get(&next).await;
        let signals = page.json()["signals"].as_array().unwrap().clone();
        seen.extend(signals.iter().map(|it| it["receipt"]["signalId"].clone()));
        let link = page.header("link");
        if link.is_empty() {
            assert_eq!((pages, seen.len()), (3, 5));
            break;
        }
        let (address, rel) = link[1..].split_once('>').unwrap();
        assert_eq!(rel, "; rel=\"next\"");
        next = address.to_owned();
    }
    seen.sort_by_key(Value::to_string);
    seen.dedup();
    assert_eq!(seen.len(), 5);

    let zone = "/api/v1/zones:resolve?postal_code=8400";
    let first = cleaner.get(zone).await;
    assert_eq!(first.header("cache-control"), "private, no-cache");
    let known = [("if-none-match", first.header("etag"))];
    let again = cleaner.send(Method::GET, zone, &known, "").await;
    assert_eq!((again.status.as_u16(), again.body.len()), (304, 0));
    let head = cleaner.send(Method::HEAD, zone, &[], "").await;
    assert_eq!((head.status.as_u16(), head.body.len()), (200, 0));
    assert_eq!(head.header("etag"), first.header("etag"));
    world.stop().await;
}
