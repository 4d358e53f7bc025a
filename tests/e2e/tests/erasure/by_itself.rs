//! What is forgotten without anybody asking: what was over for long, and what a backup brought back.

use jiff::SignedDuration;
use knipperlicht_contracts::event::Service;
use knipperlicht_e2e::World;
use knipperlicht_harness::eventually;
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use crate::erasure::traces::{left_of, until_forgotten, until_reconciled};

#[tokio::test]
async fn what_was_over_for_long_is_forgotten_and_what_is_open_is_not() {
    let world = World::start().await;
    let over = world.closed().await;
    let open = world.accepted().await;
    until_reconciled(&world).await;
    world.clock.advance(SignedDuration::from_hours(729 * 24));
    eventually("a look at everything", async || {
        let asked: i64 = sqlx::query_scalar("select count(*) from followup.asking where times > 0")
            .fetch_one(&mut world.look().await)
            .await
            .unwrap();
        (asked > 0).then_some(())
    })
    .await;
    assert!(
        !left_of(&world, &over.situation).await.is_empty(),
        "not yet"
    );
    world.clock.advance(SignedDuration::from_hours(2 * 24));
    until_forgotten(&world, &over.situation).await;
    until_reconciled(&world).await;
    assert!(!left_of(&world, &open.situation).await.is_empty());
    let erased: Vec<(String, String, String)> = sqlx::query_as(
        "select object, role, purpose from intake.audit where action = 'situation.erased'",
    )
    .fetch_all(&mut world.look().await)
    .await
    .unwrap();
    let expected = (
        over.situation,
        "service".to_owned(),
        "no_longer_needed".to_owned(),
    );
    assert_eq!(erased, [expected]);
    world.stop().await;
}

#[tokio::test]
async fn what_a_backup_brought_back_is_forgotten_again() {
    let world = World::start().await;
    let one = world.accepted().await;
    one.coordinator.erases(&one.situation).await.unwrap();
    until_forgotten(&world, &one.situation).await;
    let id: Uuid = one.situation.parse().unwrap();
    let mut owner = world.look().await;
    for restored in [
        "update intake.situation set postal_code = '8400', age_band = '26_to_64' where situation_id = $1",
        "insert into assessment.consent (situation_id, sequence, allows) values ($1, 1, true)",
        "insert into followup.timeline (situation_id, at, type, codes) values ($1, now(), 'x', '{}')",
        "insert into routing.withheld (situation_id, zone, consent, needs, urgency, recorded_at)
         values ($1, 'gent', 'refused', '{}', 'soon', now())",
        "update routing.outbox set event_type = 'knipperlicht.referral.accepted.v1', body = 'x'
         where situation_id = $1",
    ] {
        sqlx::query(restored)
            .bind(id)
            .execute(&mut owner)
            .await
            .unwrap();
    }
    assert!(
        left_of(&world, &one.situation).await.len() >= 5,
        "brought back"
    );
    for service in Service::ALL {
        let again = format!(
            "update {}.erased set wiped_at = null, settled_at = null",
            service.name()
        );
        sqlx::raw_sql(AssertSqlSafe(again))
            .execute(&mut owner)
            .await
            .unwrap();
    }
    until_forgotten(&world, &one.situation).await;
    until_reconciled(&world).await;
    world.stop().await;
}
