//! `knipperlicht ops keys`: which master key personal data is sealed with, and its change for
//! another one while the line runs.

use std::{collections::BTreeMap, sync::Arc};

use clap::{Args, Subcommand};
use indicatif::ProgressBar;
use knipperlicht_access::Database;
use knipperlicht_contracts::event::Service;
use knipperlicht_privacy::{KeyWrapping, MasterKey, Rewrapped, Vault, VaultError, WrappedKey};
use knipperlicht_vocabulary::Environment;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Desk, OpsError, audit::bar, table};
use crate::{
    print::tell,
    trust::{KeyOptions, SEALING},
};

/// Data keys that are wrapped anew at once: few, so that no row is locked for long.
const BATCH: i64 = 500;

#[derive(Debug, Args)]
pub(super) struct KeysArgs {
    #[command(flatten)]
    options: KeyOptions,
    #[command(subcommand)]
    command: KeysCommand,
}

#[derive(Debug, Subcommand)]
enum KeysCommand {
    /// A fresh key as a line for a key file: a master key, an index key, or one that signs
    /// checkpoints of the audit log
    New {
        /// What it is called, such as 2026-2: a name that was never used before
        name: String,
    },
    /// The index key that was made of the oldest master key, as a line for a file of its own
    Index,
    /// How many data keys are wrapped with which master key
    Status,
    /// Wrap every data key with the first of the master keys; the others are not needed afterwards.
    /// It may be broken off and begun again
    Rotate,
}

/// What became of the data keys of a service.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rotated {
    /// How many were wrapped anew.
    pub rewrapped: u64,
    /// How many are wrapped with a master key that is not there, by its name.
    pub lost: BTreeMap<String, u64>,
}

impl KeysArgs {
    pub(super) const fn needs_database(&self) -> bool {
        matches!(self.command, KeysCommand::Status | KeysCommand::Rotate)
    }

    /// What can be said without a database.
    pub(super) fn print(&self, environment: &Environment) -> Result<(), OpsError> {
        let line = match &self.command {
            KeysCommand::New { name } => MasterKey::generate(name, environment),
            _ => self.options.ring()?.index_key().text("index"),
        };
        tell!("{}", *line)?;
        Ok(())
    }
}

pub(super) async fn run(desk: &Desk, args: KeysArgs) -> Result<(), OpsError> {
    match args.command {
        KeysCommand::New { .. } | KeysCommand::Index => args.print(&desk.environment),
        KeysCommand::Status => status(desk, &args.options).await,
        KeysCommand::Rotate => {
            if args.options.own_index_key()?.is_none() {
                return Err(OpsError::NoIndexKey);
            }
            let keys: Arc<dyn KeyWrapping> = Arc::new(args.options.ring()?);
            let mut lost = BTreeMap::new();
            for (service, rotated) in rotate(desk, &keys).await? {
                tell!(
                    "{}: {} data keys wrapped anew",
                    service.name(),
                    rotated.rewrapped
                )?;
                for (name, count) in rotated.lost {
                    *lost.entry(name).or_default() += count;
                }
            }
            status(desk, &args.options).await?;
            if lost.is_empty() {
                return Ok(());
            }
            let lost: Vec<String> = lost
                .iter()
                .map(|(name, count): (&String, &u64)| format!("{count} with `{name}`"))
                .collect();
            Err(OpsError::KeysLost(lost.join(", ")))
        }
    }
}

async fn status(desk: &Desk, options: &KeyOptions) -> Result<(), OpsError> {
    let ring = options.ring()?;
    let current = ring.current().await?;
    let mut table = table(["service", "master key", "data keys", ""]);
    for service in SEALING {
        let database = desk.database(service, 1)?;
        let mut counts = count(desk, &database, service).await?;
        counts.entry(current.clone()).or_default();
        database.close().await;
        for (name, count) in counts {
            let note = if name == current {
                "seals now"
            } else if ring.knows(&name) {
                "opens"
            } else {
                "MISSING: what is under it cannot be opened"
            };
            table.add_row([
                service.name().to_owned(),
                name,
                count.to_string(),
                note.to_owned(),
            ]);
        }
    }
    tell!("{table}")?;
    Ok(())
}

/// Wraps every data key with the master key that wraps now, a few at a time, while others read and
/// write. Processes that do not know of that key yet may wrap with the one before meanwhile, so it
/// goes through until there is nothing left to do.
pub async fn rotate(
    desk: &Desk,
    keys: &Arc<dyn KeyWrapping>,
) -> Result<Vec<(Service, Rotated)>, OpsError> {
    let vault = Vault::new(Arc::clone(keys));
    let mut all = Vec::new();
    for service in SEALING {
        let database = desk.database(service, 1)?;
        let mut rotated = Rotated::default();
        loop {
            let length: i64 = count(desk, &database, service).await?.values().sum();
            let progress = bar(service, u64::try_from(length).unwrap_or_default());
            let round = pass(desk, &database, &vault, service, &progress).await?;
            progress.finish_and_clear();
            rotated.rewrapped += round.rewrapped;
            rotated.lost = round.lost;
            if round.rewrapped == 0 {
                break;
            }
        }
        if rotated.rewrapped > 0 {
            let mut transaction = database.begin(&desk.principal).await?;
            let counted = format!("{} data keys", rotated.rewrapped);
            let current = keys.current().await?;
            desk.note(&mut transaction, "keys.rotated", current, &counted)
                .await?;
            transaction.commit().await?;
        }
        database.close().await;
        all.push((service, rotated));
    }
    Ok(all)
}

async fn pass(
    desk: &Desk,
    database: &Database,
    vault: &Vault,
    service: Service,
    progress: &ProgressBar,
) -> Result<Rotated, OpsError> {
    let mut rotated = Rotated::default();
    let mut after = Uuid::nil();
    loop {
        let mut transaction = database.begin(&desk.principal).await?;
        let page = page(&mut transaction, service, after).await?;
        transaction.rollback().await?;
        let Some((last, _)) = page.last() else {
            return Ok(rotated);
        };
        after = *last;
        progress.inc(u64::try_from(page.len()).unwrap_or_default());
        let mut anew = Vec::new();
        for (owner, before) in page {
            match vault.rewrapped(&desk.environment, owner, &before).await {
                Ok(None) => {}
                Ok(Some(after)) => anew.push(Rewrapped {
                    owner,
                    before,
                    after,
                }),
                Err(VaultError::UnknownMasterKey(name)) => {
                    *rotated.lost.entry(name).or_default() += 1;
                }
                Err(other) => return Err(other.into()),
            }
        }
        if !anew.is_empty() {
            let mut transaction = database.begin(&desk.principal).await?;
            rotated.rewrapped += replace(&mut transaction, service, &anew).await?;
            transaction.commit().await?;
        }
    }
}

/// How many data keys of a service are wrapped with which master key. It reads all of them, however
/// long that takes.
async fn count(
    desk: &Desk,
    database: &Database,
    service: Service,
) -> Result<BTreeMap<String, i64>, OpsError> {
    let mut transaction = database.begin(&desk.principal).await?;
    sqlx::raw_sql("set local statement_timeout = 0")
        .execute(&mut *transaction)
        .await?;
    let counts = match service {
        Service::Notification => knipperlicht_notification::keys::count(&mut transaction).await?,
        _ => knipperlicht_intake::keys::count(&mut transaction).await?,
    };
    transaction.rollback().await?;
    Ok(counts.into_iter().collect())
}

async fn page(
    connection: &mut PgConnection,
    service: Service,
    after: Uuid,
) -> Result<Vec<(Uuid, WrappedKey)>, sqlx::Error> {
    match service {
        Service::Notification => {
            knipperlicht_notification::keys::page(connection, after, BATCH).await
        }
        _ => knipperlicht_intake::keys::page(connection, after, BATCH).await,
    }
}

async fn replace(
    connection: &mut PgConnection,
    service: Service,
    anew: &[Rewrapped],
) -> Result<u64, sqlx::Error> {
    match service {
        Service::Notification => knipperlicht_notification::keys::replace(connection, anew).await,
        _ => knipperlicht_intake::keys::replace(connection, anew).await,
    }
}
