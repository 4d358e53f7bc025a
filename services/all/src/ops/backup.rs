//! `knipperlicht ops backup` and `ops restore`: two files, made and kept as `docs/erasure.md` says, so
//! that what is erased stays so. PostgreSQL's own programs do the work; the stream is in neither, the
//! outboxes fill it again.

use std::{
    fs::{self, DirBuilder, Permissions},
    io,
    os::unix::fs::{DirBuilderExt, PermissionsExt},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use clap::Args;
use knipperlicht_contracts::event::Service;
use knipperlicht_eventing::schema;
use percent_encoding::percent_decode_str;

use super::OpsError;
use crate::print::tell;

/// Everything but the keys of situations. May be kept: it opens nothing by itself.
const ALL: &str = "all.sql";

/// The keys of situations, and what was erased. Kept apart and briefly.
const KEYS: &str = "keys.sql";

#[derive(Debug, Args)]
pub(super) struct BackupArgs {
    /// Folder for the files; made if it is not there
    folder: PathBuf,
    /// The keys alone: more often than the rest, into another place, kept seven days at most
    #[arg(long)]
    keys_only: bool,
    #[command(flatten)]
    programs: Programs,
}

#[derive(Debug, Args)]
pub(super) struct RestoreArgs {
    /// The file with everything but the keys
    #[arg(long, value_name = "FILE")]
    all: PathBuf,
    /// The latest file with the keys
    #[arg(long, value_name = "FILE")]
    keys: PathBuf,
    #[command(flatten)]
    programs: Programs,
}

/// Where PostgreSQL's programs are.
#[derive(Debug, Args)]
struct Programs {
    /// Folder with PostgreSQL's programs (`pg_dump`, `psql`); those in PATH if not said
    #[arg(long, env = "KL_POSTGRES_BIN", value_name = "FOLDER")]
    postgres_bin: Option<PathBuf>,
}

impl Programs {
    fn run(&self, program: &str, url: &str, arguments: &[&str]) -> Result<(), OpsError> {
        let path = self
            .postgres_bin
            .as_ref()
            .map_or_else(|| PathBuf::from(program), |folder| folder.join(program));
        let (url, password) = apart(url);
        let mut command = Command::new(&path);
        // Other users see the arguments of a program, and not its environment.
        if let Some(password) = password {
            command.env("PGPASSWORD", password);
        }
        let output = command
            .arg(format!("--dbname={url}"))
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .output()
            .map_err(|source| OpsError::Program {
                program: path.display().to_string(),
                what: source.to_string(),
            })?;
        if output.status.success() {
            return Ok(());
        }
        Err(OpsError::Program {
            program: path.display().to_string(),
            what: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        })
    }
}

/// A URL without its password, and the password.
fn apart(url: &str) -> (String, Option<String>) {
    let split = || {
        let (scheme, rest) = url.split_once("://")?;
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (user, host) = rest[..end].rsplit_once('@')?;
        let (user, password) = user.split_once(':')?;
        let password = percent_decode_str(password)
            .decode_utf8_lossy()
            .into_owned();
        Some((
            format!("{scheme}://{user}@{host}{}", &rest[end..]),
            Some(password),
        ))
    };
    split().unwrap_or_else(|| (url.to_owned(), None))
}

/// Writes the files.
pub(super) fn backup(url: &str, args: &BackupArgs) -> Result<(), OpsError> {
    let folder = &args.folder;
    let failed = |source: io::Error| OpsError::File {
        path: folder.clone(),
        source,
    };
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(failed)?;
    let schemas: Vec<String> = Service::ALL
        .iter()
        .map(|service| format!("--schema={}", service.name()))
        .collect();
    let schemas: Vec<&str> = schemas.iter().map(String::as_str).collect();
    if !args.keys_only {
        let mut all = vec!["--exclude-table-data=intake.data_key"];
        all.extend(&schemas);
        dump(url, &args.programs, &folder.join(ALL), &all)?;
    }
    let keys = ["--data-only", "--table=intake.data_key", "--table=*.erased"];
    dump(url, &args.programs, &folder.join(KEYS), &keys)?;
    tell!("written to {}:", folder.display())?;
    if !args.keys_only {
        tell!("  {ALL}   may be kept: without the keys it says of nobody who they are")?;
    }
    tell!("  {KEYS}  keep it apart, seven days at most: what was erased is gone when it is")?;
    tell!("the master keys are in neither: keep them where nobody keeps these (docs/keys.md)")?;
    Ok(())
}

/// A file that nobody else may read, whole or not at all.
fn dump(url: &str, programs: &Programs, file: &Path, what: &[&str]) -> Result<(), OpsError> {
    let failed = |source| OpsError::File {
        path: file.to_owned(),
        source,
    };
    let unfinished = file.with_extension("sql.unfinished");
    fs::write(&unfinished, "").map_err(failed)?;
    fs::set_permissions(&unfinished, Permissions::from_mode(0o600)).map_err(failed)?;
    let into = unfinished.display().to_string();
    let arguments = [what, &["--file", &into]].concat();
    programs.run("pg_dump", url, &arguments)?;
    fs::rename(&unfinished, file).map_err(failed)
}

/// Brings a backup into an empty place. What was erased since it was made is erased again by the
/// services, as soon as they run.
pub(super) async fn restore(url: &str, args: &RestoreArgs) -> Result<(), OpsError> {
    schema::prepare_restore(url).await?;
    let load = |file: &Path| {
        let file = file.display().to_string();
        let arguments = [
            "--no-psqlrc",
            "--quiet",
            "--single-transaction",
            "--set=ON_ERROR_STOP=1",
            "--file",
            &file,
        ];
        args.programs.run("psql", url, &arguments)
    };
    load(&args.all)?;
    schema::empty_keys(url).await?;
    load(&args.keys)?;
    schema::look_at_erased_again(url).await?;
    tell!("restored. Now, in this order:")?;
    tell!("  knipperlicht migrate                    # rights on the database, and what is new")?;
    tell!(
        "  knipperlicht ops ensure-streams         # a new stream: the old one need not be there"
    )?;
    tell!("  start the services; then")?;
    tell!("  knipperlicht ops replay --from MOMENT   # a day before the backup was made")?;
    tell!("  knipperlicht ops reconcile              # until everybody has heard everything")?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::apart;

    #[test]
    fn a_password_is_no_argument() {
        let (url, password) = apart("postgres://kl:p%40ss@db:5432/kl?sslmode=require");
        assert_eq!(url, "postgres://kl@db:5432/kl?sslmode=require");
        assert_eq!(password.as_deref(), Some("p@ss"));
        for url in ["postgres://kl@db/kl", "postgres:///kl?host=/run/postgresql"] {
            assert_eq!(apart(url), (url.to_owned(), None));
        }
    }
}
