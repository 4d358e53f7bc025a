//! PostgreSQL and NATS: private ones, or those we were told of.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use knipperlicht_eventing::{NatsOptions as NatsSettings, accounts};
use knipperlicht_sandbox::{Nats, NatsOptions, Postgres, PostgresOptions, Tools};
use knipperlicht_vocabulary::Environment;

use super::DevError;
use crate::wire::NatsAccess;

/// How long a server may take to stop in order.
const STOP_WITHIN: Duration = Duration::from_secs(10);

/// Where PostgreSQL keeps its data.
pub(super) const POSTGRES: &str = "postgres";

/// Where the keys of the users of NATS lie.
const NATS_KEYS: &str = "nats-keys";

pub(super) struct Servers {
    pub(super) database_url: String,
    pub(super) nats_url: String,
    /// The keys of the users of a NATS of our own.
    pub(super) nats_keys: Option<PathBuf>,
    postgres: Option<Postgres>,
    nats: Option<Nats>,
}

impl Servers {
    /// Starts what is not given.
    pub(super) async fn start(
        dir: &Path,
        database_url: Option<String>,
        nats_url: Option<String>,
        environment: &Environment,
    ) -> Result<Self, DevError> {
        let postgres = match &database_url {
            Some(_) => None,
            None => Some(
                Postgres::start(&Tools::find()?, PostgresOptions::new(dir.join(POSTGRES))).await?,
            ),
        };
        let (nats, nats_keys) = if nats_url.is_some() {
            (None, None)
        } else {
            let keys = dir.join(NATS_KEYS);
            let options = NatsOptions {
                accounts: Some(accounts_of(&keys, environment)?),
                ..NatsOptions::new(dir.join("nats"))
            };
            let nats = Nats::start(&Tools::find()?, options).await?;
            (Some(nats), Some(keys))
        };
        Ok(Self {
            database_url: database_url
                .or_else(|| postgres.as_ref().map(Postgres::url))
                .unwrap_or_default(),
            nats_url: nats_url
                .or_else(|| nats.as_ref().map(Nats::url))
                .unwrap_or_default(),
            nats_keys,
            postgres,
            nats,
        })
    }

    /// How NATS is reached: one that we were told of, as `told` says.
    pub(super) fn nats(&self, told: &NatsAccess) -> NatsSettings {
        let mut nats = told.to(self.nats_url.clone());
        nats.keys = self.nats_keys.clone().or(nats.keys);
        nats
    }

    /// What runs where, in words.
    pub(super) fn describe(&self) -> Vec<String> {
        let postgres = match &self.postgres {
            Some(postgres) => {
                let moved = postgres.moved_from().map_or_else(String::new, |_| {
                    " (elsewhere, for its user cannot reach the directory asked for)".to_owned()
                });
                format!(
                    "PostgreSQL  127.0.0.1:{}  data in {}{moved}",
                    postgres.port(),
                    postgres.directory().display()
                )
            }
            None => "PostgreSQL  as DATABASE_URL says".to_owned(),
        };
        let nats = match &self.nats {
            Some(nats) => format!(
                "NATS        127.0.0.1:{}  data in {}",
                nats.port(),
                nats.directory().display()
            ),
            None => "NATS        as NATS_URL says".to_owned(),
        };
        vec![postgres, nats]
    }

    /// Stops what was started.
    pub(super) async fn stop(mut self) -> Result<(), DevError> {
        if let Some(nats) = &mut self.nats {
            nats.stop(STOP_WITHIN).await?;
        }
        if let Some(postgres) = &mut self.postgres {
            postgres.stop(STOP_WITHIN).await?;
        }
        Ok(())
    }
}

/// Who may do what at NATS, with keys that are made once.
fn accounts_of(keys: &Path, environment: &Environment) -> Result<String, DevError> {
    fs::create_dir_all(keys).map_err(|source| DevError::File {
        path: keys.to_owned(),
        source,
    })?;
    Ok(accounts::keep_accounts(keys, environment)?)
}
