//! Each way to be refused, as a problem document.

use std::num::NonZeroU32;

use http::Method;
use knipperlicht_access::Role;
use knipperlicht_e2e::World;
use serde_json::json;

use crate::gateway::rest::{a_signal, somebody};

#[tokio::test]
async fn every_refusal_is_a_problem_with_a_code_and_a_page() {
    let world = World::with_gateway(|_| ()).await;
    let nobody = world.web();
    let forger = nobody.with_token("eyJhbGciOiJub25lIn0.e30.");
    let cleaner = somebody(&world, Role::Reporter);
    let desk = somebody(&world, Role::Partner);
    let unknown = world.environment.uuid();
    let signals = "/api/v1/signals";
    let signal = a_signal(&world);
    let of_nobody = format!("{signals}/{unknown}");
    let too_much = json!({"note": "x".repeat(1024 * 1024)}).to_string();
    let plain = [("content-type", "text/plain")];
    for (answer, expected) in [
        (nobody.get(signals).await, (401, "KL0001")),
        (forger.get(signals).await, (401, "KL0002")),
        (desk.get(signals).await, (403, "KL0004")),
        (cleaner.get(&of_nobody).await, (404, "KL1015")),
        (cleaner.get("/api/v1/nothing").await, (404, "KL7002")),
        (
            cleaner.send(Method::DELETE, signals, &[], "").await,
            (405, "KL7003"),
        ),
        (
            cleaner.send(Method::POST, signals, &plain, "{}").await,
            (415, "KL7004"),
        ),
        (
            cleaner.post(signals, &json!({"colour": "red"})).await,
            (400, "KL7005"),
        ),
        (
            cleaner.get("/api/v1/signals?colour=red").await,
            (400, "KL7006"),
        ),
        (
            cleaner.send(Method::POST, signals, &[], &too_much).await,
            (413, "KL7007"),
        ),
        (cleaner.post(signals, &json!({})).await, (400, "KL1001")),
    ] {
        let problem = answer.json();
        let (status, code) = (expected.0, expected.1.to_owned());
        assert_eq!(answer.problem(), (status, code.clone()), "{problem}");
        assert_eq!(answer.header("content-type"), "application/problem+json");
        assert_eq!(problem["status"], status);
        assert_eq!(problem["type"], format!("/docs/errors/{code}.md"));
        assert!(
            !problem["detail"].as_str().unwrap().starts_with("KL"),
            "{problem}"
        );
        let page = nobody.get(problem["type"].as_str().unwrap()).await;
        let title = format!("# {code} {}", problem["title"].as_str().unwrap());
        assert!(page.body.starts_with(title.as_bytes()), "{problem}");
    }
    assert_eq!(
        nobody.get(signals).await.header("www-authenticate"),
        "Bearer"
    );
    let otherwise = cleaner.send(Method::DELETE, signals, &[], "").await;
    let mut allowed: Vec<&str> = otherwise.header("allow").split(", ").collect();
    allowed.sort_unstable();
    assert_eq!(allowed, ["GET", "HEAD", "POST"]);

    let mut wrong = signal.clone();
    wrong["postalCode"] = "9999".into();
    let refused = cleaner.post(signals, &wrong).await;
    assert_eq!(refused.json()["errors"][0]["pointer"], "/postalCode");
    let refused = cleaner.get("/api/v1/signals?page_token=nonsense").await;
    assert_eq!(refused.json()["errors"][0]["parameter"], "page_token");
    world.stop().await;
}

#[tokio::test]
async fn thousands_who_are_refused_hinder_nobody() {
    let world = World::with_gateway(|_| ()).await;
    let nobody = world.web();
    let signal = a_signal(&world);
    // They share the gateway's way to the service, which may not break by what they do.
    let refusals = (0..16).map(|_| async {
        for _ in 0..200 {
            let refused = nobody.post("/api/v1/signals", &signal).await;
            assert_eq!(refused.problem(), (401, "KL0001".to_owned()));
        }
    });
    futures::future::join_all(refusals).await;
    let cleaner = somebody(&world, Role::Reporter);
    assert_eq!(cleaner.post("/api/v1/signals", &signal).await.status, 200);
    world.stop().await;
}

#[tokio::test]
async fn what_no_longer_goes_is_a_conflict() {
    let world = World::with_gateway(|_| ()).await;
    let cleaner = somebody(&world, Role::Reporter);
    let desk = somebody(&world, Role::Partner);
    cleaner.post("/api/v1/signals", &a_signal(&world)).await;
    let referral = knipperlicht_harness::eventually("a referral", async || {
        let inbox = desk.get("/api/v1/referrals").await.json();
        Some(inbox["referrals"][0]["referralId"].as_str()?.to_owned())
    })
    .await;
    let address = |action: &str| format!("/api/v1/referrals/{referral}:{action}");
    assert_eq!(desk.post(&address("accept"), &json!({})).await.status, 200);
    let why = json!({"reason": "DECLINE_REASON_NO_CAPACITY"});
    let late = desk.post(&address("decline"), &why).await;
    assert_eq!(late.status, 409, "{}", late.json());
    world.stop().await;
}

#[tokio::test]
async fn carers_are_counted_by_their_own_address_and_told_when_to_go_on() {
    let world = World::with_few_calls(&[(Role::LinkHolder, NonZeroU32::new(3).unwrap())]).await;
    let web = world.web();
    let link = json!({"token": "no such link"});
    let mut refused = None;
    let mut left = Vec::new();
    for _ in 0..5 {
        let answer = web.post("/api/v1/my-situation:read", &link).await;
        assert_eq!(
            answer.header("ratelimit-policy"),
            "\"link_holder\";q=3;w=60"
        );
        let (before_time, _) = answer.header("ratelimit").rsplit_once(';').unwrap();
        left.push(before_time.to_owned());
        if answer.status == 429 {
            refused = Some(answer);
        }
    }
    let so_many = |left: u8| format!("\"link_holder\";r={left}");
    assert_eq!(left, [2, 1, 0, 0, 0].map(so_many));
    let refused = refused.unwrap();
    assert_eq!(refused.problem().1, "KL0021");
    assert!(refused.header("retry-after").parse::<u64>().unwrap() >= 1);
    world.stop().await;
}
