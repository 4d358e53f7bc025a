//! Care software that speaks FHIR, and everything it was ever answered.

use std::{
    path::Path,
    process::Stdio,
    sync::{Arc, Mutex},
};

use http::Method;
use knipperlicht_access::Role;
use knipperlicht_e2e::{Answer, Web, World};
use knipperlicht_harness::eventually;
use knipperlicht_vocabulary::SignalId;
use serde_json::{Value, json};
use tokio::{io::AsyncWriteExt, process::Command};

pub(super) const ZONE: &str = "oostende-bredene";
pub(super) const PARTNER: &str = "dmw-oostende-bredene";
pub(super) const OWN: &str = "https://knipperlicht.example/fhir/";
pub(super) const JSON: (&str, &str) = ("content-type", "application/fhir+json");

/// Everything that was answered, to be parsed by somebody else.
#[derive(Clone, Default)]
pub(super) struct Answered(Arc<Mutex<Vec<Value>>>);

/// Care software with somebody's token.
#[derive(Clone)]
pub(super) struct Care {
    web: Web,
    answered: Answered,
}

impl Care {
    pub(super) fn of(world: &World, token: &str, answered: &Answered) -> Self {
        Self {
            web: world.web().with_token(token),
            answered: answered.clone(),
        }
    }

    pub(super) fn reporter(world: &World, name: &str, answered: &Answered) -> Self {
        Self::of(
            world,
            &world.token(name, Role::Reporter, None, &[]),
            answered,
        )
    }

    pub(super) fn partner(world: &World, organisation: &str, answered: &Answered) -> Self {
        let token = world.token("desk", Role::Partner, Some(organisation), &[]);
        Self::of(world, &token, answered)
    }

    pub(super) fn coordinator(world: &World, answered: &Answered) -> Self {
        let token = world.token("coordinator", Role::Coordinator, None, &[ZONE]);
        Self::of(world, &token, answered)
    }

    pub(super) async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let path = if path.starts_with("http") {
            let (_, path) = path.split_once("/fhir/R4").unwrap();
            format!("/fhir/R4{path}")
        } else {
            format!("/fhir/R4/{path}")
        };
        let answer = self.web.send(method, &path, headers, body).await;
        if !answer.body.is_empty() {
            let kind = answer.header("content-type");
            assert!(kind.starts_with("application/fhir+json"), "{path}: {kind}");
            self.answered.0.lock().unwrap().push(answer.json());
        }
        answer
    }

    pub(super) async fn get(&self, path: &str) -> Value {
        let answer = self.send(Method::GET, path, &[], "").await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.json());
        answer.json()
    }

    /// The resources of a search.
    pub(super) async fn find(&self, path: &str) -> Vec<Value> {
        let bundle = self.get(path).await;
        assert_eq!(bundle["type"], "searchset");
        let entries = bundle["entry"].as_array().cloned().unwrap_or_default();
        entries
            .into_iter()
            .map(|entry| entry["resource"].clone())
            .collect()
    }

    pub(super) async fn create(&self, resource: &Value, headers: &[(&str, &str)]) -> Answer {
        let headers = [&[JSON], headers].concat();
        let body = resource.to_string();
        self.send(Method::POST, "ServiceRequest", &headers, &body)
            .await
    }

    pub(super) async fn put(&self, task: &Value, headers: &[(&str, &str)]) -> Answer {
        let headers = [&[JSON], headers].concat();
        let path = format!("Task/{}", task["id"].as_str().unwrap());
        self.send(Method::PUT, &path, &headers, &task.to_string())
            .await
    }

    /// The Task of a situation, once it is there and stands so.
    pub(super) async fn task(&self, situation: &str, status: &str) -> Value {
        eventually(status, async || {
            let path = format!("Task?subject:identifier={situation}&status={status}");
            self.find(&path).await.pop()
        })
        .await
    }
}

impl Answered {
    /// Has all of it parsed by an implementation that is not ours; says how many of each kind it was.
    pub(super) async fn is_parsed_by_others(&self) -> Value {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        let python = folder.join("../../.knipperlicht/tools/bin/fhir-resources");
        assert!(
            python.exists(),
            "no fhir-resources: `make test` installs it"
        );
        let mut lines = String::new();
        for one in self.0.lock().unwrap().iter() {
            lines.push_str(&one.to_string());
            lines.push('\n');
            // What is in a bundle is looked at for itself as well.
            for entry in one["entry"].as_array().into_iter().flatten() {
                lines.push_str(&entry["resource"].to_string());
                lines.push('\n');
            }
        }
        let mut child = Command::new(python.canonicalize().unwrap())
            .arg(folder.join("tests/fhir/parse.py"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(lines.as_bytes()).await.unwrap();
        drop(stdin);
        let output = child.wait_with_output().await.unwrap();
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{complaint}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Everything, as text.
    pub(super) fn text(&self) -> String {
        let all = self.0.lock().unwrap();
        all.iter().map(Value::to_string).collect()
    }
}

/// A code of a list of ours.
pub(super) fn coded(list: &str, code: &str) -> Value {
    json!({"coding": [{"system": format!("{OWN}CodeSystem/{list}"), "code": code}]})
}

fn own(name: &str) -> String {
    format!("{OWN}StructureDefinition/{name}")
}

/// What a home-care worker's software sends of a carer who does too much and agreed to be contacted.
pub(super) fn proposal(world: &World) -> Value {
    let id = SignalId::new(&world.environment);
    json!({
        "resourceType": "ServiceRequest",
        "identifier": [{"system": "urn:ietf:rfc:3986", "value": format!("urn:uuid:{id}")}],
        "status": "active",
        "intent": "proposal",
        "code": coded("term", "carer-support"),
        "contained": [{
            "resourceType": "Patient",
            "id": "carer",
            "name": [{"text": "Maria Peeters"}],
            "telecom": [{"system": "phone", "value": "0470 12 34 56"}],
        }],
        "subject": {"reference": "#carer"},
        "authoredOn": world.environment.now().to_string(),
        "reasonCode": [
            coded("observation", "tasks_too_heavy"),
            coded("observation", "conflict_at_home"),
        ],
        "note": [{"text": "Best na 17 uur bellen."}],
        "extension": [
            {"url": own("postal-code"), "valueString": "8400"},
            {"url": own("consent"), "valueCode": "given"},
            {"url": own("reporter-role"), "valueCode": "home_care_worker"},
            {"url": own("language"), "valueCode": "nl"},
        ],
    })
}

/// A Task that is to stand so.
pub(super) fn moved(task: &Value, status: &str) -> Value {
    let mut task = task.clone();
    task["status"] = status.into();
    task.as_object_mut().unwrap().remove("statusReason");
    task
}

/// The same with an output.
pub(super) fn saying(mut task: Value, what: &str, list: &str, code: &str) -> Value {
    let output = json!({
        "type": coded("term", what),
        "valueCodeableConcept": coded(list, code),
    });
    let mut outputs = task["output"].as_array().cloned().unwrap_or_default();
    outputs.push(output);
    task["output"] = outputs.into();
    task
}

/// What a refusal says: its status, its kind and our code.
pub(super) fn refused(answer: &Answer) -> (u16, String, String) {
    let outcome = answer.json();
    assert_eq!(outcome["resourceType"], "OperationOutcome", "{outcome}");
    let issue = &outcome["issue"][0];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let code = text(&issue["details"]["coding"][0]["code"]);
    (answer.status.as_u16(), text(&issue["code"]), code)
}

/// The situation that a resource is about.
pub(super) fn situation_of(resource: &Value) -> String {
    let of = |name: &str| resource[name]["identifier"]["value"].as_str();
    of("subject").or(of("for")).unwrap().to_owned()
}
