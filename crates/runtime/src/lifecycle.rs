//! An orderly end, in two steps: the first signal lets everything finish what it is doing, the
//! second, or the deadline, cuts it off. Nothing is lost either way: what matters is committed.

use std::{fmt, future::Future, time::Duration};

use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::behind;

/// How long tasks may take to finish after the first signal.
const DEADLINE: Duration = Duration::from_secs(20);

/// Told to every task: stop when you can.
#[derive(Debug, Clone, Default)]
pub struct Stop {
    token: CancellationToken,
    /// Time was moved: see [`Lifecycle::time_moved`].
    moved: watch::Sender<()>,
}

impl Stop {
    /// Waits until it is time to stop.
    pub async fn requested(&self) {
        self.token.cancelled().await;
    }

    /// Whether it is time to stop.
    #[must_use]
    pub fn is_requested(&self) -> bool {
        self.token.is_cancelled()
    }

    /// Asks everything that holds this to stop.
    pub fn request(&self) {
        self.token.cancel();
    }

    /// Waits so long; false when it is time to stop instead.
    pub async fn pause(&self, duration: Duration) -> bool {
        tokio::select! {
            () = self.requested() => false,
            () = tokio::time::sleep(duration) => true,
        }
    }
}

/// How long to wait before try number `attempt` (from 0): 50 ms, doubling, at most 2 s.
#[must_use]
pub fn retry_pause(attempt: u32) -> Duration {
    Duration::from_millis((50_u64 << attempt.min(6)).min(2_000))
}

/// Does the same over and over until it is time to stop. Each round says how long to rest until the
/// next; one that fails is told of with what waits meanwhile, and tried again soon.
pub async fn rounds<E: fmt::Display, R: Future<Output = Result<Duration, E>>>(
    stop: &Stop,
    waits: &'static str,
    round: impl Fn() -> R,
) {
    let mut failures = 0;
    while !stop.is_requested() {
        let pause = one_round(round(), waits, &mut failures).await;
        if !stop.pause(pause).await {
            return;
        }
    }
}

/// The same for what falls due by the clock: where that is moved, the next round begins at once.
pub async fn rounds_by_the_clock<E: fmt::Display, R: Future<Output = Result<Duration, E>>>(
    stop: &Stop,
    waits: &'static str,
    round: impl Fn() -> R,
) {
    let mut failures = 0;
    let mut moved = stop.moved.subscribe();
    while !stop.is_requested() {
        moved.mark_unchanged();
        let pause = one_round(round(), waits, &mut failures).await;
        tokio::select! {
            goes_on = stop.pause(pause) => if !goes_on { return },
            _ = moved.changed() => {}
        }
    }
}

/// How long to rest after a round.
async fn one_round<E: fmt::Display>(
    round: impl Future<Output = Result<Duration, E>>,
    waits: &'static str,
    failures: &mut u32,
) -> Duration {
    match round.await {
        Ok(pause) => {
            *failures = 0;
            pause
        }
        Err(error) => {
            tracing::warn!(%error, "{waits}");
            *failures += 1;
            retry_pause(*failures)
        }
    }
}

/// The tasks of one process, and their end.
#[derive(Debug, Clone, Default)]
pub struct Lifecycle {
    stop: Stop,
    tasks: TaskTracker,
}

impl Lifecycle {
    /// What tasks watch to know when to stop.
    #[must_use]
    pub fn stop(&self) -> Stop {
        self.stop.clone()
    }

    /// Starts a task that the end waits for.
    pub fn spawn<F>(&self, task: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.tasks.spawn(task);
    }

    /// Starts a task for whose results nobody waits: it stands behind those that answer.
    pub fn spawn_behind<F>(&self, task: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.tasks.spawn_on(task, &behind::threads());
    }

    /// Whoever rests until something is due looks at once: time was moved. Real time never is.
    pub fn time_moved(&self) {
        self.stop.moved.send_replace(());
    }

    /// Waits for a signal (or [`Stop::request`]), then for the tasks.
    pub async fn run(&self) -> std::io::Result<()> {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            () = self.stop.requested() => {}
        }
        tracing::info!("stopping: finishing what is under way");
        tokio::select! {
            () = self.finish() => {}
            _ = terminate.recv() => tracing::warn!("second signal: stopping at once"),
            _ = interrupt.recv() => tracing::warn!("second signal: stopping at once"),
        }
        Ok(())
    }

    /// Asks every task to stop and waits for them, until the deadline.
    pub async fn finish(&self) {
        self.stop.request();
        self.tasks.close();
        if tokio::time::timeout(DEADLINE, self.tasks.wait())
            .await
            .is_err()
        {
            tracing::warn!(left = self.tasks.len(), "tasks did not finish in time");
        }
    }
}
