use std::ffi::OsString;
use std::fmt::{self, Write as _};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tokio::time::sleep;

use crate::authority::Identity;
use crate::child::{Child, Program, Signal, outlive_predecessor};
use crate::error::{Doing, SandboxError};
use crate::home::{Log, Place, User, keep_secret, make_directory, write_private};
use crate::lock::InstanceLock;
use crate::port::free_port;
use crate::tools::Tools;
use crate::{Durability, Stopped};

const SERVER: &str = "PostgreSQL";
const SUPERUSER: &str = "knipperlicht";
const LOOK_EVERY: Duration = Duration::from_millis(5);
/// A start may include the recovery of everything since the last checkpoint.
const READY_WITHIN: Duration = Duration::from_mins(2);
/// A new database cluster, or the copy of one.
const MADE_WITHIN: Duration = Duration::from_mins(2);
/// How long what a killed server leaves (sessions, shared memory, its port) may linger.
const REMAINS_WITHIN: Duration = Duration::from_secs(10);
const PORT_ATTEMPTS: u32 = 5;
const CERTIFICATE: &str = "server.crt";
const KEY: &str = "server.key";
const PASSWORDS: &str = "passwords";
const WHO_MAY_CONNECT: &str = "encrypted_hba.conf";

/// Which PostgreSQL to run.
#[derive(Clone, Debug)]
pub struct PostgresOptions {
    /// Where everything of it is kept: the data in `cluster/data`, `password`, `postgres.log`.
    /// Made when it is missing.
    pub directory: PathBuf,
    /// The port on 127.0.0.1; without one, any that is free.
    pub port: Option<u16>,
    /// What a commit promises.
    pub durability: Durability,
    /// Settings by name, which win over those chosen here.
    pub settings: Vec<(String, String)>,
    /// Who it is; with it, nobody is served in clear.
    pub identity: Option<Identity>,
}

impl PostgresOptions {
    /// A durable one in this directory, on any free port.
    #[must_use]
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self {
            directory: directory.into(),
            port: None,
            durability: Durability::Durable,
            settings: Vec::new(),
            identity: None,
        }
    }
}

/// A PostgreSQL of our own. Dropped, it ends at once and recovers at its next start.
pub struct Postgres {
    // Before the lock, so that the directory is released after the server has ended.
    child: Option<Child>,
    settings: Vec<(String, String)>,
    identity: Option<Identity>,
    durability: Durability,
    port: u16,
    password: String,
    program: PathBuf,
    place: Place,
    run_as: User,
    _lock: InstanceLock,
}

/// What a new database cluster is made from.
#[derive(Clone, Copy)]
enum Origin<'a> {
    /// Nothing.
    Empty,
    /// A copy of this one, which it goes on following.
    Primary(&'a Postgres),
}

impl Postgres {
    /// Starts it, with a new database cluster when the directory has none, and waits until it
    /// takes connections.
    pub async fn start(tools: &Tools, options: PostgresOptions) -> Result<Self, SandboxError> {
        Self::start_from(Origin::Empty, tools, options).await
    }

    /// Starts a standby of this one in another directory: a copy of all there is, which then follows
    /// what is written. It has the same users and passwords, and takes who only reads until it is
    /// promoted (`select pg_promote()`).
    pub async fn start_standby(
        &self,
        tools: &Tools,
        options: PostgresOptions,
    ) -> Result<Self, SandboxError> {
        Self::start_from(Origin::Primary(self), tools, options).await
    }

    async fn start_from(
        origin: Origin<'_>,
        tools: &Tools,
        options: PostgresOptions,
    ) -> Result<Self, SandboxError> {
        make_directory(&options.directory)?;
        let asked = fs::canonicalize(&options.directory).doing_at("resolve", &options.directory)?;
        let lock = InstanceLock::acquire(&asked)?;
        let place = Place::choose(&asked, &User::for_postgres(&asked.join("cluster"))?)?;
        let run_as = User::for_postgres(&place.directory.join("cluster"))?;
        let program = tools.postgres_bin().join("postgres");
        if let User::Other { name, .. } = &run_as
            && !run_as.reaches(&program)
        {
            return Err(SandboxError::OutOfReach {
                path: program,
                user: name.clone(),
            });
        }

        let password = place.directory.join("password");
        if let Origin::Primary(primary) = origin {
            write_private(&password, &primary.password)?;
        }
        let mut postgres = Self {
            child: None,
            settings: options.settings,
            identity: options.identity,
            durability: options.durability,
            port: 0,
            password: keep_secret(&password)?,
            program,
            place,
            run_as,
            _lock: lock,
        };
        outlive_predecessor(
            SERVER,
            &postgres.pid_file(),
            &postgres.data(),
            (Signal::Interrupt, Signal::Quit),
        )
        .await?;
        postgres.clear_attempts();
        if !postgres.data().exists() {
            postgres.init(tools, origin).await?;
        }
        postgres.take_identity()?;
        postgres.launch_on(options.port).await?;
        Ok(postgres)
    }

    /// The address of the database `postgres`, as the superuser, with the password in it.
    #[must_use]
    pub fn url(&self) -> String {
        self.url_of("postgres")
    }

    /// The address of another database, as the superuser, with the password in it.
    #[must_use]
    pub fn url_of(&self, database: &str) -> String {
        let Self { password, port, .. } = self;
        let encrypted = self.identity.as_ref().map_or_else(String::new, |identity| {
            let authority = in_query(&identity.authority);
            format!("?sslmode=verify-full&sslrootcert={authority}")
        });
        format!("postgres://{SUPERUSER}:{password}@127.0.0.1:{port}/{database}{encrypted}")
    }

    /// The port on 127.0.0.1. It stays the same across restarts.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The process of the postmaster, while it runs.
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

    /// Where its files are.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.place.directory
    }

    /// The directory that was asked for, when the files had to go elsewhere: this process is root
    /// and the user that PostgreSQL runs as could not reach it. Worth telling the user.
    #[must_use]
    pub fn moved_from(&self) -> Option<&Path> {
        self.place.moved_from.as_deref()
    }

    /// The file it logs to.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.place.directory.join("postgres.log")
    }

    /// Kills the postmaster with `SIGKILL`, as a crash would. Its sessions end by themselves when
    /// they notice, which a busy one does only after its statement, or at the next start.
    pub async fn kill(&mut self) -> Result<(), SandboxError> {
        match self.child.take() {
            Some(mut child) => child.kill().await,
            None => Ok(()),
        }
    }

    /// Starts it again on the same data and port, after a [`kill`](Self::kill) or a
    /// [`stop`](Self::stop); one that runs is stopped first.
    pub async fn restart(&mut self) -> Result<(), SandboxError> {
        self.stop(Duration::from_secs(10)).await?;
        self.launch_again().await
    }

    /// Ends all sessions, writes everything and ends. What is not done by the deadline is left to
    /// recovery at the next start.
    pub async fn stop(&mut self, within: Duration) -> Result<Stopped, SandboxError> {
        let Some(mut child) = self.child.take() else {
            return Ok(Stopped::Cleanly);
        };
        child.signal(Signal::Interrupt)?;
        if let Some(status) = child.wait(within).await? {
            return Ok(if status.success() {
                Stopped::Cleanly
            } else {
                Stopped::ByForce
            });
        }
        child.signal(Signal::Quit)?;
        if child.wait(Duration::from_secs(5)).await?.is_none() {
            child.kill().await?;
        }
        Ok(Stopped::ByForce)
    }

    fn cluster(&self) -> PathBuf {
        self.place.directory.join("cluster")
    }

    fn data(&self) -> PathBuf {
        self.cluster().join("data")
    }

    fn pid_file(&self) -> PathBuf {
        self.data().join("postmaster.pid")
    }

    /// Makes the database cluster beside its place, then moves it there: an interrupted attempt
    /// leaves nothing that looks like data.
    async fn init(&self, tools: &Tools, origin: Origin<'_>) -> Result<(), SandboxError> {
        let cluster = self.cluster();
        make_directory(&cluster)?;
        self.run_as.take(&cluster)?;

        let attempt = tempfile::Builder::new()
            .prefix("attempt-")
            .permissions(fs::Permissions::from_mode(0o700))
            .tempdir_in(&cluster)
            .doing_at("create a directory in", &cluster)?;
        self.run_as.take(attempt.path())?;
        let data = attempt.path().join("data");
        let (program, arguments) = match origin {
            Origin::Empty => {
                let password = attempt.path().join("password");
                write_private(&password, &self.password)?;
                self.run_as.take(&password)?;
                ("initdb", self.initdb(&data, password))
            }
            Origin::Primary(primary) => ("pg_basebackup", self.basebackup(primary, &data)?),
        };

        let (log, file) = Log::open(self.log())?;
        let mut making = Child::start(Program {
            path: &tools.postgres_bin().join(program),
            arguments,
            directory: attempt.path(),
            run_as: &self.run_as,
            log: file,
            // It clears up after itself. Killed, it would leave its own child writing.
            when_orphaned: Signal::Terminate,
            when_dropped: Signal::Terminate,
        })
        .await?;
        let failed = |reason| log.not_started(SERVER, format!("{program} {reason}"));
        match making.wait(MADE_WITHIN).await? {
            Some(status) if status.success() => {}
            Some(status) => return Err(failed(format!("ended: {status}"))),
            None => return Err(failed("takes too long".to_owned())),
        }
        fs::rename(&data, self.data()).doing_at("move the new data to", &self.data())
    }

    fn initdb(&self, data: &Path, password: PathBuf) -> Vec<OsString> {
        let mut arguments: Vec<OsString> = vec!["--pgdata".into(), data.into()];
        arguments.extend(["--pwfile".into(), password.into()]);
        arguments.extend(["--username".into(), SUPERUSER.into()]);
        arguments.extend(
            [
                "--auth=scram-sha-256",
                "--data-checksums",
                "--encoding=UTF8",
                "--locale-provider=libc",
                "--locale=C.UTF-8",
                "--lc-messages=C",
                "--no-instructions",
            ]
            .map(OsString::from),
        );
        if self.durability == Durability::Disposable {
            arguments.push("--no-sync".into());
        }
        arguments
    }

    /// A copy of `primary` that knows whom to follow. The password stands in a file of this one's,
    /// which the copy names when it follows.
    fn basebackup(&self, primary: &Self, data: &Path) -> Result<Vec<OsString>, SandboxError> {
        let passwords = self.cluster().join(PASSWORDS);
        let Self { password, .. } = primary;
        write_private(&passwords, &format!("*:*:*:{SUPERUSER}:{password}\n"))?;
        self.run_as.take(&passwords)?;
        let (port, passwords) = (primary.port, in_query(&passwords));
        let from = format!("postgres://{SUPERUSER}@127.0.0.1:{port}/?passfile={passwords}");
        let mut arguments: Vec<OsString> = vec!["--pgdata".into(), data.into()];
        arguments.extend(["--dbname".into(), from.into()]);
        arguments.extend(
            ["--write-recovery-conf", "--checkpoint=fast", "--no-sync"].map(OsString::from),
        );
        Ok(arguments)
    }

    /// Copies who it is to where PostgreSQL may read it, which takes a key that is its own alone.
    fn take_identity(&self) -> Result<(), SandboxError> {
        let Some(identity) = &self.identity else {
            return Ok(());
        };
        let put = |name: &str, text: &str| {
            let path = self.cluster().join(name);
            write_private(&path, text)?;
            self.run_as.take(&path)
        };
        for (name, from) in [(CERTIFICATE, &identity.certificate), (KEY, &identity.key)] {
            put(name, &fs::read_to_string(from).doing_at("read", from)?)?;
        }
        put(
            WHO_MAY_CONNECT,
            "hostssl all all 127.0.0.1/32 scram-sha-256\n",
        )
    }

    /// Removes what interrupted attempts have left. What resists is only space lost.
    fn clear_attempts(&self) {
        for entry in fs::read_dir(self.cluster()).into_iter().flatten().flatten() {
            if entry.file_name().to_string_lossy().starts_with("attempt-") {
                let _ = fs::remove_dir_all(entry.path());
            }
        }
    }

    async fn launch_on(&mut self, port: Option<u16>) -> Result<(), SandboxError> {
        if let Some(port) = port {
            self.port = port;
            return self.launch_again().await;
        }
        for _ in 0..PORT_ATTEMPTS {
            self.port = free_port().doing("find a free port")?;
            match self.launch_again().await {
                Err(SandboxError::PortTaken { .. }) => {}
                done => return done,
            }
        }
        Err(SandboxError::PortTaken {
            server: SERVER,
            port: self.port,
        })
    }

    /// Starts it on its port; what is left of a killed one gets time to go.
    async fn launch_again(&mut self) -> Result<(), SandboxError> {
        let deadline = Instant::now() + REMAINS_WITHIN;
        loop {
            match self.launch().await? {
                Launch::Ready(child) => {
                    self.child = Some(child);
                    return Ok(());
                }
                Launch::PortTaken => {
                    return Err(SandboxError::PortTaken {
                        server: SERVER,
                        port: self.port,
                    });
                }
                Launch::RemainsInTheWay(error) if Instant::now() >= deadline => return Err(error),
                Launch::RemainsInTheWay(_) => {
                    self.end_sessions_left()?;
                    sleep(Duration::from_millis(20)).await;
                }
            }
        }
    }

    /// Ends the sessions whose postmaster was killed. They would notice by themselves, but a busy
    /// one only after its statement, and until then no other server may use the data.
    ///
    /// A session works in the data directory and calls itself `postgres: ...`. That is seen on
    /// Linux only; elsewhere the sessions are waited for.
    fn end_sessions_left(&self) -> Result<(), SandboxError> {
        for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
            let Some(pid) = entry
                .file_name()
                .to_str()
                .and_then(|name| name.parse().ok())
            else {
                continue;
            };
            let works_here =
                fs::read_link(entry.path().join("cwd")).is_ok_and(|cwd| cwd == self.data());
            let is_session = fs::read(entry.path().join("cmdline"))
                .is_ok_and(|arguments| arguments.starts_with(b"postgres: "));
            if works_here && is_session {
                Signal::Kill
                    .send(pid)
                    .doing("end a session whose server was killed")?;
            }
        }
        Ok(())
    }

    async fn launch(&self) -> Result<Launch, SandboxError> {
        let (log, file) = Log::open(self.log())?;
        let mut child = Child::start(Program {
            path: &self.program,
            arguments: self.arguments(),
            directory: &self.cluster(),
            run_as: &self.run_as,
            log: file,
            when_orphaned: Signal::Interrupt,
            when_dropped: Signal::Quit,
        })
        .await?;

        let deadline = Instant::now() + READY_WITHIN;
        loop {
            if self.is_ready(child.pid()) {
                return Ok(Launch::Ready(child));
            }
            if let Some(status) = child.ended()? {
                let said = log.since_start();
                let error = log.not_started(SERVER, format!("it ended: {status}"));
                return match () {
                    () if said.contains("Address already in use") => Ok(Launch::PortTaken),
                    () if said.contains("pre-existing shared memory block")
                        || said.contains("lock file \"postmaster.pid\" already exists") =>
                    {
                        Ok(Launch::RemainsInTheWay(error))
                    }
                    () => Err(error),
                };
            }
            if Instant::now() >= deadline {
                return Err(log.not_started(SERVER, "it is not ready in time".to_owned()));
            }
            sleep(LOOK_EVERY).await;
        }
    }

    /// Whether it takes connections, as `pg_ctl` finds out: the first line of its lock file is
    /// its process, the eighth what it is doing.
    fn is_ready(&self, pid: u32) -> bool {
        fs::read_to_string(self.pid_file()).is_ok_and(|text| {
            let mut lines = text.lines().map(str::trim);
            lines.next() == Some(&pid.to_string()) && lines.nth(6) == Some("ready")
        })
    }

    fn arguments(&self) -> Vec<OsString> {
        let mut arguments: Vec<OsString> = vec!["-D".into(), self.data().into()];
        let mut set = |name: &str, value: &str| {
            arguments.extend(["-c".into(), format!("{name}={value}").into()]);
        };
        set("listen_addresses", "127.0.0.1");
        set("port", &self.port.to_string());
        // A socket's path may be 107 bytes long, which a directory of the user's easily exceeds.
        set("unix_socket_directories", "");
        set("max_connections", "500");
        set("shared_buffers", "256MB");
        // After each checkpoint every page is written whole once more; the default of 1 GB is a
        // minute under load.
        set("max_wal_size", "2GB");
        set("jit", "off");
        set("timezone", "UTC");
        set("log_timezone", "UTC");
        set("logging_collector", "off");
        set("log_destination", "stderr");
        let on_or_off = match self.durability {
            Durability::Durable => "on",
            Durability::Disposable => "off",
        };
        set("fsync", on_or_off);
        set("full_page_writes", on_or_off);
        // Without fsync it costs next to nothing, and what is committed survives a kill.
        set("synchronous_commit", "on");
        if self.durability == Durability::Disposable {
            // In files, which go with the directory, rather than in the machine's shared memory.
            set("dynamic_shared_memory_type", "mmap");
        }
        if self.identity.is_some() {
            let file = |name: &str| self.cluster().join(name).display().to_string();
            set("ssl", "on");
            set("ssl_cert_file", &file(CERTIFICATE));
            set("ssl_key_file", &file(KEY));
            set("hba_file", &file(WHO_MAY_CONNECT));
        }
        for (name, value) in &self.settings {
            set(name, value);
        }
        arguments
    }
}

impl fmt::Debug for Postgres {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Postgres")
            .field("directory", &self.place.directory)
            .field("port", &self.port)
            .field("pid", &self.pid())
            .finish_non_exhaustive()
    }
}

/// A path as the value of a parameter in a URL.
fn in_query(path: &Path) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-".contains(&byte);
    let mut text = String::new();
    for byte in path.as_os_str().as_encoded_bytes() {
        if plain(*byte) {
            text.push(char::from(*byte));
        } else {
            // Writing to a text cannot fail.
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

/// What came of one attempt to start.
enum Launch {
    Ready(Child),
    PortTaken,
    RemainsInTheWay(SandboxError),
}
