//! `knipperlicht dev --demo`, in short: one zone, some weeks.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on should stop"
)]

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    path::PathBuf,
    process::{Child, Command, Output, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use jiff::{ToSpan, tz::TimeZone};
use knipperlicht_runtime::system_environment;
use serde_json::Value;
use tempfile::TempDir;

const ZONE: &str = "oostende-bredene";
const WEEKS: i64 = 12;

/// A build without optimisation, on a machine with much else to do.
const PATIENCE: Duration = Duration::from_mins(3);

/// A development machine in a folder of its own.
struct Machine(TempDir);

impl Machine {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn program(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_knipperlicht"));
        command
            .env_remove("DATABASE_URL")
            .env_remove("NATS_URL")
            .env("KL_DEV_DIR", self.0.path())
            .stdin(Stdio::null());
        command
    }

    fn start(&self) -> Running {
        let now = system_environment().unwrap().now();
        let first_day = now.to_zoned(TimeZone::UTC).date() - WEEKS.weeks();
        let child = self
            .program()
            .args(["dev", "--demo", "--demo-zone", ZONE, "--demo-since"])
            .arg(first_day.to_string())
            .args(["--listen", "127.0.0.1:0", "--gateway-listen", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        Running(child)
    }

    /// Waits until the years are `state`.
    fn waits_for(&self, state: &str) {
        let deadline = Instant::now() + PATIENCE;
        while fs::read_to_string(self.file("demo/years")).ok().as_deref() != Some(state) {
            assert!(Instant::now() < deadline, "the years are not {state}");
            sleep(Duration::from_millis(50));
        }
    }

    /// What a command of the client answers, as JSON.
    fn asks(&self, server: &str, arguments: &[&str]) -> Vec<Value> {
        let output = self
            .program()
            .args(arguments)
            .args(["--json", "--server", server])
            .output()
            .unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {error}");
        serde_json::from_slice(&output.stdout).unwrap()
    }
}

/// The program, until it is told to stop.
struct Running(Child);

impl Running {
    /// Where the services listen, once they do.
    fn server(&mut self) -> String {
        let lines = BufReader::new(self.0.stdout.as_mut().unwrap()).lines();
        for line in lines.map_while(Result::ok) {
            if let Some(rest) = line.trim().strip_prefix("gRPC") {
                let address = rest.split_whitespace().next().unwrap();
                return format!("http://{address}");
            }
        }
        let mut error = String::new();
        let mut stderr = self.0.stderr.take().unwrap();
        stderr.read_to_string(&mut error).unwrap();
        panic!("it does not run: {error}");
    }

    fn stop(self) -> Output {
        let process = self.0.id().to_string();
        let told = Command::new("kill").args(["-s", "INT", &process]).status();
        assert!(told.unwrap().success());
        self.0.wait_with_output().unwrap()
    }
}

#[test]
fn invented_weeks_are_lived_through_once_also_after_they_were_broken_off() {
    let machine = Machine::new();
    let first = machine.start();
    machine.waits_for("under way");
    sleep(Duration::from_secs(2));
    let stopped = first.stop();
    assert!(!stopped.status.success());
    let error = String::from_utf8_lossy(&stopped.stderr);
    assert!(error.contains("begins anew"), "{error}");
    // What is tried out without `--demo` has a place of its own.
    assert!(!machine.file("postgres").exists());

    let mut second = machine.start();
    let server = second.server();
    machine.waits_for("over");
    let referrals = machine.asks(&server, &["referral", "list", "--as", "coordinator"]);
    // What it came to is chance, and another one every day: that the years were lived is not.
    assert!(referrals.iter().any(|one| one["state"] == "accepted"));
    let tasks = machine.asks(&server, &["followup", "list", "--as", "coordinator"]);
    assert!(!tasks.is_empty());
    // What was said of room when the weeks began counts no more: it was said anew.
    let list = ["directory", "list", "--zone", ZONE, "--as", "coordinator"];
    let services = machine.asks(&server, &list);
    let with_room = services
        .iter()
        .filter(|one| one["capacity"]["holds"] == true);
    assert_eq!(with_room.count(), 5);
    assert!(second.stop().status.success());

    let mut third = machine.start();
    let server = third.server();
    let again = machine.asks(&server, &["referral", "list", "--as", "coordinator"]);
    assert_eq!(again.len(), referrals.len());
    assert!(third.stop().status.success());
}
