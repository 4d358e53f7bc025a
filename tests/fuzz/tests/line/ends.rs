//! How it has to end.

use std::{
    panic,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use knipperlicht_contracts::event::Service;
use knipperlicht_e2e::World;
use knipperlicht_harness::eventually;
use sqlx::AssertSqlSafe;

/// Panics in tasks of the line end only those: they are counted.
pub(super) fn count_panics() -> Arc<AtomicUsize> {
    let panics = Arc::new(AtomicUsize::new(0));
    let (counter, told) = (Arc::clone(&panics), panic::take_hook());
    panic::set_hook(Box::new(move |info| {
        counter.fetch_add(1, Ordering::SeqCst);
        told(info);
    }));
    panics
}

/// Everything that was said is heard, and nothing of it could not be handled.
pub(super) async fn ends_well(world: &World) {
    eventually("everything is heard", || async {
        let mut connection = world.look().await;
        let mut waiting = 0;
        for service in Service::ALL {
            let question = format!(
                "select count(*) from {}.outbox where published_at is null",
                service.name()
            );
            let number: i64 = sqlx::query_scalar(AssertSqlSafe(question))
                .fetch_one(&mut connection)
                .await
                .expect("an outbox");
            waiting += number;
        }
        (waiting == 0).then_some(())
    })
    .await;
    let mut connection = world.look().await;
    for service in Service::ALL {
        let question = format!(
            "select coalesce(string_agg(distinct reason || ': ' || error, '; '), '') from {}.parked",
            service.name()
        );
        let parked: String = sqlx::query_scalar(AssertSqlSafe(question))
            .fetch_one(&mut connection)
            .await
            .expect("what is parked");
        let service = service.name();
        assert_eq!(parked, "", "{service} could not handle what was sent");
    }
    world.stop().await;
}
