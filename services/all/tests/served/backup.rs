//! A backup, restored into an empty place: other servers, another stream. Everybody there hears what
//! they had not heard, and whoever was asked finds whom to call.

use std::{fs, os::unix::fs::PermissionsExt};

use knipperlicht::{migrate::migrate, ops::ensure_streams};
use knipperlicht_access::Role;
use knipperlicht_harness::{Bed, eventually};
use tempfile::TempDir;

use crate::{
    ground::{Ground, program},
    line::Line,
};

const ZONE: &str = "oostende-bredene";

/// What an operator is answered; whether it went well.
fn ops(bed: &Bed, arguments: &[&str]) -> (bool, String) {
    let keys = bed.nats_options().keys.unwrap();
    let settings = [
        ("DATABASE_URL", bed.database_url.clone()),
        ("NATS_URL", bed.nats_options().url),
        ("KL_NATS_KEYS_DIR", keys.display().to_string()),
        ("PATH", std::env::var("PATH").unwrap_or_default()),
        ("KL_POSTGRES_BIN", postgres_programs()),
    ];
    let arguments = [&["ops"], arguments].concat();
    let output = program(&arguments, &settings).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (
        output.status.success(),
        String::from_utf8_lossy(&said).into_owned(),
    )
}

fn postgres_programs() -> String {
    let tools = knipperlicht_sandbox::Tools::find().unwrap();
    tools.postgres_bin().display().to_string()
}

fn goes_well(bed: &Bed, arguments: &[&str]) -> String {
    let (is_well, said) = ops(bed, arguments);
    assert!(is_well, "{arguments:?}: {said}");
    said
}

#[tokio::test]
async fn a_backup_is_restored_into_an_empty_place_and_everybody_hears_everything() {
    let mut line = Line::start().await;
    let coordinator = line.ground.token(Role::Coordinator, None, &[ZONE]);
    let sends = |line: &Line| {
        let reporter = line.ground.token(Role::Reporter, None, &[]);
        line.asks(
            reporter,
            &[
                "signal",
                "send",
                "--postal-code",
                "8400",
                "--observation",
                "exhausted",
                "--consent",
                "given",
                "--name",
                "Maria Peeters",
                "--phone",
                "0470123456",
            ],
        )
    };
    let sent = sends(&line);
    let asked = eventually("a referral", async || {
        let listed = line.asks(coordinator.clone(), &["referral", "list", "--open"]);
        listed.as_array()?.first().cloned()
    })
    .await;
    let signal = sent["signal_id"].as_str().unwrap();
    eventually("its way through the services", async || {
        let told = goes_well(&line.bed, &["trace", signal]);
        let steps = [
            "knipperlicht.signal.flagged.v1",
            "knipperlicht.assessment.completed.v1",
            "knipperlicht.referral.requested.v1",
            "assessment +",
            "followup +",
        ];
        steps.iter().all(|step| told.contains(step)).then_some(())
    })
    .await;
    // Cut off while something may be under way.
    sends(&line);
    line.kill();

    let folder = TempDir::new().unwrap();
    let files = folder.path().join("backup");
    let said = goes_well(&line.bed, &["backup", &files.display().to_string()]);
    assert!(said.contains("seven days at most"), "{said}");
    let (all, keys) = (files.join("all.sql"), files.join("keys.sql"));
    for file in [&all, &keys] {
        let mode = fs::metadata(file).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{}", file.display());
    }
    assert!(!fs::read_to_string(&all).unwrap().contains("Maria"));
    let (all, keys) = (all.display().to_string(), keys.display().to_string());
    let restore = ["restore", "--all", &all, "--keys", &keys];
    let (is_well, said) = ops(&line.bed, &restore);
    assert!(!is_well && said.contains("empty database"), "{said}");

    let elsewhere = Bed::start().await;
    goes_well(&elsewhere, &restore);
    migrate(&elsewhere.database_url).await.unwrap();
    ensure_streams(&elsewhere.nats_options(), 1).await.unwrap();
    let ground = Ground::with_keys_of(&line.ground);
    let there = Line::on(elsewhere, ground).await;
    goes_well(&there.bed, &["replay", "--from", "2026-01-01T00:00:00Z"]);
    eventually("everybody to have heard everything", async || {
        ops(&there.bed, &["reconcile"]).0.then_some(())
    })
    .await;
    let said = goes_well(&there.bed, &["drain", "--within", "20"]);
    assert!(said.contains("dry"), "{said}");
    let said = goes_well(&there.bed, &["lag"]);
    assert!(said.contains("notification"), "{said}");

    // The keys came too: whoever accepts learns whom to call.
    let organisation = asked["service"]["organisation_id"].as_str().unwrap();
    let partner = there.ground.token(Role::Partner, Some(organisation), &[]);
    let id = asked["referral_id"].as_str().unwrap();
    there.asks(partner.clone(), &["referral", "accept", id]);
    let situation = asked["situation_id"].as_str().unwrap();
    let contact = eventually("the contact", async || {
        let asks = ["contact", situation, "--purpose", "first call"];
        there.tries(partner.clone(), &asks)
    })
    .await;
    assert!(contact.to_string().contains("Maria Peeters"), "{contact}");
}
