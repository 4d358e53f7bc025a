//! How the lines of subscriptions stand.

use std::collections::HashMap;

use jiff::Timestamp;
use knipperlicht_vocabulary::SubscriptionId;
use sqlx::PgConnection;
use uuid::Uuid;

/// How the line of a subscription stands.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Standing {
    pub(crate) waiting: i64,
    pub(crate) dead: i64,
    pub(crate) retry_at: Option<Timestamp>,
}

/// How the lines of these stand. Relies on `delivery_waiting` and `delivery_dead`.
pub(crate) async fn standings(
    connection: &mut PgConnection,
    subscriptions: &[Uuid],
) -> Result<HashMap<SubscriptionId, Standing>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select subscription_id, retry_at as "retry_at: jiff_sqlx::Timestamp",
                  (select count(*) from delivery
                   where delivery.subscription_id = lane.subscription_id and state = 'waiting')
                      as "waiting!",
                  (select count(*) from delivery
                   where delivery.subscription_id = lane.subscription_id and state = 'dead')
                      as "dead!"
           from lane where subscription_id = any($1)"#,
        subscriptions,
    )
    .fetch_all(connection)
    .await?;
    let standings = rows.into_iter().map(|row| {
        let standing = Standing {
            waiting: row.waiting,
            dead: row.dead,
            retry_at: row.retry_at.map(jiff_sqlx::Timestamp::to_jiff),
        };
        (row.subscription_id.into(), standing)
    });
    Ok(standings.collect())
}
