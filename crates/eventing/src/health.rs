//! What can be found out of the servers that events stand on, for `knipperlicht ops doctor`.

use async_nats::jetstream;
use jiff::Timestamp;
use sqlx::PgConnection;

use crate::topology::{self, STREAM};

/// What PostgreSQL tells of itself, and of what the present role may do.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is a setting of its own"
)]
pub struct DatabaseFindings {
    /// Its version, in words.
    pub version: String,
    /// The same as a number, such as 150004.
    pub version_number: i32,
    /// Whether what is written is brought to the disk.
    pub fsync: bool,
    /// Whether a torn page can be mended.
    pub full_page_writes: bool,
    /// When a commit is acknowledged.
    pub synchronous_commit: String,
    /// Connections at most, of everybody.
    pub max_connections: i64,
    /// What time it is there.
    pub now: Timestamp,
    /// Whether the role may do everything.
    pub is_superuser: bool,
    /// Whether the policies of the tables do not hold for it.
    pub sees_everything: bool,
    /// How many schemas of other services it can use.
    pub foreign_schemas: i64,
}

impl DatabaseFindings {
    /// Whether the role can use what is its own, and nothing else.
    #[must_use]
    pub const fn is_confined(&self) -> bool {
        !self.is_superuser && !self.sees_everything && self.foreign_schemas == 0
    }

    /// What it may do, in words.
    #[must_use]
    pub fn rights(&self) -> String {
        if self.is_confined() {
            return "its own schema, by its policies".to_owned();
        }
        let mut more = Vec::new();
        if self.is_superuser {
            more.push("everything (superuser)".to_owned());
        }
        if self.sees_everything {
            more.push("every row (bypassrls)".to_owned());
        }
        if self.foreign_schemas > 0 {
            more.push(format!("{} schemas of others", self.foreign_schemas));
        }
        more.join(", ")
    }
}

/// Asks PostgreSQL, as a service.
pub async fn database(connection: &mut PgConnection) -> Result<DatabaseFindings, sqlx::Error> {
    let row = sqlx::query!(
        r#"select current_setting('server_version') as "version!",
                  current_setting('server_version_num')::int as "version_number!",
                  current_setting('fsync')::bool as "fsync!",
                  current_setting('full_page_writes')::bool as "full_page_writes!",
                  current_setting('synchronous_commit') as "synchronous_commit!",
                  current_setting('max_connections')::bigint as "max_connections!",
                  clock_timestamp() as "now!: jiff_sqlx::Timestamp",
                  rolsuper as "is_superuser!", rolbypassrls as "sees_everything!",
                  (select count(*) from pg_namespace
                   where nspname in ('intake', 'assessment', 'routing', 'followup', 'notification')
                     and nspname <> current_schema() and has_schema_privilege(oid, 'usage'))
                      as "foreign_schemas!"
           from pg_roles where rolname = current_user"#
    )
    .fetch_one(connection)
    .await?;
    Ok(DatabaseFindings {
        version: row.version,
        version_number: row.version_number,
        fsync: row.fsync,
        full_page_writes: row.full_page_writes,
        synchronous_commit: row.synchronous_commit,
        max_connections: row.max_connections,
        now: row.now.to_jiff(),
        is_superuser: row.is_superuser,
        sees_everything: row.sees_everything,
        foreign_schemas: row.foreign_schemas,
    })
}

/// What the server tells of the stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamFindings {
    /// Events in it.
    pub events: u64,
    /// Bytes in it.
    pub bytes: u64,
    /// Copies that it is to have.
    pub copies: usize,
    /// Copies that hold all of it.
    pub current_copies: usize,
    /// Whether it is as this program makes it.
    pub is_as_made: bool,
}

/// Asks the server for the stream.
pub async fn stream(jetstream: &jetstream::Context) -> Result<StreamFindings, async_nats::Error> {
    let stream = jetstream.get_stream(STREAM).await?;
    let info = stream.cached_info();
    let followers = info
        .cluster
        .iter()
        .flat_map(|cluster| &cluster.replicas)
        .filter(|replica| replica.current)
        .count();
    let (found, made) = (
        &info.config,
        topology::stream_config(info.config.num_replicas),
    );
    let is_as_made = found.subjects == made.subjects
        && found.max_age == made.max_age
        && found.duplicate_window == made.duplicate_window
        && found.allow_atomic_publish == made.allow_atomic_publish
        && found.allow_direct == made.allow_direct
        && found.discard == made.discard
        && found.retention == made.retention
        && found.storage == made.storage
        && followers + 1 >= info.config.num_replicas;
    Ok(StreamFindings {
        events: info.state.messages,
        bytes: info.state.bytes,
        copies: info.config.num_replicas,
        current_copies: followers + 1,
        is_as_made,
    })
}
