//! One service, or a gateway, as a process.

use std::{
    ffi::OsString,
    fs,
    io::{Read, Seek, SeekFrom},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Stdio,
    sync::OnceLock,
    time::Duration,
};

use knipperlicht_sandbox::free_port;
use tokio::{
    net::TcpStream,
    process::{Child, Command},
    time::{Instant, sleep, timeout},
};

use super::skew::ProcessClock;
use crate::ChaosError;

/// What a gateway is called.
pub(super) const GATEWAY: &str = "gateway";

/// How long a service may take to end: longer than it gives itself.
const ENDS_WITHIN: Duration = Duration::from_secs(30);

/// How long a service may take until it answers.
const UP_WITHIN: Duration = Duration::from_secs(30);

/// How much of a log is shown.
const TAIL: u64 = 6_000;

/// One service, or a gateway, as a process: always on the same port and with the same log.
pub(super) struct Process {
    program: PathBuf,
    target: &'static str,
    arguments: Vec<OsString>,
    address: SocketAddr,
    log: PathBuf,
    clock: Option<ProcessClock>,
    child: Option<Child>,
}

impl Process {
    pub(super) fn new(
        program: PathBuf,
        target: &'static str,
        arguments: Vec<OsString>,
        log: PathBuf,
        clock: Option<ProcessClock>,
    ) -> Result<Self, ChaosError> {
        let port = free_port().map_err(ChaosError::io("find a free port"))?;
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        Ok(Self {
            program,
            target,
            arguments,
            address,
            log,
            clock,
            child: None,
        })
    }

    pub(super) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Starts it, and does not wait.
    pub(super) fn start(&mut self) -> Result<(), ChaosError> {
        let log = fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(&self.log);
        let log = log.map_err(ChaosError::io(format!("open {}", self.log.display())))?;
        let same_log = log.try_clone().map_err(ChaosError::io("share a log"))?;
        let listen = match self.target {
            GATEWAY => "--gateway-listen",
            _ => "--listen",
        };
        let child = self
            .command()
            .args(["serve", "--target", self.target, listen])
            .arg(self.address.to_string())
            .args(&self.arguments)
            // What is set for the one who runs this must not reach it.
            .env_clear()
            .envs(["PATH", "LD_LIBRARY_PATH", "RUST_LOG"].iter().filter_map(|name| Some((name, std::env::var_os(name)?))))
            .envs(self.clock.iter().flat_map(ProcessClock::variables))
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(same_log)
            .kill_on_drop(true)
            .spawn()
            .map_err(ChaosError::io(format!("start {}", self.program.display())))?;
        self.child = Some(child);
        Ok(())
    }

    /// The kernel ends it when we are killed, where it can be told so (util-linux).
    fn command(&self) -> Command {
        if kernel_tells_orphans() {
            let mut command = Command::new("setpriv");
            command
                .args(["--pdeathsig", "KILL", "--"])
                .arg(&self.program);
            command
        } else {
            Command::new(&self.program)
        }
    }

    /// `SIGKILL`, and its end awaited, so that its port is free.
    pub(super) async fn kill(&mut self) -> Result<(), ChaosError> {
        let Some(mut child) = self.child.take() else {
            return Ok(());
        };
        child
            .kill()
            .await
            .map_err(ChaosError::io(format!("kill {}", self.target)))
    }

    /// Lets it finish what it is at and end; kills it when that takes too long, which is told.
    pub(super) async fn end(&mut self) -> Result<(), ChaosError> {
        let Some(mut child) = self.child.take() else {
            return Ok(());
        };
        if let Some(pid) = child.id() {
            signal(pid, "TERM").await?;
        }
        match timeout(ENDS_WITHIN, child.wait()).await {
            Ok(ended) => ended
                .map(drop)
                .map_err(ChaosError::io("wait for a service")),
            Err(_) => Err(ChaosError::NotEnded {
                service: self.target,
                log: self.log_tail(),
            }),
        }
    }

    /// Its process, while it runs.
    pub(super) fn pid(&self) -> Option<u32> {
        self.child.as_ref().and_then(Child::id)
    }

    /// Its clock, where that can be moved.
    pub(super) const fn clock(&self) -> Option<&ProcessClock> {
        self.clock.as_ref()
    }

    /// Another program in the place of this one, from the next start on.
    pub(super) fn becomes(&mut self, program: PathBuf) {
        self.program = program;
    }

    /// Whether it ended though nobody killed it.
    pub(super) fn has_fallen(&mut self) -> Result<bool, ChaosError> {
        let Some(child) = &mut self.child else {
            return Ok(false);
        };
        let ended = child
            .try_wait()
            .map_err(ChaosError::io("wait for a service"))?;
        Ok(ended.is_some())
    }

    /// Waits until it listens.
    pub(super) async fn answers(&self) -> Result<(), ChaosError> {
        let deadline = Instant::now() + UP_WITHIN;
        while TcpStream::connect(self.address).await.is_err() {
            if Instant::now() >= deadline {
                return Err(ChaosError::NotUp {
                    service: self.target,
                    log: self.log_tail(),
                });
            }
            sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }

    pub(super) fn log_tail(&self) -> String {
        tail(&self.log)
    }
}

/// Sends a signal, as `kill` does.
pub(super) async fn signal(pid: u32, name: &str) -> Result<(), ChaosError> {
    let status = Command::new("kill")
        .args(["-s", name, &pid.to_string()])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    // A process that has just ended needs no signal any more.
    status
        .await
        .map(drop)
        .map_err(ChaosError::io("send a signal"))
}

/// A process and its children.
pub(super) fn family(pid: u32) -> Vec<u32> {
    let mut family = vec![pid];
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(child) = entry
            .file_name()
            .to_str()
            .and_then(|name| name.parse().ok())
        else {
            continue;
        };
        if parent(child) == Some(pid) {
            family.push(child);
        }
    }
    family
}

/// The one that started a process.
pub(super) fn parent(pid: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // After the name, which may hold anything: state, parent.
    let mut fields = stat.rsplit(')').next()?.split_whitespace();
    fields.nth(1)?.parse().ok()
}

/// The end of a log; why not, where it cannot be read.
pub(super) fn tail(path: &Path) -> String {
    let read = || {
        let mut file = fs::File::open(path)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(TAIL)))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    };
    read().unwrap_or_else(|error: std::io::Error| format!("(no log: {error})"))
}

fn kernel_tells_orphans() -> bool {
    static TELLS: OnceLock<bool> = OnceLock::new();
    *TELLS.get_or_init(|| {
        let mut tried = std::process::Command::new("setpriv");
        tried
            .args(["--pdeathsig", "KILL", "--", "true"])
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        tried.status().is_ok_and(|status| status.success())
    })
}
