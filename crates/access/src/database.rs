//! The one way into the database: a transaction with the principal bound to it, so that the
//! row-level policies of every table know who asks. No query runs outside one.

use std::{
    ops::{Deref, DerefMut},
    time::Duration,
};

use sqlx::{
    PgConnection, PgPool, Postgres, Transaction,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use knipperlicht_vocabulary::ZoneId;

use crate::Principal;

/// How a service reaches its schema.
#[derive(Debug, Clone)]
pub struct DatabaseOptions {
    /// A PostgreSQL URL whose user is, or may become, the service's own role.
    pub url: String,
    /// The service: its schema, and with `kl_` before it its role.
    pub service: &'static str,
    /// Connections at most.
    pub connections: u32,
}

/// A service's database: its own schema under its own role, nothing else.
#[derive(Debug, Clone)]
pub struct Database {
    pool: PgPool,
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
            ]);
        let become_role = format!("set role kl_{}", options.service);
        let pool = PgPoolOptions::new()
            .max_connections(options.connections)
            .acquire_timeout(Duration::from_secs(3))
            .test_before_acquire(false)
            .after_connect(move |connection, _| {
                let become_role = become_role.clone();
                Box::pin(async move {
                    sqlx::raw_sql(sqlx::AssertSqlSafe(become_role))
                        .execute(connection)
                        .await
                        .map(|_| ())
                })
            })
            .connect_lazy_with(connect);
        Ok(Self { pool })
    }

    /// Opens a transaction in the name of `principal`.
    pub async fn begin(&self, principal: &Principal) -> Result<OwnedTransaction, sqlx::Error> {
        let (pool, principal) = (self.pool.clone(), principal.clone());
        // In a task of its own, which ends whatever becomes of the caller: a `begin` that is dropped
        // half-way would hand its connection back with a transaction open.
        let begun = tokio::spawn(async move {
            let mut transaction = pool.begin().await?;
            bind(&mut transaction, &principal).await?;
            Ok(OwnedTransaction(transaction))
        });
        begun.await.map_err(|_| sqlx::Error::WorkerCrashed)?
    }

    /// Waits until every connection is given back, and closes them.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

/// A transaction in somebody's name. Dropped without [`commit`](Self::commit), it never was.
#[derive(Debug)]
pub struct OwnedTransaction(Transaction<'static, Postgres>);

impl OwnedTransaction {
    /// From here on acts as `principal`. For a call that has shown, in the caller's name, that
    /// the caller may do this, and whose consequences reach what the caller may not see: the next
    /// partner's referral, the reporter's view.
    pub async fn act_as(&mut self, principal: &Principal) -> Result<(), sqlx::Error> {
        bind(&mut self.0, principal).await
    }

    /// Makes it so.
    pub async fn commit(self) -> Result<(), sqlx::Error> {
        self.0.commit().await
    }

    /// Undoes it.
    pub async fn rollback(self) -> Result<(), sqlx::Error> {
        self.0.rollback().await
    }
}

impl Deref for OwnedTransaction {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.0
    }
}

impl DerefMut for OwnedTransaction {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.0
    }
}

/// Tells the row-level policies of this transaction who asks.
async fn bind(connection: &mut PgConnection, principal: &Principal) -> Result<(), sqlx::Error> {
    let zones: Vec<&str> = principal.zones.iter().map(ZoneId::as_str).collect();
    sqlx::query(
        "select set_config('kl.role', $1, true), set_config('kl.subject', $2, true), \
         set_config('kl.organisation', $3, true), set_config('kl.zones', $4, true)",
    )
    .bind(principal.role.name())
    .bind(principal.subject.as_str())
    .bind(
        principal
            .organisation
            .as_ref()
            .map_or("", |organisation| organisation.as_str()),
    )
    .bind(zones.join(","))
    .execute(connection)
    .await?;
    Ok(())
}
