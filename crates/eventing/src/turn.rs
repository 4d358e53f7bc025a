//! Turns and rests: what a process does in the background leaves room for whoever waits.

use std::{sync::Arc, time::Duration};

use knipperlicht_runtime::Stop;
use tokio::sync::{Mutex, MutexGuard};

/// The longest rest, in the middle of what was measured: at 15 ms a signal costs a tenth more work,
/// at 80 ms the batches grow so long that whoever waits for an answer meets one.
const LONGEST: Duration = Duration::from_millis(40);

/// The rest for each event that was handled: nothing to speak of at 200 events a second, and the
/// longest rest from about 1,000 on, where more gather meanwhile than were handled.
const PER_EVENT: Duration = Duration::from_micros(900);

/// Rests after `events` were handled: the more there were, the longer, at most [`LONGEST`].
/// Meanwhile more of them gather, and a hundred events handled in one go cost little more than
/// ten; where few come, there is little to save, and nobody waits.
pub(crate) async fn rest(events: usize, stop: &Stop) {
    let events = u32::try_from(events).unwrap_or(u32::MAX);
    stop.pause(PER_EVENT.saturating_mul(events).min(LONGEST))
        .await;
}

/// One at a time, of the relays and consumers of a process. Somebody who waits for an answer then
/// shares the database with one of them, never with all eight; and what arrives while a consumer
/// waits for its turn is handled in one go, at a fraction of the work.
#[derive(Debug, Clone, Default)]
pub struct Turns(Arc<Mutex<()>>);

impl Turns {
    /// Waits for a turn, which lasts as long as what is returned.
    pub(crate) async fn take(&self) -> MutexGuard<'_, ()> {
        self.0.lock().await
    }
}
