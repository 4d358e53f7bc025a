//! Who is killed when.

use std::time::Duration;

use jiff::Timestamp;
use sqlx::PgConnection;
use tokio::time::Instant;

use crate::{ChaosError, Dice, Victim, cluster::Cluster, load::SharedPromises};

/// How often to look whether the line runs again.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// The next one is killed after this even if the line does not run again by then.
const RECOVERED_WITHIN: Duration = Duration::from_secs(20);

/// Somebody was killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kill {
    /// Who.
    pub victim: Victim,
    /// When.
    pub at: Timestamp,
    /// When it was started again; a server answers by then, a service does not yet.
    pub restarted_at: Timestamp,
}

/// Who is killed, in which order: everybody in turn, each round in another order.
#[must_use]
pub fn order(kills: usize, dice: &mut Dice) -> Vec<Victim> {
    let mut order = Vec::with_capacity(kills);
    while order.len() < kills {
        let mut round = Victim::ALL;
        dice.shuffle(&mut round);
        order.extend(round.into_iter().take(kills - order.len()));
    }
    order
}

/// Kills one after the other. Three of four times the line has recovered before the next is
/// killed, so that its recovery can be measured; else the next follows on its heels.
pub async fn kill_all(
    cluster: &mut Cluster,
    promises: &SharedPromises,
    order: &[Victim],
    dice: &mut Dice,
    mut tell: impl FnMut(Victim, usize),
) -> Result<Vec<Kill>, ChaosError> {
    let mut kills: Vec<Kill> = Vec::with_capacity(order.len());
    for victim in order {
        tokio::time::sleep(dice.millis(50, 900)).await;
        let at = cluster.environment.now();
        cluster.kill(*victim).await?;
        tell(*victim, kills.len() + 1);
        // Restarted at once by whoever watches over it, or after a while.
        let dead = if dice.percent(50) {
            Duration::ZERO
        } else {
            dice.millis(50, 1_500)
        };
        tokio::time::sleep(dead).await;
        cluster.restart(*victim).await?;
        let restarted_at = cluster.environment.now();
        kills.push(Kill {
            victim: *victim,
            at,
            restarted_at,
        });
        if dice.percent(75) {
            recovered(cluster, promises, at).await;
        }
    }
    Ok(kills)
}

/// Waits until a signal sent after `moment` was acknowledged and another one has been routed.
async fn recovered(cluster: &Cluster, promises: &SharedPromises, moment: Timestamp) {
    let deadline = Instant::now() + RECOVERED_WITHIN;
    while Instant::now() < deadline {
        if promises.acknowledged_since(moment) {
            let routed = match cluster.look().await {
                Ok(mut connection) => routed_since(&mut connection, moment).await.unwrap_or(false),
                Err(_) => false,
            };
            if routed {
                return;
            }
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

async fn routed_since(
    connection: &mut PgConnection,
    moment: Timestamp,
) -> Result<bool, sqlx::Error> {
    use jiff_sqlx::ToSqlx;

    sqlx::query_scalar(
        "select exists (
             select from routing.referral join intake.signal using (situation_id) where received_at > $1
         )",
    )
    .bind(moment.to_sqlx())
    .fetch_one(connection)
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_is_killed_equally_often() {
        let order = order(14, &mut Dice::new(3));
        assert_eq!(order.len(), 14);
        for victim in Victim::ALL {
            let times = order.iter().filter(|killed| **killed == victim).count();
            assert!((2..=3).contains(&times), "{victim} is killed {times} times");
        }
    }
}
