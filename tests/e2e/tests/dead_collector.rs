//! A collector that is away, or silent, is nobody's business but its own: the line goes on, and ends in
//! time.

use std::{
    net::TcpListener,
    time::{Duration, Instant},
};

use knipperlicht_e2e::{World, a_signal};
use knipperlicht_runtime::{Telemetry, TelemetryOptions};
use knipperlicht_vocabulary::Step;
use tokio::runtime::Runtime;

/// Signals sent, one after the other.
const SIGNALS: usize = 20;

#[test]
fn with_a_silent_collector_signals_are_carried_as_ever_and_the_end_comes_in_time() {
    // It takes connections, and says nothing on them.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let runtime = Runtime::new().unwrap();
    let telemetry = {
        let _inside = runtime.enter();
        let options = TelemetryOptions {
            otlp_endpoint: Some(format!("http://{}", silent.local_addr().unwrap())),
            ..TelemetryOptions::default()
        };
        Telemetry::start("knipperlicht", &options).unwrap()
    };
    runtime.block_on(async {
        let world = World::start().await;
        let cleaner = world.reporter("cleaner");
        for _ in 0..SIGNALS {
            let began = Instant::now();
            let receipt = cleaner.send(a_signal(&world.environment)).await.unwrap();
            // An export that somebody waits for would take seconds.
            assert!(began.elapsed() < Duration::from_secs(2));
            cleaner.sees(&receipt.signal_id, Step::Referred).await;
        }
        world.stop().await;
    });
    let began = Instant::now();
    drop(telemetry);
    assert!(
        began.elapsed() < Duration::from_secs(12),
        "{:?}",
        began.elapsed()
    );
}
