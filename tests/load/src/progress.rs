//! How far a measurement is, for whoever waits for it.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// Shows a bar for as long as the measurement takes; nothing where nobody looks at a terminal.
pub(crate) struct Progress {
    bar: ProgressBar,
    ticking: tokio::task::JoinHandle<()>,
}

const TICK: Duration = Duration::from_millis(100);

impl Progress {
    /// A measurement that takes about so long.
    pub(crate) fn of(what: impl Into<String>, duration: Duration) -> Self {
        let ticks = u64::try_from(duration.as_millis() / TICK.as_millis()).unwrap_or_default();
        let bar = ProgressBar::new(ticks).with_message(what.into());
        if let Ok(style) = ProgressStyle::with_template("{bar:24} {elapsed:>4} {msg}") {
            bar.set_style(style);
        }
        let ticking = tokio::spawn({
            let bar = bar.clone();
            async move {
                for _ in 0..ticks {
                    tokio::time::sleep(TICK).await;
                    bar.inc(1);
                }
            }
        });
        Self { bar, ticking }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.ticking.abort();
        self.bar.finish_and_clear();
    }
}
