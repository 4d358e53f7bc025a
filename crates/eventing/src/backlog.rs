//! How far a service is behind and what is stuck, as an operator is told over the wire. There is no
//! error's text in it and no situation: for those an operator is at the server.

use knipperlicht_contracts::{
    operations::v1::{Backlog, ParkedEvent, ParkedReason},
    to_proto,
};
use knipperlicht_runtime::{Coded, Kind, trace_id};
use sqlx::PgConnection;

use crate::{Kit, lag};

/// So many of what is parked are told.
const TOLD: i64 = 50;

/// It cannot be seen how far a service is behind.
#[derive(Debug, thiserror::Error)]
pub enum BacklogError {
    /// What it keeps.
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    /// What lies in the stream.
    #[error("stream: {0}")]
    Stream(async_nats::Error),
}

impl Coded for BacklogError {
    fn kind(&self) -> Kind {
        Kind::Unavailable
    }

    fn code(&self) -> &'static str {
        "KL0024"
    }
}

pub(crate) async fn read(kit: &Kit) -> Result<Backlog, BacklogError> {
    let mut transaction = kit.database.begin(&kit.principal).await?;
    let kept = lag::kept(&mut transaction).await?;
    let parked = parked(&mut transaction).await?;
    transaction.rollback().await?;
    let unhandled = lag::unhandled(&kit.jetstream, kit.service, &kept)
        .await
        .map_err(BacklogError::Stream)?;
    Ok(Backlog {
        unpublished_since: kept.oldest_unpublished.map(to_proto),
        unhandled: u32::try_from(unhandled.events).unwrap_or(u32::MAX),
        unhandled_since: unhandled.oldest.map(to_proto),
        partitions: unhandled
            .partitions
            .iter()
            .filter_map(|partition| u32::try_from(*partition).ok())
            .collect(),
        parked_count: u32::try_from(kept.parked).unwrap_or(u32::MAX),
        parked,
    })
}

async fn parked(connection: &mut PgConnection) -> Result<Vec<ParkedEvent>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select id, reason, source, attempts, parked_at as "parked_at: jiff_sqlx::Timestamp",
                  retry_at as "retry_at: jiff_sqlx::Timestamp", headers->>'traceparent' as traceparent
           from parked order by id limit $1"#,
        TOLD,
    )
    .fetch_all(connection)
    .await?;
    let events = rows.into_iter().map(|row| ParkedEvent {
        parked_id: row.id,
        reason: reason(&row.reason).into(),
        said_by: row.source.unwrap_or_default(),
        attempts: u32::try_from(row.attempts).unwrap_or_default(),
        parked_at: Some(to_proto(row.parked_at.to_jiff())),
        retry_at: row.retry_at.map(|at| to_proto(at.to_jiff())),
        trace_id: row
            .traceparent
            .as_deref()
            .and_then(trace_id)
            .unwrap_or_default(),
    });
    Ok(events.collect())
}

/// As the table of parked events has it.
fn reason(code: &str) -> ParkedReason {
    match code {
        "waiting" => ParkedReason::Waiting,
        "failed" => ParkedReason::Failed,
        "behind" => ParkedReason::Behind,
        "undecodable" => ParkedReason::Undecodable,
        _ => ParkedReason::Unspecified,
    }
}
