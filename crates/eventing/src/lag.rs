//! How far a service is behind: what it said that is not in the stream, what lies in the stream that it
//! has not handled, what is parked; and since when the oldest of it waits.

use async_nats::{Message, StatusCode, jetstream};
use jiff::Timestamp;
use knipperlicht_contracts::event::Service;
use serde_json::json;
use sqlx::PgConnection;

use crate::{
    envelope::SUBJECT_ROOT,
    topology::{STREAM, is_for, stream_state},
};

/// So many events of others are passed, in a partition, to find one that is for the service: what a
/// service said itself lies there too, and how far was read is noted only with what was for it.
const PASSED: usize = 64;

/// What a service has in its own schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Since when the first of what is not published waits.
    pub oldest_unpublished: Option<Timestamp>,
    /// Events that are parked.
    pub parked: i64,
    places: Vec<Place>,
}

/// What lies in the stream for a service.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unhandled {
    /// Events that it has not read; a few that are not for it may be among them.
    pub events: u64,
    /// Since when the oldest that is for it lies there.
    pub oldest: Option<Timestamp>,
    /// In which partitions.
    pub partitions: Vec<i16>,
}

/// How far a partition was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    partition: i16,
    stream: i64,
    last: u64,
}

/// What a service has in its own schema.
pub async fn kept(connection: &mut PgConnection) -> Result<Kept, sqlx::Error> {
    Ok(Kept {
        oldest_unpublished: oldest_unpublished(&mut *connection).await?,
        parked: parked(&mut *connection).await?,
        places: places(connection).await?,
    })
}

/// What lies in the stream for a service.
pub async fn unhandled(
    jetstream: &jetstream::Context,
    service: Service,
    kept: &Kept,
) -> Result<Unhandled, async_nats::Error> {
    let stream = stream_state(jetstream).await?;
    let mut all = Unhandled::default();
    for place in &kept.places {
        // A place means nothing in a stream that was made anew.
        let last = if place.stream == stream.made {
            place.last
        } else {
            0
        };
        let first = first_unhandled(jetstream, service, place.partition, last).await?;
        let Some(first) = first else { continue };
        all.events += first.pending + 1;
        all.oldest = Some(all.oldest.map_or(first.at, |before| before.min(first.at)));
        all.partitions.push(place.partition);
    }
    Ok(all)
}

async fn first_unhandled(
    jetstream: &jetstream::Context,
    service: Service,
    partition: i16,
    mut last: u64,
) -> Result<Option<Stored>, async_nats::Error> {
    for _ in 0..PASSED {
        let Some(message) = next(jetstream, partition, last + 1).await? else {
            break;
        };
        if is_for(service, &message.subject) {
            return Ok(Some(message));
        }
        last = message.number;
    }
    Ok(None)
}

/// The first message of a partition from a number on.
async fn next(
    jetstream: &jetstream::Context,
    partition: i16,
    from: u64,
) -> Result<Option<Stored>, async_nats::Error> {
    let asked = json!({
        "seq": from,
        "next_by_subj": format!("{SUBJECT_ROOT}.{partition}.>"),
        "batch": 1,
    });
    let subject = format!("$JS.API.DIRECT.GET.{STREAM}");
    let nats = jetstream.client();
    let answer = nats.request(subject, asked.to_string().into()).await?;
    if answer.status.is_some_and(|status| status != StatusCode::OK) {
        return Ok(None);
    }
    let stored = Stored::of(&answer).ok_or("the server answered something else")?;
    Ok(Some(stored))
}

/// A message as the server hands it out.
struct Stored {
    number: u64,
    subject: String,
    at: Timestamp,
    /// How many more of its partition come after it.
    pending: u64,
}

impl Stored {
    fn of(answer: &Message) -> Option<Self> {
        let headers = answer.headers.as_ref()?;
        let told = |name: &str| headers.get(name).map(async_nats::HeaderValue::as_str);
        Some(Self {
            number: told("Nats-Sequence")?.parse().ok()?,
            subject: told("Nats-Subject")?.to_owned(),
            at: told("Nats-Time-Stamp")?.parse().ok()?,
            pending: told("Nats-Num-Pending")?.parse().ok()?,
        })
    }
}

async fn places(connection: &mut PgConnection) -> Result<Vec<Place>, sqlx::Error> {
    let rows = sqlx::query!("select partition, stream, place from reader order by partition")
        .fetch_all(connection)
        .await?;
    let places = rows.into_iter().map(|row| Place {
        partition: row.partition,
        stream: row.stream,
        last: u64::try_from(row.place).unwrap_or_default(),
    });
    Ok(places.collect())
}

/// Since when the first of what is not published waits. Relies on `outbox_unpublished`.
async fn oldest_unpublished(
    connection: &mut PgConnection,
) -> Result<Option<Timestamp>, sqlx::Error> {
    let at = sqlx::query_scalar!(
        r#"select occurred_at as "at: jiff_sqlx::Timestamp" from outbox
           where published_at is null order by position limit 1"#
    )
    .fetch_optional(connection)
    .await?;
    Ok(at.map(jiff_sqlx::Timestamp::to_jiff))
}

async fn parked(connection: &mut PgConnection) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(r#"select count(*) as "parked!" from parked"#)
        .fetch_one(connection)
        .await
}
