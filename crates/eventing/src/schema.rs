//! A service's schema and role: made by whoever owns the database, never by the service itself.

use knipperlicht_contracts::event::Service;
use knipperlicht_runtime::retry_pause;
use sqlx::{
    AssertSqlSafe, Connection, PgConnection,
    error::DatabaseError,
    migrate::{MigrateError, Migrator},
};

use crate::MIGRATIONS;

/// Why a schema could not be brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum SchemaError {
    /// The database.
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    /// A migration.
    #[error("migration: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// There is something already where a backup is to go.
    #[error("there is a schema `{0}` already: a backup is restored into an empty database")]
    NotEmpty(String),
}

/// Rows are found by keys, whatever the statistics say, so PostgreSQL may judge a table of the
/// present schema by a tenth of the rows that it would look at by itself. On a line that runs at
/// 1,000 signals a second, that look takes a processor for seconds each minute.
const SMALL_SAMPLES: &str = "
do $$ declare
    tables text;
begin
    select string_agg(format('alter table %s %s;', whole, columns), ' ') into tables
    from (
        select attrelid::regclass as whole,
               string_agg(format('alter column %I set statistics 10', attname), ', ') as columns
        from pg_attribute join pg_class on pg_class.oid = attrelid
        where relnamespace = current_schema()::regnamespace and relkind = 'r'
          and attnum > 0 and not attisdropped and attstattarget is distinct from 10
        group by attrelid
    ) as sampled;
    execute coalesce(tables, '');
end $$;";

/// In this database nobody makes anything but its owner: by default whoever connects may make
/// temporary tables and functions. Only an owner can take that away; where `migrate` runs as somebody
/// else, it is theirs to do.
const NOTHING_OF_ITS_OWN: &str = "
do $$ begin
    if pg_has_role((select datdba from pg_database where datname = current_database()), 'usage') then
        execute format('revoke temporary on database %I from public', current_database());
    end if;
    if pg_has_role((select nspowner from pg_namespace where nspname = 'public'), 'usage') then
        revoke create on schema public from public;
    end if;
end $$;";

/// An audit log is only ever added to. (Where intake's own migrations are left out, as in tests of
/// events alone, there is none.)
const ONLY_ADDED_TO: &str = "
do $$ begin
    if to_regclass('audit') is not null then
        execute format('revoke update, delete, truncate on audit from %I', 'kl_' || current_schema());
    end if;
end $$;";

/// While a migration waits for a lock, everybody who comes later waits behind it. So it waits no longer
/// than this, lets them pass, and tries again.
const NOT_FOR_LONG: &str = "set lock_timeout = '2s'";

/// How often, with pauses of two seconds: there is a moment between long transactions.
const TRIES: u32 = 30;

/// What PostgreSQL says when a lock was waited for too long.
const LOCK_NOT_AVAILABLE: &str = "55P03";

/// Brings the schema of `service` up to date, with its own role, which can use what is in it and
/// owns nothing. `owner_url` is of a user who may create both.
pub async fn migrate(owner_url: &str, service: Service, own: &Migrator) -> Result<(), SchemaError> {
    let name = service.name();
    let mut connection = PgConnection::connect(owner_url).await?;
    // Several processes may start at once: one makes the role and schema, the others find them.
    let prepare = format!(
        "select pg_advisory_lock(hashtext('knipperlicht.migrate'));
         do $$ begin
             if not exists (select from pg_roles where rolname = 'kl_{name}') then
                 create role kl_{name} nologin;
             end if;
         exception when duplicate_object or unique_violation then null;
         end $$;
         create schema if not exists {name};
         revoke all on schema {name} from public;
         {NOTHING_OF_ITS_OWN}
         grant usage on schema {name} to kl_{name};
         set search_path = {name};"
    );
    sqlx::raw_sql(AssertSqlSafe(prepare))
        .execute(&mut connection)
        .await?;
    sqlx::raw_sql(NOT_FOR_LONG).execute(&mut connection).await?;
    let mut tries = 1;
    while let Err(error) = apply(&mut connection, name, own).await {
        if tries == TRIES || !error.is_for_want_of_a_lock() {
            return Err(error);
        }
        tokio::time::sleep(retry_pause(tries)).await;
        tries += 1;
    }
    connection.close().await?;
    Ok(())
}

async fn apply(
    connection: &mut PgConnection,
    name: &str,
    own: &Migrator,
) -> Result<(), SchemaError> {
    MIGRATIONS.run_direct(None, &mut *connection, false).await?;
    own.run_direct(None, &mut *connection, false).await?;
    let grant = format!(
        "grant select, insert, update, delete on all tables in schema {name} to kl_{name};
         {ONLY_ADDED_TO}
         grant usage on all sequences in schema {name} to kl_{name};
         revoke all on {name}.eventing_migrations, {name}._sqlx_migrations from kl_{name};
         {SMALL_SAMPLES}"
    );
    sqlx::raw_sql(AssertSqlSafe(grant))
        .execute(connection)
        .await?;
    Ok(())
}

/// Makes an empty database ready for a backup: the roles that it grants rights to. `owner_url` is of a
/// user who may create them.
pub async fn prepare_restore(owner_url: &str) -> Result<(), SchemaError> {
    let mut connection = PgConnection::connect(owner_url).await?;
    let names: Vec<&str> = Service::ALL.iter().map(|service| service.name()).collect();
    let there: Option<String> = sqlx::query_scalar(
        "select nspname::text from pg_namespace where nspname = any($1) limit 1",
    )
    .bind(&names)
    .fetch_optional(&mut connection)
    .await?;
    if let Some(name) = there {
        return Err(SchemaError::NotEmpty(name));
    }
    for name in names {
        let role = format!(
            "do $$ begin
                 if not exists (select from pg_roles where rolname = 'kl_{name}') then
                     create role kl_{name} nologin;
                 end if;
             end $$;"
        );
        sqlx::raw_sql(AssertSqlSafe(role))
            .execute(&mut connection)
            .await?;
    }
    connection.close().await?;
    Ok(())
}

/// Takes out what the latest file with keys brings in: the keys of situations, and what was erased.
pub async fn empty_keys(owner_url: &str) -> Result<(), SchemaError> {
    on_every_erased(
        owner_url,
        "truncate intake.data_key;",
        "truncate {}.erased;",
    )
    .await
}

/// Has the services look again at all that was erased: each forgets what the backup brought back.
pub async fn look_at_erased_again(owner_url: &str) -> Result<(), SchemaError> {
    let again = "update {}.erased set wiped_at = null, settled_at = null;";
    on_every_erased(owner_url, "", again).await
}

async fn on_every_erased(owner_url: &str, first: &str, each: &str) -> Result<(), SchemaError> {
    let mut connection = PgConnection::connect(owner_url).await?;
    let mut text = first.to_owned();
    for service in Service::ALL {
        text.push_str(&each.replace("{}", service.name()));
    }
    sqlx::raw_sql(AssertSqlSafe(text))
        .execute(&mut connection)
        .await?;
    connection.close().await?;
    Ok(())
}

impl SchemaError {
    fn is_for_want_of_a_lock(&self) -> bool {
        let database = match self {
            Self::Database(error) | Self::Migration(MigrateError::ExecuteMigration(error, _)) => {
                error.as_database_error()
            }
            Self::Migration(_) | Self::NotEmpty(_) => None,
        };
        database.and_then(DatabaseError::code).as_deref() == Some(LOCK_NOT_AVAILABLE)
    }
}
