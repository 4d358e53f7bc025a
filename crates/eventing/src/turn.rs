//! Turns and rests: what a process does in the background leaves room for whoever waits.

use std::{num::NonZero, sync::Arc, thread, time::Duration};

use knipperlicht_runtime::Stop;
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::Instant,
};

/// The longest rest.
const LONGEST: Duration = Duration::from_millis(25);

/// Rests for as long as the work since `began` took: meanwhile more of it gathers, and a
/// hundred events handled in one go cost little more than ten.
pub(crate) async fn rest(began: Instant, stop: &Stop) {
    stop.pause((2 * began.elapsed()).min(LONGEST)).await;
}

/// As many at once as there are processors, shared by the relays and consumers of a process.
/// Somebody who waits for an answer then never shares them with all eight; and what arrives while
/// a consumer waits for its turn is handled in one go, at a fraction of the work.
#[derive(Debug, Clone)]
pub struct Turns(Arc<Semaphore>);

impl Default for Turns {
    fn default() -> Self {
        let processors = thread::available_parallelism().map_or(1, NonZero::get);
        Self(Arc::new(Semaphore::new(processors)))
    }
}

impl Turns {
    /// Waits for a turn, which lasts as long as what is returned.
    pub(crate) async fn take(&self) -> Option<SemaphorePermit<'_>> {
        // Never closed: there is always a turn to come.
        self.0.acquire().await.ok()
    }
}
