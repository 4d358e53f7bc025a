//! Thousands of requests at random, made from the OpenAPI document by another program
//! (schemathesis), in every role: nothing may fail inside, and every answer is as the document says.

use std::{collections::BTreeSet, path::Path, process::Stdio};

use knipperlicht_access::{Role, allowed};
use knipperlicht_e2e::{Web, World, a_signal};
use knipperlicht_harness::eventually;
use knipperlicht_vocabulary::Step;
use serde_json::Value;
use tokio::process::Command;

/// Requests at random of each operation, in each role, besides those at the limits of its schema.
const AT_RANDOM: &str = "6";

/// What is held against each answer.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
    response_headers_conformance,response_schema_conformance,unsupported_method,\
    allow_header_conformance,ignored_auth";

/// Streams end when whoever listens goes: they have a test of their own.
const STREAMS: &str = ":watch$";

const ZONE: &str = "oostende-bredene";
const PARTNER: &str = "dmw-oostende-bredene";

#[tokio::test]
async fn whatever_is_asked_by_whomever_nothing_fails_inside() {
    let world = World::with_gateway(|_| ()).await;
    let cleaner = world.reporter("cleaner");
    let receipt = cleaner.send(a_signal(&world.environment)).await.unwrap();
    cleaner.sees(&receipt.signal_id, Step::Referred).await;
    let partner = world.partner(PARTNER);
    let referral = partner.receives(&receipt.situation_id).await;
    partner.accept(&referral.referral_id).await.unwrap();

    let document = world.web().get("/api/openapi.json").await.json();
    let (mut complaints, mut examined) = (Vec::new(), BTreeSet::new());
    for role in [
        Role::Reporter,
        Role::Partner,
        Role::Coordinator,
        Role::Admin,
        Role::LinkHolder,
    ] {
        let organisation = (role == Role::Partner).then_some(PARTNER);
        let zones: &[&str] = if role == Role::Coordinator {
            &[ZONE]
        } else {
            &[]
        };
        let token = role
            .has_accounts()
            .then(|| world.token("somebody", role, organisation, zones));
        let mut operations = operations(&document, role);
        // Once is enough: who else may do it, and who may not, is tested call by call.
        operations.retain(|operation| examined.insert(operation.clone()));
        if operations.is_empty() {
            // Without a name it would examine everything.
            continue;
        }
        complaints.extend(examine(&world.web(), token.as_deref(), &operations).await);
    }
    assert!(examined.len() > 70, "{}", examined.len());
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    nothing_is_parked(&world).await;
    world.stop().await;
}

/// The operations that are open to a role.
fn operations(document: &Value, role: Role) -> Vec<String> {
    let paths = document["paths"].as_object().unwrap().values();
    let operations = paths.flat_map(|methods| methods.as_object().unwrap().values());
    let ids = operations.map(|operation| operation["operationId"].as_str().unwrap());
    ids.filter(|id| {
        let (owner, call) = id.split_once('_').unwrap();
        let title = format!("{}{}", owner[..1].to_uppercase(), &owner[1..]);
        let call = format!("knipperlicht.{owner}.v1.{title}Service/{call}");
        allowed(&call).unwrap().contains(&role)
    })
    .map(str::to_owned)
    .collect()
}

/// What the program complains of.
async fn examine(web: &Web, token: Option<&str>, operations: &[String]) -> Option<String> {
    let program = Path::new(env!("CARGO_MANIFEST_DIR"));
    let program = program.join("../../.knipperlicht/tools/bin/schemathesis");
    assert!(program.exists(), "no schemathesis: `make test` installs it");
    let document = format!("http://{}/api/openapi.json", web.address());
    let directory = tempfile::tempdir().unwrap();
    let mut command = Command::new(program.canonicalize().unwrap());
    command
        .current_dir(&directory)
        .args(["run", &document, "--checks", CHECKS])
        .args(["--phases", "examples,coverage,fuzzing"])
        .args(["--max-examples", AT_RANDOM, "--seed", "1", "--workers", "1"])
        .args([
            "--exclude-path-regex",
            STREAMS,
            "--suppress-health-check",
            "all",
        ])
        .args(["--request-timeout", "20", "--no-color", "--warnings", "off"])
        .stdin(Stdio::null());
    for operation in operations {
        command.args(["--include-operation-id", operation]);
    }
    if let Some(token) = token {
        command.args(["--header", &format!("Authorization: Bearer {token}")]);
    }
    let output = command.output().await.unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    println!("{said}");
    assert!(
        said.contains("No issues found") || !output.status.success(),
        "{said}"
    );
    (!output.status.success()).then(|| format!("{said}{complaint}"))
}

/// Whatever was stored was heard by the others as well.
async fn nothing_is_parked(world: &World) {
    let mut look = world.look().await;
    for service in ["intake", "assessment", "routing", "followup"] {
        eventually("everything to be said", async || {
            let waiting =
                format!("select count(*) from {service}.outbox where published_at is null");
            let waiting: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(waiting))
                .fetch_one(&mut look)
                .await
                .unwrap();
            (waiting == 0).then_some(())
        })
        .await;
        let parked = format!("select count(*) from {service}.parked");
        eventually("nothing to be parked", async || {
            let parked: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(parked.clone()))
                .fetch_one(&mut look)
                .await
                .unwrap();
            (parked == 0).then_some(())
        })
        .await;
    }
}
