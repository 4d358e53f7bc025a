//! What everything is measured on: durable servers, schemas, a directory of partners, keys.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use knipperlicht::{migrate::migrate, ops::ensure_streams};
use knipperlicht_access::{Database, DatabaseOptions, DevIssuer, Person, Principal, Published};
use knipperlicht_contracts::event::Service;
use knipperlicht_eventing::{NatsOptions, accounts};
use knipperlicht_privacy::MasterKey;
use knipperlicht_runtime::system_environment;
use knipperlicht_sandbox::{Durability, Scratch, ScratchOptions, Tools};
use knipperlicht_vocabulary::Environment;
use sqlx::{Connection, PgConnection};
use tempfile::TempDir;

use crate::{
    error::{BenchError, Doing},
    held_up,
    options::Options,
    process::Program,
    resources::Processes,
};

/// The database that pgbench writes to, with the very same tables.
const BASELINE: &str = "baseline";

/// Lives as long as the longest run.
const TOKEN_SECONDS: i64 = 24 * 3600;

/// Servers, schemas, directory and keys.
pub(crate) struct Ground {
    pub(crate) environment: Environment,
    pub(crate) tools: Tools,
    scratch: Scratch,
    issuer: DevIssuer,
    published: Published,
    nats_keys: TempDir,
}

/// A handful of accounts do here what a country does.
const UNHINDERED: &str = "reporter=10000000,partner=10000000,coordinator=10000000,admin=10000000";

impl Ground {
    /// Starts the servers and prepares everything that `serve` expects.
    pub(crate) async fn prepare(options: &Options) -> Result<Self, BenchError> {
        let environment = system_environment()?;
        let tools = Tools::find()?;
        let nats_keys = TempDir::new().doing("make a directory")?;
        let accounts = accounts::keep_accounts(nats_keys.path(), &environment)
            .map_err(|error| BenchError::Nats(error.to_string()))?;
        let servers = ScratchOptions {
            durability: Durability::Durable,
            accounts: Some(accounts),
            identity: None,
        };
        let mut scratch = Scratch::start_with(&tools, servers).await?;
        if options.statements {
            count_statements(&mut scratch).await?;
        }
        let issuer = DevIssuer::new(&[7; 32], environment.clone());
        let published = issuer.published()?;
        if options.held_up {
            let mut connection = PgConnection::connect(&scratch.postgres.url()).await?;
            held_up::write_down(&mut connection).await?;
        }
        let ground = Self {
            environment,
            tools,
            scratch,
            issuer,
            published,
            nats_keys,
        };
        ground.write_keys()?;
        migrate(&ground.database_url()).await?;
        ensure_streams(&ground.nats(), 1).await?;
        ground.load_directory().await?;
        let mut connection = ground.look().await?;
        sqlx::raw_sql("create database baseline")
            .execute(&mut connection)
            .await?;
        migrate(&ground.baseline_url()).await?;
        if !options.short {
            break_in(&mut connection).await?;
        }
        Ok(ground)
    }

    /// Waits until the system has brought to the disk what was written lately, be it by a build:
    /// it would be in the way of every commit.
    pub(crate) fn settle_disk() -> Result<(), BenchError> {
        Command::new("sync").status().doing("sync")?;
        Ok(())
    }

    fn write_keys(&self) -> Result<(), BenchError> {
        let put =
            |path: PathBuf, text: &str| fs::write(&path, text).doing(path.display().to_string());
        put(self.jwks_file(), &self.published.jwks)?;
        put(
            self.master_key_file(),
            &MasterKey::generate("bench", &self.environment),
        )
    }

    async fn load_directory(&self) -> Result<(), BenchError> {
        let options = DatabaseOptions {
            url: self.database_url(),
            service: Service::Routing.name(),
            connections: 1,
        };
        let database = Database::new(&options)?;
        let principal = Principal::service("bench".parse()?);
        knipperlicht_routing::load_demo_directory(&database, &principal, self.environment.now())
            .await?;
        database.close().await;
        Ok(())
    }

    /// A connection as the owner of everything.
    pub(crate) async fn look(&self) -> Result<PgConnection, BenchError> {
        Ok(PgConnection::connect(&self.database_url()).await?)
    }

    /// A connection to pgbench's database.
    pub(crate) async fn look_at_baseline(&self) -> Result<PgConnection, BenchError> {
        Ok(PgConnection::connect(&self.baseline_url()).await?)
    }

    /// A token for somebody.
    pub(crate) fn token(&self, person: &Person) -> Result<String, BenchError> {
        Ok(self.issuer.token(person, TOKEN_SECONDS)?)
    }

    /// What `serve` is told by its environment.
    pub(crate) fn settings(&self) -> [(&'static str, String); 9] {
        [
            ("DATABASE_URL", self.database_url()),
            ("NATS_URL", self.scratch.nats.url()),
            (
                "KL_NATS_KEYS_DIR",
                self.nats_keys.path().display().to_string(),
            ),
            ("KL_CALLS_PER_MINUTE", UNHINDERED.to_owned()),
            ("KL_JWKS_FILE", self.jwks_file().display().to_string()),
            ("KL_BELIEVE_DEV_ISSUER", "true".to_owned()),
            ("KL_TOKEN_ISSUER", self.published.issuer.clone()),
            ("KL_TOKEN_AUDIENCE", self.published.audience.clone()),
            (
                "KL_MASTER_KEY_FILE",
                self.master_key_file().display().to_string(),
            ),
        ]
    }

    /// Whose processor time counts.
    pub(crate) fn processes(&self, program: &Program) -> Processes {
        Processes {
            program: program.pid(),
            postgres: self.scratch.postgres.pid().unwrap_or_default(),
            nats: self.scratch.nats.pid().unwrap_or_default(),
        }
    }

    pub(crate) fn directory(&self) -> &Path {
        self.scratch.directory()
    }

    /// PostgreSQL's log.
    pub(crate) fn postgres_log(&self) -> PathBuf {
        self.scratch.postgres.log()
    }

    pub(crate) fn database_url(&self) -> String {
        self.scratch.postgres.url()
    }

    pub(crate) fn baseline_url(&self) -> String {
        self.scratch.postgres.url_of(BASELINE)
    }

    /// How NATS is reached.
    pub(crate) fn nats(&self) -> NatsOptions {
        NatsOptions {
            url: self.scratch.nats.url(),
            keys: Some(self.nats_keys.path().to_owned()),
            authorities: None,
        }
    }

    fn jwks_file(&self) -> PathBuf {
        self.directory().join("issuer.jwks.json")
    }

    fn master_key_file(&self) -> PathBuf {
        self.directory().join("master.key")
    }
}

async fn count_statements(scratch: &mut Scratch) -> Result<(), BenchError> {
    let mut connection = PgConnection::connect(&scratch.postgres.url()).await?;
    sqlx::raw_sql("alter system set shared_preload_libraries = 'pg_stat_statements'")
        .execute(&mut connection)
        .await?;
    connection.close().await?;
    scratch.postgres.restart().await?;
    let mut connection = PgConnection::connect(&scratch.postgres.url()).await?;
    sqlx::raw_sql("create extension pg_stat_statements")
        .execute(&mut connection)
        .await?;
    Ok(())
}

/// Makes the server one that has run for a while. Such a one writes its log into files that are
/// there; on a new one, every 16 MB all commits wait while the next file is made.
async fn break_in(connection: &mut PgConnection) -> Result<(), BenchError> {
    for statement in [
        "alter system set min_wal_size = '2GB'",
        "select pg_reload_conf()",
        "do $$ begin
             for segment in 1..120 loop
                 perform pg_logical_emit_message(true, 'bench', '');
                 perform pg_switch_wal();
             end loop;
         end $$",
        "checkpoint",
    ] {
        sqlx::raw_sql(statement).execute(&mut *connection).await?;
    }
    Ok(())
}
