//! The keys of a development machine, made once.

use std::{
    fs,
    io::{ErrorKind, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use knipperlicht_privacy::MasterKey;
use knipperlicht_vocabulary::Environment;

use super::DevError;

/// The file with the master key.
pub(super) const MASTER_KEY: &str = "master.key";
const ISSUER_SEED: &str = "issuer.seed";

pub(super) struct Secrets {
    pub(super) master_key: String,
    pub(super) issuer_seed: [u8; 32],
}

impl Secrets {
    /// Reads the keys, or makes them. Lost, the personal data of the demo cannot be read any more.
    pub(super) fn load_or_make(dir: &Path, environment: &Environment) -> Result<Self, DevError> {
        let master_key = read_or_make(&dir.join(MASTER_KEY), || {
            MasterKey::generate("dev-1", environment)
                .as_bytes()
                .to_vec()
        })?;
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
            master_key: String::from_utf8(master_key).map_err(|_| broken(MASTER_KEY))?,
            issuer_seed: seed.try_into().map_err(|_| broken(ISSUER_SEED))?,
        })
    }
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
