//! What tests stand on: a database of their own, a nats-server of their own, and a clock they can
//! move. Never part of a release.

#![allow(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "a test that cannot start should say so loudly"
)]

mod clock;
mod token;
mod wait;

use std::{
    fs,
    path::{Path, PathBuf},
};

use async_nats::Client;
use knipperlicht_eventing::{NatsOptions, NatsUser, accounts};
use knipperlicht_sandbox::{
    Authority, Durability, Identity, Nats, NatsOptions as ServerOptions, Scratch, ScratchOptions,
    Tools,
};
use knipperlicht_vocabulary::Environment;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tempfile::TempDir;

pub use clock::movable_environment;
pub use knipperlicht_runtime::MovableClock;
pub use token::{Token, WithToken};
pub use wait::eventually;

/// The servers of one test.
pub struct Bed {
    /// The owner's URL of a database that only this test uses.
    pub database_url: String,
    /// A nats-server that only this test uses, and that knows who may do what.
    pub nats: Nats,
    /// The PostgreSQL that only this test uses, after [`start_alone`](Self::start_alone).
    pub scratch: Option<Scratch>,
    /// Who everything here is, after [`start_encrypted`](Self::start_encrypted).
    pub identity: Option<Identity>,
    directory: TempDir,
}

impl Bed {
    /// Makes a database on the server that `make test` started (`DATABASE_URL`), or on a
    /// throw-away one, and starts a nats-server.
    pub async fn start() -> Self {
        match std::env::var("DATABASE_URL") {
            Ok(server_url) => {
                let directory = TempDir::new().expect("a temporary directory");
                Self::on(directory, &server_url, None, None).await
            }
            Err(_) => Self::start_alone().await,
        }
    }

    /// The same with a PostgreSQL that only this test uses, and so may kill.
    pub async fn start_alone() -> Self {
        let directory = TempDir::new().expect("a temporary directory");
        Self::alone(directory, None).await
    }

    /// The same with servers that speak to nobody in clear.
    pub async fn start_encrypted() -> Self {
        let directory = TempDir::new().expect("a temporary directory");
        let authority = Authority::new(directory.path().join("tls")).expect("an authority");
        let identity = authority.vouch_for_this_machine().expect("a certificate");
        Self::alone(directory, Some(identity)).await
    }

    async fn alone(directory: TempDir, identity: Option<Identity>) -> Self {
        let options = ScratchOptions {
            identity: identity.clone(),
            ..ScratchOptions::default()
        };
        let tools = Tools::find().expect("PostgreSQL and nats-server");
        let scratch = Scratch::start_with(&tools, options)
            .await
            .expect("throw-away servers");
        let url = scratch.postgres.url();
        Self::on(directory, &url, Some(scratch), identity).await
    }

    async fn on(
        directory: TempDir,
        server_url: &str,
        scratch: Option<Scratch>,
        identity: Option<Identity>,
    ) -> Self {
        let database_url = fresh_database(server_url).await;
        let nats = start_nats(directory.path(), identity.clone()).await;
        Self {
            database_url,
            nats,
            scratch,
            identity,
            directory,
        }
    }

    /// How its NATS is reached.
    #[must_use]
    pub fn nats_options(&self) -> NatsOptions {
        NatsOptions {
            url: self.nats.url(),
            keys: Some(nats_keys(self.directory.path())),
            authorities: self
                .identity
                .as_ref()
                .map(|identity| identity.authority.clone()),
        }
    }

    /// A connection to NATS as somebody.
    pub async fn connect_nats(&self, user: NatsUser) -> Client {
        let connected = self.nats_options().connect_now(user).await;
        connected.expect("a connection to NATS")
    }
}

fn nats_keys(directory: &Path) -> PathBuf {
    directory.join("nats-keys")
}

async fn start_nats(directory: &Path, identity: Option<Identity>) -> Nats {
    let tools = Tools::find().expect("nats-server");
    let environment = knipperlicht_runtime::system_environment().expect("an environment");
    let keys = nats_keys(directory);
    fs::create_dir_all(&keys).expect("a directory for keys");
    let accounts = accounts::keep_accounts(&keys, &environment).expect("keys");
    let options = ServerOptions {
        durability: Durability::Disposable,
        accounts: Some(accounts),
        identity,
        ..ServerOptions::new(directory.join("nats"))
    };
    Nats::start(&tools, options).await.expect("nats-server")
}

async fn fresh_database(server_url: &str) -> String {
    let environment: Environment =
        knipperlicht_runtime::system_environment().expect("an environment");
    let name = format!("test_{}", environment.uuid().simple());
    let mut connection = PgConnection::connect(server_url).await.expect("PostgreSQL");
    sqlx::raw_sql(AssertSqlSafe(format!("create database {name}")))
        .execute(&mut connection)
        .await
        .expect("a database");
    let (server, options) = server_url
        .split_once('?')
        .map_or((server_url, ""), |(server, options)| (server, options));
    let (server, _) = server.rsplit_once('/').expect("a URL with a database");
    if options.is_empty() {
        format!("{server}/{name}")
    } else {
        format!("{server}/{name}?{options}")
    }
}
