//! PostgreSQL, and its standby where there is one.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use knipperlicht_sandbox::{Postgres, PostgresOptions, Tools};
use sqlx::{Connection, PgConnection};
use tokio::time::{Instant, sleep};

use crate::ChaosError;

/// How long a standby may take until it follows.
const FOLLOWS_WITHIN: Duration = Duration::from_mins(2);

/// How long it may take to end.
const ENDS_WITHIN: Duration = Duration::from_secs(10);

/// A PostgreSQL whose standby may take over.
pub(super) struct Database {
    tools: Tools,
    directories: [PathBuf; 2],
    /// Which of the directories is the primary's.
    at: usize,
    primary: Postgres,
    standby: Option<Postgres>,
}

impl Database {
    /// Starts it; with a standby, a commit is acknowledged only when both have it.
    pub(super) async fn start(
        tools: &Tools,
        directories: [PathBuf; 2],
        has_standby: bool,
    ) -> Result<Self, ChaosError> {
        let options = options(&directories[0]);
        let mut database = Self {
            tools: tools.clone(),
            primary: Postgres::start(tools, options).await?,
            directories,
            at: 0,
            standby: None,
        };
        if has_standby {
            database.add_standby().await?;
        }
        Ok(database)
    }

    pub(super) const fn primary(&self) -> &Postgres {
        &self.primary
    }

    pub(super) const fn has_standby(&self) -> bool {
        self.standby.is_some()
    }

    pub(super) fn standby(&mut self) -> Result<&mut Postgres, ChaosError> {
        self.standby.as_mut().ok_or(ChaosError::NoStandby)
    }

    pub(super) async fn kill(&mut self) -> Result<(), ChaosError> {
        Ok(self.primary.kill().await?)
    }

    /// Lets it write everything, and its standby hear of it, and end.
    pub(super) async fn end(&mut self) -> Result<(), ChaosError> {
        self.primary.stop(ENDS_WITHIN).await?;
        Ok(())
    }

    /// What has ended runs again: by its standby, where there is one, else by itself.
    pub(super) async fn run_again(&mut self) -> Result<(), ChaosError> {
        let Some(standby) = self.standby.take() else {
            return Ok(self.primary.restart().await?);
        };
        let mut connection = PgConnection::connect(&standby.url()).await?;
        for step in [
            "select pg_promote()",
            // It is alone for now.
            "alter system reset synchronous_standby_names",
            "select pg_reload_conf()",
        ] {
            sqlx::raw_sql(step).execute(&mut connection).await?;
        }
        self.primary = standby;
        self.at = 1 - self.at;
        Ok(())
    }

    /// Starts the primary again as it was, where it has ended.
    pub(super) async fn keep_running(&mut self) -> Result<(), ChaosError> {
        if !self.primary.is_running()? {
            self.primary.restart().await?;
        }
        Ok(())
    }

    /// Makes a standby where there is none, in the place of what was there before.
    pub(super) async fn add_standby(&mut self) -> Result<(), ChaosError> {
        if self.standby.is_some() {
            return Ok(());
        }
        let directory = &self.directories[1 - self.at];
        for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
            let path = entry.path();
            let removed = if path.is_dir() {
                fs::remove_dir_all(&path)
            } else {
                fs::remove_file(&path)
            };
            removed.map_err(ChaosError::io("clear a standby's directory"))?;
        }
        let standby = self.primary.start_standby(&self.tools, options(directory));
        self.standby = Some(standby.await?);
        let mut connection = PgConnection::connect(&self.primary.url()).await?;
        // Nobody waits for it before it has caught up.
        until(
            &mut connection,
            "select exists (select from pg_stat_replication where state = 'streaming')",
        )
        .await?;
        for step in [
            "alter system set synchronous_standby_names = '*'",
            "select pg_reload_conf()",
        ] {
            sqlx::raw_sql(step).execute(&mut connection).await?;
        }
        until(
            &mut connection,
            "select exists (select from pg_stat_replication where sync_state = 'sync')",
        )
        .await
    }
}

async fn until(connection: &mut PgConnection, question: &'static str) -> Result<(), ChaosError> {
    let deadline = Instant::now() + FOLLOWS_WITHIN;
    while Instant::now() < deadline {
        let answer: bool = sqlx::query_scalar(question)
            .fetch_one(&mut *connection)
            .await?;
        if answer {
            return Ok(());
        }
        sleep(Duration::from_millis(50)).await;
    }
    Err(ChaosError::NoStandby)
}

fn options(directory: &Path) -> PostgresOptions {
    let settings = [
        // The proof asks when each row was committed: by one clock, whatever those of the services say.
        ("track_commit_timestamp", "on"),
        // A standby that was away finds what it missed.
        ("wal_keep_size", "1GB"),
        ("shared_buffers", "128MB"),
    ];
    PostgresOptions {
        settings: settings
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec(),
        ..PostgresOptions::new(directory)
    }
}
