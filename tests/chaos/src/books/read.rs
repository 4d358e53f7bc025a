//! Reading the books, as the owner of every schema.
//!
//! These queries look into schemas that no service may see together, so no service's metadata
//! can check them: they are checked by running.

use std::str::FromStr;

use knipperlicht_access::{Database, DatabaseOptions, Principal};
use knipperlicht_contracts::event::Service;
use knipperlicht_eventing::audit;
use knipperlicht_vocabulary::{CodeError, Need};
use sqlx::{AssertSqlSafe, PgConnection, Row, postgres::PgRow};

use super::{
    AcceptClock, Assessment, AuditLog, Books, Grant, Heard, Item, Parked, Referral, Said, Signal,
    Step, Task, Told, Withheld,
};
use crate::ChaosError;

impl Books {
    /// Reads them all, at one moment.
    pub async fn read(connection: &mut PgConnection) -> Result<Self, ChaosError> {
        sqlx::raw_sql("begin isolation level repeatable read read only")
            .execute(&mut *connection)
            .await?;
        let mut books = Self::default();
        books.read_intake(connection).await?;
        books.read_judgements(connection).await?;
        books.read_followup(connection).await?;
        for service in Service::ALL {
            books.read_events(connection, *service).await?;
        }
        sqlx::raw_sql("commit").execute(connection).await?;
        Ok(books)
    }

    async fn read_intake(&mut self, connection: &mut PgConnection) -> Result<(), ChaosError> {
        let query = "select signal_id, situation_id, received_at from intake.signal";
        self.signals = rows(connection, query, |row| {
            Ok(Signal {
                id: row.try_get(0)?,
                situation: row.try_get(1)?,
                received_at: moment(row, 2)?,
            })
        })
        .await?;
        let query = "select situation_id, step from intake.progress";
        self.steps = rows(connection, query, |row| {
            Ok(Step {
                situation: row.try_get(0)?,
                step: row.try_get(1)?,
            })
        })
        .await?;
        let query = "select situation_id, organisation_id from intake.access_grant";
        self.grants = rows(connection, query, |row| {
            Ok(Grant {
                situation: row.try_get(0)?,
                organisation: row.try_get(1)?,
            })
        })
        .await?;
        let query = "select object::uuid from intake.audit where action = 'contact.read'";
        self.looked_at = rows(connection, query, |row| Ok(row.try_get(0)?)).await?;
        Ok(())
    }

    /// Reads the audit logs, as each service itself would.
    pub async fn read_audit(&mut self, database_url: &str) -> Result<(), ChaosError> {
        let principal = Principal::service("chaos".parse()?);
        for service in Service::ALL {
            let database = Database::new(&DatabaseOptions {
                url: database_url.to_owned(),
                service: service.name(),
                connections: 2,
            })?;
            let chain = audit::verify(&database, &principal, 0, 2, |_| {}).await?;
            database.close().await;
            self.audit.push(AuditLog {
                service: *service,
                rows: chain.head.map_or(0, |(number, _)| number),
                faults: chain.faults.first.iter().map(ToString::to_string).collect(),
            });
        }
        Ok(())
    }

    async fn read_judgements(&mut self, connection: &mut PgConnection) -> Result<(), ChaosError> {
        let query = "select signal_id, situation_id, needs from assessment.assessment";
        self.assessments = rows(connection, query, |row| {
            Ok(Assessment {
                signal: row.try_get(0)?,
                situation: row.try_get(1)?,
                needs: needs(row, 2)?,
            })
        })
        .await?;
        let query = "select referral_id, situation_id, previous_id, organisation_id, needs, state,
                            requested_at is not null, created_at
                     from routing.referral";
        self.referrals = rows(connection, query, |row| {
            Ok(Referral {
                id: row.try_get(0)?,
                situation: row.try_get(1)?,
                previous: row.try_get(2)?,
                organisation: row.try_get(3)?,
                needs: needs(row, 4)?,
                state: code(row.try_get(5)?)?,
                was_requested: row.try_get(6)?,
                created_at: moment(row, 7)?,
            })
        })
        .await?;
        let query =
            "select item_id, situation_id, referral_id, needs, closed_at is null from routing.item";
        self.items = rows(connection, query, |row| {
            Ok(Item {
                id: row.try_get(0)?,
                situation: row.try_get(1)?,
                referral: row.try_get(2)?,
                needs: needs(row, 3)?,
                is_open: row.try_get(4)?,
            })
        })
        .await?;
        let query = "select situation_id, needs from routing.withheld where lifted_at is null";
        self.withheld = rows(connection, query, |row| {
            Ok(Withheld {
                situation: row.try_get(0)?,
                needs: needs(row, 1)?,
            })
        })
        .await?;
        Ok(())
    }

    async fn read_followup(&mut self, connection: &mut PgConnection) -> Result<(), ChaosError> {
        let query = "select referral_id, state from followup.task";
        self.tasks = rows(connection, query, |row| {
            Ok(Task {
                referral: row.try_get(0)?,
                state: row.try_get(1)?,
            })
        })
        .await?;
        let query = "select referral_id, stopped_at is null and paused_at is null from followup.clock where kind = 'accept'";
        self.accept_clocks = rows(connection, query, |row| {
            Ok(AcceptClock {
                referral: row.try_get(0)?,
                runs: row.try_get(1)?,
            })
        })
        .await?;
        let query = "select situation_id, type, at from followup.timeline";
        self.timeline = rows(connection, query, |row| {
            Ok(Told {
                situation: row.try_get(0)?,
                kind: row.try_get(1)?,
                at: moment(row, 2)?,
            })
        })
        .await?;
        Ok(())
    }

    async fn read_events(
        &mut self,
        connection: &mut PgConnection,
        service: Service,
    ) -> Result<(), ChaosError> {
        let schema = service.name();
        let query = format!(
            "select situation_id, sequence, position, event_id, event_type, occurred_at, published_at is not null
             from {schema}.outbox"
        );
        self.said.extend(
            rows(connection, query, |row| {
                Ok(Said {
                    source: service,
                    situation: row.try_get(0)?,
                    sequence: row.try_get(1)?,
                    position: row.try_get(2)?,
                    event: row.try_get(3)?,
                    kind: row.try_get(4)?,
                    at: moment(row, 5)?,
                    is_published: row.try_get(6)?,
                })
            })
            .await?,
        );
        // When it was committed: the clocks of the services may have been moved.
        let query = format!(
            "select source, situation_id, sequence, event_id,
                    coalesce(pg_xact_commit_timestamp(xmin), handled_at)
             from {schema}.inbox"
        );
        self.heard.extend(
            rows(connection, query, |row| {
                Ok(Heard {
                    listener: service,
                    source: source(row, 0)?,
                    situation: row.try_get(1)?,
                    sequence: row.try_get(2)?,
                    event: row.try_get(3)?,
                    at: moment(row, 4)?,
                })
            })
            .await?,
        );
        let query = format!("select reason || ': ' || error from {schema}.parked");
        self.parked.extend(
            rows(connection, query, |row| {
                Ok(Parked {
                    listener: service,
                    error: row.try_get(0)?,
                })
            })
            .await?,
        );
        Ok(())
    }
}

/// Every row of a query whose text holds nothing from outside.
async fn rows<T>(
    connection: &mut PgConnection,
    query: impl Into<String>,
    read: impl Fn(&PgRow) -> Result<T, ChaosError>,
) -> Result<Vec<T>, ChaosError> {
    let rows = sqlx::query(AssertSqlSafe(query.into()))
        .fetch_all(connection)
        .await?;
    rows.iter().map(read).collect()
}

fn moment(row: &PgRow, column: usize) -> Result<jiff::Timestamp, ChaosError> {
    Ok(row.try_get::<jiff_sqlx::Timestamp, _>(column)?.to_jiff())
}

fn needs(row: &PgRow, column: usize) -> Result<Vec<Need>, ChaosError> {
    row.try_get::<Vec<String>, _>(column)?
        .iter()
        .map(|need| code(need))
        .collect()
}

fn code<T: FromStr<Err = CodeError>>(text: &str) -> Result<T, ChaosError> {
    Ok(text.parse()?)
}

fn source(row: &PgRow, column: usize) -> Result<Service, ChaosError> {
    let name: &str = row.try_get(column)?;
    Service::named(name)
        .ok_or_else(|| sqlx::Error::Decode(format!("source `{name}`").into()).into())
}
