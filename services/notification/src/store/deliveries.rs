//! Deliveries: what waits, what arrived, what was given up.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use knipperlicht_vocabulary::{DeliveryId, SubscriptionId};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::model::{mailing::Recent, message::News};

/// Something to deliver.
#[derive(Debug)]
pub(crate) struct NewDelivery {
    pub(crate) id: DeliveryId,
    pub(crate) subscription: Uuid,
    pub(crate) event_type: &'static str,
    pub(crate) source: &'static str,
    pub(crate) occurred_at: Timestamp,
    pub(crate) zone: String,
    pub(crate) about: Uuid,
    pub(crate) urgent: bool,
    pub(crate) traceparent: Option<String>,
}

/// Something that waits.
#[derive(Debug)]
pub(crate) struct Waiting {
    pub(crate) news: News,
    pub(crate) queued_at: Timestamp,
}

/// Puts what was heard at the end of its lines, in order, and makes the lines due. Heard before,
/// it changes nothing; and nobody is told of what happened before they asked (by a minute, for
/// the clocks of machines differ), nor of what happened before `told_since`. Relies on the primary
/// keys.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    now: Timestamp,
    told_since: Timestamp,
    deliveries: &[NewDelivery],
) -> Result<(), sqlx::Error> {
    if deliveries.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = deliveries.iter().map(|one| one.id.uuid()).collect();
    let subscriptions: Vec<Uuid> = deliveries.iter().map(|one| one.subscription).collect();
    let types: Vec<&str> = deliveries.iter().map(|one| one.event_type).collect();
    let sources: Vec<&str> = deliveries.iter().map(|one| one.source).collect();
    let moments: Vec<jiff_sqlx::Timestamp> = deliveries
        .iter()
        .map(|one| one.occurred_at.to_sqlx())
        .collect();
    let zones: Vec<&str> = deliveries.iter().map(|one| one.zone.as_str()).collect();
    let about: Vec<Uuid> = deliveries.iter().map(|one| one.about).collect();
    let urgent: Vec<bool> = deliveries.iter().map(|one| one.urgent).collect();
    let traces: Vec<Option<&str>> = deliveries
        .iter()
        .map(|one| one.traceparent.as_deref())
        .collect();
    sqlx::query!(
        "with made as (
             insert into delivery (delivery_id, subscription_id, event_type, source, occurred_at,
                                   zone, about, urgent, state, queued_at, traceparent)
             select new.delivery_id, new.subscription_id, new.event_type, new.source,
                    new.occurred_at, new.zone, new.about, new.urgent, 'waiting', $10::timestamptz, new.traceparent
             from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::timestamptz[],
                         $6::text[], $7::uuid[], $8::bool[], $9::text[])
                  with ordinality
                  as new(delivery_id, subscription_id, event_type, source, occurred_at, zone,
                         about, urgent, traceparent, place)
             join subscription using (subscription_id)
             where subscription.ended_at is null
               and subscription.made_at - interval '1 minute' <= new.occurred_at
               and new.occurred_at >= $11::timestamptz
             order by new.place
             on conflict (delivery_id) do nothing
             returning subscription_id
         )
         update lane
         set next_at = case when retry_at is null then least(coalesce(next_at, $10::timestamptz), $10::timestamptz)
                            else next_at end
         where subscription_id in (select subscription_id from made)",
        &ids,
        &subscriptions,
        &types as &[&str],
        &sources as &[&str],
        &moments as &[jiff_sqlx::Timestamp],
        &zones as &[&str],
        &about,
        &urgent,
        &traces as &[Option<&str>],
        now.to_sqlx() as jiff_sqlx::Timestamp,
        told_since.to_sqlx() as jiff_sqlx::Timestamp,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Of what waits in a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    /// All of it.
    All,
    /// What cannot wait until the morning.
    Urgent,
}

/// The first that wait in a line, at most so many, in order. Relies on `delivery_waiting`.
pub(crate) async fn waiting(
    connection: &mut PgConnection,
    subscription: SubscriptionId,
    which: Which,
    limit: i64,
) -> Result<Vec<Waiting>, sqlx::Error> {
    let rows = sqlx::query!(
        "select delivery_id, event_type, source, occurred_at, zone, about, queued_at, traceparent
         from delivery where subscription_id = $1 and state = 'waiting' and (urgent or not $3)
         order by number limit $2",
        subscription.uuid(),
        limit,
        which == Which::Urgent,
    )
    .fetch_all(connection)
    .await?;
    let waiting = rows.into_iter().map(|row| Waiting {
        news: News {
            id: row.delivery_id.into(),
            source: row.source,
            event_type: row.event_type,
            occurred_at: row.occurred_at.to_jiff(),
            zone: row.zone,
            about: row.about,
            traceparent: row.traceparent,
        },
        queued_at: row.queued_at.to_jiff(),
    });
    Ok(waiting.collect())
}

/// The number of the last that waits in a line; 0 if nothing does. Relies on `delivery_waiting`.
pub(crate) async fn last_waiting(
    connection: &mut PgConnection,
    subscription: SubscriptionId,
) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select coalesce(max(number), 0) as "last!" from delivery
           where subscription_id = $1 and state = 'waiting'"#,
        subscription.uuid(),
    )
    .fetch_one(connection)
    .await
}

/// Whether anything waits in a line behind this number. Relies on `delivery_waiting`.
pub(crate) async fn any_waiting_after(
    connection: &mut PgConnection,
    subscription: SubscriptionId,
    number: i64,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select exists (
               select from delivery
               where subscription_id = $1 and state = 'waiting' and number > $2
           ) as "any!""#,
        subscription.uuid(),
        number,
    )
    .fetch_one(connection)
    .await
}

/// How a delivery ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Delivered,
    Dead,
}

impl End {
    const fn name(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Dead => "dead",
        }
    }
}

/// Ends deliveries that wait. Relies on the primary key.
pub(crate) async fn settle(
    connection: &mut PgConnection,
    now: Timestamp,
    deliveries: &[Uuid],
    end: End,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update delivery set state = $3, settled_at = $2
         where delivery_id = any($1) and state = 'waiting'",
        deliveries,
        now.to_sqlx() as jiff_sqlx::Timestamp,
        end.name(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Gives up all that waits for a subscription. Relies on `delivery_waiting`.
pub(crate) async fn give_up_all(
    connection: &mut PgConnection,
    now: Timestamp,
    subscription: SubscriptionId,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update delivery set state = 'dead', settled_at = $2
         where subscription_id = $1 and state = 'waiting'",
        subscription.uuid(),
        now.to_sqlx() as jiff_sqlx::Timestamp,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Lets dead deliveries wait again, from now on: these, or all of the subscription when none is
/// named. Says how many. Relies on `delivery_dead`.
pub(crate) async fn revive(
    connection: &mut PgConnection,
    now: Timestamp,
    subscription: SubscriptionId,
    these: &[Uuid],
) -> Result<u64, sqlx::Error> {
    let revived = sqlx::query!(
        "update delivery set state = 'waiting', settled_at = null, queued_at = $2
         where subscription_id = $1 and state = 'dead'
           and (cardinality($3::uuid[]) = 0 or delivery_id = any($3))",
        subscription.uuid(),
        now.to_sqlx() as jiff_sqlx::Timestamp,
        these,
    )
    .execute(connection)
    .await?;
    Ok(revived.rows_affected())
}

/// Clears away what ended so before `since`, at most so many, with what was tried; says how many.
/// What another process is at is left to it. Relies on `delivery_over` and the key of `attempt`.
pub(crate) async fn clear(
    connection: &mut PgConnection,
    end: End,
    since: Timestamp,
    limit: i64,
) -> Result<u64, sqlx::Error> {
    let cleared = sqlx::query!(
        "with over as (
             select delivery_id from delivery
             where state = $1 and settled_at < $2
             order by settled_at limit $3
             for update skip locked
         ), tried as (
             delete from attempt using over where attempt.delivery_id = over.delivery_id
         )
         delete from delivery using over where delivery.delivery_id = over.delivery_id",
        end.name(),
        since.to_sqlx() as jiff_sqlx::Timestamp,
        limit,
    )
    .execute(connection)
    .await?;
    Ok(cleared.rows_affected())
}

/// What a mailbox got since. Mails are told apart by when they were settled. Relies on
/// `delivery_settled`.
pub(crate) async fn mailed_since(
    connection: &mut PgConnection,
    subscription: SubscriptionId,
    since: Timestamp,
) -> Result<Recent, sqlx::Error> {
    let row = sqlx::query!(
        r#"select count(distinct settled_at) as "mails!",
                  max(settled_at) as "last: jiff_sqlx::Timestamp"
           from delivery
           where subscription_id = $1 and state = 'delivered' and settled_at > $2"#,
        subscription.uuid(),
        since.to_sqlx() as jiff_sqlx::Timestamp,
    )
    .fetch_one(connection)
    .await?;
    Ok(Recent {
        mails: usize::try_from(row.mails).unwrap_or(usize::MAX),
        last: row.last.map(jiff_sqlx::Timestamp::to_jiff),
    })
}

/// A delivery as its owner sees it.
#[derive(Debug)]
pub(crate) struct Listed {
    pub(crate) id: DeliveryId,
    pub(crate) number: i64,
    pub(crate) event_type: String,
    pub(crate) occurred_at: Timestamp,
    pub(crate) state: String,
    pub(crate) settled_at: Option<Timestamp>,
}

/// Those of a subscription before this number, newest first. Relies on
/// `delivery_by_subscription`.
pub(crate) async fn list(
    connection: &mut PgConnection,
    subscription: SubscriptionId,
    state: Option<&str>,
    before: i64,
    limit: i64,
) -> Result<Vec<Listed>, sqlx::Error> {
    let rows = sqlx::query!(
        "select delivery_id, number, event_type, occurred_at, state, settled_at
         from delivery
         where subscription_id = $1 and number < $2 and ($3::text is null or state = $3)
         order by number desc limit $4",
        subscription.uuid(),
        before,
        state,
        limit,
    )
    .fetch_all(connection)
    .await?;
    let listed = rows.into_iter().map(|row| Listed {
        id: row.delivery_id.into(),
        number: row.number,
        event_type: row.event_type,
        occurred_at: row.occurred_at.to_jiff(),
        state: row.state,
        settled_at: row.settled_at.map(jiff_sqlx::Timestamp::to_jiff),
    });
    Ok(listed.collect())
}
