//! One situation's story as the tables of events tell it: what a service said of it and when that went
//! out, and what it handled and when. No collector of traces needed.

use jiff::Timestamp;
use knipperlicht_vocabulary::SituationId;
use sqlx::PgConnection;

/// Something a service said of a situation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaidThen {
    /// Its place among all that the service said of it.
    pub sequence: i64,
    /// What: such as `knipperlicht.signal.flagged.v1`.
    pub event_type: String,
    /// When it became so.
    pub occurred_at: Timestamp,
    /// When it was in the stream.
    pub published_at: Option<Timestamp>,
    /// The trace it is part of.
    pub traceparent: Option<String>,
}

/// Something a service heard of a situation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeardThen {
    /// Who said it.
    pub source: String,
    /// Its place among all that they said of it.
    pub sequence: i64,
    /// When it took effect.
    pub handled_at: Timestamp,
}

/// What a service said of a situation, in order. Relies on the primary key.
pub async fn said(
    connection: &mut PgConnection,
    situation: SituationId,
) -> Result<Vec<SaidThen>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select sequence, event_type, occurred_at as "occurred_at: jiff_sqlx::Timestamp",
                  published_at as "published_at: jiff_sqlx::Timestamp", traceparent
           from outbox where situation_id = $1 order by sequence"#,
        situation.uuid(),
    )
    .fetch_all(connection)
    .await?;
    let said = rows.into_iter().map(|row| SaidThen {
        sequence: row.sequence,
        event_type: row.event_type,
        occurred_at: row.occurred_at.to_jiff(),
        published_at: row.published_at.map(jiff_sqlx::Timestamp::to_jiff),
        traceparent: row.traceparent,
    });
    Ok(said.collect())
}

/// What a service heard of a situation. Relies on the primary key.
pub async fn heard(
    connection: &mut PgConnection,
    situation: SituationId,
) -> Result<Vec<HeardThen>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select source, sequence, handled_at as "handled_at: jiff_sqlx::Timestamp"
           from inbox where situation_id = $1 order by handled_at"#,
        situation.uuid(),
    )
    .fetch_all(connection)
    .await?;
    let heard = rows.into_iter().map(|row| HeardThen {
        source: row.source,
        sequence: row.sequence,
        handled_at: row.handled_at.to_jiff(),
    });
    Ok(heard.collect())
}
