//! The outbox: what a service says, in the transaction that makes it so.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use knipperlicht_contracts::event::EventBody;
use knipperlicht_vocabulary::{EventId, Partition, SituationId, ZoneId};
use sqlx::PgConnection;
use tokio::sync::Notify;
use uuid::Uuid;

use crate::erasing::ERASURE;

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

/// Where the story of a situation began, as far as this service said anything in it: the trace of the
/// first thing it said. Relies on the primary key.
pub(crate) async fn story(
    connection: &mut PgConnection,
    situation: SituationId,
) -> Result<Option<String>, sqlx::Error> {
    let first = sqlx::query_scalar!(
        r#"select traceparent as "traceparent!" from outbox
           where situation_id = $1 and traceparent is not null
           order by sequence limit 1"#,
        situation.uuid(),
    )
    .fetch_optional(connection)
    .await?;
    Ok(first)
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

/// Forgotten situations of which something may still be said, at most `limit`: those that nobody
/// looked at, or only once and before `before`; none that another process is at. Relies on
/// `erased_open`.
pub(crate) async fn to_wipe(
    connection: &mut PgConnection,
    before: Timestamp,
    limit: i64,
) -> Result<Vec<Uuid>, sqlx::Error> {
    sqlx::query_scalar!(
        "select situation_id from erased
         where settled_at is null and (wiped_at is null or wiped_at < $1)
         order by erased_at limit $2 for update skip locked",
        before.to_sqlx() as jiff_sqlx::Timestamp,
        limit,
    )
    .fetch_all(connection)
    .await
}

/// Takes from what was said of these situations all that it said, and lets it be said again as
/// what is left. No relay of these partitions is at work meanwhile. Relies on the primary key.
pub(crate) async fn wipe(
    connection: &mut PgConnection,
    lock_class: i32,
    situations: &[Uuid],
) -> Result<(), sqlx::Error> {
    let partitions: BTreeSet<i16> = situations
        .iter()
        .map(|situation| Partition::of(SituationId::from(*situation)).number())
        .filter_map(|number| i16::try_from(number).ok())
        .collect();
    let partitions: Vec<i16> = partitions.into_iter().collect();
    sqlx::query!(
        r#"select pg_advisory_xact_lock($2, partition) as "held: ()"
           from unnest($1::smallint[]) as partition order by partition"#,
        &partitions,
        lock_class,
    )
    .fetch_all(&mut *connection)
    .await?;
    sqlx::query!(
        "update outbox
         set event_type = $2, body = '', traceparent = null, published_at = null,
             subject_tail = split_part(subject_tail, '.', 1) || '.forgotten.v1'
         where situation_id = any($1) and event_type <> all($3)",
        situations,
        EventBody::FORGOTTEN,
        &[ERASURE.to_owned(), EventBody::FORGOTTEN.to_owned()],
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A situation of which nothing is said any more.
pub(crate) struct Wiped {
    pub(crate) situation: Uuid,
    /// Whether all that is left was said again.
    pub(crate) is_published: bool,
    /// In which partitions and zones something was said.
    pub(crate) places: Vec<(i16, String)>,
}

/// How it stands for these. Relies on the primary key.
pub(crate) async fn wiped(
    connection: &mut PgConnection,
    situations: &[Uuid],
) -> Result<Vec<Wiped>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select asked.situation_id as "situation_id!", partition as "partition?", zone as "zone?",
                  coalesce(bool_and(published_at is not null) filter (where zone is not null), true)
                      as "published!"
           from unnest($1::uuid[]) as asked(situation_id)
           left join outbox on outbox.situation_id = asked.situation_id
           group by asked.situation_id, partition, zone"#,
        situations,
    )
    .fetch_all(connection)
    .await?;
    let mut all: BTreeMap<Uuid, Wiped> = BTreeMap::new();
    for row in rows {
        let one = all.entry(row.situation_id).or_insert(Wiped {
            situation: row.situation_id,
            is_published: true,
            places: Vec::new(),
        });
        one.is_published &= row.published;
        one.places.extend(row.partition.zip(row.zone));
    }
    Ok(all.into_values().collect())
}

/// Notes that nothing is said of these any more; where that was noted before `before`, it is
/// settled. Relies on the primary key.
pub(crate) async fn note_wiped(
    connection: &mut PgConnection,
    situations: &[Uuid],
    now: Timestamp,
    before: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update erased set
            wiped_at = coalesce(wiped_at, $2),
            settled_at = case when wiped_at < $3 then $2 end
         where situation_id = any($1) and settled_at is null",
        situations,
        now.to_sqlx() as jiff_sqlx::Timestamp,
        before.to_sqlx() as jiff_sqlx::Timestamp,
    )
    .execute(connection)
    .await?;
    Ok(())
}
