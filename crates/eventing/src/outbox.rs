//! The outbox: what a service says, in the transaction that makes it so.

use std::sync::Arc;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use knipperlicht_contracts::event::EventBody;
use knipperlicht_vocabulary::{EventId, Partition, SituationId, ZoneId};
use sqlx::PgConnection;
use tokio::sync::Notify;
use uuid::Uuid;

/// Something a service says.
#[derive(Debug, Clone)]
pub struct Said {
    /// The event.
    pub id: EventId,
    /// What it is about.
    pub situation: SituationId,
    /// The zone the situation lies in.
    pub zone: ZoneId,
    /// What it says.
    pub body: EventBody,
    /// The trace it goes on with.
    pub traceparent: Option<String>,
}

/// Wakes the relay after a commit, so that it need not look all the time.
#[derive(Debug, Clone, Default)]
pub struct Waker(Arc<Notify>);

impl Waker {
    /// Something was said and committed.
    pub fn wake(&self) {
        self.0.notify_one();
    }

    pub(crate) async fn woken(&self) {
        self.0.notified().await;
    }
}

/// What is said, as columns.
#[derive(Debug, Default)]
pub struct Columns {
    /// `event_id`.
    pub ids: Vec<Uuid>,
    /// `situation_id`.
    pub situations: Vec<Uuid>,
    /// `partition`.
    pub partitions: Vec<i16>,
    /// `zone`.
    pub zones: Vec<String>,
    /// `event_type`.
    pub types: Vec<String>,
    /// `subject_tail`.
    pub tails: Vec<String>,
    /// `body`.
    pub bodies: Vec<Vec<u8>>,
    /// `traceparent`.
    pub traces: Vec<Option<String>>,
}

impl Columns {
    /// The columns of these.
    pub fn of<'s>(said: impl IntoIterator<Item = &'s Said>) -> Self {
        let mut columns = Self::default();
        for one in said {
            let partition = Partition::of(one.situation).number();
            columns.ids.push(one.id.uuid());
            columns.situations.push(one.situation.uuid());
            columns
                .partitions
                .push(i16::try_from(partition).unwrap_or_default());
            columns.zones.push(one.zone.to_string());
            columns.types.push(one.body.event_type().to_owned());
            columns.tails.push(one.body.subject_tail().to_owned());
            columns.bodies.push(one.body.encode());
            columns.traces.push(one.traceparent.clone());
        }
        columns
    }
}

/// Says it: gives each event its place in its situation's line, in the order given, and writes
/// it. Call after every other change of the transaction, for it locks the situations.
pub async fn say(
    connection: &mut PgConnection,
    now: Timestamp,
    said: &[Said],
) -> Result<(), sqlx::Error> {
    if said.is_empty() {
        return Ok(());
    }
    let columns = Columns::of(said);
    // Situations are locked in the order of their ids, so that two writers never wait for each
    // other; only then, lock in hand, does an event get its position.
    sqlx::query!(
        r#"
        with said as (
            select * from unnest(
                $1::uuid[], $2::uuid[], $3::smallint[], $4::text[], $5::text[], $6::text[],
                $7::bytea[], $8::text[]
            ) with ordinality as said(
                event_id, situation_id, partition, zone, event_type, subject_tail,
                body, traceparent, ordinal
            )
        ), head as (
            insert into stream as s (situation_id, sequence)
            select situation_id, count(*) from said group by situation_id order by situation_id
            on conflict (situation_id) do update set sequence = s.sequence + excluded.sequence
            returning s.situation_id, s.sequence
        )
        insert into outbox (
            event_id, situation_id, partition, zone, event_type, subject_tail, body, traceparent,
            occurred_at, sequence
        )
        select
            event_id, said.situation_id, partition, zone, event_type, subject_tail, body, traceparent, $9,
            head.sequence - count(*) over whole + row_number() over in_order
        from said join head using (situation_id)
        window whole as (partition by said.situation_id),
               in_order as (partition by said.situation_id order by ordinal)
        order by ordinal
        "#,
        &columns.ids,
        &columns.situations,
        &columns.partitions,
        &columns.zones,
        &columns.types,
        &columns.tails,
        &columns.bodies,
        &columns.traces as &[Option<String>],
        now.to_sqlx() as jiff_sqlx::Timestamp,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A row of the outbox, as the relay takes it.
#[derive(Debug)]
pub(crate) struct OutboxRow {
    pub(crate) position: i64,
    pub(crate) partition: i16,
    pub(crate) event_id: Uuid,
    pub(crate) situation_id: Uuid,
    pub(crate) sequence: i64,
    pub(crate) zone: String,
    pub(crate) event_type: String,
    pub(crate) subject_tail: String,
    pub(crate) body: Vec<u8>,
    pub(crate) traceparent: Option<String>,
    pub(crate) occurred_at: Timestamp,
}

/// Takes the partitions that no other relay of this service holds, until the transaction ends.
pub(crate) async fn claim_partitions(
    connection: &mut PgConnection,
    lock_class: i32,
) -> Result<Vec<i16>, sqlx::Error> {
    let all: Vec<i16> = Partition::all()
        .filter_map(|partition| i16::try_from(partition.number()).ok())
        .collect();
    let held = sqlx::query_scalar!(
        r#"select partition as "partition!" from unnest($1::smallint[]) as partition
           where pg_try_advisory_xact_lock($2, partition)"#,
        &all,
        lock_class,
    )
    .fetch_all(connection)
    .await?;
    Ok(held)
}

/// The oldest unpublished rows of these partitions above a position. Relies on
/// `outbox_unpublished`.
pub(crate) async fn unpublished(
    connection: &mut PgConnection,
    partitions: &[i16],
    above: i64,
    limit: usize,
) -> Result<Vec<OutboxRow>, sqlx::Error> {
    let rows = sqlx::query!(
        "select position, partition, event_id, situation_id, sequence, zone, event_type, subject_tail,
                body, traceparent, occurred_at
         from outbox where published_at is null and partition = any($1) and position > $2
         order by position limit $3",
        partitions,
        above,
        i64::try_from(limit).unwrap_or(i64::MAX),
    )
    .fetch_all(connection)
    .await?;
    let rows = rows.into_iter().map(|row| OutboxRow {
        position: row.position,
        partition: row.partition,
        event_id: row.event_id,
        situation_id: row.situation_id,
        sequence: row.sequence,
        zone: row.zone,
        event_type: row.event_type,
        subject_tail: row.subject_tail,
        body: row.body,
        traceparent: row.traceparent,
        occurred_at: row.occurred_at.to_jiff(),
    });
    Ok(rows.collect())
}

/// Marks rows as published. Relies on the primary key.
pub(crate) async fn mark_published(
    connection: &mut PgConnection,
    rows: &[OutboxRow],
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let situations: Vec<Uuid> = rows.iter().map(|row| row.situation_id).collect();
    let sequences: Vec<i64> = rows.iter().map(|row| row.sequence).collect();
    sqlx::query!(
        "update outbox set published_at = $3
         from unnest($1::uuid[], $2::bigint[]) as done(situation_id, sequence)
         where outbox.situation_id = done.situation_id and outbox.sequence = done.sequence",
        &situations,
        &sequences,
        now.to_sqlx() as jiff_sqlx::Timestamp,
    )
    .execute(connection)
    .await?;
    Ok(())
}
