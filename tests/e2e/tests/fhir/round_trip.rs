//! From a proposal to an outcome, by FHIR alone; every kind of resource; and all of it understood by an
//! implementation that is not ours.

use knipperlicht_contracts::assessment::v1 as assessment;
use knipperlicht_e2e::World;
use knipperlicht_harness::eventually;
use knipperlicht_vocabulary::ResponseId;
use serde_json::{Value, json};

use crate::fhir::care::{
    Answered, Care, OWN, PARTNER, ZONE, coded, moved, proposal, saying, situation_of,
};

#[tokio::test]
async fn from_a_proposal_to_an_outcome_by_fhir_alone() {
    let world = World::with_gateway(|_| ()).await;
    let answered = Answered::default();
    let reporter = Care::reporter(&world, "cleaner", &answered);
    let partner = Care::partner(&world, PARTNER, &answered);
    let coordinator = Care::coordinator(&world, &answered);

    // The proposal; sent again, it is the same one.
    let sent = proposal(&world);
    let created = reporter.create(&sent, &[]).await;
    assert_eq!(created.status, 201, "{}", created.json());
    let signal = created.json();
    let id = signal["id"].as_str().unwrap().to_owned();
    assert!(
        created
            .header("location")
            .ends_with(&format!("/fhir/R4/ServiceRequest/{id}"))
    );
    let value = sent["identifier"][0]["value"].as_str().unwrap();
    let condition = format!("identifier=urn:ietf:rfc:3986|{value}");
    let again = reporter
        .create(&sent, &[("if-none-exist", &condition)])
        .await;
    assert_eq!(
        (again.status.as_u16(), again.json()["id"].as_str()),
        (200, Some(id.as_str()))
    );
    let again = reporter
        .create(&sent, &[("prefer", "return=minimal")])
        .await;
    assert_eq!((again.status.as_u16(), again.body.len()), (201, 0));
    assert_eq!(
        reporter.find("ServiceRequest?intent=proposal").await.len(),
        1
    );
    let situation = situation_of(&signal);

    // The partner finds what it is asked to do, and takes it on.
    let task = partner.task(&situation, "requested").await;
    assert_eq!(task["owner"]["identifier"]["value"], PARTNER);
    assert_eq!(task["businessStatus"]["coding"][0]["code"], "ready");
    let focus = task["focus"]["reference"].as_str().unwrap().to_owned();
    let order = partner.get(&focus).await;
    assert_eq!(
        (&order["intent"], &order["status"]),
        (&json!("order"), &json!("active"))
    );
    assert!(
        order["reasonCode"]
            .as_array()
            .is_some_and(|needs| !needs.is_empty())
    );
    let version = format!("W/\"{}\"", task["meta"]["versionId"].as_str().unwrap());
    let accepted = partner
        .put(&moved(&task, "accepted"), &[("if-match", &version)])
        .await;
    assert_eq!(accepted.status, 200, "{}", accepted.json());
    assert_eq!(accepted.json()["status"], "accepted");

    // A form is filled in, by the line's own call: FHIR shows what it came to.
    fills_in(&world, &situation, "under_1_week").await;
    fills_in(&world, &situation, "1_to_6_months").await;

    // Reached, then helped.
    let task = with_follow_up(&partner, &situation).await;
    let reached = saying(
        moved(&task, "in-progress"),
        "contact-channel",
        "contact-channel",
        "phone",
    );
    let reached = partner.put(&reached, &[]).await;
    assert_eq!(reached.status, 200, "{}", reached.json());
    let task = reached.json();
    assert_eq!(
        (
            &task["status"],
            &task["businessStatus"]["coding"][0]["code"]
        ),
        (&json!("in-progress"), &json!("in-progress"))
    );
    let done = saying(moved(&task, "completed"), "outcome", "outcome", "helped");
    let done = partner.put(&done, &[]).await;
    assert_eq!(done.status, 200, "{}", done.json());
    assert_eq!(
        done.json()["output"][0]["valueCodeableConcept"],
        coded("outcome", "helped")
    );
    assert_eq!(partner.get(&focus).await["status"], "completed");
    // Sent again, it is done already.
    assert_eq!(partner.put(&done.json(), &[]).await.status, 200);

    // The reporter is told how it went.
    let told = eventually("the end", async || {
        let signal = reporter.get(&format!("ServiceRequest/{id}")).await;
        (signal["status"] == "completed").then_some(signal)
    })
    .await;
    let steps = told["extension"].as_array().unwrap().iter();
    let steps: Vec<_> = steps
        .filter(|one| one["url"] == format!("{OWN}StructureDefinition/progress"))
        .map(|one| one["extension"][0]["valueCode"].as_str().unwrap())
        .collect();
    for step in ["received", "accepted", "contacted", "closed"] {
        assert!(steps.contains(&step), "{steps:?}");
    }

    everything_else_is_there(&partner, &coordinator, &reporter, &situation).await;

    // Nothing that was ever answered says who it is.
    let all = answered.text();
    for personal in ["Peeters", "0470", "bellen"] {
        assert!(!all.contains(personal), "{personal}");
    }
    let parsed = answered.is_parsed_by_others().await;
    println!("parsed by fhir.resources: {parsed}");
    for kind in [
        "Bundle",
        "CapabilityStatement",
        "CodeSystem",
        "Consent",
        "Observation",
        "Provenance",
        "Questionnaire",
        "QuestionnaireResponse",
        "ServiceRequest",
        "StructureDefinition",
        "Task",
    ] {
        assert!(
            parsed[kind].as_u64().is_some_and(|many| many > 0),
            "{kind}: {parsed}"
        );
    }
    world.stop().await;
}

/// The Task of what was accepted, once its follow-up is open.
async fn with_follow_up(partner: &Care, situation: &str) -> Value {
    eventually("a follow-up", async || {
        let task = partner.task(situation, "accepted").await;
        let identifiers = task["identifier"].as_array().map_or(0, Vec::len);
        (identifiers == 2).then_some(task)
    })
    .await
}

async fn fills_in(world: &World, situation: &str, code: &str) {
    let form = assessment::SubmitAssessmentRequest {
        response_id: ResponseId::new(&world.environment).to_string(),
        situation_id: situation.to_owned(),
        instrument_id: "perseverance-time".to_owned(),
        instrument_version: "1.0.0".to_owned(),
        answers: vec![assessment::Answer {
            link_id: "perseverance".to_owned(),
            code: code.to_owned(),
        }],
        ..Default::default()
    };
    let coordinator = world.coordinator(&[ZONE]);
    let mut client = coordinator.0.assessment();
    client.submit_assessment(form).await.unwrap();
}

/// What a desk reads besides, and that each can be read by its id as it was found.
async fn everything_else_is_there(
    partner: &Care,
    coordinator: &Care,
    reporter: &Care,
    situation: &str,
) {
    let patient = format!("patient:identifier={situation}");
    for (search, at_least) in [
        (format!("QuestionnaireResponse?{patient}"), 2),
        (format!("Observation?{patient}"), 4),
        (format!("Observation?{patient}&category=trend"), 1),
        (format!("Observation?{patient}&category=judgement"), 1),
        (format!("Consent?{patient}"), 1),
        (format!("Provenance?target:identifier={situation}"), 5),
        ("Questionnaire".to_owned(), 5),
        ("StructureDefinition".to_owned(), 12),
        ("CodeSystem".to_owned(), 15),
    ] {
        let found = partner.find(&search).await;
        assert!(found.len() >= at_least, "{search}: {}", found.len());
        for one in &found {
            let kind = one["resourceType"].as_str().unwrap();
            let path = format!("{kind}/{}", one["id"].as_str().unwrap());
            assert_eq!(&partner.get(&path).await, one, "{path}");
        }
        assert_eq!(
            coordinator.find(&search).await.len(),
            found.len(),
            "{search}"
        );
    }
    let trend = partner
        .find(&format!("Observation?{patient}&category=trend"))
        .await;
    assert_eq!(
        trend[0]["valueCodeableConcept"]["coding"][0],
        coded("trend", "better")["coding"][0]
    );
    let consent = reporter.find(&format!("Consent?{patient}")).await;
    assert_eq!(
        (consent.len(), &consent[0]["status"]),
        (1, &json!("active"))
    );
    let mine = coordinator
        .find(&format!("Task?zone={ZONE}&subject:identifier={situation}"))
        .await;
    // What was judged anew may have asked somebody else as well.
    assert!(!mine.is_empty());
    for task in mine {
        assert_eq!(task["meta"]["tag"][0]["code"], "HTEST");
    }
    coordinator.get("metadata").await;
}
