//! Lanes: the line in front of each subscription, worked on by one process at a time.

use jiff::{SignedDuration, Timestamp};
use jiff_sqlx::ToSqlx;
use knipperlicht_vocabulary::SubscriptionId;
use sqlx::PgConnection;
use uuid::Uuid;

/// So long a lane belongs to who claimed it, unless it is given back: several times as long as an
/// attempt may take.
const CLAIM: SignedDuration = SignedDuration::from_secs(90);

/// A lane, claimed once: whoever claims it after its time has run out has another claim.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Claimed {
    pub(crate) subscription: SubscriptionId,
    claim: Uuid,
}

/// Opens the lane of a new subscription.
pub(crate) async fn open(
    connection: &mut PgConnection,
    subscription: SubscriptionId,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into lane (subscription_id) values ($1)",
        subscription.uuid()
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Claims lanes that are due, at most so many, and leaves those that another process is at.
/// Relies on `lane_due`.
pub(crate) async fn claim(
    connection: &mut PgConnection,
    now: Timestamp,
    claim: Uuid,
    limit: i64,
) -> Result<Vec<Claimed>, sqlx::Error> {
    let until = now.saturating_add(CLAIM).unwrap_or(now);
    let rows = sqlx::query_scalar!(
        "with due as (
             select subscription_id from lane
             where next_at <= $1 and (claimed_until is null or claimed_until <= $1)
             order by next_at limit $4
             for update skip locked
         )
         update lane set claimed_by = $2, claimed_until = $3 from due
         where lane.subscription_id = due.subscription_id
         returning lane.subscription_id",
        now.to_sqlx() as jiff_sqlx::Timestamp,
        claim,
        until.to_sqlx() as jiff_sqlx::Timestamp,
        limit,
    )
    .fetch_all(connection)
    .await?;
    let claimed = rows.into_iter().map(|subscription| Claimed {
        subscription: subscription.into(),
        claim,
    });
    Ok(claimed.collect())
}

/// How a lane stands for who claimed it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Held {
    pub(crate) failures: u32,
    pub(crate) retry_at: Option<Timestamp>,
}

/// Locks a lane, if this claim still holds, and holds it for some time longer. Relies on the
/// primary key.
pub(crate) async fn hold(
    connection: &mut PgConnection,
    now: Timestamp,
    lane: Claimed,
) -> Result<Option<Held>, sqlx::Error> {
    let until = now.saturating_add(CLAIM).unwrap_or(now);
    let row = sqlx::query!(
        r#"update lane set claimed_until = $3 where subscription_id = $1 and claimed_by = $2
           returning failures, retry_at as "retry_at: jiff_sqlx::Timestamp""#,
        lane.subscription.uuid(),
        lane.claim,
        until.to_sqlx() as jiff_sqlx::Timestamp,
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| Held {
        failures: u32::try_from(row.failures).unwrap_or_default(),
        retry_at: row.retry_at.map(jiff_sqlx::Timestamp::to_jiff),
    }))
}

/// Notes how the last attempt went. Relies on the primary key.
pub(crate) async fn note(
    connection: &mut PgConnection,
    subscription: SubscriptionId,
    held: Held,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update lane set failures = $2, retry_at = $3 where subscription_id = $1",
        subscription.uuid(),
        i32::try_from(held.failures).unwrap_or(i32::MAX),
        held.retry_at.map(ToSqlx::to_sqlx) as Option<jiff_sqlx::Timestamp>,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Gives a lane back, to be due then; never, when nothing waits. Whoever puts something into it
/// waits meanwhile for [`hold`]'s lock. Relies on the primary key.
pub(crate) async fn give_back(
    connection: &mut PgConnection,
    subscription: SubscriptionId,
    next_at: Option<Timestamp>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update lane set next_at = $2, claimed_by = null, claimed_until = null
         where subscription_id = $1",
        subscription.uuid(),
        next_at.map(ToSqlx::to_sqlx) as Option<jiff_sqlx::Timestamp>,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Makes a lane due now: what was given up is tried at once. Relies on the primary key.
pub(crate) async fn hasten(
    connection: &mut PgConnection,
    now: Timestamp,
    subscription: SubscriptionId,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update lane set next_at = $2, retry_at = null, failures = 0 where subscription_id = $1",
        subscription.uuid(),
        now.to_sqlx() as jiff_sqlx::Timestamp,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Closes the lane of a subscription that ended. Relies on the primary key.
pub(crate) async fn close(
    connection: &mut PgConnection,
    subscription: SubscriptionId,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update lane set next_at = null, retry_at = null, failures = 0 where subscription_id = $1",
        subscription.uuid(),
    )
    .execute(connection)
    .await?;
    Ok(())
}
