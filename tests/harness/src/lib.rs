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

use std::path::Path;

use knipperlicht_sandbox::{Durability, Nats, NatsOptions, Scratch, Tools};
use knipperlicht_vocabulary::Environment;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tempfile::TempDir;

pub use clock::{MovableClock, movable_environment};
pub use token::{Token, WithToken};
pub use wait::eventually;

/// The servers of one test.
pub struct Bed {
    /// The owner's URL of a database that only this test uses.
    pub database_url: String,
    /// A nats-server that only this test uses.
    pub nats: Nats,
    /// The PostgreSQL that only this test uses, after [`start_alone`](Self::start_alone).
    pub scratch: Option<Scratch>,
    _nats_directory: TempDir,
}

impl Bed {
    /// Makes a database on the server that `make test` started (`DATABASE_URL`), or on a
    /// throw-away one, and starts a nats-server.
    pub async fn start() -> Self {
        match std::env::var("DATABASE_URL") {
            Ok(server_url) => Self::on(&server_url, None).await,
            Err(_) => Self::start_alone().await,
        }
    }

    /// The same with a PostgreSQL that only this test uses, and so may kill.
    pub async fn start_alone() -> Self {
        let scratch = Scratch::start().await.expect("throw-away servers");
        Self::on(&scratch.postgres.url(), Some(scratch)).await
    }

    async fn on(server_url: &str, scratch: Option<Scratch>) -> Self {
        let database_url = fresh_database(server_url).await;
        let directory = TempDir::new().expect("a temporary directory");
        let nats = start_nats(directory.path()).await;
        Self {
            database_url,
            nats,
            scratch,
            _nats_directory: directory,
        }
    }
}

async fn start_nats(directory: &Path) -> Nats {
    let tools = Tools::find().expect("nats-server");
    let mut options = NatsOptions::new(directory.join("nats"));
    options.durability = Durability::Disposable;
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
