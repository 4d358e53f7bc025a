use std::ffi::OsString;
use std::fs;
use std::io;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use crate::authority::Identity;
use crate::child::{Child, Program, Signal, outlive_predecessor};
use crate::error::{Doing, SandboxError};
use crate::home::{Log, User, make_directory, random_hex, write_private};
use crate::lock::InstanceLock;
use crate::port::free_port;
use crate::tools::Tools;
use crate::{Durability, Stopped};

const SERVER: &str = "nats-server";
const LOOK_EVERY: Duration = Duration::from_millis(5);
/// A start includes the recovery of every stream.
const READY_WITHIN: Duration = Duration::from_mins(2);
const ANSWER_WITHIN: Duration = Duration::from_secs(2);
const PORT_ATTEMPTS: u32 = 5;

/// Which nats-server to run.
#[derive(Clone, Debug)]
pub struct NatsOptions {
    /// Where everything of it is kept: the streams in `jetstream`, `nats.conf`, `nats.log`.
    /// Made when it is missing.
    pub directory: PathBuf,
    /// The port on 127.0.0.1; without one, any that is free.
    pub port: Option<u16>,
    /// What the acknowledgement of a message promises.
    pub durability: Durability,
    /// The block `accounts` of its configuration: who may do what. Without it nobody is asked who
    /// they are.
    pub accounts: Option<String>,
    /// Who it is; with it, nobody is served in clear.
    pub identity: Option<Identity>,
    /// Its place in a cluster, where it is one of several.
    pub peer: Option<Peer>,
}

/// A place in a cluster.
#[derive(Clone, Debug)]
pub struct Peer {
    /// The port on 127.0.0.1 by which the others reach it.
    pub port: u16,
    /// The ports by which it reaches them; its own may be among them.
    pub routes: Vec<u16>,
}

impl NatsOptions {
    /// A durable one in this directory, on any free port.
    #[must_use]
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self {
            directory: directory.into(),
            port: None,
            durability: Durability::Durable,
            accounts: None,
            identity: None,
            peer: None,
        }
    }
}

/// A nats-server of our own, with JetStream. Dropped, it ends.
#[derive(Debug)]
pub struct Nats {
    // Before the lock, so that the directory is released after the server has ended.
    child: Option<Child>,
    program: PathBuf,
    directory: PathBuf,
    durability: Durability,
    accounts: Option<String>,
    identity: Option<Identity>,
    peer: Option<Peer>,
    name: String,
    port: u16,
    monitoring_port: u16,
    _lock: InstanceLock,
}

impl Nats {
    /// Starts it and waits until JetStream has recovered and clients are served.
    pub async fn start(tools: &Tools, options: NatsOptions) -> Result<Self, SandboxError> {
        make_directory(&options.directory)?;
        let directory =
            fs::canonicalize(&options.directory).doing_at("resolve", &options.directory)?;
        let lock = InstanceLock::acquire(&directory)?;

        let mut nats = Self {
            child: None,
            program: tools.nats_server().to_owned(),
            directory,
            durability: options.durability,
            accounts: options.accounts,
            identity: options.identity,
            peer: options.peer,
            // Told apart by its name from a stranger that answers on the same port; and a cluster knows
            // its members by their names.
            name: format!("knipperlicht-{}", random_hex(8)?),
            port: options.port.unwrap_or(0),
            monitoring_port: 0,
            _lock: lock,
        };
        outlive_predecessor(
            SERVER,
            &nats.pid_file(),
            &nats.configuration_file(),
            (Signal::Terminate, Signal::Kill),
        )
        .await?;
        nats.launch_on(options.port).await?;
        Ok(nats)
    }

    /// The address for clients.
    #[must_use]
    pub fn url(&self) -> String {
        let scheme = match self.identity {
            Some(_) => "tls",
            None => "nats",
        };
        format!("{scheme}://127.0.0.1:{}", self.port)
    }

    /// The port for clients on 127.0.0.1. It stays the same across restarts.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The address of the server's own pages (`/healthz`, `/jsz`, `/connz`). A restart may
    /// change it.
    #[must_use]
    pub fn monitoring_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.monitoring_port)
    }

    /// What it is called, by itself and in its cluster.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its process, while it runs.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.child.as_ref().map(Child::pid)
    }

    /// Whether it still runs; it may have ended unasked.
    pub fn is_running(&mut self) -> Result<bool, SandboxError> {
        match &mut self.child {
            Some(child) => Ok(child.ended()?.is_none()),
            None => Ok(false),
        }
    }

    /// Whether it has all that it should: its streams, and in a cluster a leader and what the others
    /// stored while it was away.
    pub async fn is_well(&self) -> bool {
        let asked = says_ok(self.monitoring_port, "/healthz");
        matches!(timeout(ANSWER_WITHIN, asked).await, Ok(Ok(true)))
    }

    /// Where its files are.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The file it logs to.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.directory.join("nats.log")
    }

    /// Kills it with `SIGKILL`, as a crash would.
    pub async fn kill(&mut self) -> Result<(), SandboxError> {
        match self.child.take() {
            Some(mut child) => child.kill().await,
            None => Ok(()),
        }
    }

    /// Starts it again on the same streams and port, after a [`kill`](Self::kill) or a
    /// [`stop`](Self::stop); one that runs is stopped first.
    pub async fn restart(&mut self) -> Result<(), SandboxError> {
        self.stop(Duration::from_secs(10)).await?;
        self.launch_on(Some(self.port)).await
    }

    /// Closes everything and ends; past the deadline it is killed.
    pub async fn stop(&mut self, within: Duration) -> Result<Stopped, SandboxError> {
        let Some(mut child) = self.child.take() else {
            return Ok(Stopped::Cleanly);
        };
        child.signal(Signal::Terminate)?;
        if child.wait(within).await?.is_some() {
            return Ok(Stopped::Cleanly);
        }
        child.kill().await?;
        Ok(Stopped::ByForce)
    }

    fn configuration_file(&self) -> PathBuf {
        self.directory.join("nats.conf")
    }

    fn pid_file(&self) -> PathBuf {
        self.directory.join("nats.pid")
    }

    /// Starts it, on other ports when somebody else was quicker.
    async fn launch_on(&mut self, port: Option<u16>) -> Result<(), SandboxError> {
        for attempt in 1..=PORT_ATTEMPTS {
            self.port = match port {
                Some(port) => port,
                None => free_port().doing("find a free port")?,
            };
            self.monitoring_port = free_port().doing("find a free port")?;
            if let Some(child) = self.launch().await? {
                self.child = Some(child);
                return Ok(());
            }
            if attempt < PORT_ATTEMPTS {
                sleep(Duration::from_millis(100)).await;
            }
        }
        Err(SandboxError::PortTaken {
            server: SERVER,
            port: self.port,
        })
    }

    /// Starts it once; nothing comes of it when a port is taken.
    async fn launch(&self) -> Result<Option<Child>, SandboxError> {
        write_private(&self.configuration_file(), &self.configuration())?;
        let (log, file) = Log::open(self.log())?;
        let mut child = Child::start(Program {
            path: &self.program,
            arguments: vec![OsString::from("--config"), self.configuration_file().into()],
            directory: &self.directory,
            run_as: &User::Ourselves,
            log: file,
            when_orphaned: Signal::Terminate,
            when_dropped: Signal::Terminate,
        })
        .await?;

        let deadline = Instant::now() + READY_WITHIN;
        loop {
            if self.is_ready().await {
                return Ok(Some(child));
            }
            if let Some(status) = child.ended()? {
                if log.since_start().contains("address already in use") {
                    return Ok(None);
                }
                return Err(log.not_started(SERVER, format!("it ended: {status}")));
            }
            if Instant::now() >= deadline {
                return Err(log.not_started(SERVER, "it is not ready in time".to_owned()));
            }
            sleep(LOOK_EVERY).await;
        }
    }

    fn configuration(&self) -> String {
        let Self {
            name,
            port,
            monitoring_port,
            ..
        } = self;
        let pid_file = quoted(&self.pid_file());
        let store = quoted(&self.directory.join("jetstream"));
        let sync_interval = match self.durability {
            Durability::Durable => "always",
            Durability::Disposable => "\"2m\"",
        };
        let tls = self.identity.as_ref().map_or_else(String::new, |identity| {
            format!(
                "tls {{\n  cert_file: {}\n  key_file: {}\n}}\n",
                quoted(&identity.certificate),
                quoted(&identity.key)
            )
        });
        let cluster = self
            .peer
            .as_ref()
            .map_or_else(String::new, Peer::configuration);
        let accounts = self.accounts.as_deref().unwrap_or_default();
        format!(
            "# Written anew at every start.\n\
             server_name: \"{name}\"\n\
             listen: \"127.0.0.1:{port}\"\n\
             http: \"127.0.0.1:{monitoring_port}\"\n\
             pid_file: {pid_file}\n\
             max_payload: 1MB\n\
             jetstream {{\n  \
               store_dir: {store}\n  \
               sync_interval: {sync_interval}\n\
             }}\n\
             {tls}{cluster}{accounts}"
        )
    }

    async fn is_ready(&self) -> bool {
        let name = &self.name;
        let asked = async {
            Ok::<bool, io::Error>(
                greeting(self.port)
                    .await?
                    .contains(&format!("\"server_name\":\"{name}\""))
                    && says_ok(self.monitoring_port, "/healthz?js-enabled-only=true").await?,
            )
        };
        matches!(timeout(ANSWER_WITHIN, asked).await, Ok(Ok(true)))
    }
}

impl Peer {
    fn configuration(&self) -> String {
        let routes: Vec<String> = self
            .routes
            .iter()
            .map(|port| format!("\"nats://127.0.0.1:{port}\""))
            .collect();
        let (port, routes) = (self.port, routes.join(", "));
        // Clients stay with the addresses they were given.
        format!(
            "cluster {{\n  \
               name: knipperlicht\n  \
               listen: \"127.0.0.1:{port}\"\n  \
               no_advertise: true\n  \
               routes: [{routes}]\n\
             }}\n"
        )
    }
}

/// The first line a nats-server says to a client.
async fn greeting(port: u16) -> io::Result<String> {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
    let mut line = String::new();
    BufReader::new(stream.take(64 << 10))
        .read_line(&mut line)
        .await?;
    Ok(line)
}

async fn says_ok(port: u16, page: &str) -> io::Result<bool> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
    let request = format!("GET {page} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut line = String::new();
    BufReader::new(stream.take(64 << 10))
        .read_line(&mut line)
        .await?;
    Ok(line.starts_with("HTTP/1.1 200"))
}

/// A path as a string of nats-server's configuration.
fn quoted(path: &Path) -> String {
    let escaped = path
        .display()
        .to_string()
        .replace('\\', "\\\\")
        .replace('"', "\\\"");
    format!("\"{escaped}\"")
}
