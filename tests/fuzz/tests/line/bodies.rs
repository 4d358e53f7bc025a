//! Bodies of requests: REST and FHIR, through the gateway, on the real line.

use std::{
    cell::RefCell, collections::BTreeMap, fs, panic::AssertUnwindSafe, path::Path,
    sync::atomic::Ordering,
};

use bolero::{TypeGenerator, produce};
use futures::future::join_all;
use http::{Method, StatusCode};
use knipperlicht_access::{Role, allowed};
use knipperlicht_e2e::{Answer, Kept, World, a_signal};
use knipperlicht_fuzz::{Changed, change, inputs, put_somewhere, tell};
use knipperlicht_vocabulary::Step;
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::ends::{count_panics, ends_well};

/// Requests that are made at once, each on a connection of its own.
const AT_ONCE: usize = 16;

const ZONE: &str = "oostende-bredene";
const PARTNER: &str = "dmw-oostende-bredene";

/// The id of whatever there is none of.
const NOBODYS: &str = "00000000-0000-7000-8000-000000000000";

/// One request: to where, and what becomes of the example of it.
#[derive(Debug, Clone, TypeGenerator)]
struct Sent {
    to: u16,
    /// Whether it stays JSON.
    stays_json: bool,
    place: u16,
    what: u8,
    changed: Changed,
}

/// Where bodies are sent, and a good one.
struct Target {
    method: Method,
    path: String,
    kind: &'static str,
    authorization: Option<String>,
    example: Value,
}

struct Line {
    runtime: Runtime,
    world: World,
    targets: Vec<Target>,
    ways: RefCell<Vec<Kept>>,
    ends: RefCell<BTreeMap<u16, usize>>,
}

#[test]
fn any_body_to_any_address() {
    let panics = count_panics();
    let line = AssertUnwindSafe(Line::start());
    let rounds = inputs(3_000).div_ceil(AT_ONCE);
    bolero::check!()
        .with_iterations(rounds)
        .with_max_len(64 * 1024)
        .with_generator(produce::<Vec<Sent>>().with().len(AT_ONCE))
        .for_each(|round| {
            let AssertUnwindSafe(line) = &line;
            line.round(round);
        });
    line.runtime.block_on(ends_well(&line.world));
    assert_eq!(
        panics.load(Ordering::SeqCst),
        0,
        "something panicked: see above"
    );
    let ends = line.ends.borrow();
    tell("bodies", ends.values().sum());
    println!("{} addresses; ended: {ends:?}", line.targets.len());
    let understood: usize = ends.range(200..300).map(|(_, number)| number).sum();
    assert!(understood > 0, "nothing was understood: {ends:?}");
}

impl Line {
    fn start() -> Self {
        let runtime = Runtime::new().expect("a runtime");
        let (world, targets, ways) = runtime.block_on(async {
            let world = World::with_gateway(|_| ()).await;
            let targets = targets(&world).await;
            let mut ways = Vec::new();
            for _ in 0..AT_ONCE {
                ways.push(world.web().keep().await);
            }
            (world, targets, ways)
        });
        Self {
            runtime,
            world,
            targets,
            ways: RefCell::new(ways),
            ends: RefCell::default(),
        }
    }

    fn round(&self, round: &[Sent]) {
        let mut ways = self.ways.borrow_mut();
        let requests = round
            .iter()
            .zip(ways.iter_mut())
            .map(|(sent, way)| async move {
                let target = &self.targets[usize::from(sent.to) % self.targets.len()];
                let body = body(&target.example, sent);
                let mut headers = vec![("content-type", target.kind)];
                headers.extend(
                    target
                        .authorization
                        .as_deref()
                        .map(|it| ("authorization", it)),
                );
                let answer = way
                    .send(target.method.clone(), &target.path, &headers, &body)
                    .await;
                judge(target, &body, &answer);
                answer.status.as_u16()
            });
        for status in self.runtime.block_on(join_all(requests)) {
            *self.ends.borrow_mut().entry(status).or_default() += 1;
        }
    }
}

fn body(example: &Value, sent: &Sent) -> Vec<u8> {
    let mut example = example.clone();
    if sent.stays_json {
        put_somewhere(&mut example, sent.place, sent.what);
        return example.to_string().into_bytes();
    }
    let whole = example.to_string();
    change(&[whole.as_bytes()], &sent.changed)
}

/// It may be refused; it never fails inside, and never without saying why.
fn judge(target: &Target, body: &[u8], answer: &Answer) {
    let what = || {
        let (sent, said) = (
            String::from_utf8_lossy(body),
            String::from_utf8_lossy(&answer.body),
        );
        let (method, path, status) = (&target.method, &target.path, answer.status);
        format!("{method} {path}\n{sent}\n-> {status} {said}")
    };
    let status = answer.status;
    let is_for_now = status == StatusCode::SERVICE_UNAVAILABLE;
    assert!(
        !status.is_server_error() || is_for_now,
        "failed inside: {}",
        what()
    );
    if status.is_client_error() || is_for_now {
        let said = answer.json();
        let code = match target.kind {
            "application/json" => &said["code"],
            _ => &said["issue"][0]["details"]["coding"][0]["code"],
        };
        let is_code = |code: &str| code.starts_with("KL") && code.len() == 6;
        assert!(
            code.as_str().is_some_and(is_code),
            "without a code: {}",
            what()
        );
    }
}

/// Everything that takes a body: what the OpenAPI document has an example of, and FHIR.
async fn targets(world: &World) -> Vec<Target> {
    let cleaner = world.reporter("cleaner");
    let receipt = cleaner.send(a_signal(&world.environment)).await;
    let receipt = receipt.expect("a signal");
    cleaner.sees(&receipt.signal_id, Step::Referred).await;
    let referral = world.partner(PARTNER).receives(&receipt.situation_id).await;
    let known = [
        ("{signal_id}", &receipt.signal_id),
        ("{situation_id}", &receipt.situation_id),
        ("{referral_id}", &referral.referral_id),
    ];

    let document = world.web().get("/api/openapi.json").await.json();
    let mut targets = Vec::new();
    for (path, methods) in document["paths"].as_object().expect("paths") {
        for (method, operation) in methods.as_object().expect("methods") {
            let content = &operation["requestBody"]["content"]["application/json"];
            if content["example"].is_null() {
                continue;
            }
            let id = operation["operationId"].as_str().expect("an id");
            // Once it is forgotten, nothing more of it can be tried.
            let known = if path.ends_with(":erase") {
                &[][..]
            } else {
                &known[..]
            };
            targets.push(Target {
                method: method.to_uppercase().parse().expect("a method"),
                path: filled(path, known),
                kind: "application/json",
                authorization: somebody(world, id),
                example: content["example"].clone(),
            });
        }
    }
    targets.extend(of_fhir(world, &referral.referral_id).await);
    targets
}

async fn of_fhir(world: &World, referral: &str) -> [Target; 2] {
    let fhir = "application/fhir+json";
    let seed = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/seeds/proposal.json");
    let proposal = fs::read(seed).expect("a seed");
    let desk = bearer(world, Role::Partner);
    let path = format!("/fhir/R4/Task/{referral}");
    let headers = [("authorization", desk.as_str())];
    let task = world.web().send(Method::GET, &path, &headers, "").await;
    let mut accepted = task.json();
    accepted["status"] = "accepted".into();
    [
        Target {
            method: Method::POST,
            path: "/fhir/R4/ServiceRequest".to_owned(),
            kind: fhir,
            authorization: Some(bearer(world, Role::Reporter)),
            example: serde_json::from_slice(&proposal).expect("JSON"),
        },
        Target {
            method: Method::PUT,
            path,
            kind: fhir,
            authorization: Some(desk),
            example: accepted,
        },
    ]
}

/// A path with ids in it.
fn filled(path: &str, known: &[(&str, &String)]) -> String {
    let mut path = path.to_owned();
    for (name, id) in known {
        path = path.replace(name, id);
    }
    while let (Some(from), Some(to)) = (path.find('{'), path.find('}')) {
        path.replace_range(from..=to, NOBODYS);
    }
    path
}

/// Somebody who may make this call; nobody where carers make it.
fn somebody(world: &World, operation: &str) -> Option<String> {
    let (owner, call) = operation.split_once('_').expect("an id");
    let title = format!("{}{}", owner[..1].to_uppercase(), &owner[1..]);
    let call = format!("knipperlicht.{owner}.v1.{title}Service/{call}");
    let roles = allowed(&call).expect("a call");
    let role = roles.iter().find(|role| role.has_accounts())?;
    Some(bearer(world, *role))
}

fn bearer(world: &World, role: Role) -> String {
    let organisation = (role == Role::Partner).then_some(PARTNER);
    let zones: &[&str] = if role == Role::Coordinator {
        &[ZONE]
    } else {
        &[]
    };
    let token = world.token("cleaner", role, organisation, zones);
    format!("Bearer {token}")
}
