//! PostgreSQL and NATS: private ones, or those we were told of.

use std::{path::Path, time::Duration};

use knipperlicht_sandbox::{Nats, NatsOptions, Postgres, PostgresOptions, Tools};

use super::DevError;

/// How long a server may take to stop in order.
const STOP_WITHIN: Duration = Duration::from_secs(10);

pub(super) struct Servers {
    pub(super) database_url: String,
    pub(super) nats_url: String,
    postgres: Option<Postgres>,
    nats: Option<Nats>,
}

impl Servers {
    /// Starts what is not given.
    pub(super) async fn start(
        dir: &Path,
        database_url: Option<String>,
        nats_url: Option<String>,
    ) -> Result<Self, DevError> {
        let postgres = match &database_url {
            Some(_) => None,
            None => Some(
                Postgres::start(&Tools::find()?, PostgresOptions::new(dir.join("postgres")))
                    .await?,
            ),
        };
        let nats = match &nats_url {
            Some(_) => None,
            None => Some(Nats::start(&Tools::find()?, NatsOptions::new(dir.join("nats"))).await?),
        };
        Ok(Self {
            database_url: database_url
                .or_else(|| postgres.as_ref().map(Postgres::url))
                .unwrap_or_default(),
            nats_url: nats_url
                .or_else(|| nats.as_ref().map(Nats::url))
                .unwrap_or_default(),
            postgres,
            nats,
        })
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
