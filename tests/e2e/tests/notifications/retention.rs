//! What is over does not stay for ever; what is not stays.

use jiff::SignedDuration;
use knipperlicht_contracts::notification::v1 as pb;
use knipperlicht_e2e::{Caller, World, outbound};
use knipperlicht_harness::eventually;
use pb::DeliveryState::{Dead, Delivered, Waiting};

use crate::notifications::{
    receiver::Receiver,
    teller::{
        PAST_ANY_PAUSE, Teller, attempted, by_webhook, deliveries, desk, noted, stand, subscribe,
        world,
    },
};

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// Attempts, and those among them whose delivery is gone.
async fn attempts(world: &World) -> (i64, i64) {
    sqlx::query_as(
        "select count(*), count(*) filter (where not exists (
                    select from notification.delivery
                    where delivery.delivery_id = attempt.delivery_id))
         from notification.attempt",
    )
    .fetch_one(&mut world.look().await)
    .await
    .unwrap()
}

/// Keeps so many deliveries of long ago, each with an attempt: more than are cleared away at once.
async fn delivered_long_ago(world: &World, subscription: &str, many: i32) {
    sqlx::query(
        "with old as (
             insert into notification.delivery (delivery_id, subscription_id, event_type, source,
                 occurred_at, zone, about, urgent, state, queued_at, settled_at)
             select gen_random_uuid(), $1::uuid, 'an.event', 'routing', at, 'gent',
                    gen_random_uuid(), false, 'delivered', at, at
             from generate_series(1, $2), (select $3::timestamptz as at) as moment
             returning delivery_id, settled_at
         )
         insert into notification.attempt (delivery_id, at, status)
         select delivery_id, settled_at, 204 from old",
    )
    .bind(subscription)
    .bind(many)
    .bind((world.environment.now() - DAY * 91).to_string())
    .execute(&mut world.look().await)
    .await
    .unwrap();
}

async fn are_gone(desk: &Caller, subscription: &str, but: usize) -> Vec<pb::Delivery> {
    eventually("deliveries to be cleared away", async || {
        Some(deliveries(desk, subscription).await).filter(|left| left.len() == but)
    })
    .await
}

#[tokio::test]
async fn what_is_over_is_cleared_away_in_time_and_what_is_not_stays() {
    let world = world(outbound()).await;
    let second = world.second_line().await;
    let teller = Teller::new(&world);
    let (well, mut away) = (Receiver::start().await, Receiver::start().await);
    let first_day = desk(&world);
    let (to_well, _) = subscribe(&first_day, by_webhook(&well.url())).await;
    let (to_away, _) = subscribe(&first_day, by_webhook(&away.url())).await;
    away.kill().await;
    teller.asks_often(3).await;
    stand(&first_day, &to_well, Delivered, 3).await;
    noted(&first_day, &to_away, 3).await;
    attempted(&first_day, &to_away, 1).await;
    world.clock.advance(DAY * 3 + SignedDuration::from_hours(1));
    let dead = stand(&first_day, &to_away, Dead, 3).await;

    // Not a day too early.
    world.clock.advance(DAY * 86);
    let desk_later = desk(&world);
    delivered_long_ago(&world, &to_well, 1_700).await;
    world.clock.advance(SignedDuration::from_hours(2));
    eventually("what is older to be cleared away", async || {
        (attempts(&world).await.0 < 100).then_some(())
    })
    .await;
    assert_eq!(deliveries(&desk_later, &to_well).await.len(), 3);

    // After 90 days what was delivered goes with its attempts, and what was given up stays.
    world.clock.advance(DAY);
    are_gone(&desk_later, &to_well, 0).await;
    assert_eq!(deliveries(&desk_later, &to_away).await, dead);
    let tried: usize = dead.iter().map(|one| one.attempts.len()).sum();
    assert_eq!(attempts(&world).await, (i64::try_from(tried).unwrap(), 0));

    // What was given up and is tried again is not over: it stays, with all that was tried.
    world.clock.advance(DAY * 92);
    let desk_last = desk(&world);
    let request = pb::RedeliverRequest {
        subscription_id: to_away.clone(),
        delivery_ids: vec![dead[1].delivery_id.clone()],
    };
    let again = desk_last.notification().redeliver(request).await;
    assert_eq!(again.unwrap().into_inner().deliveries, 1);
    attempted(&desk_last, &to_away, tried + 1).await;
    world.clock.advance(DAY + DAY / 2);
    let left = are_gone(&desk_last, &to_away, 1).await.remove(0);
    assert_eq!(left.state(), Waiting);
    assert!(left.attempts.len() > dead[1].attempts.len());
    assert!(left.attempts.starts_with(&dead[1].attempts));
    assert_eq!(attempts(&world).await.1, 0);
    away.restart().await;
    world.clock.advance(PAST_ANY_PAUSE);
    stand(&desk_last, &to_away, Delivered, 1).await;
    second.stop().await;
    world.stop().await;
}

/// Its delivery may have been cleared away: it would be told twice when events are replayed.
#[tokio::test]
async fn what_happened_longer_ago_than_is_kept_is_not_told() {
    let world = world(outbound()).await;
    let receiver = Receiver::start().await;
    let (subscription, _) = subscribe(&desk(&world), by_webhook(&receiver.url())).await;
    world.clock.advance(DAY * 100);
    let now = world.environment.now();
    let moments = [now - DAY * 91, now - DAY * 89];
    let told = Teller::new(&world).asked_on(&moments).await;
    assert_eq!(receiver.gets(1).await[0].subject(), told[1]);
    let listed = stand(&desk(&world), &subscription, Delivered, 1).await;
    assert_eq!(listed.len(), 1);
    world.stop().await;
}

#[tokio::test]
async fn a_subscription_that_ended_is_cleared_away_with_what_it_had_to_do_with() {
    let world = world(outbound()).await;
    let teller = Teller::new(&world);
    let well = Receiver::start().await;
    let desk = desk(&world);
    let (ends, _) = subscribe(&desk, by_webhook(&well.url())).await;
    teller.asks_often(2).await;
    stand(&desk, &ends, Delivered, 2).await;
    let end = pb::UnsubscribeRequest {
        subscription_id: ends,
    };
    desk.notification().unsubscribe(end).await.unwrap();
    let left = async || -> (i64, i64) {
        sqlx::query_as(
            "select (select count(*) from notification.subscription),
                    (select count(*) from notification.concerned)",
        )
        .fetch_one(&mut world.look().await)
        .await
        .unwrap()
    };
    assert_eq!(left().await, (1, 2));
    world.clock.advance(DAY * 179);
    eventually("its deliveries to be cleared away", async || {
        (attempts(&world).await == (0, 0)).then_some(())
    })
    .await;
    assert_eq!(left().await, (1, 2), "not a day too early");
    world.clock.advance(DAY * 2);
    eventually("it to be cleared away", async || {
        (left().await == (0, 0)).then_some(())
    })
    .await;
    world.stop().await;
}
