//! Looking at the line from outside, as the owner of the database.

use std::time::{Duration, Instant};

use async_nats::jetstream::{self, stream::LastRawMessageErrorKind};
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use knipperlicht_contracts::event::Service;
use knipperlicht_eventing::{
    NatsUser,
    topology::{self, STREAM},
};
use sqlx::{AssertSqlSafe, PgConnection, Row};
use tokio::time::sleep;

use crate::{error::BenchError, ground::Ground};

/// Far beyond what anything here takes.
const PATIENCE: Duration = Duration::from_mins(1);

/// A look asks everybody: often enough to tell seconds, too seldom to be a load.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// What is to be worked off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Everything, by every service.
    WholeLine,
    /// The outbox of intake, which runs alone.
    IntakeAlone,
}

/// Waits until everything that was sent is worked off; says how long that took.
pub(crate) async fn drained(ground: &Ground, reach: Reach) -> Result<Duration, BenchError> {
    let began = Instant::now();
    let mut connection = ground.look().await?;
    let nats = ground
        .nats()
        .connect_now(NatsUser::Operator)
        .await
        .map_err(|error| BenchError::Nats(error.to_string()))?;
    let stream = jetstream::new(nats)
        .get_stream(STREAM)
        .await
        .map_err(|error| BenchError::Nats(error.to_string()))?;
    loop {
        let empty = outboxes_are_empty(&mut connection, reach).await?;
        if empty && (reach == Reach::IntakeAlone || all_is_heard(&mut connection, &stream).await?) {
            // What was heard last may have said something.
            if outboxes_are_empty(&mut connection, reach).await? {
                return Ok(began.elapsed());
            }
        }
        if began.elapsed() > PATIENCE {
            return Err(BenchError::NeverDrained);
        }
        sleep(LOOK_EVERY).await;
    }
}

async fn outboxes_are_empty(
    connection: &mut PgConnection,
    reach: Reach,
) -> Result<bool, BenchError> {
    let services: &[Service] = match reach {
        Reach::WholeLine => Service::ALL,
        Reach::IntakeAlone => &[Service::Intake],
    };
    let parts: Vec<String> = services
        .iter()
        .map(|service| {
            format!(
                "not exists (select from {}.outbox where published_at is null)",
                service.name()
            )
        })
        .collect();
    let question = format!("select {}", parts.join(" and "));
    Ok(sqlx::query_scalar(AssertSqlSafe(question))
        .fetch_one(connection)
        .await?)
}

/// Whether every service has handled the last of what it listens to.
async fn all_is_heard(
    connection: &mut PgConnection,
    stream: &jetstream::stream::Stream,
) -> Result<bool, BenchError> {
    for service in Service::ALL {
        let question = format!("select max(place) from {}.reader", service.name());
        let place: i64 = sqlx::query_scalar(AssertSqlSafe(question))
            .fetch_one(&mut *connection)
            .await?;
        let sources = topology::sources(*service).iter();
        for aggregate in sources.flat_map(|source| source.aggregates()) {
            if last_of(stream, aggregate).await? > u64::try_from(place).unwrap_or_default() {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

/// The number of the last message about an aggregate; 0 when there is none.
async fn last_of(stream: &jetstream::stream::Stream, aggregate: &str) -> Result<u64, BenchError> {
    let subject = format!("kl.evt.*.*.{aggregate}.>");
    match stream.get_last_raw_message_by_subject(&subject).await {
        Ok(message) => Ok(message.sequence),
        Err(error) if error.kind() == LastRawMessageErrorKind::NoMessageFound => Ok(0),
        Err(error) => Err(BenchError::Nats(error.to_string())),
    }
}

/// How far the line is with the signals received since a moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Standing {
    /// Signals received.
    pub(crate) received: i64,
    /// Of these, in a partner's inbox, committed.
    pub(crate) in_inbox: i64,
}

/// How far the line is, in one snapshot.
pub(crate) async fn standing(
    connection: &mut PgConnection,
    since: Timestamp,
) -> Result<Standing, BenchError> {
    let row = sqlx::query(
        "select (select count(*) from intake.signal where received_at >= $1),
                (select count(distinct situation_id) from routing.referral
                 where created_at >= $1 and requested_at is not null)",
    )
    .bind(since.to_sqlx())
    .fetch_one(connection)
    .await?;
    Ok(Standing {
        received: row.get(0),
        in_inbox: row.get(1),
    })
}

/// Milliseconds from the receipt of a signal to the moment its referral was written, of what was
/// received since a moment: median and 99th percentile.
pub(crate) async fn receipt_to_referral(
    connection: &mut PgConnection,
    since: Timestamp,
) -> Result<Option<(f64, f64)>, BenchError> {
    let row = sqlx::query(
        "select (percentile_cont(0.5) within group (order by took))::float8,
                (percentile_cont(0.99) within group (order by took))::float8
         from (select 1000 * extract(epoch from min(requested_at) - received_at) as took
               from intake.signal join routing.referral using (situation_id)
               where received_at >= $1 group by situation_id, received_at) as one",
    )
    .bind(since.to_sqlx())
    .fetch_one(connection)
    .await?;
    let (median, high): (Option<f64>, Option<f64>) = (row.get(0), row.get(1));
    Ok(median.zip(high))
}

/// The organisations that got referrals in a zone.
pub(crate) async fn organisations(
    connection: &mut PgConnection,
    zone: &str,
) -> Result<Vec<String>, BenchError> {
    Ok(
        sqlx::query_scalar("select distinct organisation_id from routing.referral where zone = $1")
            .bind(zone)
            .fetch_all(connection)
            .await?,
    )
}

/// The statements of the services that took the most time, one a line.
pub(crate) async fn statements(connection: &mut PgConnection) -> Result<Vec<String>, BenchError> {
    let rows = sqlx::query(
        "select (100 * total_exec_time / sum(total_exec_time) over ())::float8, calls,
                (1000 * mean_exec_time)::float8, (rows::float8 / greatest(calls, 1)),
                wal_bytes::float8 / greatest(calls, 1), rolname,
                left(regexp_replace(query, '\\s+', ' ', 'g'), 100)
         from pg_stat_statements join pg_roles on pg_roles.oid = userid
         where rolname like 'kl%'
         order by total_exec_time desc limit 30",
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .iter()
        .map(|row| {
            let (share, calls, mean, rows): (f64, i64, f64, f64) = (row.get(0), row.get(1), row.get(2), row.get(3));
            let (wal, role, query): (f64, String, String) = (row.get(4), row.get(5), row.get(6));
            format!("{share:5.1}% {calls:>8} calls {mean:>9.0} us {rows:>7.1} rows {wal:>8.0} B WAL  {role}: {query}")
        })
        .collect())
}
