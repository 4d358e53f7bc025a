//! The capability statement is true: what it says is there, and what it does not say is not.

use http::Method;
use knipperlicht_e2e::World;
use serde_json::Value;

use crate::fhir::care::{Answered, Care, JSON, PARTNER, proposal, situation_of};

#[tokio::test]
async fn what_is_said_is_offered_and_nothing_else() {
    let world = World::with_gateway(|_| ()).await;
    let answered = Answered::default();
    let reporter = Care::reporter(&world, "cleaner", &answered);
    let signal = reporter.create(&proposal(&world), &[]).await.json();
    let situation = situation_of(&signal);
    let partner = Care::partner(&world, PARTNER, &answered);
    partner.task(&situation, "requested").await;

    let told = partner.get("metadata").await;
    assert_eq!(
        (told["fhirVersion"].as_str(), told["kind"].as_str()),
        (Some("4.0.1"), Some("instance"))
    );
    let resources = told["rest"][0]["resource"].as_array().unwrap();
    for resource in resources {
        let kind = resource["type"].as_str().unwrap();
        let interactions: Vec<_> = resource["interaction"].as_array().unwrap().iter().collect();
        let has = |code: &str| interactions.iter().any(|one| one["code"] == code);

        // Every method at both addresses: there exactly where it is said.
        for (method, path, is_said) in [
            (Method::GET, kind.to_owned(), has("search-type")),
            (Method::POST, kind.to_owned(), has("create")),
            (Method::PUT, kind.to_owned(), false),
            (Method::DELETE, kind.to_owned(), false),
            (Method::GET, format!("{kind}/x"), has("read")),
            (Method::PUT, format!("{kind}/x"), has("update")),
            (Method::PATCH, format!("{kind}/x"), false),
            (Method::DELETE, format!("{kind}/x"), false),
            (Method::POST, format!("{kind}/x"), false),
        ] {
            let answer = partner.send(method.clone(), &path, &[JSON], "{}").await;
            let is_there = answer.status != 405;
            assert_eq!(is_there, is_said, "{method} {path}: {}", answer.status);
        }

        // Every parameter that is said finds something by itself, or nothing; no other is taken.
        let parameters = resource["searchParam"].as_array().unwrap();
        for parameter in parameters {
            let name = parameter["name"].as_str().unwrap();
            let search = search(kind, name, parameter, &situation);
            let answer = partner.send(Method::GET, &search, &[], "").await;
            assert_eq!(answer.status, 200, "{search}: {}", answer.json());
            assert_eq!(
                answer.json()["entry"].as_array().map_or(0, Vec::len),
                0,
                "{search}"
            );
        }
        for other in ["_content", "_include", "name", "code", "encounter"] {
            let answer = partner
                .send(Method::GET, &format!("{kind}?{other}=x"), &[], "")
                .await;
            assert_eq!(answer.status, 400, "{kind}?{other}");
        }
        let all = resources.iter().map(|one| one["type"].as_str().unwrap());
        assert_eq!(all.filter(|one| *one == kind).count(), 1);
    }
    // Nothing else is there at all.
    for kind in [
        "Patient",
        "RelatedPerson",
        "Organization",
        "Practitioner",
        "AuditEvent",
    ] {
        let answer = partner.send(Method::GET, kind, &[], "").await;
        assert_eq!(answer.status, 404, "{kind}");
    }
    world.stop().await;
}

/// A search by this parameter that finds nothing.
fn search(kind: &str, name: &str, parameter: &Value, situation: &str) -> String {
    let value = if parameter["type"] == "date" {
        "lt2001-01-01"
    } else {
        "none-such"
    };
    let needs = match kind {
        "QuestionnaireResponse" | "Observation" | "Consent" => "patient",
        "Provenance" => "target",
        _ => return format!("{kind}?{name}={value}"),
    };
    if name == needs {
        // Of a situation that is not the caller's nothing is told: ask of one that is, and of a day
        // on which nothing happened.
        return format!("{kind}?{name}:identifier={situation}&_lastUpdated=lt2001-01-01");
    }
    format!("{kind}?{needs}:identifier={situation}&{name}={value}")
}
