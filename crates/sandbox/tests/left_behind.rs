//! What happens to the servers when the process that started them is killed, or is not root.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may fail"
)]

mod common;

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use common::{ask, count, make_stream, make_table, publish, stored, tools, wait_until_gone};
use knipperlicht_sandbox::{
    InstanceLock, Nats, NatsOptions, Postgres, PostgresOptions, SandboxError, Scratch,
};

const DIRECTORY: &str = "KL_TEST_DIRECTORY";

/// Not a test by itself: the process that the tests below start and kill.
#[tokio::test]
#[ignore = "a part for other tests"]
async fn role_of_the_parent() {
    let directory = PathBuf::from(std::env::var_os(DIRECTORY).unwrap());
    let _lock = InstanceLock::acquire(&directory).unwrap();
    let tools = tools();
    let postgres = Postgres::start(&tools, PostgresOptions::new(directory.join("postgres")))
        .await
        .unwrap();
    let nats = Nats::start(&tools, NatsOptions::new(directory.join("nats")))
        .await
        .unwrap();
    make_table(&postgres);
    ask(&postgres.url(), "insert into thing values (1)").unwrap();
    make_stream(&nats);
    publish(&nats);
    println!("\nready {}", postgres.url());
    tokio::time::sleep(Duration::from_mins(1)).await;
}

/// Not a test by itself: what an ordinary user does.
#[tokio::test]
#[ignore = "a part for other tests"]
async fn role_of_an_ordinary_user() {
    let mut scratch = Scratch::start().await.unwrap();
    assert!(scratch.postgres.moved_from().is_none());
    make_table(&scratch.postgres);
    scratch.postgres.kill().await.unwrap();
    scratch.postgres.restart().await.unwrap();
    assert_eq!(count(&scratch.postgres), "0");
    make_stream(&scratch.nats);
    publish(&scratch.nats);
    println!(
        "\nready as {}",
        fs::metadata(scratch.directory()).unwrap().uid()
    );
}

const PLAY: [&str; 4] = ["--ignored", "--nocapture", "--test-threads=1", "--exact"];

fn play(program: &Path, role: &str) -> Command {
    let mut command = Command::new(program);
    command.args(PLAY).arg(role);
    command
}

/// Starts the parent, and returns it with the address of its PostgreSQL.
fn parent(directory: &Path) -> (Child, String) {
    let mut parent = play(&std::env::current_exe().unwrap(), "role_of_the_parent")
        .env(DIRECTORY, directory)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(parent.stdout.take().unwrap()).lines();
    let ready = said.find_map(|line| line.unwrap().strip_prefix("ready ").map(str::to_owned));
    (parent, ready.expect("the parent did not get ready"))
}

#[tokio::test]
async fn nothing_is_left_behind_and_all_is_found_after_a_kill_of_the_parent() {
    let directory = tempfile::tempdir_in("/tmp").unwrap();
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o711)).unwrap();
    let path = directory.path();
    let (mut killed, url) = parent(path);

    let refusal = InstanceLock::acquire(path).unwrap_err();
    assert!(
        matches!(refusal, SandboxError::AlreadyRunning { pid, .. } if pid == killed.id()),
        "{refusal}"
    );
    let mut session = Command::new("psql")
        .args(["-qAt", &url, "-c", "select pg_sleep(60)"])
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    std::thread::sleep(Duration::from_millis(200));
    killed.kill().unwrap();
    killed.wait().unwrap();
    println!("all gone {:?} after the parent", wait_until_gone(path));
    assert!(!session.wait().unwrap().success());

    let _lock = InstanceLock::acquire(path).unwrap();
    let postgres = Postgres::start(&tools(), PostgresOptions::new(path.join("postgres")))
        .await
        .unwrap();
    let nats = Nats::start(&tools(), NatsOptions::new(path.join("nats")))
        .await
        .unwrap();
    assert_eq!(count(&postgres), "1");
    assert_eq!(stored(&nats), 1);
}

#[test]
fn nothing_is_left_behind_whenever_during_its_start_the_parent_is_killed() {
    let directory = tempfile::tempdir_in("/tmp").unwrap();
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o711)).unwrap();
    let path = directory.path();
    let (mut killed, _) = parent(path);
    killed.kill().unwrap();
    killed.wait().unwrap();
    wait_until_gone(path);

    let this = std::env::current_exe().unwrap();
    for milliseconds in (4..100).step_by(4) {
        // A shell starts what runs in the background deaf to the interrupt.
        let mut killed = Command::new("sh")
            .args(["-c", r#"trap "" INT QUIT; exec "$@""#, "sh"])
            .arg(&this)
            .args(PLAY)
            .arg("role_of_the_parent")
            .env(DIRECTORY, path)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(milliseconds));
        killed.kill().unwrap();
        killed.wait().unwrap();
        wait_until_gone(path);
    }
}

#[tokio::test]
async fn a_start_waits_for_servers_that_are_still_dying() {
    let directory = tempfile::tempdir_in("/tmp").unwrap();
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o711)).unwrap();
    let path = directory.path();
    for _ in 0..3 {
        let _ = fs::remove_dir_all(path.join("postgres"));
        let _ = fs::remove_dir_all(path.join("nats"));
        let (mut killed, _) = parent(path);
        killed.kill().unwrap();
        killed.wait().unwrap();

        let since = Instant::now();
        let postgres = Postgres::start(&tools(), PostgresOptions::new(path.join("postgres")))
            .await
            .unwrap();
        let nats = Nats::start(&tools(), NatsOptions::new(path.join("nats")))
            .await
            .unwrap();
        println!(
            "both serve {:?} after a kill of the parent",
            since.elapsed()
        );
        assert_eq!(count(&postgres), "1");
        assert_eq!(stored(&nats), 1);
    }
}

/// Where the kernel does not tell orphans (no `setpriv`), they live on until the next start.
#[tokio::test]
async fn a_start_ends_servers_that_nobody_told_to_end() {
    let directory = tempfile::tempdir_in("/tmp").unwrap();
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o711)).unwrap();
    let path = directory.path();
    let bare = path.join("bare");
    fs::create_dir(&bare).unwrap();
    for program in ["sh", "id", "psql"] {
        let found = std::env::split_paths(&std::env::var_os("PATH").unwrap())
            .map(|directory| directory.join(program))
            .find(|candidate| candidate.is_file())
            .unwrap();
        std::os::unix::fs::symlink(found, bare.join(program)).unwrap();
    }
    let mut parent = play(&std::env::current_exe().unwrap(), "role_of_the_parent")
        .env(DIRECTORY, path)
        .env("PATH", &bare)
        .env("KL_POSTGRES_BIN", tools().postgres_bin())
        .env("KL_NATS_SERVER", tools().nats_server())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(parent.stdout.take().unwrap()).lines();
    assert!(said.any(|line| line.unwrap().starts_with("ready ")));
    parent.kill().unwrap();
    parent.wait().unwrap();
    std::thread::sleep(Duration::from_millis(500));
    assert!(
        !common::processes_of(path).is_empty(),
        "something told them after all"
    );

    let postgres = Postgres::start(&tools(), PostgresOptions::new(path.join("postgres")))
        .await
        .unwrap();
    let nats = Nats::start(&tools(), NatsOptions::new(path.join("nats")))
        .await
        .unwrap();
    assert_eq!(count(&postgres), "1");
    assert_eq!(stored(&nats), 1);
}

/// Root plays somebody else; for anybody else, every test here is this test.
#[test]
fn an_ordinary_user_is_served_too() {
    let directory = tempfile::tempdir_in("/tmp").unwrap();
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o777)).unwrap();
    let this = directory.path().join("this-test");
    let nats_server = directory.path().join("nats-server");
    fs::copy(std::env::current_exe().unwrap(), &this).unwrap();
    fs::copy(tools().nats_server(), &nats_server).unwrap();
    for program in [&this, &nats_server] {
        fs::set_permissions(program, fs::Permissions::from_mode(0o755)).unwrap();
    }

    let mut user = play(&this, "role_of_an_ordinary_user");
    user.env("KL_NATS_SERVER", &nats_server)
        .env("KL_POSTGRES_BIN", tools().postgres_bin())
        .env("TMPDIR", directory.path())
        .current_dir(directory.path());
    let is_root = fs::metadata(directory.path()).unwrap().uid() == 0;
    if is_root {
        std::os::unix::process::CommandExt::uid(&mut user, 65534);
        std::os::unix::process::CommandExt::gid(&mut user, 65534);
    }
    let output = user.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(
        said.contains(if is_root {
            "ready as 65534"
        } else {
            "ready as"
        }),
        "{said}"
    );
}

#[tokio::test]
async fn directories_of_killed_scratches_are_swept() {
    let tmp = std::env::temp_dir();
    let abandoned = tempfile::Builder::new()
        .prefix("knipperlicht-scratch-")
        .tempdir_in(&tmp)
        .unwrap();
    fs::create_dir_all(abandoned.path().join("postgres/cluster")).unwrap();
    let living = Scratch::start().await.unwrap();
    assert!(
        abandoned.path().exists(),
        "too young to be called abandoned"
    );

    for path in [abandoned.path(), living.directory()] {
        let old = Command::new("touch")
            .args(["-d", "1 hour ago"])
            .arg(path)
            .status()
            .unwrap();
        assert!(old.success());
    }
    let _another = Scratch::start().await.unwrap();
    assert!(!abandoned.path().exists());
    assert!(living.directory().exists());
}
