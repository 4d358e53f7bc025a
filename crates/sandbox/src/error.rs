use std::io;
use std::path::{Path, PathBuf};

/// Why a sandbox could not do what it was asked; every message says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SandboxError {
    /// A program is on none of the places where it is looked for.
    #[error(
        "no {tool} found (looked at {looked}): run `make run`, it fetches what is missing, \
         or set {variable}"
    )]
    ToolMissing {
        /// The program and the oldest version that will do.
        tool: &'static str,
        /// The places, and what was wrong with what stood there.
        looked: String,
        /// The environment variable that names the program.
        variable: &'static str,
    },

    /// The program that the environment names will not do.
    #[error("{variable} names {}, which will not do: {reason}; correct or unset it", path.display())]
    ToolUnfit {
        /// The environment variable.
        variable: &'static str,
        /// What it names.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },

    /// Another process uses the directory.
    #[error(
        "process {pid} already uses {}: stop it, or choose another directory",
        directory.display()
    )]
    AlreadyRunning {
        /// The directory.
        directory: PathBuf,
        /// The process that holds it.
        pid: u32,
    },

    /// The port that was asked for belongs to another program.
    #[error(
        "port {port} for {server} is taken by another program: stop that, or choose another port"
    )]
    PortTaken {
        /// The server.
        server: &'static str,
        /// The port.
        port: u16,
    },

    /// A server that nobody owns any more still uses the directory and does not end.
    #[error("an earlier {server} (process {pid}) does not end: stop it with `kill -9 {pid}`")]
    PredecessorLives {
        /// The server.
        server: &'static str,
        /// Its process.
        pid: u32,
    },

    /// The server ended while starting, or was not ready in time.
    #[error("{server} did not start: {reason}; its log is {}, and ends:\n{tail}", log.display())]
    NotStarted {
        /// The server.
        server: &'static str,
        /// What happened.
        reason: String,
        /// Where the whole log is.
        log: PathBuf,
        /// The last lines of the log.
        tail: String,
    },

    /// This process is root, and there is no other user to run PostgreSQL as.
    #[error(
        "PostgreSQL refuses to run as root, and this machine has neither a user `postgres` nor \
         `nobody`: run this as an ordinary user"
    )]
    NoUserToRunAs,

    /// The user that PostgreSQL runs as may not reach its programs.
    #[error(
        "PostgreSQL runs as `{user}` here, who may not reach {}: run this as an ordinary user, \
         or put PostgreSQL where everybody may read (KL_POSTGRES_BIN)",
        path.display()
    )]
    OutOfReach {
        /// The program.
        path: PathBuf,
        /// The user.
        user: String,
    },

    /// A certificate could not be made.
    #[error("cannot make a certificate: {0}")]
    Certificate(#[from] rcgen::Error),

    /// The operating system refused something.
    #[error("cannot {doing}: {source}")]
    Io {
        /// What was being done.
        doing: String,
        /// What the operating system said.
        source: io::Error,
    },
}

/// Says what was being done when the operating system refused.
pub(crate) trait Doing<T> {
    fn doing(self, doing: &str) -> Result<T, SandboxError>;
    fn doing_at(self, doing: &str, path: &Path) -> Result<T, SandboxError>;
}

impl<T> Doing<T> for io::Result<T> {
    fn doing(self, doing: &str) -> Result<T, SandboxError> {
        self.map_err(|source| SandboxError::Io {
            doing: doing.to_owned(),
            source,
        })
    }

    fn doing_at(self, doing: &str, path: &Path) -> Result<T, SandboxError> {
        self.map_err(|source| SandboxError::Io {
            doing: format!("{doing} {}", path.display()),
            source,
        })
    }
}
