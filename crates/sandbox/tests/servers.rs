//! The two servers, started, stopped, killed and started again.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may fail"
)]

mod common;

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::time::{Duration, Instant};

use common::{ask, count, make_stream, make_table, processes_of, publish, stored, tools};
use knipperlicht_sandbox::{
    Durability, Nats, NatsOptions, Postgres, PostgresOptions, SandboxError, Scratch, Stopped,
    free_port,
};
use tempfile::TempDir;

const SOON: Duration = Duration::from_secs(10);

/// A directory that the user PostgreSQL runs as can reach.
fn directory() -> TempDir {
    let directory = tempfile::tempdir_in("/tmp").unwrap();
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o711)).unwrap();
    directory
}

#[tokio::test]
async fn a_scratch_serves_both_and_leaves_nothing() {
    let since = Instant::now();
    let scratch = Scratch::start().await.unwrap();
    println!("a scratch serves after {:?}", since.elapsed());
    assert_eq!(ask(&scratch.postgres.url(), "show fsync").unwrap(), "off");
    assert_eq!(
        ask(&scratch.postgres.url(), "show data_checksums").unwrap(),
        "on"
    );
    assert_eq!(
        ask(&scratch.postgres.url(), "show server_encoding").unwrap(),
        "UTF8"
    );
    ask(&scratch.postgres.url(), "create database signals").unwrap();
    assert_eq!(
        ask(&scratch.postgres.url_of("signals"), "select 1").unwrap(),
        "1"
    );
    make_stream(&scratch.nats);
    publish(&scratch.nats);
    assert_eq!(stored(&scratch.nats), 1);

    let directory = scratch.directory().to_owned();
    assert!(processes_of(&directory).len() > 2);
    let since = Instant::now();
    drop(scratch);
    println!("and is gone in {:?}", since.elapsed());
    assert!(!directory.exists());
    assert_eq!(processes_of(&directory), Vec::<u32>::new());
}

#[tokio::test]
async fn postgres_asks_for_the_password() {
    let scratch = Scratch::start().await.unwrap();
    let without = format!(
        "postgres://knipperlicht:wrong@127.0.0.1:{}/postgres",
        scratch.postgres.port()
    );
    let refusal = ask(&without, "select 1").unwrap_err();
    assert!(
        refusal.contains("password authentication failed"),
        "{refusal}"
    );
    let password = scratch.postgres.directory().join("password");
    assert_eq!(fs::metadata(password).unwrap().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn committed_rows_survive_a_kill_on_the_same_address() {
    let directory = directory();
    let mut postgres = Postgres::start(&tools(), PostgresOptions::new(directory.path().join("pg")))
        .await
        .unwrap();
    assert_eq!(ask(&postgres.url(), "show fsync").unwrap(), "on");
    assert_eq!(
        ask(&postgres.url(), "show synchronous_commit").unwrap(),
        "on"
    );
    make_table(&postgres);
    let url = postgres.url();

    for round in 1..=5 {
        ask(&url, &format!("insert into thing values ({round})")).unwrap();
        // A busy session notices late that its postmaster is gone.
        let mut busy = std::process::Command::new("psql")
            .args([
                "-qAt",
                &url,
                "-c",
                "select count(*) from generate_series(1, 20000000)",
            ])
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;

        postgres.kill().await.unwrap();
        assert_eq!(postgres.pid(), None);
        assert!(!postgres.is_running().unwrap());
        let since = Instant::now();
        postgres.restart().await.unwrap();
        println!("PostgreSQL serves again {:?} after a kill", since.elapsed());

        assert_eq!(postgres.url(), url);
        assert_eq!(count(&postgres), round.to_string());
        busy.wait().unwrap();
    }
}

#[tokio::test]
async fn a_second_start_finds_the_rows_and_the_password() {
    let directory = directory();
    let options = PostgresOptions::new(directory.path().join("pg"));
    let since = Instant::now();
    let mut first = Postgres::start(&tools(), options.clone()).await.unwrap();
    println!(
        "a new durable PostgreSQL serves after {:?}",
        since.elapsed()
    );
    make_table(&first);
    ask(&first.url(), "insert into thing values (1)").unwrap();
    let since = Instant::now();
    assert_eq!(first.stop(SOON).await.unwrap(), Stopped::Cleanly);
    println!("PostgreSQL stops in {:?}", since.elapsed());
    drop(first);

    let since = Instant::now();
    let mut second = Postgres::start(&tools(), options.clone()).await.unwrap();
    println!("PostgreSQL with data serves after {:?}", since.elapsed());
    assert_eq!(count(&second), "1");
    second.restart().await.unwrap();
    assert_eq!(count(&second), "1");
    drop(second);

    // Dropped without a stop, it recovers.
    let third = Postgres::start(&tools(), options).await.unwrap();
    assert_eq!(count(&third), "1");
}

#[tokio::test]
async fn a_stop_ends_open_sessions() {
    let mut scratch = Scratch::start().await.unwrap();
    let mut session = std::process::Command::new("psql")
        .args(["-qAt", &scratch.postgres.url(), "-c", "select pg_sleep(60)"])
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(scratch.postgres.stop(SOON).await.unwrap(), Stopped::Cleanly);
    assert!(!session.wait().unwrap().success());
    assert_eq!(scratch.postgres.stop(SOON).await.unwrap(), Stopped::Cleanly);
}

#[tokio::test]
async fn a_setting_of_the_caller_wins() {
    let directory = directory();
    let options = PostgresOptions {
        settings: vec![("shared_buffers".to_owned(), "64MB".to_owned())],
        durability: Durability::Disposable,
        ..PostgresOptions::new(directory.path().join("pg"))
    };
    let postgres = Postgres::start(&tools(), options).await.unwrap();
    assert_eq!(ask(&postgres.url(), "show shared_buffers").unwrap(), "64MB");
}

#[tokio::test]
async fn what_postgres_says_about_a_wrong_setting_reaches_the_caller() {
    let directory = directory();
    let options = PostgresOptions {
        settings: vec![("no_such_setting".to_owned(), "1".to_owned())],
        durability: Durability::Disposable,
        ..PostgresOptions::new(directory.path().join("pg"))
    };
    let error = Postgres::start(&tools(), options)
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("unrecognized configuration parameter"),
        "{error}"
    );
    assert!(error.contains("postgres.log"), "{error}");
}

#[tokio::test]
async fn acknowledged_messages_survive_a_kill_on_the_same_address() {
    let directory = directory();
    let options = NatsOptions::new(directory.path().join("nats"));
    let since = Instant::now();
    let mut nats = Nats::start(&tools(), options.clone()).await.unwrap();
    println!("a new nats-server serves after {:?}", since.elapsed());
    make_stream(&nats);
    let url = nats.url();
    for round in 1..=5 {
        publish(&nats);
        nats.kill().await.unwrap();
        assert_eq!(nats.pid(), None);
        let since = Instant::now();
        nats.restart().await.unwrap();
        println!(
            "nats-server serves again {:?} after a kill",
            since.elapsed()
        );
        assert_eq!(nats.url(), url);
        assert_eq!(stored(&nats), round);
    }
    assert_eq!(nats.stop(SOON).await.unwrap(), Stopped::Cleanly);
    drop(nats);

    let mut again = Nats::start(&tools(), options).await.unwrap();
    assert_eq!(stored(&again), 5);
    again.restart().await.unwrap();
    assert_eq!(stored(&again), 5);
    assert!(again.is_running().unwrap());
}

#[tokio::test]
async fn a_directory_in_use_names_its_user() {
    let scratch = Scratch::start().await.unwrap();
    let ours = std::process::id();
    let postgres = PostgresOptions::new(scratch.postgres.directory());
    let refusal = Postgres::start(&tools(), postgres).await.unwrap_err();
    assert!(
        matches!(refusal, SandboxError::AlreadyRunning { pid, .. } if pid == ours),
        "{refusal}"
    );
    let nats = NatsOptions::new(scratch.nats.directory());
    let refusal = Nats::start(&tools(), nats).await.unwrap_err();
    assert!(
        matches!(refusal, SandboxError::AlreadyRunning { pid, .. } if pid == ours),
        "{refusal}"
    );
    assert_eq!(ask(&scratch.postgres.url(), "select 1").unwrap(), "1");
}

#[tokio::test]
async fn a_port_of_somebody_else_is_named() {
    let scratch = Scratch::start().await.unwrap();
    let directory = directory();
    let taken = scratch.postgres.port();
    let postgres = PostgresOptions {
        port: Some(taken),
        durability: Durability::Disposable,
        ..PostgresOptions::new(directory.path().join("pg"))
    };
    let refusal = Postgres::start(&tools(), postgres.clone())
        .await
        .unwrap_err();
    assert!(
        matches!(refusal, SandboxError::PortTaken { port, .. } if port == taken),
        "{refusal}"
    );

    // A stranger of the same kind answers on the port, and is not mistaken for ours.
    let taken = scratch.nats.port();
    let nats = NatsOptions {
        port: Some(taken),
        ..NatsOptions::new(directory.path().join("nats"))
    };
    let refusal = Nats::start(&tools(), nats).await.unwrap_err();
    assert!(
        matches!(refusal, SandboxError::PortTaken { port, .. } if port == taken),
        "{refusal}"
    );

    let free = free_port().unwrap();
    let postgres = PostgresOptions {
        port: Some(free),
        ..postgres
    };
    let postgres = Postgres::start(&tools(), postgres).await.unwrap();
    assert_eq!(postgres.port(), free);
}

#[test]
fn the_servers_outlive_the_thread_and_the_runtime_that_started_them() {
    let start = || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(Scratch::start()).unwrap()
    };
    let mut scratch = std::thread::spawn(start).join().unwrap();
    std::thread::sleep(Duration::from_millis(300));
    assert!(scratch.postgres.is_running().unwrap());
    assert!(scratch.nats.is_running().unwrap());
    assert_eq!(ask(&scratch.postgres.url(), "select 1").unwrap(), "1");
}

#[tokio::test]
async fn an_abandoned_attempt_at_a_first_start_is_no_obstacle() {
    let directory = directory();
    let options = PostgresOptions {
        durability: Durability::Disposable,
        ..PostgresOptions::new(directory.path().join("pg"))
    };
    let tools = tools();
    let start = Postgres::start(&tools, options.clone());
    let given_up = tokio::time::timeout(Duration::from_millis(100), start);
    assert!(
        given_up.await.is_err(),
        "the start was too quick to give up on"
    );
    let postgres = Postgres::start(&tools, options).await.unwrap();
    assert_eq!(ask(&postgres.url(), "select 1").unwrap(), "1");
    let left: Vec<_> = fs::read_dir(directory.path().join("pg/cluster"))
        .unwrap()
        .collect();
    assert_eq!(left.len(), 1, "{left:?}");
}

/// Only root meets this: the user that PostgreSQL runs as cannot reach the directory.
#[tokio::test]
async fn files_go_elsewhere_when_postgres_cannot_reach_the_directory() {
    let closed = tempfile::tempdir_in("/tmp").unwrap();
    fs::set_permissions(closed.path(), fs::Permissions::from_mode(0o700)).unwrap();
    let options = PostgresOptions {
        durability: Durability::Disposable,
        ..PostgresOptions::new(closed.path().join("pg"))
    };
    let mut first = Postgres::start(&tools(), options.clone()).await.unwrap();
    let is_root = fs::metadata(closed.path()).unwrap().uid() == 0;
    assert_eq!(first.moved_from().is_some(), is_root);
    make_table(&first);
    first.stop(SOON).await.unwrap();
    let used = first.directory().to_owned();
    drop(first);

    let second = Postgres::start(&tools(), options).await.unwrap();
    assert_eq!(second.directory(), used);
    assert_eq!(count(&second), "0");
    drop(second);
    fs::remove_dir_all(used).unwrap();
}
