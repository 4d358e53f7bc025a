use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;

use crate::Durability;
use crate::authority::Identity;
use crate::error::{Doing, SandboxError};
use crate::home::User;
use crate::lock::InstanceLock;
use crate::nats::{Nats, NatsOptions};
use crate::postgres::{Postgres, PostgresOptions};
use crate::tools::Tools;

const PREFIX: &str = "knipperlicht-scratch-";
/// A directory this young may belong to a process that has not locked it yet.
const SETTLED_AFTER: Duration = Duration::from_mins(1);

/// Which servers to run.
#[derive(Clone, Debug)]
pub struct ScratchOptions {
    /// What they promise about a write.
    pub durability: Durability,
    /// Who may do what at NATS: see [`NatsOptions::accounts`].
    pub accounts: Option<String>,
    /// Who they are: with it they serve nobody in clear.
    pub identity: Option<Identity>,
}

impl Default for ScratchOptions {
    /// Nothing durable, and in clear.
    fn default() -> Self {
        Self {
            durability: Durability::Disposable,
            accounts: None,
            identity: None,
        }
    }
}

/// Both servers on a directory that disappears with them; for tests.
///
/// A process that is killed cannot clean up after itself: its servers end with it, its directory
/// is removed by the next scratch of the same user.
#[derive(Debug)]
pub struct Scratch {
    // In this order: the servers end, then the directory is released and removed.
    /// The PostgreSQL.
    pub postgres: Postgres,
    /// The nats-server.
    pub nats: Nats,
    directory: ScratchDirectory,
}

/// A directory for servers, where the user that PostgreSQL runs as can reach them; it disappears, at
/// the latest with the next one of the same user after this process was killed.
#[derive(Debug)]
pub struct ScratchDirectory {
    // Released before it is removed.
    _lock: InstanceLock,
    directory: TempDir,
}

impl ScratchDirectory {
    /// Makes it.
    pub fn new() -> Result<Self, SandboxError> {
        let directory = reachable_directory()?;
        let lock = InstanceLock::acquire(directory.path())?;
        sweep(directory.path());
        Ok(Self {
            _lock: lock,
            directory,
        })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.directory.path()
    }
}

impl Scratch {
    /// Starts both at once, on free ports, nothing durable.
    pub async fn start() -> Result<Self, SandboxError> {
        Self::start_with(&Tools::find()?, ScratchOptions::default()).await
    }

    /// Starts both at once, on free ports.
    pub async fn start_with(tools: &Tools, options: ScratchOptions) -> Result<Self, SandboxError> {
        let directory = ScratchDirectory::new()?;
        let ScratchOptions {
            durability,
            accounts,
            identity,
        } = options;
        let postgres = PostgresOptions {
            durability,
            identity: identity.clone(),
            ..PostgresOptions::new(directory.path().join("postgres"))
        };
        let nats = NatsOptions {
            durability,
            accounts,
            identity,
            ..NatsOptions::new(directory.path().join("nats"))
        };
        let (postgres, nats) =
            tokio::try_join!(Postgres::start(tools, postgres), Nats::start(tools, nats))?;
        Ok(Self {
            postgres,
            nats,
            directory,
        })
    }

    /// A directory for other things of the test; it disappears too.
    #[must_use]
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }
}

/// A new directory, where the user that PostgreSQL runs as can reach it too.
fn reachable_directory() -> Result<TempDir, SandboxError> {
    let usual = std::env::temp_dir();
    let postgres = User::for_postgres(&usual.join("no-data-yet"))?;
    let within = if postgres.reaches(&usual) {
        usual
    } else {
        PathBuf::from("/tmp")
    };
    let directory = tempfile::Builder::new()
        .prefix(PREFIX)
        .tempdir_in(&within)
        .doing_at("create a directory in", &within)?;
    let mode = match postgres {
        User::Ourselves => 0o700,
        User::Other { .. } => 0o711,
    };
    fs::set_permissions(directory.path(), Permissions::from_mode(mode))
        .doing_at("open up", directory.path())?;
    Ok(directory)
}

/// Removes the directories of scratches whose process was killed. What resists is only space
/// lost, so nothing here is an error.
fn sweep(ours: &Path) {
    let Some(owner) = fs::metadata(ours).ok().map(|ours| ours.uid()) else {
        return;
    };
    for entry in ours
        .parent()
        .map(fs::read_dir)
        .into_iter()
        .flatten()
        .flatten()
        .flatten()
    {
        let path = entry.path();
        let abandoned = entry.file_name().to_string_lossy().starts_with(PREFIX)
            && path != ours
            && fs::symlink_metadata(&path)
                .is_ok_and(|found| found.is_dir() && found.uid() == owner && is_settled(&found))
            && is_free(&path);
        if abandoned {
            let _ = fs::remove_dir_all(&path);
        }
    }
}

fn is_settled(found: &fs::Metadata) -> bool {
    let age = found
        .modified()
        .ok()
        .and_then(|changed| changed.elapsed().ok());
    age.is_some_and(|age| age > SETTLED_AFTER)
}

/// Whether nobody holds the directory or its servers.
fn is_free(directory: &Path) -> bool {
    ["", "postgres", "nats"]
        .iter()
        .all(|part| InstanceLock::acquire(&directory.join(part)).is_ok())
}
