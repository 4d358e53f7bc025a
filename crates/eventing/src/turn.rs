//! Turns and rests: what a process does in the background leaves room for whoever waits.

use std::{
    sync::{Arc, PoisonError},
    time::Duration,
};

use knipperlicht_runtime::Stop;
use tokio::{
    sync::{Mutex, MutexGuard},
    time::Instant,
};

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

/// People wait for an answer together: from so many at once on, what is in the background gives way.
const CROWD: usize = 16;

/// How long a crowd is felt after it was seen.
const FELT: Duration = Duration::from_millis(50);

/// One at a time, of the relays and consumers of a process. Somebody who waits for an answer then
/// shares the database with one of them, never with all eight; and what arrives while a consumer
/// waits for its turn is handled in one go, at a fraction of the work.
///
/// As long as many wait for an answer together, each turn begins with a pause as long as the turn
/// before it: they get the machine half the time at least, and so does the background.
#[derive(Debug, Clone, Default)]
pub struct Turns(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    /// How long the last turn lasted. Whoever holds it has the turn.
    turn: Mutex<Duration>,
    crowd_seen: std::sync::Mutex<Option<Instant>>,
}

impl Turns {
    /// So many people waited for the answer that they now get.
    pub fn waited(&self, people: usize) {
        if people >= CROWD {
            *self.crowd_seen() = Some(Instant::now());
        }
    }

    /// Waits for a turn, which lasts as long as what is returned.
    pub(crate) async fn take(&self) -> Turn<'_> {
        let last = self.0.turn.lock().await;
        let crowd_seen = *self.crowd_seen();
        let pause = pause(crowd_seen.map(|seen| seen.elapsed()), *last);
        if !pause.is_zero() {
            tokio::time::sleep(pause).await;
        }
        Turn {
            last,
            since: Instant::now(),
        }
    }

    fn crowd_seen(&self) -> std::sync::MutexGuard<'_, Option<Instant>> {
        // A moment is whole even if whoever wrote it panicked afterwards.
        self.0
            .crowd_seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the next turn begins with: so long ago was a crowd seen, so long lasted the last turn.
fn pause(crowd_seen: Option<Duration>, last: Duration) -> Duration {
    match crowd_seen {
        Some(ago) if ago < FELT => last,
        _ => Duration::ZERO,
    }
}

/// A turn, until it is dropped.
pub(crate) struct Turn<'t> {
    last: MutexGuard<'t, Duration>,
    since: Instant,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        *self.last = self.since.elapsed();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAST: Duration = Duration::from_millis(7);

    #[test]
    fn a_turn_begins_with_a_pause_as_long_as_a_crowd_is_felt() {
        assert_eq!(pause(None, LAST), Duration::ZERO);
        assert_eq!(pause(Some(Duration::ZERO), LAST), LAST);
        assert_eq!(pause(Some(FELT), LAST), Duration::ZERO);
    }

    #[test]
    fn few_who_wait_are_no_crowd() {
        let turns = Turns::default();
        turns.waited(CROWD - 1);
        assert_eq!(*turns.crowd_seen(), None);
        turns.waited(CROWD);
        assert!(turns.crowd_seen().is_some());
    }

    #[tokio::test]
    async fn a_turn_lasts_until_it_is_dropped_and_the_next_knows_how_long() {
        let turns = Turns::default();
        let turn = turns.take().await;
        assert!(turns.0.turn.try_lock().is_err());
        tokio::time::sleep(LAST).await;
        drop(turn);
        let next = turns.take().await;
        assert!(*next.last >= LAST);
    }
}
