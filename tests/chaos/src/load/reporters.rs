//! Reporters: they send at a steady pace, whatever happens, and send again until they hold a
//! receipt.

use std::{sync::Arc, time::Duration};

use knipperlicht_contracts::intake::v1 as intake;
use knipperlicht_runtime::Stop;
use knipperlicht_vocabulary::Environment;
use tokio::{task::JoinSet, time::MissedTickBehavior};
use uuid::Uuid;

use super::{
    promises::{Ack, Receipt, SharedPromises},
    signals::Signals,
};
use crate::{
    Dice,
    people::{Caller, is_no_answer, never_left, pause_after},
};

/// Acknowledged signals that are sent again all the same, of a hundred: the answer was lost on a
/// train.
const AGAIN: usize = 8;

/// Signals that are sent twice at once, of a hundred: a thumb that taps twice.
const TWICE: usize = 4;

/// Signals without a receipt at most, per reporter.
const UNDER_WAY: usize = 100;

/// A signal that has no answer for so long is given up; the proof then says that it is missing.
const LONGEST: Duration = Duration::from_mins(2);

#[derive(Clone)]
pub(super) struct Reporter {
    pub(super) phone: Caller,
    pub(super) environment: Environment,
    pub(super) signals: Arc<Signals>,
    pub(super) promises: Arc<SharedPromises>,
}

impl Reporter {
    /// Sends `pace` signals a second until told to stop, then until all are acknowledged.
    pub(super) async fn work(self, pace: f64, mut dice: Dice, stop: Stop) {
        let mut ticks = tokio::time::interval(Duration::from_secs_f64(1.0 / pace.max(0.001)));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut under_way = JoinSet::new();
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                () = stop.requested() => break,
            }
            while under_way.try_join_next().is_some() {}
            // A line that does not keep up gets no more than it can take: retries alone would
            // otherwise keep it down.
            if under_way.len() >= UNDER_WAY {
                continue;
            }
            let signal = self.signals.make(&mut dice);
            let (twice, again) = (dice.percent(TWICE), dice.percent(AGAIN));
            under_way.spawn(self.clone().deliver(signal, twice, again));
        }
        while under_way.join_next().await.is_some() {}
    }

    async fn deliver(self, signal: intake::Signal, twice: bool, again: bool) {
        self.promises.sent();
        let deliver = self.until_acknowledged(&signal);
        if twice {
            self.promises.repeated();
            tokio::join!(deliver, self.until_acknowledged(&signal));
        } else {
            deliver.await;
        }
        if again {
            self.promises.repeated();
            self.until_acknowledged(&signal).await;
        }
    }

    async fn until_acknowledged(&self, signal: &intake::Signal) {
        let deadline = tokio::time::Instant::now() + LONGEST;
        let mut failures = 0;
        while tokio::time::Instant::now() < deadline {
            let called_at = self.environment.now();
            let request = intake::SubmitSignalRequest {
                signal: Some(signal.clone()),
            };
            match self.phone.intake().submit_signal(request).await {
                Ok(answer) => {
                    return self.note(signal, called_at, answer.into_inner().receipt.as_ref());
                }
                Err(status) if never_left(&status) => {}
                Err(status) if is_no_answer(&status) => {
                    self.promises.retried(&status);
                    tokio::time::sleep(pause_after(failures)).await;
                    failures += 1;
                }
                Err(status) => {
                    return self
                        .promises
                        .refused(id_of(signal), status.message().to_owned());
                }
            }
        }
    }

    fn note(
        &self,
        signal: &intake::Signal,
        called_at: jiff::Timestamp,
        receipt: Option<&intake::Receipt>,
    ) {
        let id = id_of(signal);
        match receipt.and_then(Receipt::read) {
            Some(receipt) if receipt.signal == id => {
                self.promises.acknowledged(
                    receipt,
                    Ack {
                        called_at,
                        at: self.environment.now(),
                    },
                );
            }
            _ => self.promises.refused(
                id,
                "a receipt that is none, or of another signal".to_owned(),
            ),
        }
    }
}

fn id_of(signal: &intake::Signal) -> Uuid {
    signal.signal_id.parse().unwrap_or_default()
}
