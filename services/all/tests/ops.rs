//! `knipperlicht ops audit`, `ops keys`, `ops doctor` and `ops parked`, as an operator runs them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::{
    fs,
    process::{Command, Stdio},
};

use knipperlicht::{migrate::migrate, ops::ensure_streams};
use knipperlicht_access::{Database, DatabaseOptions, Principal};
use knipperlicht_contracts::event::Service;
use knipperlicht_eventing::audit::append;
use knipperlicht_harness::{Bed, movable_environment};
use knipperlicht_privacy::audit::Entry;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tempfile::TempDir;

/// What the program printed, and whether it was content.
struct Said {
    out: String,
    error: String,
    is_well: bool,
}

struct Operator {
    bed: Bed,
    files: TempDir,
}

impl Operator {
    async fn start() -> Self {
        let operator = Self {
            bed: Bed::start().await,
            files: TempDir::new().unwrap(),
        };
        migrate(&operator.bed.database_url).await.unwrap();
        operator
    }

    fn file(&self, name: &str) -> String {
        self.files.path().join(name).display().to_string()
    }

    fn runs(&self, arguments: &[&str], settings: &[(&str, &str)]) -> Said {
        let mut command = Command::new(env!("CARGO_BIN_EXE_knipperlicht"));
        let output = command
            .arg("ops")
            .args(arguments)
            .env_clear()
            .env("DATABASE_URL", &self.bed.database_url)
            .envs(settings.iter().copied())
            .output()
            .unwrap();
        Said {
            out: String::from_utf8(output.stdout).unwrap(),
            error: String::from_utf8(output.stderr).unwrap(),
            is_well: output.status.success(),
        }
    }

    /// Makes a key into this file.
    fn key(&self, name: &str) -> String {
        let made = self.runs(&["keys", "new", name], &[]);
        assert!(made.is_well, "{}", made.error);
        let file = self.file(name);
        fs::write(&file, made.out).unwrap();
        file
    }

    async fn owner(&self) -> PgConnection {
        let connected = PgConnection::connect(&self.bed.database_url).await;
        connected.unwrap()
    }

    async fn note(&self, service: Service, count: u32) {
        let (environment, _) = movable_environment();
        let database = Database::new(&DatabaseOptions {
            url: self.bed.database_url.clone(),
            service: service.name(),
            connections: 1,
        });
        let database = database.unwrap();
        let principal = Principal::service("test".parse().unwrap());
        for object in 0..count {
            let entry = Entry {
                at: environment.now(),
                subject: "desk".to_owned(),
                role: "partner".to_owned(),
                action: "contact.read".to_owned(),
                object: object.to_string(),
                purpose: "first call".to_owned(),
                trace_id: String::new(),
            };
            let mut transaction = database.begin(&principal).await.unwrap();
            append(&mut transaction, &entry).await.unwrap();
            transaction.commit().await.unwrap();
        }
        database.close().await;
    }
}

#[tokio::test]
async fn an_audit_log_is_verified_with_its_checkpoints() {
    let operator = Operator::start().await;
    operator.note(Service::Intake, 5).await;
    operator.note(Service::Followup, 2).await;
    let (key, folder) = (operator.key("audit-1"), operator.file("checkpoints"));
    let keeps = [
        ("KL_AUDIT_KEY_FILE", key.as_str()),
        ("KL_AUDIT_CHECKPOINT_DIR", folder.as_str()),
    ];
    let made = operator.runs(&["audit", "checkpoint"], &keeps);
    assert!(made.is_well, "{}", made.error);
    assert!(
        made.out.contains("intake: checkpoint at row 5"),
        "{}",
        made.out
    );

    // Whoever verifies needs the public key alone.
    let public = operator.runs(&["audit", "public-key"], &keeps[..1]);
    let public_file = operator.file("public");
    fs::write(&public_file, &public.out).unwrap();
    let told_of = [
        ("KL_AUDIT_PUBLIC_KEYS_FILE", public_file.as_str()),
        ("KL_AUDIT_CHECKPOINT_DIR", folder.as_str()),
    ];
    let verified = operator.runs(&["audit", "verify"], &told_of);
    assert!(verified.is_well, "{}{}", verified.out, verified.error);
    assert!(!verified.out.contains("HOLD"), "{}", verified.out);

    let mut owner = PgConnection::connect(&operator.bed.database_url)
        .await
        .unwrap();
    sqlx::raw_sql(
        "alter table intake.audit disable trigger audit_stands;
         delete from intake.audit where number = 5;
         alter table followup.audit disable trigger audit_stands;
         update followup.audit set subject = 'nobody' where number = 1",
    )
    .execute(&mut owner)
    .await
    .unwrap();
    let verified = operator.runs(&["audit", "verify"], &told_of);
    assert!(!verified.is_well);
    for told in [
        "intake: the log ends at row 4 and had reached row 5",
        "followup: row 1 was changed or put in",
    ] {
        assert!(verified.out.contains(told), "{}", verified.out);
    }
    assert!(
        verified.error.contains("KL6001") && verified.error.contains("intake, followup"),
        "{}",
        verified.error
    );
    // Without checkpoints the log of intake is a chain, and it is said that nobody compared it.
    let alone = operator.runs(&["audit", "verify", "--service", "intake"], &[]);
    assert!(alone.is_well, "{}", alone.error);
    assert!(alone.out.contains("not compared with checkpoints"));
    let again = operator.runs(&["audit", "checkpoint"], &keeps);
    assert!(
        !again.is_well && again.error.contains("KL6001"),
        "{}",
        again.error
    );
    let half = operator.runs(&["audit", "checkpoint"], &keeps[..1]);
    assert!(half.error.contains("KL6005"), "{}", half.error);
}

#[tokio::test]
async fn master_keys_are_looked_at_and_changed() {
    let operator = Operator::start().await;
    let (old, new) = (operator.key("old"), operator.key("new"));
    let ring = operator.file("master.key");
    let lines = |files: &[&String]| -> String {
        let read = |file: &&String| fs::read_to_string(file).unwrap();
        files.iter().map(read).collect()
    };
    fs::write(&ring, lines(&[&new, &old])).unwrap();
    let keys = [("KL_MASTER_KEY_FILE", ring.as_str())];

    let refused = operator.runs(&["keys", "rotate"], &keys);
    assert!(
        !refused.is_well && refused.error.contains("KL6006"),
        "{}",
        refused.error
    );
    let index = operator.runs(&["keys", "index"], &keys);
    let secret = |line: &str| line.trim().split_once(':').unwrap().1.to_owned();
    assert_eq!(secret(&index.out), secret(&lines(&[&old])));
    let index_file = operator.file("index.key");
    fs::write(&index_file, index.out).unwrap();
    let rotated = operator.runs(
        &["keys", "rotate"],
        &[keys[0], ("KL_INDEX_KEY_FILE", index_file.as_str())],
    );
    assert!(rotated.is_well, "{}", rotated.error);
    assert!(rotated.out.contains("intake: 0 data keys wrapped anew"));
    assert!(rotated.out.contains("seals now"), "{}", rotated.out);

    // The keys may also come by the environment.
    let text = lines(&[&new]);
    let status = operator.runs(&["keys", "status"], &[("KL_MASTER_KEY", text.as_str())]);
    assert!(
        status.is_well && status.out.contains("new"),
        "{}",
        status.error
    );
    let nothing = operator.runs(&["keys", "status"], &[]);
    assert!(nothing.error.contains("KL6003"), "{}", nothing.error);
}

#[tokio::test]
async fn a_doctor_says_what_is_not_well_and_what_to_do() {
    let operator = Operator::start().await;
    let nats = operator.bed.nats_options();
    let keys = nats.keys.clone().unwrap().display().to_string();
    let settings = [
        ("NATS_URL", nats.url.as_str()),
        ("KL_NATS_KEYS_DIR", keys.as_str()),
    ];
    let line = |found: &Said, what: &str| {
        let line = found.out.lines().find(|line| line.contains(what));
        line.map(str::to_owned).unwrap_or_default()
    };
    let nowhere = operator.runs(
        &["doctor", "--nats-monitor-url", "http://127.0.0.1:9"],
        &[
            ("DATABASE_URL", "postgres://nobody@127.0.0.1:9/nothing"),
            ("NATS_URL", "nats://127.0.0.1:9"),
        ],
    );
    for what in ["PostgreSQL", "NATS lets everybody in", "sync_interval"] {
        let found = line(&nowhere, what);
        assert!(found.contains("NOT WELL"), "{what}: {}", nowhere.out);
    }
    let alone = operator.file("alone");
    fs::create_dir(&alone).unwrap();
    fs::copy(
        format!("{keys}/operator.nk"),
        format!("{alone}/operator.nk"),
    )
    .unwrap();
    let with_one_key = [
        ("NATS_URL", nats.url.as_str()),
        ("KL_NATS_KEYS_DIR", alone.as_str()),
    ];
    let found = line(&operator.runs(&["doctor"], &with_one_key), "everybody in");
    assert!(
        !found.contains("NOT WELL") && found.contains("reader"),
        "{found}"
    );

    let before = operator.runs(&["doctor"], &settings);
    let stream = line(&before, "the stream");
    assert!(
        stream.contains("NOT WELL") && stream.contains("ensure-streams"),
        "{}",
        before.out
    );

    ensure_streams(&nats, 1).await.unwrap();
    let mut owner = operator.owner().await;
    sqlx::raw_sql("grant usage on schema intake to kl_routing")
        .execute(&mut owner)
        .await
        .unwrap();
    let after = operator.runs(&["doctor"], &settings);
    assert!(
        !after.is_well && after.error.contains("not as they should be"),
        "{}",
        after.error
    );
    for (what, is_well) in [
        ("the stream", true),
        ("nats-server", true),
        ("clocks", true),
        // The servers of tests are thrown away, and write nothing to the disk.
        ("durable commits", false),
        ("intake: its own schema", true),
        ("routing: 1 schemas of others", false),
    ] {
        let found = line(&after, what);
        assert!(!found.is_empty(), "{what}: {}", after.out);
        assert_eq!(!found.contains("NOT WELL"), is_well, "{found}");
    }
}

#[tokio::test]
async fn what_was_asked_for_is_done_also_when_nobody_reads_on() {
    let operator = Operator::start().await;
    let mut child = Command::new(env!("CARGO_BIN_EXE_knipperlicht"))
        .args(["ops", "replay", "--from", "2026-01-01T00:00:00Z"])
        .env_clear()
        .env("DATABASE_URL", &operator.bed.database_url)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    assert!(child.wait().unwrap().success());
    let mut owner = operator.owner().await;
    for service in Service::ALL {
        let counted = format!(
            "select count(*) from {}.audit where action = 'replay.asked'",
            service.name()
        );
        let noted: i64 = sqlx::query_scalar(AssertSqlSafe(counted))
            .fetch_one(&mut owner)
            .await
            .unwrap();
        assert_eq!(noted, 1, "{}", service.name());
    }
}

#[tokio::test]
async fn what_is_parked_is_looked_at_tried_again_and_given_up() {
    let operator = Operator::start().await;
    let mut owner = operator.owner().await;
    sqlx::raw_sql(
        r#"insert into intake.parked
               (reason, source, situation_id, sequence, subject, headers, body, error, attempts, parked_at)
           select 'failed', 'routing', '00000000-0000-7000-8000-000000000001', number, 'kl.evt.1.gent.referral.accepted.v1',
                  '{"ce-type": "knipperlicht.referral.accepted.v1"}', 'abc', 'organisation: empty', 7, now()
           from generate_series(1, 2) as number"#,
    )
    .execute(&mut owner)
    .await
    .unwrap();
    let listed = operator.runs(&["parked", "list"], &[]);
    assert_eq!(
        listed.out.matches("organisation: empty").count(),
        2,
        "{}",
        listed.out
    );
    let shown = operator.runs(&["parked", "show", "intake", "1"], &[]);
    for told in [
        "organisation: empty",
        "knipperlicht.referral.accepted.v1",
        "3 bytes",
        "1 events of its situation",
        "when an operator says so",
    ] {
        assert!(
            shown.out.contains(told),
            "{told}: {}{}",
            shown.out,
            shown.error
        );
    }
    assert!(
        operator
            .runs(&["parked", "retry", "intake", "1"], &[])
            .is_well
    );
    let shown = operator.runs(&["parked", "show", "intake", "1"], &[]);
    assert!(
        !shown.out.contains("when an operator says so"),
        "{}",
        shown.out
    );
    assert!(
        operator
            .runs(&["parked", "discard", "intake", "1"], &[])
            .is_well
    );
    let gone = operator.runs(&["parked", "show", "intake", "1"], &[]);
    assert!(
        !gone.is_well && gone.error.contains("nothing is parked"),
        "{}",
        gone.error
    );
}
