//! Servers that stand in for each other: three nats-servers, and a PostgreSQL with its standby.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may fail"
)]

mod common;

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    panic::{AssertUnwindSafe, catch_unwind},
    time::{Duration, Instant},
};

use common::{Client, ask, count, make_copied_stream, make_table, publish, stored, tools};
use knipperlicht_sandbox::{Durability, NatsCluster, NatsOptions, Postgres, PostgresOptions};
use tempfile::TempDir;

const SOON: Duration = Duration::from_secs(30);

fn directory() -> TempDir {
    let directory = tempfile::tempdir_in("/tmp").unwrap();
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o711)).unwrap();
    directory
}

fn disposable(directory: &TempDir, name: &str) -> PostgresOptions {
    PostgresOptions {
        durability: Durability::Disposable,
        ..PostgresOptions::new(directory.path().join(name))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_standby_has_all_that_was_committed_when_it_takes_over() {
    let directory = directory();
    let first = disposable(&directory, "first");
    let mut first = Postgres::start(&tools(), first).await.unwrap();
    make_table(&first);
    let second = disposable(&directory, "second");
    let second = first.start_standby(&tools(), second).await.unwrap();
    for setting in [
        "alter system set synchronous_standby_names = '*'",
        "select pg_reload_conf()",
    ] {
        ask(&first.url(), setting).unwrap();
    }
    let deadline = Instant::now() + SOON;
    let follows = "select count(*) from pg_stat_replication where sync_state = 'sync'";
    while ask(&first.url(), follows).unwrap() != "1" {
        assert!(Instant::now() < deadline, "nobody follows");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    ask(&first.url(), "insert into thing values (1), (2)").unwrap();
    let refused = ask(&second.url(), "insert into thing values (3)").unwrap_err();
    assert!(refused.contains("read-only"), "{refused}");

    first.kill().await.unwrap();
    assert_eq!(ask(&second.url(), "select pg_promote()").unwrap(), "t");
    assert_eq!(count(&second), "2");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_of_three_nats_servers_go_on_and_the_third_catches_up() {
    let directory = directory();
    let options = NatsOptions {
        durability: Durability::Disposable,
        ..NatsOptions::new(directory.path().join("nats"))
    };
    let mut cluster = NatsCluster::start(&tools(), options, 3).await.unwrap();
    assert!(cluster.settled(SOON).await);
    make_copied_stream(&cluster.nodes()[0], 3);
    publish(&cluster.nodes()[0]);

    let info = Client::connect(&cluster.nodes()[0]).request("$JS.API.STREAM.INFO.things", "");
    let leads = |name: &str| info.contains(&format!("\"leader\":\"{name}\""));
    let leader = cluster.nodes().iter().position(|node| leads(node.name()));
    let leader = leader.unwrap();
    cluster.node(leader).unwrap().kill().await.unwrap();
    let other = &cluster.nodes()[(leader + 1) % 3];
    let deadline = Instant::now() + SOON;
    let mut is_stored = false;
    while !is_stored {
        assert!(Instant::now() < deadline, "nobody leads");
        // Without a leader nobody answers.
        is_stored = catch_unwind(AssertUnwindSafe(|| publish(other))).is_ok();
    }
    assert!(stored(other) >= 2);

    cluster.node(leader).unwrap().restart().await.unwrap();
    assert!(cluster.settled(SOON).await);
}
