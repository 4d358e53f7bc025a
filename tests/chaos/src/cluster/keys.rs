//! The keys of one run, as the files that `serve` reads.

use std::{
    ffi::OsString,
    fs,
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use knipperlicht_access::{DevIssuer, Published};
use knipperlicht_privacy::MasterKey;
use knipperlicht_vocabulary::Environment;

use crate::ChaosError;

/// Tokens are for this run's people alone, on servers that nobody else reaches.
pub(super) const ISSUER_SEED: [u8; 32] = [7; 32];

pub(super) struct Keys {
    published: Published,
    jwks: PathBuf,
    master: PathBuf,
}

/// Writes the issuer's public keys and a new master key.
pub(super) fn write(
    directory: &Path,
    issuer: &DevIssuer,
    environment: &Environment,
) -> Result<Keys, ChaosError> {
    let published = issuer.published()?;
    let (jwks, master) = (
        directory.join("issuer.jwks.json"),
        directory.join("master.key"),
    );
    write_private(&jwks, &published.jwks)?;
    write_private(&master, &MasterKey::generate("chaos", environment))?;
    Ok(Keys {
        published,
        jwks,
        master,
    })
}

fn write_private(path: &Path, text: &str) -> Result<(), ChaosError> {
    let mut options = fs::OpenOptions::new();
    let file = options
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(ChaosError::io(format!("write {}", path.display())))
}

impl Keys {
    /// What `serve` is told of them.
    pub(super) fn arguments(&self) -> Vec<OsString> {
        let Published {
            issuer, audience, ..
        } = &self.published;
        let mut arguments: Vec<OsString> = ["--token-issuer", issuer, "--token-audience", audience]
            .map(Into::into)
            .to_vec();
        arguments.push("--believe-dev-issuer".into());
        arguments.extend(["--jwks-file".into(), self.jwks.clone().into()]);
        arguments.extend(["--master-key-file".into(), self.master.clone().into()]);
        arguments
    }
}
