//! The guide for integrators: what stands in it is run as it stands.

use std::{
    fs,
    path::Path,
    process::{Output, Stdio},
    sync::Arc,
};

use knipperlicht_access::{DevIssuer, Person, Role};
use knipperlicht_e2e::World;
use knipperlicht_gateway::{Demo, DemoPerson, DemoToken};
use knipperlicht_runtime::system_environment;
use tokio::process::Command;

const GUIDE: &str = include_str!("../../../docs/integrate.md");

/// The people whom the guide speaks as.
struct People(DevIssuer);

impl Demo for People {
    fn people(&self) -> &[DemoPerson] {
        &[]
    }

    fn token(&self, name: &str) -> Option<DemoToken> {
        let organisation = (name == "dmw-oostende-bredene").then(|| name.parse().unwrap());
        let person = Person {
            subject: name.parse().unwrap(),
            role: match organisation {
                Some(_) => Role::Partner,
                None => Role::Reporter,
            },
            organisation,
            zones: Vec::new(),
        };
        Some(DemoToken {
            access_token: self.0.token(&person, 3600).unwrap(),
            expires_in: 3600,
        })
    }
}

/// Everything in the guide that is written in a language, in one piece.
fn program(language: &str) -> String {
    let opening = format!("```{language}\n");
    let pieces = GUIDE.split(&opening).skip(1);
    let pieces = pieces.map(|rest| rest.split("\n```").next().unwrap());
    let program = pieces.collect::<Vec<_>>().join("\n");
    assert!(!program.is_empty(), "nothing in {language}");
    program
}

async fn run(world: &World, interpreter: &[&str], file: &str, text: &str) -> String {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(file);
    fs::write(&path, text).unwrap();
    let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.knipperlicht/tools/bin");
    let search = std::env::var("PATH").unwrap_or_default();
    let Output {
        status,
        stdout,
        stderr,
    } = Command::new(interpreter[0])
        .args(&interpreter[1..])
        .arg(&path)
        .env("KL", format!("http://{}", world.web().address()))
        .env("PATH", format!("{}:{search}", tools.display()))
        .stdin(Stdio::null())
        .output()
        .await
        .unwrap();
    let said = String::from_utf8_lossy(&stdout).into_owned();
    let complaint = String::from_utf8_lossy(&stderr);
    assert!(status.success(), "{said}\n{complaint}");
    said
}

#[tokio::test]
async fn what_the_guide_shows_works_as_it_stands() {
    let issuer = DevIssuer::new(&[7; 32], system_environment().unwrap());
    let world =
        World::with_gateway(|settings| settings.demo = Some(Arc::new(People(issuer)))).await;

    let said = run(
        &world,
        &["bash", "-euo", "pipefail"],
        "guide.sh",
        &program("bash"),
    )
    .await;
    for found in [
        "\"zoneId\":\"oostende-bredene\"",
        "\"pointer\":\"/signalId\"",
        "REFERRAL_STATE_REQUESTED",
        "Maria Peeters",
        "event: referral",
        "\"zoneId\": \"oostende-bredene\"",
    ] {
        assert!(said.contains(found), "{found}: {said}");
    }

    let said = run(&world, &["python3"], "guide.py", &program("python")).await;
    assert!(said.contains("STEP_"), "{said}");

    if Command::new("node").arg("--version").output().await.is_ok() {
        let said = run(&world, &["node"], "guide.mjs", &program("typescript")).await;
        assert!(said.contains("STEP_REFERRED"), "{said}");
    } else {
        eprintln!("SKIPPED: no node here, so what the guide shows in TypeScript was not run");
    }
    world.stop().await;
}
