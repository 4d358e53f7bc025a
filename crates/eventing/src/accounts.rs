//! Who may do what at NATS: a service says its own events and reads the stream, and an operator
//! alone changes it. The server refuses everything else, and whoever it does not know.
//!
//! Each user has an nkey (Ed25519): the secret stays in a file with whoever connects, the server's
//! configuration holds but the public half.

use std::{
    fmt::Write as _,
    fs,
    io::{self, ErrorKind, Write as _},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use knipperlicht_contracts::event::Service;
use knipperlicht_vocabulary::Environment;
use nkeys::{KeyPair, KeyPairType};

use crate::{envelope::SUBJECT_ROOT, topology::STREAM};

/// The account that all of them are in.
const ACCOUNT: &str = "KL";

/// Who connects to NATS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NatsUser {
    /// A service: says its own events, and reads.
    Service(Service),
    /// What reads for all services of a process.
    Reader,
    /// Deletes what was said of forgotten situations, and says nothing: apart from the services, so
    /// that none of them can.
    Eraser,
    /// Makes and mends the stream; says nothing.
    Operator,
}

/// The subjects that a user may publish, and those it may subscribe to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permissions {
    /// Publish.
    pub publish: Vec<String>,
    /// Subscribe.
    pub subscribe: Vec<String>,
}

impl NatsUser {
    /// Everybody.
    pub fn all() -> impl Iterator<Item = Self> {
        let services = Service::ALL.iter().copied().map(Self::Service);
        services.chain([Self::Reader, Self::Eraser, Self::Operator])
    }

    /// The name of its connection, and of the file with its key.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Service(service) => service.name(),
            Self::Reader => "reader",
            Self::Eraser => "eraser",
            Self::Operator => "operator",
        }
    }

    /// Where it gets answers: below this, and nobody else listens there.
    #[must_use]
    pub fn inbox(self) -> String {
        format!("_INBOX.{}", self.name())
    }

    /// What it may do. A reader of the stream is nameless and forgotten soon (see `pull`), so that
    /// nobody can give away, or take over, that of another.
    #[must_use]
    pub fn permissions(self) -> Permissions {
        let reads = [
            format!("$JS.API.STREAM.INFO.{STREAM}"),
            format!("$JS.API.CONSUMER.CREATE.{STREAM}"),
            format!("$JS.API.CONSUMER.MSG.NEXT.{STREAM}.*"),
        ];
        let publish = match self {
            // kl.evt.<partition>.<zone>.<aggregate>.<event>.v1
            Self::Service(service) => service
                .aggregates()
                .iter()
                .map(|aggregate| format!("{SUBJECT_ROOT}.*.*.{aggregate}.*.*"))
                .chain(reads)
                .chain([format!("$JS.API.DIRECT.GET.{STREAM}")])
                .collect(),
            Self::Reader => reads.to_vec(),
            Self::Eraser => reads
                .into_iter()
                .chain([format!("$JS.API.STREAM.MSG.DELETE.{STREAM}")])
                .collect(),
            Self::Operator => vec!["$JS.API.>".to_owned()],
        };
        Permissions {
            publish,
            subscribe: vec![format!("{}.>", self.inbox())],
        }
    }
}

/// A key cannot be read, made or kept.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file.
    #[error("KL0019: {path}: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is no key.
    #[error("KL0019: {path}: {source}; it holds the seed of an nkey of a user, `SU...`")]
    Key {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        source: nkeys::error::Error,
    },
}

/// The file with the key of `user`.
fn file(directory: &Path, user: NatsUser) -> PathBuf {
    directory.join(format!("{}.nk", user.name()))
}

/// Reads the key of `user`.
pub(crate) fn read_key(directory: &Path, user: NatsUser) -> Result<KeyPair, KeyError> {
    let path = file(directory, user);
    match fs::read_to_string(&path) {
        Ok(seed) => {
            KeyPair::from_seed(seed.trim()).map_err(|source| KeyError::Key { path, source })
        }
        Err(source) => Err(KeyError::File { path, source }),
    }
}

/// Makes the keys that are not there yet, and says what a nats-server is to be told so that it
/// knows everybody: the block `accounts` of its configuration.
pub fn keep_accounts(directory: &Path, environment: &Environment) -> Result<String, KeyError> {
    let mut users = String::new();
    for user in NatsUser::all() {
        let key = keep_key(directory, user, environment)?;
        let Permissions { publish, subscribe } = user.permissions();
        // Writing to a text cannot fail.
        let _ = writeln!(
            users,
            "      # {}\n      {{ nkey: {}, permissions: {{ publish: {}, subscribe: {} }} }}",
            user.name(),
            key.public_key(),
            list(&publish),
            list(&subscribe),
        );
    }
    Ok(format!(
        "accounts {{\n  {ACCOUNT} {{\n    jetstream: enabled\n    users: [\n{users}    ]\n  }}\n}}\n"
    ))
}

fn list(subjects: &[String]) -> String {
    let quoted: Vec<String> = subjects
        .iter()
        .map(|subject| format!("\"{subject}\""))
        .collect();
    format!("[{}]", quoted.join(", "))
}

fn keep_key(
    directory: &Path,
    user: NatsUser,
    environment: &Environment,
) -> Result<KeyPair, KeyError> {
    match read_key(directory, user) {
        Err(KeyError::File { source, .. }) if source.kind() == ErrorKind::NotFound => {}
        known => return known,
    }
    let path = file(directory, user);
    let mut random = [0; 32];
    environment.fill(&mut random);
    let made = KeyPair::new_from_raw(KeyPairType::User, random)
        .and_then(|key| key.seed().map(|seed| (key, seed)));
    let (key, seed) = made.map_err(|source| KeyError::Key {
        path: path.clone(),
        source,
    })?;
    let write = || {
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)?;
        writeln!(file, "{seed}")
    };
    write().map_err(|source| KeyError::File { path, source })?;
    Ok(key)
}
