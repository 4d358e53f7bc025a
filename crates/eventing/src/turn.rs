//! Turns and rests: what a process does in the background leaves room for whoever waits.

use std::{sync::Arc, time::Duration};

use knipperlicht_runtime::Stop;
use tokio::{
    sync::{Mutex, MutexGuard},
    time::Instant,
};

/// The longest rest.
const LONGEST: Duration = Duration::from_millis(15);

/// Rests for twice as long as the work since `began` took, waiting for its turn included, at most
/// [`LONGEST`]: meanwhile more of it gathers, and a hundred events handled in one go cost little
/// more than ten.
pub(crate) async fn rest(began: Instant, stop: &Stop) {
    stop.pause((2 * began.elapsed()).min(LONGEST)).await;
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
