//! Something to look at while waiting.

use std::{future::Future, pin::pin, time::Duration};

use indicatif::{ProgressBar, ProgressStyle};

/// Shorter than this needs no explanation.
const AT_ONCE: Duration = Duration::from_secs(1);

const TICK: Duration = Duration::from_millis(120);

/// Does `work`, and shows on a terminal that it is under way once it takes longer than a second.
pub(crate) async fn patiently<T>(work: impl Future<Output = T>) -> T {
    let mut work = pin!(work);
    tokio::select! {
        done = &mut work => return done,
        () = tokio::time::sleep(AT_ONCE) => {}
    }
    let spinner = ProgressBar::new_spinner().with_message("waiting for the server");
    spinner.enable_steady_tick(TICK);
    let done = work.await;
    spinner.finish_and_clear();
    done
}

/// A bar on the terminal's error stream; nothing where that is no terminal.
pub(crate) fn bar(length: usize) -> ProgressBar {
    let bar = ProgressBar::new(u64::try_from(length).unwrap_or(u64::MAX));
    // A wrong template would be a mistake here, and a plain bar does as well.
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} signals, {eta} left") {
        bar.set_style(style);
    }
    bar
}
