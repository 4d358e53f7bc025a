//! What the tests need to speak with real servers and look at processes.
#![allow(dead_code, reason = "each test file uses its own part")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use knipperlicht_sandbox::{Nats, Postgres, Tools};

pub(crate) fn tools() -> Tools {
    Tools::find().unwrap_or_else(|missing| panic!("these tests need the real servers: {missing}"))
}

/// Runs a statement with `psql` and returns its unadorned answer, or what went wrong.
pub(crate) fn ask(url: &str, statement: &str) -> Result<String, String> {
    let beside = tools().postgres_bin().join("psql");
    let program = if beside.is_file() {
        beside
    } else {
        "psql".into()
    };
    let output = Command::new(program)
        .args([
            "--no-psqlrc",
            "-qAt",
            "-v",
            "ON_ERROR_STOP=1",
            url,
            "-c",
            statement,
        ])
        .output()
        .expect("these tests need psql, which comes with the clients of PostgreSQL");
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

/// A client of nats-server that knows just enough to ask JetStream something.
pub(crate) struct Client {
    reader: BufReader<TcpStream>,
}

impl Client {
    pub(crate) fn connect(nats: &Nats) -> Self {
        Self::connect_to(nats.port())
    }

    pub(crate) fn connect_to(port: u16) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(5)))
            .unwrap();
        let mut client = Self {
            reader: BufReader::new(stream),
        };
        assert!(client.line().starts_with("INFO"));
        client.say("CONNECT {\"verbose\":false,\"headers\":false}\r\nSUB answer 1\r\n");
        client
    }

    /// Sends a request and returns the answer.
    pub(crate) fn request(&mut self, subject: &str, body: &str) -> String {
        self.say(&format!(
            "PUB {subject} answer {}\r\n{body}\r\n",
            body.len()
        ));
        loop {
            let line = self.line();
            if line.starts_with("PING") {
                self.say("PONG\r\n");
            } else if line.starts_with("MSG") {
                let length: usize = line.split_whitespace().last().unwrap().parse().unwrap();
                let mut answer = vec![0; length + 2];
                self.reader.read_exact(&mut answer).unwrap();
                return String::from_utf8(answer).unwrap().trim().to_owned();
            }
        }
    }

    fn say(&mut self, text: &str) {
        self.reader.get_mut().write_all(text.as_bytes()).unwrap();
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        assert_ne!(
            self.reader.read_line(&mut line).unwrap(),
            0,
            "nats-server hung up"
        );
        line
    }
}

pub(crate) fn make_stream(nats: &Nats) {
    make_copied_stream(nats, 1);
}

/// A stream of which so many servers keep a copy.
pub(crate) fn make_copied_stream(nats: &Nats, copies: usize) {
    let made = Client::connect(nats).request(
        "$JS.API.STREAM.CREATE.things",
        &format!(
            r#"{{"name":"things","subjects":["things.>"],"storage":"file","num_replicas":{copies}}}"#
        ),
    );
    assert!(made.contains("\"did_create\":true"), "{made}");
}

/// Publishes a message and waits until JetStream has acknowledged it.
pub(crate) fn publish(nats: &Nats) {
    let acknowledged = Client::connect(nats).request("things.new", "a thing");
    assert!(acknowledged.contains("\"seq\":"), "{acknowledged}");
}

pub(crate) fn stored(nats: &Nats) -> u64 {
    let info = Client::connect(nats).request("$JS.API.STREAM.INFO.things", "");
    let (_, rest) = info
        .split_once("\"messages\":")
        .unwrap_or_else(|| panic!("{info}"));
    rest.split(|other: char| !other.is_ascii_digit())
        .next()
        .unwrap()
        .parse()
        .unwrap()
}

pub(crate) fn make_table(postgres: &Postgres) {
    ask(&postgres.url(), "create table thing (id int primary key)").unwrap();
}

pub(crate) fn count(postgres: &Postgres) -> String {
    ask(&postgres.url(), "select count(*) from thing").unwrap()
}

/// The processes that name `directory` in their arguments or work below it. Sessions of
/// PostgreSQL rename themselves, but stay in the data directory.
pub(crate) fn processes_of(directory: &Path) -> Vec<u32> {
    let needle = directory.to_str().unwrap();
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let Some(pid) = entry
            .file_name()
            .to_str()
            .and_then(|name| name.parse().ok())
        else {
            continue;
        };
        let is_zombie = std::fs::read_to_string(entry.path().join("stat")).is_ok_and(|stat| {
            stat.rsplit(')')
                .next()
                .unwrap()
                .trim_start()
                .starts_with('Z')
        });
        let arguments = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let works_there = std::fs::read_link(entry.path().join("cwd"))
            .is_ok_and(|cwd| cwd.starts_with(directory));
        let is_ours = works_there || String::from_utf8_lossy(&arguments).contains(needle);
        if is_ours && !is_zombie && pid != std::process::id() {
            found.push(pid);
        }
    }
    found
}

/// Waits until no process of the directory is left, and says how long that took.
pub(crate) fn wait_until_gone(directory: &Path) -> Duration {
    let since = Instant::now();
    loop {
        let left = processes_of(directory);
        if left.is_empty() {
            return since.elapsed();
        }
        assert!(
            since.elapsed() < Duration::from_secs(15),
            "left behind: {left:?}"
        );
        std::thread::sleep(Duration::from_millis(5));
    }
}
