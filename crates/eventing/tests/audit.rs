//! The audit log on a real PostgreSQL: nobody changes it through the service's role, and whoever
//! changes it as the owner of the database is found out.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::{fmt::Write as _, path::Path, sync::Arc, time::Instant};

use jiff::{SignedDuration, Timestamp};
use knipperlicht_access::{Database, DatabaseOptions, Principal};
use knipperlicht_contracts::event::Service;
use knipperlicht_eventing::{
    audit::{Chain, Checkpoints, Fault, Keeper, Kept, Verdict, append, verify},
    schema,
};
use knipperlicht_harness::{Bed, movable_environment};
use knipperlicht_privacy::audit::{CheckpointKey, CheckpointReaders, Entry, GENESIS, link};
use knipperlicht_vocabulary::Environment;
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row, migrate::Migrator};
use tempfile::TempDir;

/// The log of a service of its own, and who looks after it.
struct Log {
    bed: Bed,
    database: Database,
    principal: Principal,
    environment: Environment,
    keeper: Keeper,
    folder: TempDir,
}

fn key(byte: char) -> CheckpointKey {
    let secret: String = std::iter::repeat_n(byte, 43).collect();
    CheckpointKey::parse(&format!("test:{secret}=")).unwrap()
}

impl Log {
    async fn start() -> Self {
        let bed = Bed::start().await;
        let (environment, _) = movable_environment();
        let (service, url) = (Service::Routing, &bed.database_url);
        schema::migrate(url, service, &Migrator::DEFAULT)
            .await
            .unwrap();
        let database = Database::new(&DatabaseOptions {
            url: url.clone(),
            service: service.name(),
            connections: 8,
        });
        let (database, folder) = (database.unwrap(), TempDir::new().unwrap());
        let principal = Principal::service("test".parse().unwrap());
        let keeper = Keeper {
            service,
            database: database.clone(),
            principal: principal.clone(),
            environment: environment.clone(),
            checkpoints: Checkpoints::in_folder(folder.path()),
            key: Arc::new(key('A')),
        };
        Self {
            bed,
            database,
            principal,
            environment,
            keeper,
            folder,
        }
    }

    fn entry(&self, object: u64) -> Entry {
        Entry {
            at: self.environment.now(),
            subject: "coordinator".to_owned(),
            role: "coordinator".to_owned(),
            action: "item.assigned".to_owned(),
            object: object.to_string(),
            purpose: String::new(),
            trace_id: "0af7651916cd43dd8448eb211c80319c".to_owned(),
        }
    }

    async fn append(&self, object: u64) {
        let mut transaction = self.database.begin(&self.principal).await.unwrap();
        let entry = self.entry(object);
        append(&mut transaction, &entry).await.unwrap();
        transaction.commit().await.unwrap();
    }

    async fn chain(&self) -> Chain {
        verify(&self.database, &self.principal, 0, 2, |_| {})
            .await
            .unwrap()
    }

    async fn faults(&self) -> Vec<Fault> {
        self.chain().await.faults.first
    }

    async fn compared(&self) -> Verdict {
        let readers = key('A').readers();
        self.compared_by(&readers).await
    }

    async fn compared_by(&self, readers: &CheckpointReaders) -> Verdict {
        let Keeper {
            service,
            checkpoints,
            ..
        } = &self.keeper;
        let compared = checkpoints.compare(*service, &self.database, &self.principal, readers);
        compared.await.unwrap()
    }

    /// Does what only the owner of the database can do, past the trigger that stands in the way.
    async fn tamper(&self, statements: &str) {
        let mut owner = PgConnection::connect(&self.bed.database_url).await.unwrap();
        let past = format!(
            "set search_path = routing; alter table audit disable trigger audit_stands;
             {statements};
             alter table audit enable trigger audit_stands"
        );
        sqlx::raw_sql(AssertSqlSafe(past))
            .execute(&mut owner)
            .await
            .unwrap();
    }

    /// Writes the rows from `number` on anew, each with the hash that follows.
    async fn rewrite_from(&self, number: i64) {
        let mut owner = PgConnection::connect(&self.bed.database_url).await.unwrap();
        let rows = sqlx::query("select number, object, hash from routing.audit order by number")
            .fetch_all(&mut owner)
            .await
            .unwrap();
        let mut statements = String::new();
        let mut previous = GENESIS.to_vec();
        for row in rows {
            let here: i64 = row.get(0);
            if here < number {
                previous = row.get(2);
                continue;
            }
            let at = Timestamp::UNIX_EPOCH;
            let entry = Entry {
                at,
                subject: "nobody".to_owned(),
                ..self.entry(row.get::<String, _>(1).parse().unwrap())
            };
            let hash = link(&previous, &entry);
            let hex = hash.iter().fold(String::new(), |mut text, byte| {
                let _ = write!(text, "{byte:02x}");
                text
            });
            let _ = write!(
                statements,
                "update audit set at = '{at}', subject = 'nobody', hash = '\\x{hex}' where number = {here};"
            );
            previous = hash.to_vec();
        }
        self.tamper(&statements).await;
    }
}

#[tokio::test]
async fn the_service_can_only_add() {
    let log = Log::start().await;
    for object in 1..=3 {
        log.append(object).await;
    }
    for statement in [
        "update audit set subject = 'somebody else' where number = 2",
        "delete from audit where number = 2",
        "truncate audit",
    ] {
        let mut transaction = log.database.begin(&log.principal).await.unwrap();
        let refused = sqlx::query(statement)
            .execute(&mut *transaction)
            .await
            .unwrap_err();
        let code = refused
            .as_database_error()
            .and_then(sqlx::error::DatabaseError::code);
        assert_eq!(code.as_deref(), Some("42501"), "{statement}: {refused}");

        // The owner is held up as well, as long as it does not mean to.
        let mut owner = PgConnection::connect(&log.bed.database_url).await.unwrap();
        let statement = statement.replace(" audit", " routing.audit");
        let refused = sqlx::raw_sql(AssertSqlSafe(statement))
            .execute(&mut owner)
            .await
            .unwrap_err();
        assert!(
            refused.to_string().contains("only ever added to"),
            "{refused}"
        );
    }
    // A coordinator, a partner or nobody sees none of it.
    for role in ["coordinator", "partner", ""] {
        let mut transaction = log.database.begin(&log.principal).await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(format!("set local kl.role = '{role}'")))
            .execute(&mut *transaction)
            .await
            .unwrap();
        let seen = sqlx::query("select from audit")
            .fetch_all(&mut *transaction)
            .await
            .unwrap();
        assert!(seen.is_empty(), "{role}");
    }
    assert_eq!(log.faults().await, []);
    assert_eq!(log.chain().await.head.unwrap().0, 3);
}

#[tokio::test]
async fn many_at_once_make_one_chain() {
    let log = Arc::new(Log::start().await);
    let many = (0..120).map(|object| {
        let log = Arc::clone(&log);
        tokio::spawn(async move { log.append(object).await })
    });
    for one in many.collect::<Vec<_>>() {
        one.await.unwrap();
    }
    assert_eq!(log.faults().await, []);
    assert_eq!(log.chain().await.head.unwrap().0, 120);
}

#[tokio::test]
async fn what_was_changed_or_removed_is_found() {
    let log = Log::start().await;
    for object in 1..=9 {
        log.append(object).await;
    }
    for part in ["subject", "role", "action", "object", "purpose", "trace_id"] {
        log.tamper(&format!(
            "update audit set {part} = {part} || 'x' where number = 4"
        ))
        .await;
        assert_eq!(log.faults().await, [Fault::Changed(4)], "{part}");
        log.tamper(&format!(
            "update audit set {part} = rtrim({part}, 'x') where number = 4"
        ))
        .await;
        assert_eq!(log.faults().await, [], "{part}");
    }
    log.tamper("update audit set at = at + interval '1 microsecond' where number = 1")
        .await;
    assert_eq!(log.faults().await, [Fault::Changed(1)]);
    log.tamper("update audit set at = at - interval '1 microsecond' where number = 1")
        .await;

    // Nothing can be put before the first row so that this one need not follow.
    for before in [0, -7] {
        log.tamper(&format!(
            "insert into audit select {before}, at, subject, role, action, object, purpose, trace_id, hash
             from audit where number = 1; update audit set object = 'x' where number = 1"
        ))
        .await;
        let faults = [Fault::Changed(before), Fault::Changed(1)];
        assert_eq!(log.faults().await, faults);
        log.tamper(&format!(
            "delete from audit where number = {before}; update audit set object = '1' where number = 1"
        ))
        .await;
    }

    log.tamper("delete from audit where number in (3, 4, 7)")
        .await;
    let missing = [Fault::Missing(3), Fault::Missing(7)];
    assert_eq!(log.faults().await, missing);
    // Numbered anew, the hashes do not follow.
    log.tamper("update audit set number = number - 2 where number > 4; update audit set number = number - 1 where number > 4")
        .await;
    let faults = log.faults().await;
    assert_eq!(faults, [Fault::Changed(3), Fault::Changed(5)]);
}

#[tokio::test]
async fn an_end_that_was_cut_off_is_found_by_a_checkpoint() {
    let log = Log::start().await;
    assert_eq!(log.keeper.keep().await.unwrap(), Kept::Nothing);
    for object in 1..=5 {
        log.append(object).await;
    }
    let Kept::Checkpoint(made) = log.keeper.keep().await.unwrap() else {
        panic!("no checkpoint");
    };
    assert_eq!(made.number, 5);
    assert_eq!(log.keeper.keep().await.unwrap(), Kept::Nothing);
    let well = log.compared().await;
    assert!(well.is_well() && well.fit == 1, "{well:?}");

    log.tamper("delete from audit where number = 5").await;
    assert_eq!(log.faults().await, [], "the rest is a chain");
    let verdict = log.compared().await;
    assert_eq!(verdict.fit, 0);
    assert!(
        verdict.faults[0].contains("its end was cut off"),
        "{verdict:?}"
    );
    assert!(matches!(log.keeper.keep().await.unwrap(), Kept::Refused(_)));

    // Filled up with something else, it is another row.
    log.append(99).await;
    assert_eq!(log.faults().await, []);
    let verdict = log.compared().await;
    assert!(verdict.faults[0].contains("written anew"), "{verdict:?}");
    assert!(matches!(log.keeper.keep().await.unwrap(), Kept::Refused(_)));
}

#[tokio::test]
async fn a_log_that_was_written_anew_is_found_by_a_checkpoint() {
    let log = Log::start().await;
    for object in 1..=6 {
        log.append(object).await;
        if object % 3 == 0 {
            log.keeper.keep().await.unwrap();
        }
    }
    log.rewrite_from(5).await;
    assert_eq!(log.faults().await, [], "every hash follows");
    let verdict = log.compared().await;
    assert_eq!(verdict.fit, 1, "what came before still fits");
    assert_eq!(verdict.faults.len(), 1, "{verdict:?}");
    assert!(verdict.faults[0].contains("row 6"), "{verdict:?}");
    log.rewrite_from(1).await;
    assert_eq!(log.faults().await, []);
    assert_eq!(log.compared().await.faults.len(), 2);
    assert!(matches!(log.keeper.keep().await.unwrap(), Kept::Refused(_)));
}

#[tokio::test]
async fn what_does_not_hold_is_not_signed() {
    let log = Log::start().await;
    for object in 1..=4 {
        log.append(object).await;
    }
    log.keeper.keep().await.unwrap();
    log.append(5).await;
    log.append(6).await;
    log.tamper("update audit set object = '7' where number = 5")
        .await;
    let kept = log.keeper.keep().await.unwrap();
    assert_eq!(kept, Kept::Refused(Fault::Changed(5).to_string()));
    assert_eq!(log.compared().await.fit, 1);
}

#[tokio::test]
async fn a_forged_checkpoint_is_not_believed() {
    let log = Log::start().await;
    for object in 1..=4 {
        log.append(object).await;
    }
    log.keeper.keep().await.unwrap();
    // Whoever wrote the log anew makes a checkpoint that fits, with a key of their own.
    log.rewrite_from(1).await;
    let forger = Keeper {
        checkpoints: Checkpoints::in_folder(&log.folder.path().join("forged")),
        key: Arc::new(key('E')),
        service: log.keeper.service,
        database: log.database.clone(),
        principal: log.principal.clone(),
        environment: log.environment.clone(),
    };
    forger.keep().await.unwrap();
    let file = log.keeper.checkpoints.file(Service::Routing);
    replace(&file, &forger.checkpoints.file(Service::Routing));
    let verdict = log.compared().await;
    assert_eq!(verdict.fit, 0);
    assert!(
        verdict.faults[0].contains("signature does not fit"),
        "{verdict:?}"
    );
    // With it believed, all would seem well: it is the key that makes the difference.
    assert!(log.compared_by(&key('E').readers()).await.is_well());
    // A line that somebody wrote by hand.
    std::fs::write(&file, "routing 4 abc\n").unwrap();
    assert!(!log.compared().await.is_well());
}

fn replace(file: &Path, by: &Path) {
    std::fs::copy(by, file).unwrap();
}

/// Ten million rows in less than a minute. Run with `--run-ignored only --no-capture`; it fills
/// four gigabytes.
#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
#[ignore = "it takes minutes and gigabytes"]
async fn ten_million_rows_are_read_in_a_minute() {
    const ROWS: u64 = 10_000_000;
    const AT_ONCE: u64 = 100_000;
    let log = Log::start().await;
    let mut owner = PgConnection::connect(&log.bed.database_url).await.unwrap();
    let begun = Instant::now();
    let mut previous = GENESIS;
    let mut at = log.environment.now();
    let mut number = 0;
    while number < ROWS {
        let mut lines = String::new();
        for _ in 0..AT_ONCE {
            number += 1;
            at += SignedDuration::from_millis(37);
            let entry = Entry {
                at,
                object: format!("0190a3b2-7c4d-7e5f-8a9b-{number:012}"),
                purpose: "eerste gesprek met de mantelzorger".to_owned(),
                ..log.entry(number)
            };
            previous = link(&previous, &entry);
            let Entry {
                subject,
                role,
                action,
                object,
                purpose,
                trace_id,
                ..
            } = entry;
            let _ = write!(
                lines,
                "{number}\t{at}\t{subject}\t{role}\t{action}\t{object}\t{purpose}\t{trace_id}\t\\\\x"
            );
            for byte in previous {
                let _ = write!(lines, "{byte:02x}");
            }
            lines.push('\n');
        }
        let mut copy = owner
            .copy_in_raw("copy routing.audit from stdin")
            .await
            .unwrap();
        copy.send(lines.into_bytes()).await.unwrap();
        copy.finish().await.unwrap();
    }
    eprintln!("{ROWS} rows filled in {:?}", begun.elapsed());
    for readers in [1, 2] {
        let begun = Instant::now();
        let chain = verify(&log.database, &log.principal, 0, readers, |_| {}).await;
        let (chain, took) = (chain.unwrap(), begun.elapsed());
        eprintln!("{ROWS} rows read by {readers} in {took:?}");
        assert_eq!(chain.faults.count, 0);
        assert_eq!(chain.head.unwrap().0, i64::try_from(ROWS).unwrap());
        assert!(readers == 1 || took.as_secs() < 60, "{took:?}");
    }
}
