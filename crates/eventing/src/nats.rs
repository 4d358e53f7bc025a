//! The connection to NATS.

use std::time::Duration;

use async_nats::{Client, ConnectError, ConnectOptions};

/// Connects, and keeps trying for ever: while NATS is away, the outbox fills.
pub async fn connect(url: &str, name: &str) -> Result<Client, ConnectError> {
    ConnectOptions::new()
        .name(name)
        .retry_on_initial_connect()
        .ping_interval(Duration::from_secs(5))
        .reconnect_delay_callback(|attempts| {
            Duration::from_millis((20_u64 << attempts.min(6)).min(1_000))
        })
        .connect(url)
        .await
}
