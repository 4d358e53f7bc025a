//! The keys of a development machine, made once.

use std::{
    fs,
    io::{ErrorKind, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
    sync::Arc,
};

use knipperlicht_eventing::audit::Checkpoints;
use knipperlicht_privacy::{IndexKey, KeyRing, MasterKey, audit::CheckpointKey};
use knipperlicht_vocabulary::Environment;

use super::DevError;
use crate::trust::{AuditSettings, Sealing, TrustError};

/// The file with the master key.
pub(super) const MASTER_KEY: &str = "master.key";
/// The file with the key that recognises.
pub(super) const INDEX_KEY: &str = "index.key";
/// The file with the key that signs checkpoints of the audit logs.
pub(super) const AUDIT_KEY: &str = "audit.key";
/// The folder with those checkpoints.
pub(super) const CHECKPOINTS: &str = "audit";
const ISSUER_SEED: &str = "issuer.seed";

pub(super) struct Secrets {
    pub(super) sealing: Sealing,
    pub(super) audit: AuditSettings,
    pub(super) issuer_seed: [u8; 32],
}

impl Secrets {
    /// Reads the keys, or makes them. Lost, the personal data of the demo cannot be read any more.
    pub(super) fn load_or_make(dir: &Path, environment: &Environment) -> Result<Self, DevError> {
        let new_key = |name: &str| MasterKey::generate(name, environment).as_bytes().to_vec();
        read_or_make(&dir.join(MASTER_KEY), || new_key("dev-1"))?;
        let ring = KeyRing::open(&dir.join(MASTER_KEY)).map_err(TrustError::from)?;
        // What was stored before there was such a key is recognised with the oldest master key.
        let index_key = read_or_make(&dir.join(INDEX_KEY), || {
            ring.index_key().text("dev").as_bytes().to_vec()
        })?;
        let audit_key = read_or_make(&dir.join(AUDIT_KEY), || new_key("dev-1"))?;
        let seed = read_or_make(&dir.join(ISSUER_SEED), || {
            let mut seed = vec![0; 32];
            environment.fill(&mut seed);
            seed
        })?;
        let broken = |what: &str| DevError::File {
            path: dir.join(what),
            source: ErrorKind::InvalidData.into(),
        };
        Ok(Self {
            sealing: Sealing {
                index_key: text(&index_key)
                    .and_then(|text| IndexKey::parse(text).ok())
                    .ok_or_else(|| broken(INDEX_KEY))?,
                keys: Arc::new(ring),
            },
            audit: AuditSettings {
                checkpoints: Checkpoints::in_folder(&dir.join(CHECKPOINTS)),
                key: text(&audit_key)
                    .and_then(|text| CheckpointKey::parse(text).ok())
                    .map(Arc::new)
                    .ok_or_else(|| broken(AUDIT_KEY))?,
            },
            issuer_seed: seed.try_into().map_err(|_| broken(ISSUER_SEED))?,
        })
    }
}

fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}

fn read_or_make(path: &Path, make: impl FnOnce() -> Vec<u8>) -> Result<Vec<u8>, DevError> {
    let failed = |source| DevError::File {
        path: path.to_owned(),
        source,
    };
    match fs::read(path) {
        Ok(secret) => Ok(secret),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let secret = make();
            write_private(path, &secret).map_err(failed)?;
            Ok(secret)
        }
        Err(error) => Err(failed(error)),
    }
}

/// Writes a file that only its owner may read.
pub(super) fn write_private(path: &Path, content: &[u8]) -> std::io::Result<()> {
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(content)
}
