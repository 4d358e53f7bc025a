//! The one way into the database: a transaction with the principal bound to it, so that the
//! row-level policies of every table know who asks. No query runs outside one, but for those on a
//! [`Standing`] connection, which acts in one name for good.

use std::{
    borrow::Cow,
    ops::{Deref, DerefMut},
    sync::Arc,
    time::{Duration, Instant},
};

use sqlx::{
    AssertSqlSafe, Connection, PgConnection, PgPool, Postgres, SqlSafeStr, Transaction,
    pool::PoolConnection,
    postgres::{PgConnectOptions, PgPoolOptions, PgSslMode},
};

use knipperlicht_runtime::{
    is_this_machine,
    metrics::{DB_CONNECTIONS, DB_CONNECTIONS_MAX, DB_TIMEOUTS, DB_WAIT, Labels},
};
use knipperlicht_vocabulary::ZoneId;
use tracing::Span;

use crate::Principal;

/// On a standing connection nobody waits longer than this for a row that somebody else changes:
/// it would keep everything behind it waiting as well.
const IMPATIENCE: &str = "set lock_timeout = '1s'";

/// How a service reaches its schema.
#[derive(Debug, Clone)]
pub struct DatabaseOptions {
    /// A PostgreSQL URL whose user is, or may become, the service's own role.
    pub url: String,
    /// The service: its schema, and with `kl_` before it its role.
    pub service: &'static str,
    /// Connections at most, besides one for each [`Standing`].
    pub connections: u32,
}

/// Whether what is said to the database at `url` could be read, or answered, by somebody on the
/// way: it is not on this machine, and is not verified to be who it should be.
pub fn can_be_overheard(url: &str) -> Result<bool, sqlx::Error> {
    let options: PgConnectOptions = url.parse()?;
    let is_here = options.get_socket().is_some() || is_this_machine(options.get_host());
    Ok(!is_here && !matches!(options.get_ssl_mode(), PgSslMode::VerifyFull))
}

/// A service's database: its own schema under its own role, nothing else.
#[derive(Debug, Clone)]
pub struct Database {
    service: &'static str,
    pool: PgPool,
    connect: Arc<PgConnectOptions>,
    become_role: Arc<str>,
}

impl Database {
    /// Prepares connections; the first is made when it is needed, so that a service can start,
    /// and say that it is not well, while PostgreSQL is away.
    pub fn new(options: &DatabaseOptions) -> Result<Self, sqlx::Error> {
        let connect: PgConnectOptions = options.url.parse()?;
        let connect = connect
            .application_name(&format!("knipperlicht-{}", options.service))
            .options([
                ("search_path", options.service),
                ("statement_timeout", "10s"),
                ("idle_in_transaction_session_timeout", "30s"),
                // The default is that of a turning disk: with it, a batch of look-ups by key in a table of
                // some ten thousand rows is planned as a walk through all of them.
                ("random_page_cost", "1.1"),
                // Every statement here finds its rows by a key. In a table of millions PostgreSQL may expect
                // more of them than there are and start processes to help: 10 ms, for nothing.
                ("max_parallel_workers_per_gather", "0"),
            ]);
        let become_role = format!("set role kl_{}", options.service);
        Ok(Self {
            service: options.service,
            pool: pool(connect.clone(), become_role.clone(), options.connections),
            connect: Arc::new(connect),
            become_role: become_role.into(),
        })
    }

    /// A connection apart that acts in the name of `principal` for good: for whoever has one thing
    /// to do, hundreds of times a second.
    #[must_use]
    pub fn standing(&self, principal: &Principal) -> Standing {
        let binding = binding("session", principal, |_| true);
        let prepare = format!("{}; {binding} {IMPATIENCE}", self.become_role);
        Standing {
            pool: pool((*self.connect).clone(), prepare, 1),
            connection: None,
        }
    }

    /// Opens a transaction in the name of `principal`.
    pub async fn begin(&self, principal: &Principal) -> Result<OwnedTransaction, sqlx::Error> {
        let (service, pool, principal) = (self.service, self.pool.clone(), principal.clone());
        let span = transaction_span(service);
        // In a task of its own, which ends whatever becomes of the caller: a `begin` that is dropped
        // half-way would hand its connection back with a transaction open.
        let begun = tokio::spawn(async move {
            // What nobody set stands empty: it need not be said.
            let binding = binding("local", &principal, |value| !value.is_empty());
            let begin = format!("begin; {binding}");
            let connection = connection(service, &pool).await?;
            let begin = AssertSqlSafe(begin).into_sql_str();
            Ok(OwnedTransaction {
                transaction: Transaction::begin(connection, Some(begin)).await?,
                _span: span,
            })
        });
        begun.await.map_err(|_| sqlx::Error::WorkerCrashed)?
    }

    /// Tells how many connections there are, and how many of them are idle; those that stand for good
    /// are not counted, each has one thing to do.
    pub fn tell_connections(&self) {
        let pool = (
            "db_client_connection_pool_name",
            Cow::Borrowed(self.service),
        );
        let with = |state: &'static str| -> Labels {
            vec![pool.clone(), ("db_client_connection_state", state.into())]
        };
        let (all, idle) = (self.pool.size(), self.pool.num_idle());
        let idle = u32::try_from(idle).unwrap_or(all).min(all);
        let counts = vec![
            (with("idle"), f64::from(idle)),
            (with("used"), f64::from(all - idle)),
        ];
        DB_CONNECTIONS.tell(self.service, counts);
        let most = f64::from(self.pool.options().get_max_connections());
        DB_CONNECTIONS_MAX.tell(self.service, vec![(vec![pool.clone()], most)]);
        DB_TIMEOUTS.add(0, &[("db_client_connection_pool_name", self.service)]);
    }

    /// Waits until every connection is given back, but for the standing ones, and closes them.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

/// A connection, and how long it took to get one.
async fn connection(
    service: &'static str,
    pool: &PgPool,
) -> Result<PoolConnection<Postgres>, sqlx::Error> {
    let name = [("db_client_connection_pool_name", service)];
    let began = Instant::now();
    let connection = pool.acquire().await;
    DB_WAIT.record(began.elapsed().as_secs_f64(), &name);
    if matches!(connection, Err(sqlx::Error::PoolTimedOut)) {
        DB_TIMEOUTS.add(1, &name);
    }
    connection
}

/// The span of a transaction in a call: of what runs in the background, none.
fn transaction_span(service: &'static str) -> Span {
    if Span::current().is_none() {
        return Span::none();
    }
    tracing::info_span!(
        "transaction",
        otel.name = "transaction",
        otel.kind = "client",
        db.system.name = "postgresql",
        db.namespace = service,
    )
}

fn pool(connect: PgConnectOptions, prepare: String, connections: u32) -> PgPool {
    PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(Duration::from_secs(3))
        .test_before_acquire(false)
        .after_connect(move |connection, _| {
            let prepare = prepare.clone();
            Box::pin(async move {
                sqlx::raw_sql(AssertSqlSafe(prepare))
                    .execute(connection)
                    .await
                    .map(|_| ())
            })
        })
        .connect_lazy_with(connect)
}

/// A connection that acts in one name for good. It is kept, so that nothing is said and nothing
/// asked on it but what there is to do; and a single statement needs no transaction.
#[derive(Debug)]
pub struct Standing {
    pool: PgPool,
    connection: Option<PoolConnection<Postgres>>,
}

impl Standing {
    /// The connection, made when there is none.
    pub async fn connection(&mut self) -> Result<&mut PgConnection, sqlx::Error> {
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.pool.acquire().await?,
        };
        Ok(self.connection.insert(connection))
    }

    /// Opens a transaction. Dropped without a commit, it never was.
    pub async fn begin(&mut self) -> Result<Transaction<'_, Postgres>, sqlx::Error> {
        self.connection().await?.begin().await
    }

    /// Gives the connection up, for something went wrong on it.
    pub fn give_up(&mut self) {
        self.connection = None;
    }
}

/// A transaction in somebody's name. Dropped without [`commit`](Self::commit), it never was.
#[derive(Debug)]
pub struct OwnedTransaction {
    transaction: Transaction<'static, Postgres>,
    /// Ends with it.
    _span: Span,
}

impl OwnedTransaction {
    /// From here on acts as `principal`. For a call that has shown, in the caller's name, that
    /// the caller may do this, and whose consequences reach what the caller may not see: the next
    /// partner's referral, the reporter's view.
    pub async fn act_as(&mut self, principal: &Principal) -> Result<(), sqlx::Error> {
        sqlx::raw_sql(AssertSqlSafe(binding("local", principal, |_| true)))
            .execute(&mut *self.transaction)
            .await?;
        Ok(())
    }

    /// Makes it so.
    pub async fn commit(self) -> Result<(), sqlx::Error> {
        self.transaction.commit().await
    }

    /// Undoes it.
    pub async fn rollback(self) -> Result<(), sqlx::Error> {
        self.transaction.rollback().await
    }
}

impl Deref for OwnedTransaction {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.transaction
    }
}

impl DerefMut for OwnedTransaction {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.transaction
    }
}

/// Tells the row-level policies who asks, in this transaction (`local`) or `session`. As text, so that it travels with
/// the `begin`: a question of its own would cost every transaction a round trip.
fn binding(scope: &str, principal: &Principal, says: impl Fn(&str) -> bool) -> String {
    let zones: Vec<&str> = principal.zones.iter().map(ZoneId::as_str).collect();
    let organisation = principal.organisation.as_ref();
    let settings = [
        ("kl.role", principal.role.name()),
        ("kl.subject", principal.subject.as_str()),
        (
            "kl.organisation",
            organisation.map_or("", |organisation| organisation.as_str()),
        ),
        ("kl.zones", &zones.join(",")),
    ];
    let said: Vec<String> = settings
        .iter()
        .filter(|(_, value)| says(value))
        .map(|(name, value)| format!("set {scope} {name} = {};", literal(value)))
        .collect();
    said.concat()
}

/// A text as PostgreSQL reads it back, whatever is in it and whatever
/// `standard_conforming_strings` says.
fn literal(text: &str) -> String {
    let quoted = text.replace('\\', "\\\\").replace('\'', "''");
    format!("E'{quoted}'")
}

#[cfg(test)]
mod tests {
    use super::{can_be_overheard, literal};

    #[test]
    fn only_a_verified_database_or_one_on_this_machine_cannot_be_overheard() {
        for (url, overheard) in [
            ("postgres://kl@127.0.0.1/kl", false),
            ("postgres://kl@localhost/kl?sslmode=disable", false),
            ("postgres://kl@%2Fvar%2Frun%2Fpostgresql/kl", false),
            ("postgres://kl@db.example.org/kl?sslmode=verify-full", false),
            ("postgres://kl@db.example.org/kl", true),
            ("postgres://kl@db.example.org/kl?sslmode=require", true),
            ("postgres://kl@10.0.0.5/kl?sslmode=verify-ca", true),
        ] {
            assert_eq!(can_be_overheard(url).unwrap(), overheard, "{url}");
        }
        assert!(can_be_overheard("nonsense").is_err());
    }

    #[test]
    fn a_text_cannot_end_its_own_quotes() {
        assert_eq!(literal("gent"), "E'gent'");
        assert_eq!(
            literal("x'; drop table signal; --"),
            "E'x''; drop table signal; --'"
        );
        assert_eq!(literal(r"x\'; select 1; --"), r"E'x\\''; select 1; --'");
    }
}
