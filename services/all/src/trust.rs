//! Which keys personal data and the audit log are kept with, as said on the command line or in the
//! environment.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use clap::Args;
use knipperlicht_contracts::event::Service;
use knipperlicht_eventing::audit::Checkpoints;
use knipperlicht_privacy::{
    IndexKey, KeyError, KeyRing, KeyWrapping, RingError,
    audit::{CheckpointKey, CheckpointReaders},
};
use zeroize::Zeroizing;

/// Where the master keys themselves may stand, for whoever gets secrets by the environment.
const MASTER_KEY: &str = "KL_MASTER_KEY";

/// Which keys personal data is kept with.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Keys")]
pub(crate) struct KeyOptions {
    /// File with the master keys that personal data is sealed with, a line each: the first one seals,
    /// all of them open. It is read again while the program runs. Without a file, `KL_MASTER_KEY`
    /// holds the keys
    #[arg(long, env = "KL_MASTER_KEY_FILE")]
    master_key_file: Option<PathBuf>,
    /// File with the key that carers, reporters and signals are recognised with; without it, one is
    /// made of the oldest master key
    #[arg(long, env = "KL_INDEX_KEY_FILE")]
    index_key_file: Option<PathBuf>,
}

/// The services that seal anything, and so need keys.
pub(crate) const SEALING: [Service; 2] = [Service::Intake, Service::Notification];

/// What personal data is kept with.
pub struct Sealing {
    /// Who keeps the master keys that it is sealed with.
    pub keys: Arc<dyn KeyWrapping>,
    /// What carers, reporters and signals are recognised with.
    pub index_key: IndexKey,
}

/// Where checkpoints of the audit logs are kept, and what signs them.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Audit")]
pub(crate) struct AuditOptions {
    /// Folder, outside of the database, in which checkpoints of the audit logs are kept
    #[arg(long, env = "KL_AUDIT_CHECKPOINT_DIR")]
    audit_checkpoint_dir: Option<PathBuf>,
    /// File with the key that signs checkpoints
    #[arg(long, env = "KL_AUDIT_KEY_FILE")]
    audit_key_file: Option<PathBuf>,
}

/// What checkpoints of the audit logs are made with.
#[derive(Clone)]
pub struct AuditSettings {
    /// Where they are kept.
    pub checkpoints: Checkpoints,
    /// What signs them.
    pub key: Arc<CheckpointKey>,
}

/// Keys cannot be used as told.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// No master key.
    #[error("KL6003: no master key: say KL_MASTER_KEY_FILE, or KL_MASTER_KEY")]
    NoMasterKey,
    /// The file with master keys.
    #[error("KL6003: KL_MASTER_KEY_FILE: {0}")]
    Ring(#[from] RingError),
    /// The master keys in the environment.
    #[error("KL6003: KL_MASTER_KEY: {0}")]
    MasterKey(KeyError),
    /// The index key.
    #[error("KL6004: KL_INDEX_KEY_FILE: {0}")]
    IndexKey(KeyFault),
    /// The key that signs checkpoints, or those that are believed.
    #[error("KL6005: {name}: {fault}")]
    Audit {
        /// What says where it is.
        name: &'static str,
        /// What is wrong.
        fault: KeyFault,
    },
    /// Checkpoints cannot be made or compared.
    #[error("KL6005: {0} is not set: checkpoints of the audit log need it")]
    NotSaid(&'static str),
}

/// What is wrong with a file that holds a key.
#[derive(Debug, thiserror::Error)]
pub enum KeyFault {
    /// It cannot be read.
    #[error("{path}: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// What is in it.
    #[error("{path}: {source}")]
    Key {
        /// Which.
        path: PathBuf,
        /// Why.
        source: KeyError,
    },
}

impl KeyOptions {
    /// The master keys.
    pub(crate) fn ring(&self) -> Result<KeyRing, TrustError> {
        if let Some(path) = &self.master_key_file {
            return Ok(KeyRing::open(path)?);
        }
        let text = env::var(MASTER_KEY).map_err(|_| TrustError::NoMasterKey)?;
        KeyRing::parse(&Zeroizing::new(text)).map_err(TrustError::MasterKey)
    }

    /// The index key that was given.
    pub(crate) fn own_index_key(&self) -> Result<Option<IndexKey>, TrustError> {
        let read = |path: &PathBuf| read(path, IndexKey::parse).map_err(TrustError::IndexKey);
        self.index_key_file.as_ref().map(read).transpose()
    }

    /// What these services keep personal data with, if any of them does. The index key is the one that
    /// was given, or the one of the oldest master key.
    pub(crate) fn sealing(&self, services: &[Service]) -> Result<Option<Sealing>, TrustError> {
        if !services.iter().any(|service| SEALING.contains(service)) {
            return Ok(None);
        }
        let ring = self.ring()?;
        let own = self.own_index_key()?;
        Ok(Some(Sealing {
            index_key: own.unwrap_or_else(|| ring.index_key()),
            keys: Arc::new(ring),
        }))
    }
}

impl AuditOptions {
    /// What checkpoints are made with, where anything was said of them.
    pub(crate) fn settings(&self) -> Result<Option<AuditSettings>, TrustError> {
        match (&self.audit_checkpoint_dir, &self.audit_key_file) {
            (None, None) => Ok(None),
            _ => self.required().map(Some),
        }
    }

    /// The same where it has to be said.
    pub(crate) fn required(&self) -> Result<AuditSettings, TrustError> {
        let checkpoints = self.checkpoints();
        Ok(AuditSettings {
            checkpoints: checkpoints.ok_or(TrustError::NotSaid("KL_AUDIT_CHECKPOINT_DIR"))?,
            key: Arc::new(self.key()?),
        })
    }

    /// Where checkpoints are kept.
    pub(crate) fn checkpoints(&self) -> Option<Checkpoints> {
        self.audit_checkpoint_dir
            .as_deref()
            .map(Checkpoints::in_folder)
    }

    /// What signs them.
    pub(crate) fn key(&self) -> Result<CheckpointKey, TrustError> {
        let path = self.audit_key_file.as_deref();
        let path = path.ok_or(TrustError::NotSaid("KL_AUDIT_KEY_FILE"))?;
        read(path, CheckpointKey::parse).map_err(|fault| TrustError::Audit {
            name: "KL_AUDIT_KEY_FILE",
            fault,
        })
    }

    /// Whose checkpoints are believed: those of the public keys in a file, or of the key that signs.
    pub(crate) fn readers(&self, file: Option<&Path>) -> Result<CheckpointReaders, TrustError> {
        let Some(path) = file else {
            return Ok(self.key()?.readers());
        };
        read(path, CheckpointReaders::parse).map_err(|fault| TrustError::Audit {
            name: "KL_AUDIT_PUBLIC_KEYS_FILE",
            fault,
        })
    }
}

fn read<K>(path: &Path, parse: impl Fn(&str) -> Result<K, KeyError>) -> Result<K, KeyFault> {
    let text = fs::read_to_string(path).map_err(|source| KeyFault::File {
        path: path.to_owned(),
        source,
    })?;
    parse(&Zeroizing::new(text)).map_err(|source| KeyFault::Key {
        path: path.to_owned(),
        source,
    })
}
