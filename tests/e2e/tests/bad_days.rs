//! Bad days: PostgreSQL away, NATS away, NATS full. Nothing acknowledged is lost.

use std::time::{Duration, Instant};

use async_nats::jetstream;
use knipperlicht_e2e::{World, a_signal};
use knipperlicht_eventing::NatsUser;
use knipperlicht_harness::{Bed, eventually};
use knipperlicht_runtime::Problem;
use knipperlicht_vocabulary::Step;
use sqlx::Row;
use tonic::Code;
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};

async fn is_well(world: &World, service: &str) -> bool {
    let request = HealthCheckRequest {
        service: service.to_owned(),
    };
    let answer = HealthClient::new(world.channel()).check(request).await;
    answer.is_ok_and(|answer| answer.into_inner().status() == ServingStatus::Serving)
}

async fn until_well(world: &World, service: &str, well: bool) {
    eventually("health", async || {
        (is_well(world, service).await == well).then_some(())
    })
    .await;
}

#[tokio::test]
async fn postgres_away_submits_are_refused_politely_and_go_through_later() {
    let mut world = World::on(Bed::start_alone().await).await;
    let cleaner = world.reporter("cleaner");
    until_well(&world, "intake", true).await;
    let before = cleaner.send(a_signal(&world.environment)).await.unwrap();

    world
        .bed
        .scratch
        .as_mut()
        .unwrap()
        .postgres
        .kill()
        .await
        .unwrap();
    // Its sessions end when they notice.
    until_well(&world, "intake", false).await;
    let signal = a_signal(&world.environment);
    let began = Instant::now();
    let status = cleaner.send(signal.clone()).await.unwrap_err();
    assert!(
        began.elapsed() < Duration::from_secs(6),
        "took {:?}",
        began.elapsed()
    );
    assert_eq!(
        (status.code(), Problem::from(&status).code.as_str()),
        (Code::Unavailable, "KL1020")
    );
    until_well(&world, "intake", false).await;
    until_well(&world, "", false).await;

    world
        .bed
        .scratch
        .as_mut()
        .unwrap()
        .postgres
        .restart()
        .await
        .unwrap();
    until_well(&world, "intake", true).await;
    let after = cleaner.send(signal).await.unwrap();
    cleaner.sees(&before.signal_id, Step::Referred).await;
    cleaner.sees(&after.signal_id, Step::Referred).await;
    let mut look = world.look().await;
    let stored: i64 = sqlx::query("select count(*) from intake.signal")
        .fetch_one(&mut look)
        .await
        .unwrap()
        .get(0);
    assert_eq!(stored, 2);
    world.stop().await;
}

#[tokio::test]
async fn nats_away_accepts_go_on_and_everything_drains_in_order() {
    let mut world = World::start().await;
    let cleaner = world.reporter("cleaner");
    until_well(&world, "nats", true).await;
    world.bed.nats.kill().await.unwrap();
    let mut sent = Vec::new();
    for _ in 0..20 {
        sent.push(
            cleaner
                .send(a_signal(&world.environment))
                .await
                .unwrap()
                .signal_id,
        );
    }
    until_well(&world, "nats", false).await;
    assert!(
        is_well(&world, "intake").await,
        "intake goes on without NATS"
    );
    let mut look = world.look().await;
    let waiting = "select count(*) from intake.outbox where published_at is null";
    let waiting: i64 = sqlx::query(waiting)
        .fetch_one(&mut look)
        .await
        .unwrap()
        .get(0);
    assert_eq!(waiting, 20);

    world.bed.nats.restart().await.unwrap();
    until_well(&world, "nats", true).await;
    for id in sent {
        cleaner.sees(&id, Step::Referred).await;
    }
    world.stop().await;
}

#[tokio::test]
async fn nats_full_nothing_acknowledged_is_lost() {
    let world = World::start().await;
    let cleaner = world.reporter("cleaner");
    let first = cleaner.send(a_signal(&world.environment)).await.unwrap();
    cleaner.sees(&first.signal_id, Step::Referred).await;

    // No byte more: the server refuses what comes, as it does when its disk is full.
    let jetstream = jetstream::new(world.bed.connect_nats(NatsUser::Operator).await);
    let mut config = jetstream
        .get_stream("KL_EVENTS")
        .await
        .unwrap()
        .info()
        .await
        .unwrap()
        .config
        .clone();
    let roomy = config.max_bytes;
    config.max_bytes = 1;
    jetstream.update_stream(&config).await.unwrap();
    let mut sent = Vec::new();
    for _ in 0..20 {
        sent.push(
            cleaner
                .send(a_signal(&world.environment))
                .await
                .unwrap()
                .signal_id,
        );
    }
    let mut look = world.look().await;
    eventually("the relay has tried in vain", async || {
        let waiting = "select count(*) from intake.outbox where published_at is null";
        let waiting: i64 = sqlx::query(waiting)
            .fetch_one(&mut look)
            .await
            .unwrap()
            .get(0);
        (waiting == 20).then_some(())
    })
    .await;

    config.max_bytes = roomy;
    jetstream.update_stream(&config).await.unwrap();
    for id in sent {
        cleaner.sees(&id, Step::Referred).await;
    }
    world.stop().await;
}
