//! What is refused, and how: the same rules as everywhere else, said in FHIR.

use http::Method;
use knipperlicht_e2e::World;
use serde_json::{Value, json};

use crate::fhir::care::{
    Answered, Care, JSON, PARTNER, coded, moved, proposal, refused, saying, situation_of,
};

#[tokio::test]
async fn a_task_moves_as_the_line_lets_it() {
    let world = World::with_gateway(|_| ()).await;
    let answered = Answered::default();
    let reporter = Care::reporter(&world, "cleaner", &answered);
    let partner = Care::partner(&world, PARTNER, &answered);
    let signal = reporter.create(&proposal(&world), &[]).await.json();
    let situation = situation_of(&signal);
    let task = partner.task(&situation, "requested").await;
    let path = format!("Task/{}", task["id"].as_str().unwrap());

    let is = |answer: &_, status: u16, kind: &str, code: &str| {
        assert_eq!(refused(answer), (status, kind.to_owned(), code.to_owned()));
    };

    // Whose it is not finds nothing; whose role it is not may not.
    let stranger = Care::partner(&world, "somebody-else", &answered);
    is(
        &stranger.send(Method::GET, &path, &[], "").await,
        404,
        "not-found",
        "KL7038",
    );
    is(
        &stranger.put(&moved(&task, "accepted"), &[]).await,
        404,
        "not-found",
        "KL7038",
    );
    is(
        &reporter.send(Method::GET, &path, &[], "").await,
        403,
        "forbidden",
        "KL0004",
    );
    is(
        &partner.create(&proposal(&world), &[]).await,
        403,
        "forbidden",
        "KL0004",
    );

    // Another version than the present one; moves without what they need; what is not the caller's.
    let stale = [("if-match", "W/\"0123456789abcdef\"")];
    is(
        &partner.put(&moved(&task, "accepted"), &stale).await,
        412,
        "conflict",
        "KL7034",
    );
    is(
        &partner.put(&moved(&task, "rejected"), &[]).await,
        422,
        "required",
        "KL7035",
    );
    let mut odd = moved(&task, "rejected");
    odd["statusReason"] = coded("decline-reason", "no_appetite");
    is(&partner.put(&odd, &[]).await, 422, "code-invalid", "KL7035");
    is(
        &partner.put(&moved(&task, "failed"), &[]).await,
        422,
        "business-rule",
        "KL7035",
    );
    is(
        &partner.put(&moved(&task, "cancelled"), &[]).await,
        403,
        "forbidden",
        "KL0004",
    );
    let too_early = saying(moved(&task, "completed"), "outcome", "outcome", "helped");
    is(
        &partner.put(&too_early, &[]).await,
        422,
        "business-rule",
        "KL7035",
    );
    let mut other = moved(&task, "accepted");
    other["owner"]["identifier"]["value"] = "somebody-else".into();
    is(
        &partner.put(&other, &[]).await,
        422,
        "business-rule",
        "KL7035",
    );
    let mut other = moved(&task, "accepted");
    other["id"] = "0190a3b2-7c4d-7e5f-8a9b-0c1d2e3f4a5b".into();
    let sent = other.to_string();
    is(
        &partner.send(Method::PUT, &path, &[JSON], &sent).await,
        400,
        "structure",
        "KL7032",
    );

    // Declined, with a reason: the next one is asked, and this one cannot be taken any more.
    let mut declined = moved(&task, "rejected");
    declined["statusReason"] = coded("decline-reason", "no_capacity");
    let declined = partner.put(&declined, &[]).await;
    assert_eq!(declined.status, 200, "{}", declined.json());
    let declined = declined.json();
    assert_eq!(
        declined["statusReason"],
        coded("decline-reason", "no_capacity")
    );
    assert_eq!(declined["businessStatus"]["coding"][0]["code"], "cancelled");
    is(
        &partner.put(&moved(&declined, "accepted"), &[]).await,
        422,
        "business-rule",
        "KL3011",
    );

    // An outcome that did not help needs its reason.
    let coordinator = Care::coordinator(&world, &answered);
    let next = coordinator.task(&situation, "requested").await;
    let owner = next["owner"]["identifier"]["value"].as_str().unwrap();
    assert_ne!(next["id"], task["id"]);
    let order = coordinator
        .get(next["focus"]["reference"].as_str().unwrap())
        .await;
    let before = format!("ServiceRequest/{}", task["id"].as_str().unwrap());
    assert_eq!(order["replaces"][0]["reference"], before);
    let second = Care::partner(&world, owner, &answered);
    let held = second.put(&moved(&next, "on-hold"), &[]).await.json();
    assert_eq!(held["status"], "on-hold");
    let taken = second.put(&moved(&held, "accepted"), &[]).await.json();
    assert_eq!(taken["status"], "accepted");
    let bare = knipperlicht_harness::eventually("a follow-up", async || {
        let task = second.task(&situation, "accepted").await;
        let bare = saying(
            moved(&task, "completed"),
            "outcome",
            "outcome",
            "not_helped",
        );
        let answer = second.put(&bare, &[]).await;
        (refused(&answer).2 != "KL7036").then_some(answer)
    })
    .await;
    let (status, _, code) = refused(&bare);
    assert!(
        (400..500).contains(&status) && code.starts_with("KL4"),
        "{status} {code}"
    );

    let parsed = answered.is_parsed_by_others().await;
    assert!(
        parsed["OperationOutcome"].as_u64().unwrap() > 10,
        "{parsed}"
    );
    world.stop().await;
}

#[tokio::test]
async fn what_cannot_be_taken_is_refused_in_fhir() {
    let world = World::with_gateway(|_| ()).await;
    let answered = Answered::default();
    let nobody = Care::of(&world, "nonsense", &answered);
    let reporter = Care::reporter(&world, "cleaner", &answered);
    let partner = Care::partner(&world, PARTNER, &answered);
    let is = |answer: &_, status: u16, kind: &str, code: &str| {
        assert_eq!(refused(answer), (status, kind.to_owned(), code.to_owned()));
    };

    let answer = nobody.send(Method::GET, "Task", &[], "").await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("www-authenticate")),
        (401, "Bearer")
    );
    assert_eq!(refused(&answer).1, "login");

    // Where nothing is, and what is asked otherwise.
    for path in [
        "Patient",
        "Patient/1",
        "Task/nonsense",
        "Task/a/b/c",
        "Consent/x",
        "Provenance/x",
    ] {
        is(
            &partner.send(Method::GET, path, &[], "").await,
            404,
            "not-found",
            "KL7038",
        );
    }
    for (method, path, allowed) in [
        (Method::DELETE, "Task/1", "GET, PUT"),
        (Method::POST, "Task", "GET"),
        (Method::PUT, "ServiceRequest/1", "GET"),
        (Method::POST, "metadata", "GET"),
        (Method::PATCH, "ServiceRequest", "GET, POST"),
    ] {
        let answer = partner.send(method, path, &[], "").await;
        assert_eq!(answer.header("allow"), allowed, "{path}");
        is(&answer, 405, "not-supported", "KL7003");
    }

    // Formats.
    let xml = [("accept", "application/fhir+xml")];
    is(
        &partner.send(Method::GET, "Task", &xml, "").await,
        406,
        "not-supported",
        "KL7031",
    );
    is(
        &partner.send(Method::GET, "Task?_format=xml", &[], "").await,
        406,
        "not-supported",
        "KL7031",
    );
    let text = [("content-type", "text/plain")];
    let sent = proposal(&world).to_string();
    is(
        &reporter
            .send(Method::POST, "ServiceRequest", &text, &sent)
            .await,
        415,
        "not-supported",
        "KL7031",
    );

    // Searches.
    for search in [
        "Task?flavour=sweet",
        "Task?_lastUpdated=yesterday",
        "Task?_count=many",
        "Task?_cursor=x",
        "Task?status=a&status=b",
        "Observation",
        "Consent?patient=",
        "Questionnaire?_lastUpdated=2026-11-21",
    ] {
        is(
            &partner.send(Method::GET, search, &[], "").await,
            400,
            "invalid",
            "KL7033",
        );
    }
    let lenient = [("prefer", "handling=lenient")];
    let passed = partner
        .send(Method::GET, "Task?flavour=sweet", &lenient, "")
        .await;
    assert_eq!(passed.status, 200);
    assert!(
        !passed.json()["link"][0]["url"]
            .to_string()
            .contains("flavour")
    );

    // Proposals: what has no place is refused, and what the line refuses keeps its code and its place.
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut sent = proposal(&world);
        change(&mut sent);
        sent
    };
    let urgent = changed(&|sent| sent["priority"] = "stat".into());
    is(
        &reporter.create(&urgent, &[]).await,
        422,
        "business-rule",
        "KL7032",
    );
    let signed = changed(&|sent| sent["requester"] = json!({"display": "Anna"}));
    is(
        &reporter.create(&signed, &[]).await,
        400,
        "structure",
        "KL7032",
    );
    let nothing = changed(&|sent| sent["reasonCode"] = json!([]));
    let answer = reporter.create(&nothing, &[]).await;
    assert!(refused(&answer).2.starts_with("KL1"), "{}", answer.json());
    assert_eq!(
        answer.json()["issue"][0]["expression"][0],
        "ServiceRequest.reasonCode"
    );
    let elsewhere = changed(&|sent| sent["extension"][0]["valueString"] = "1000000".into());
    let answer = reporter.create(&elsewhere, &[]).await;
    assert_eq!(
        answer.json()["issue"][0]["expression"][0],
        "ServiceRequest.extension('postal-code')"
    );
    let other = [(
        "if-none-exist",
        "identifier=urn:ietf:rfc:3986|urn:uuid:0190a3b2-7c4d-7e5f-8a9b-0c1d2e3f4a5b",
    )];
    is(
        &reporter.create(&proposal(&world), &other).await,
        400,
        "invalid",
        "KL7033",
    );
    let long = changed(&|sent| sent["note"][0]["text"] = "x".repeat(2 << 20).into());
    is(
        &reporter.create(&long, &[]).await,
        413,
        "too-long",
        "KL7007",
    );
    is(
        &reporter
            .send(Method::POST, "ServiceRequest", &[JSON], "{")
            .await,
        400,
        "structure",
        "KL7032",
    );
    is(
        &reporter
            .send(Method::POST, "ServiceRequest", &[JSON], "[]")
            .await,
        400,
        "structure",
        "KL7032",
    );

    // Nothing of all that was stored.
    assert!(reporter.find("ServiceRequest").await.is_empty());
    answered.is_parsed_by_others().await;
    world.stop().await;
}

#[tokio::test]
async fn what_cannot_wait_is_told_with_the_answer() {
    let world = World::with_gateway(|_| ()).await;
    let reporter = Care::reporter(&world, "nurse", &Answered::default());
    let mut sent = proposal(&world);
    sent["reasonCode"] = json!([coded("observation", "suicidal_talk")]);
    let created = reporter.create(&sent, &[]).await;
    assert_eq!(created.status, 201, "{}", created.json());
    let told = created.json()["extension"].to_string();
    assert!(
        told.contains("StructureDefinition/call-now") && told.contains("1813"),
        "{told}"
    );
    world.stop().await;
}
