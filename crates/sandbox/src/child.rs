use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::{OnceLock, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use tokio::time::sleep;

use crate::error::{Doing, SandboxError};
use crate::home::User;

const LOOK_EVERY: Duration = Duration::from_millis(5);

/// Has the kernel signal a program when its parent ends. A shell that started us in the background
/// may have made us, and thus our children, deaf to the interrupt; they hear again.
const TELL_ORPHAN: [&str; 3] = ["--default-signal=INT,QUIT", "setpriv", "--pdeathsig"];

/// Becomes the program, unless the parent ended before the kernel knew what to do then.
const UNLESS_ORPHANED: &str = r#"test "$PPID" = "$1" && shift && exec "$@""#;

/// What a server is told; each reads it its own way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    /// PostgreSQL: end all sessions, write everything, end.
    Interrupt,
    /// nats-server: close everything, end. PostgreSQL would wait for its sessions.
    Terminate,
    /// PostgreSQL: end now, recover at the next start; unlike a kill, it clears its shared memory.
    Quit,
    /// The end, unasked.
    Kill,
}

impl Signal {
    fn name(self) -> &'static str {
        match self {
            Self::Interrupt => "INT",
            Self::Terminate => "TERM",
            Self::Quit => "QUIT",
            Self::Kill => "KILL",
        }
    }

    /// Sends it with the shell's own `kill`: the standard library knows no signal but `SIGKILL`.
    pub(crate) fn send(self, pid: u32) -> io::Result<()> {
        Command::new("sh")
            .args([
                "-c",
                r#"kill -s "$1" "$2""#,
                "sh",
                self.name(),
                &pid.to_string(),
            ])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .map(drop)
    }
}

/// How to start a program.
pub(crate) struct Program<'a> {
    pub(crate) path: &'a Path,
    pub(crate) arguments: Vec<OsString>,
    pub(crate) directory: &'a Path,
    pub(crate) run_as: &'a User,
    pub(crate) log: File,
    /// Sent to it when this process ends, however that comes about.
    pub(crate) when_orphaned: Signal,
    /// Sent to it when it is dropped while it runs.
    pub(crate) when_dropped: Signal,
}

impl Program<'_> {
    fn command(self) -> io::Result<Command> {
        let mut command = if kernel_tells_orphans() {
            // Each of these becomes the next, so the process id is the program's. The user is
            // changed before they run: a change of user afterwards would clear the setting.
            let mut command = Command::new("env");
            command
                .args(TELL_ORPHAN)
                .args([
                    self.when_orphaned.name(),
                    "--",
                    "sh",
                    "-c",
                    UNLESS_ORPHANED,
                    "sh",
                ])
                .arg(std::process::id().to_string())
                .arg(self.path);
            command
        } else {
            Command::new(self.path)
        };
        let also_log = self.log.try_clone()?;
        command
            .args(self.arguments)
            .current_dir(self.directory)
            .stdin(Stdio::null())
            .stdout(self.log)
            .stderr(also_log)
            // A Ctrl-C in the terminal is for us, who then stop the servers in order.
            .process_group(0)
            // Nothing like PGPORT or LC_MESSAGES decides how a private server behaves.
            .env_clear()
            .env("LC_ALL", "C")
            .envs(["PATH", "LD_LIBRARY_PATH"].iter().filter_map(|name| {
                std::env::var_os(name).map(|value| (OsStr::new(name), value))
            }));
        if let User::Other { uid, gid, .. } = self.run_as {
            command.uid(*uid).gid(*gid);
        }
        Ok(command)
    }
}

/// A program that runs as our child. Dropped, it is ended.
#[derive(Debug)]
pub(crate) struct Child {
    process: std::process::Child,
    when_dropped: Signal,
}

impl Child {
    pub(crate) async fn start(program: Program<'_>) -> Result<Self, SandboxError> {
        let path = program.path.to_owned();
        let when_dropped = program.when_dropped;
        let command = program.command().doing_at("start", &path)?;
        let process = spawn_on_nursery(command).await.doing_at("start", &path)?;
        Ok(Self {
            process,
            when_dropped,
        })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.process.id()
    }

    /// How it ended, or nothing while it runs.
    pub(crate) fn ended(&mut self) -> Result<Option<ExitStatus>, SandboxError> {
        self.process.try_wait().doing("wait for a child process")
    }

    /// Waits until it ends by itself, or not in time.
    pub(crate) async fn wait(
        &mut self,
        limit: Duration,
    ) -> Result<Option<ExitStatus>, SandboxError> {
        let deadline = Instant::now() + limit;
        loop {
            let ended = self.ended()?;
            if ended.is_some() || Instant::now() >= deadline {
                return Ok(ended);
            }
            sleep(LOOK_EVERY).await;
        }
    }

    /// Sends a signal. A child whose end was not collected keeps its process id, so no other
    /// process can be hit.
    pub(crate) fn signal(&mut self, signal: Signal) -> Result<(), SandboxError> {
        match self.ended()? {
            Some(_) => Ok(()),
            None => signal.send(self.pid()).doing("signal a child process"),
        }
    }

    /// Ends it with `SIGKILL`.
    pub(crate) async fn kill(&mut self) -> Result<(), SandboxError> {
        self.process.kill().doing("kill a child process")?;
        self.wait(Duration::from_secs(10)).await.map(drop)
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        if !matches!(self.process.try_wait(), Ok(None)) {
            return;
        }
        // There is nobody to tell: whatever fails here, the kill below still follows.
        let _ = self.when_dropped.send(self.pid());
        let deadline = Instant::now() + Duration::from_secs(3);
        while matches!(self.process.try_wait(), Ok(None)) {
            if Instant::now() >= deadline {
                let _ = self.process.kill();
                let _ = self.process.wait();
                return;
            }
            thread::sleep(LOOK_EVERY);
        }
    }
}

struct Order {
    command: Command,
    answer: oneshot::Sender<io::Result<std::process::Child>>,
}

static NURSERY: OnceLock<mpsc::Sender<Order>> = OnceLock::new();

/// Starts a child from a thread that lives as long as this process.
///
/// The kernel ties "when the parent dies" to the *thread* that started the child. Threads of an
/// async runtime come and go, and with them the servers would.
async fn spawn_on_nursery(command: Command) -> io::Result<std::process::Child> {
    let gone = || io::Error::other("the thread that starts children is gone");
    let (answer, answered) = oneshot::channel();
    nursery()?
        .send(Order { command, answer })
        .map_err(|_| gone())?;
    answered.await.map_err(|_| gone())?
}

fn nursery() -> io::Result<&'static mpsc::Sender<Order>> {
    if let Some(running) = NURSERY.get() {
        return Ok(running);
    }
    let (orders, inbox) = mpsc::channel::<Order>();
    thread::Builder::new()
        .name("sandbox-nursery".to_owned())
        .spawn(move || {
            for Order {
                mut command,
                answer,
            } in inbox
            {
                if let Err(Ok(mut unwanted)) = answer.send(command.spawn()) {
                    let _ = unwanted.kill();
                    let _ = unwanted.wait();
                }
            }
        })?;
    // When two threads come at once, the second nursery ends for want of orders.
    Ok(NURSERY.get_or_init(|| orders))
}

/// Whether a child can be told by the kernel that we have ended: `setpriv` as util-linux has it,
/// and `env` as the GNU core utilities have it.
pub(crate) fn kernel_tells_orphans() -> bool {
    static TELLS: OnceLock<bool> = OnceLock::new();
    *TELLS.get_or_init(|| {
        Command::new("env")
            .args(TELL_ORPHAN)
            .args(["KILL", "--", "true"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    })
}

/// Sees to it that the server which last used a directory is gone.
///
/// The caller holds the lock of the directory, so the owner of that server is dead: the server is
/// dying already, or nobody told it to. `signature` is the argument that only that server has; a
/// process id alone may have passed to somebody else.
pub(crate) async fn outlive_predecessor(
    server: &'static str,
    pid_file: &Path,
    signature: &Path,
    (gently, firmly): (Signal, Signal),
) -> Result<(), SandboxError> {
    let Some(pid) = fs::read_to_string(pid_file)
        .ok()
        .and_then(|text| text.lines().next()?.trim().parse::<u32>().ok())
    else {
        return Ok(());
    };
    for (signal, limit) in [(gently, 10), (firmly, 5)] {
        if !is_server(pid, signature) {
            return Ok(());
        }
        signal.send(pid).doing("signal an earlier server")?;
        let deadline = Instant::now() + Duration::from_secs(limit);
        while is_server(pid, signature) && Instant::now() < deadline {
            sleep(LOOK_EVERY).await;
        }
    }
    if is_server(pid, signature) {
        return Err(SandboxError::PredecessorLives { server, pid });
    }
    Ok(())
}

/// Whether a living process has this argument. A zombie has no arguments any more.
fn is_server(pid: u32, signature: &Path) -> bool {
    let signature = signature.as_os_str().as_encoded_bytes();
    if let Ok(arguments) = fs::read(PathBuf::from(format!("/proc/{pid}/cmdline"))) {
        return arguments
            .split(|byte| *byte == 0)
            .any(|argument| argument == signature);
    }
    if Path::new("/proc/self/cmdline").exists() {
        return false;
    }
    Command::new("ps")
        .args(["-o", "args=", "-p", &pid.to_string()])
        .output()
        .is_ok_and(|output| {
            output
                .stdout
                .windows(signature.len())
                .any(|window| window == signature)
        })
}
