//! Sending signals: as fast as they are taken (closed loop), or at a constant arrival whatever
//! happens (open loop).

use std::{
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use hdrhistogram::Histogram;
use tokio::{runtime::Handle, sync::mpsc, task::JoinSet};

use crate::{
    error::BenchError,
    inbox::Taps,
    reporters::{Reporter, Reporters, Tap},
};

/// What became of what was sent.
#[derive(Debug)]
pub(crate) struct Sent {
    /// Signals with a receipt.
    pub(crate) accepted: u64,
    /// Signals without.
    pub(crate) refused: u64,
    /// How long was sent.
    pub(crate) lasting: Duration,
    /// Until the receipt, in microseconds.
    pub(crate) latency: Histogram<u64>,
    /// The one that waited longest, and when it had its receipt.
    pub(crate) slowest: Option<(Duration, Instant)>,
}

impl Sent {
    fn nothing(lasting: Duration) -> Result<Self, BenchError> {
        Ok(Self {
            accepted: 0,
            refused: 0,
            lasting,
            latency: histogram()?,
            slowest: None,
        })
    }

    /// Receipts a second.
    pub(crate) fn rate(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "a count of signals")]
        let accepted = self.accepted as f64;
        accepted / self.lasting.as_secs_f64()
    }

    fn add(&mut self, answer: &Answer) {
        match answer {
            Answer::Receipt(after, at) => {
                self.accepted += 1;
                self.latency.saturating_record(micros(*after));
                if self.slowest.is_none_or(|(longest, _)| *after > longest) {
                    self.slowest = Some((*after, *at));
                }
            }
            Answer::Refusal => self.refused += 1,
        }
    }
}

/// From a microsecond to a minute, to three digits.
pub(crate) fn histogram() -> Result<Histogram<u64>, BenchError> {
    Ok(Histogram::new_with_bounds(1, 60_000_000, 3)?)
}

pub(crate) fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

enum Answer {
    /// So long after the tap, at that moment.
    Receipt(Duration, Instant),
    Refusal,
}

async fn send(mut reporter: Reporter, tap: Tap, since: Instant) -> Answer {
    match reporter.submit_signal(tap.request).await {
        Ok(_) => Answer::Receipt(since.elapsed(), Instant::now()),
        Err(_) => Answer::Refusal,
    }
}

/// So many reporters, each of whom sends the next signal when the last has its receipt.
pub(crate) async fn closed_loop(
    reporters: &Reporters,
    at_once: usize,
    warm_up: Duration,
    lasting: Duration,
) -> Result<Sent, BenchError> {
    let counts_from = Instant::now() + warm_up;
    let until = counts_from + lasting;
    let mut loops = JoinSet::new();
    for number in 0..at_once {
        let Some(reporter) = reporters.one(number) else {
            continue;
        };
        let reporters = reporters.clone();
        loops.spawn(async move {
            let mut answers = Vec::new();
            while Instant::now() < until {
                let answer = send(reporter.clone(), reporters.next_tap(), Instant::now()).await;
                let now = Instant::now();
                if now >= counts_from && now < until {
                    answers.push(answer);
                }
            }
            answers
        });
    }
    let mut sent = Sent::nothing(lasting)?;
    for answer in loops.join_all().await.into_iter().flatten() {
        sent.add(&answer);
    }
    Ok(sent)
}

/// So many signals a second, each at its moment. Latency counts from that moment, also when the
/// sender was late: a slow answer is never hidden by sending less.
pub(crate) async fn open_loop(
    reporters: &Reporters,
    rate: u32,
    lasting: Duration,
    taps: Option<&Arc<Taps>>,
) -> Result<Sent, BenchError> {
    let (answers, mut answered) = mpsc::unbounded_channel();
    let pace = Pace {
        reporters: reporters.clone(),
        taps: taps.cloned(),
        answers,
    };
    let handle = Handle::current();
    // A thread of its own: the runtime's timers tick in milliseconds.
    let pacing = tokio::task::spawn_blocking(move || pace.run(rate, lasting, &handle));
    let mut sent = Sent::nothing(lasting)?;
    while let Some(answer) = answered.recv().await {
        sent.add(&answer);
    }
    let _ = pacing.await;
    Ok(sent)
}

struct Pace {
    reporters: Reporters,
    taps: Option<Arc<Taps>>,
    answers: mpsc::UnboundedSender<Answer>,
}

impl Pace {
    fn run(self, rate: u32, lasting: Duration, runtime: &Handle) {
        let began = Instant::now();
        for number in 0.. {
            let after = Duration::from_secs(number) / rate.max(1);
            if after >= lasting {
                return;
            }
            let moment = began + after;
            thread::sleep(moment.saturating_duration_since(Instant::now()));
            let index = usize::try_from(number).unwrap_or_default();
            let Some(reporter) = self.reporters.one(index) else {
                return;
            };
            let tap = self.reporters.next_tap();
            if let (Some(taps), Some(situation)) = (&self.taps, tap.probed) {
                taps.tapped(situation, moment);
            }
            let answers = self.answers.clone();
            runtime.spawn(async move {
                // Whoever counted may have given up.
                let _ = answers.send(send(reporter, tap, moment).await);
            });
        }
    }
}
