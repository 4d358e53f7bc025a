//! What cannot be handled waits in PostgreSQL, its situation behind it, and everything else
//! flows on.

use std::time::Duration;

use async_nats::{HeaderMap, jetstream::Message};
use jiff::{SignedDuration, Timestamp};
use jiff_sqlx::ToSqlx;
use knipperlicht_contracts::event::{EventBody, Service};
use knipperlicht_vocabulary::SituationId;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{Event, envelope::Unreadable, erasing::ERASURE, event::Fact};

/// How often to look for parked events whose time has come.
pub(crate) const LOOK_EVERY: Duration = Duration::from_millis(500);

/// After so many tries an event waits for an operator.
const TRIES: i32 = 8;

/// Situations tried again in one go.
const AT_ONCE: i64 = 50;

/// An event on its way to the car park.
pub(crate) struct Parking {
    reason: &'static str,
    place: Option<(Service, SituationId, i64)>,
    subject: String,
    headers: serde_json::Value,
    body: Vec<u8>,
    error: String,
    tries: bool,
}

impl Parking {
    fn new(reason: &'static str, message: &Message, error: String, tries: bool) -> Self {
        Self {
            reason,
            place: None,
            subject: message.subject.to_string(),
            headers: headers_to_json(message.headers.as_ref()),
            body: message.payload.to_vec(),
            error,
            tries,
        }
    }

    fn of(
        event: &Fact,
        reason: &'static str,
        message: &Message,
        error: String,
        tries: bool,
    ) -> Self {
        let place = Some((event.source, event.said_of, event.sequence));
        Self {
            place,
            ..Self::new(reason, message, error, tries)
        }
    }

    /// One before it is missing.
    pub(crate) fn waiting(event: &Fact, message: &Message) -> Self {
        let error = format!(
            "waits for number {} of {}",
            event.sequence - 1,
            event.source.name()
        );
        Self::of(event, "waiting", message, error, true)
    }

    /// Its situation is parked.
    pub(crate) fn behind(event: &Fact, message: &Message) -> Self {
        Self::of(
            event,
            "behind",
            message,
            "its situation is parked".to_owned(),
            false,
        )
    }

    /// It says that the situation is forgotten, and what comes before it has not taken effect.
    pub(crate) fn erasure(event: &Fact, message: &Message) -> Self {
        let error = "waits for what was said before it".to_owned();
        Self::of(event, "waiting", message, error, true)
    }

    /// It could not take effect.
    pub(crate) fn failed(event: &Fact, message: &Message, error: &str) -> Self {
        Self::of(event, "failed", message, error.to_owned(), true)
    }

    /// It cannot be read. Where at least its place can be, its situation is parked with it.
    pub(crate) fn unreadable(unreadable: &Unreadable, message: &Message) -> Self {
        let reason = if unreadable.place.is_some() {
            "failed"
        } else {
            "undecodable"
        };
        Self {
            place: unreadable.place,
            ..Self::new(reason, message, unreadable.what.clone(), false)
        }
    }
}

/// Parks events. Parking the same event twice changes nothing; only what does not say whose it is
/// may be listed twice.
pub(crate) async fn park(
    connection: &mut PgConnection,
    now: Timestamp,
    parkings: &[Parking],
) -> Result<(), sqlx::Error> {
    if parkings.is_empty() {
        return Ok(());
    }
    let place = |parking: &Parking| parking.place;
    sqlx::query!(
        "insert into parked (reason, source, situation_id, sequence, subject, headers, body, error,
                             retry_at, parked_at)
         select reason, source, situation_id, sequence, subject, headers, body, error,
                case when tries then $10::timestamptz end, $11::timestamptz
         from unnest($1::text[], $2::text[], $3::uuid[], $4::bigint[], $5::text[], $6::jsonb[],
                     $7::bytea[], $8::text[], $9::boolean[])
              as new(reason, source, situation_id, sequence, subject, headers, body, error, tries)
         on conflict (situation_id, source, sequence) where situation_id is not null do nothing",
        &all(parkings, |one| one.reason.to_owned()),
        &all(parkings, |one| place(one)
            .map(|(source, ..)| source.name().to_owned())) as &[Option<String>],
        &all(parkings, |one| place(one)
            .map(|(_, situation, _)| situation.uuid())) as &[Option<Uuid>],
        &all(parkings, |one| place(one).map(|(.., sequence)| sequence)) as &[Option<i64>],
        &all(parkings, |one| one.subject.clone()),
        &all(parkings, |one| one.headers.clone()),
        &all(parkings, |one| one.body.clone()),
        &all(parkings, |one| one.error.clone()),
        &all(parkings, |one| one.tries),
        later(now, 0).to_sqlx() as jiff_sqlx::Timestamp,
        now.to_sqlx() as jiff_sqlx::Timestamp,
    )
    .execute(connection)
    .await?;
    Ok(())
}

fn all<T>(parkings: &[Parking], of: impl Fn(&Parking) -> T) -> Vec<T> {
    parkings.iter().map(of).collect()
}

/// What these events' situations waited for may have come: try them at once.
pub(crate) async fn hasten(
    connection: &mut PgConnection,
    now: Timestamp,
    applied: &[&Event],
) -> Result<(), sqlx::Error> {
    let situations: Vec<Uuid> = applied.iter().map(|event| event.said_of.uuid()).collect();
    sqlx::query!(
        "update parked set retry_at = $2 where reason = 'waiting' and situation_id = any($1)",
        &situations,
        now.to_sqlx() as jiff_sqlx::Timestamp,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Situations whose parked events are due. Relies on `parked_due`.
pub(crate) async fn due(
    connection: &mut PgConnection,
    now: Timestamp,
) -> Result<Vec<Uuid>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select situation_id as "situation_id!" from parked
           where retry_at <= $1 and situation_id is not null
           group by situation_id order by min(retry_at) limit $2"#,
        now.to_sqlx() as jiff_sqlx::Timestamp,
        AT_ONCE,
    )
    .fetch_all(connection)
    .await
}

/// A parked event.
pub(crate) struct Parked {
    pub(crate) id: i64,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    attempts: i32,
    sequence: i64,
    handled: i64,
}

impl Parked {
    /// Whether one that comes before it has not been heard yet.
    pub(crate) const fn is_missing_one(&self) -> bool {
        self.sequence > self.handled + 1
    }

    /// Whether it took effect meanwhile.
    pub(crate) const fn is_duplicate(&self) -> bool {
        self.sequence <= self.handled
    }
}

/// The first parked event of a situation that is not taken by another process: of each source in
/// its order, those that need not wait for a missing one first.
pub(crate) async fn next(
    connection: &mut PgConnection,
    situation: Uuid,
) -> Result<Option<Parked>, sqlx::Error> {
    let row = sqlx::query!(
        r#"select p.id, p.headers, p.body, p.attempts, p.sequence as "sequence!",
                  coalesce((select max(i.sequence) from inbox i
                            where i.situation_id = p.situation_id and i.source = p.source), 0) as "handled!"
           from parked p
           where p.situation_id = $1
             and p.id = (select first.id from parked first
                         where first.situation_id = $1
                         order by first.reason = 'waiting'
                                  and first.sequence > 1 + coalesce((
                                      select max(i.sequence) from inbox i
                                      where i.situation_id = $1 and i.source = first.source), 0),
                                  first.id
                         limit 1)
           for update skip locked"#,
        situation,
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| Parked {
        id: row.id,
        headers: headers_from_json(&row.headers),
        body: row.body,
        attempts: row.attempts,
        sequence: row.sequence,
        handled: row.handled,
    }))
}

/// It took effect, or an operator gave it up.
pub(crate) async fn discard(connection: &mut PgConnection, id: i64) -> Result<(), sqlx::Error> {
    sqlx::query!("delete from parked where id = $1", id)
        .execute(connection)
        .await?;
    Ok(())
}

/// It failed once more: later again, or, after so many tries, only when an operator says so. What is
/// due behind it waits with it.
pub(crate) async fn failed_again(
    connection: &mut PgConnection,
    now: Timestamp,
    parked: &Parked,
    error: &str,
) -> Result<(), sqlx::Error> {
    let attempts = parked.attempts + 1;
    let waits = parked.is_missing_one();
    let retry_at = (waits || attempts < TRIES).then(|| later(now, attempts));
    sqlx::query!(
        "with behind as (
             update parked set retry_at = $4
             where situation_id = (select situation_id from parked where id = $1)
               and id <> $1 and retry_at <= $5)
         update parked set attempts = $2, error = $3, retry_at = $4 where id = $1",
        parked.id,
        attempts,
        error,
        retry_at.map(ToSqlx::to_sqlx) as Option<jiff_sqlx::Timestamp>,
        now.to_sqlx() as jiff_sqlx::Timestamp,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// 1 s, doubling, at most 64 s.
fn later(now: Timestamp, attempts: i32) -> Timestamp {
    let seconds = 1_i64 << attempts.clamp(0, 6);
    now.saturating_add(SignedDuration::from_secs(seconds))
        .unwrap_or(now)
}

/// A parked event as an operator sees it. Rule 2 holds: there is nothing personal in it.
#[derive(Debug)]
pub struct ParkedView {
    /// Its number, for `retry` and `discard`.
    pub id: i64,
    /// Why it is parked.
    pub reason: String,
    /// Who said it.
    pub source: Option<String>,
    /// What it is about.
    pub situation_id: Option<Uuid>,
    /// Its place in the situation's line.
    pub sequence: Option<i64>,
    /// Its subject.
    pub subject: String,
    /// The last error.
    pub error: String,
    /// How often it was tried.
    pub attempts: i32,
    /// Since when.
    pub parked_at: Timestamp,
}

/// All there is of one that is parked.
#[derive(Debug)]
pub struct ParkedDetails {
    /// As the list has it.
    pub parked: ParkedView,
    /// When it is tried again by itself.
    pub retry_at: Option<Timestamp>,
    /// The headers it came with.
    pub headers: Vec<(String, String)>,
    /// How long its body is.
    pub body_bytes: i32,
    /// How many more of its situation are parked.
    pub behind: i64,
}

/// One that is parked. Relies on the primary key and on `parked_once`.
pub async fn show(
    connection: &mut PgConnection,
    id: i64,
) -> Result<Option<ParkedDetails>, sqlx::Error> {
    let row = sqlx::query!(
        r#"select id, reason, source, situation_id, sequence, subject, error, attempts, parked_at,
                  retry_at as "retry_at: jiff_sqlx::Timestamp", headers,
                  octet_length(body) as "body_bytes!",
                  (select count(*) from parked other
                   where other.situation_id = parked.situation_id and other.id <> parked.id) as "behind!"
           from parked where id = $1"#,
        id,
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| ParkedDetails {
        parked: ParkedView {
            id: row.id,
            reason: row.reason,
            source: row.source,
            situation_id: row.situation_id,
            sequence: row.sequence,
            subject: row.subject,
            error: row.error,
            attempts: row.attempts,
            parked_at: row.parked_at.to_jiff(),
        },
        retry_at: row.retry_at.map(jiff_sqlx::Timestamp::to_jiff),
        headers: texts(&row.headers),
        body_bytes: row.body_bytes,
        behind: row.behind,
    }))
}

fn texts(headers: &serde_json::Value) -> Vec<(String, String)> {
    let pairs = headers.as_object().into_iter().flatten();
    pairs
        .map(|(name, value)| {
            let text = value.as_str().unwrap_or_default();
            (name.clone(), text.to_owned())
        })
        .collect()
}

/// Everything parked, oldest first.
pub async fn list(connection: &mut PgConnection) -> Result<Vec<ParkedView>, sqlx::Error> {
    let rows = sqlx::query!(
        "select id, reason, source, situation_id, sequence, subject, error, attempts, parked_at
         from parked order by id limit 1000"
    )
    .fetch_all(connection)
    .await?;
    let views = rows.into_iter().map(|row| ParkedView {
        id: row.id,
        reason: row.reason,
        source: row.source,
        situation_id: row.situation_id,
        sequence: row.sequence,
        subject: row.subject,
        error: row.error,
        attempts: row.attempts,
        parked_at: row.parked_at.to_jiff(),
    });
    Ok(views.collect())
}

/// Tries a parked event, and what queues behind it, again now. False when there is none.
pub async fn retry(
    connection: &mut PgConnection,
    id: i64,
    now: Timestamp,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "update parked set attempts = 0, retry_at = $2 where id = $1 and situation_id is not null",
        id,
        now.to_sqlx() as jiff_sqlx::Timestamp,
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Gives a parked event up: it counts as handled without effect, so that its situation goes on.
/// False when there is none.
pub async fn give_up(
    connection: &mut PgConnection,
    id: i64,
    now: Timestamp,
) -> Result<bool, sqlx::Error> {
    let gone = sqlx::query!(
        "with gone as (delete from parked where id = $1 returning source, situation_id, sequence),
              counted as (
                  insert into inbox (source, situation_id, sequence, partition, event_id, handled_at)
                  select source, situation_id, sequence, -1, situation_id, $2 from gone
                  where situation_id is not null
                  on conflict do nothing),
              freed as (
                  update parked set retry_at = $2
                  where situation_id = (select situation_id from gone) and id <> $1)
         select 1 as gone from gone",
        id,
        now.to_sqlx() as jiff_sqlx::Timestamp,
    )
    .fetch_optional(connection)
    .await?;
    Ok(gone.is_some())
}

/// Lets what is parked of these situations say nothing any more, and tries it again now: whatever
/// was wrong with it, it takes effect as nothing, and nothing waits behind it. That they are
/// forgotten is still said. Relies on `parked_once`.
pub(crate) async fn forget(
    connection: &mut PgConnection,
    now: Timestamp,
    situations: &[Uuid],
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        r#"update parked
           set headers = jsonb_set(headers - 'traceparent', '{ce-type}', to_jsonb($3::text)),
               subject = 'forgotten', body = '', error = 'forgotten', attempts = 0, retry_at = $2
           where situation_id = any($1) and coalesce(headers ->> 'ce-type', '') <> all($4)"#,
        situations,
        now.to_sqlx() as jiff_sqlx::Timestamp,
        EventBody::FORGOTTEN,
        &[ERASURE.to_owned(), EventBody::FORGOTTEN.to_owned()],
    )
    .execute(connection)
    .await?;
    Ok(())
}

fn headers_to_json(headers: Option<&HeaderMap>) -> serde_json::Value {
    let pairs = headers
        .into_iter()
        .flat_map(HeaderMap::iter)
        .filter_map(|(name, values)| {
            let value = values.first()?.as_str().to_owned();
            Some((name.to_string(), serde_json::Value::String(value)))
        });
    serde_json::Value::Object(pairs.collect())
}

fn headers_from_json(json: &serde_json::Value) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in json.as_object().into_iter().flatten() {
        if let Some(value) = value.as_str() {
            headers.insert(name.as_str(), value);
        }
    }
    headers
}
