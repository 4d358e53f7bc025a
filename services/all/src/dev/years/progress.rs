//! How far the invented years came, for whoever waits.

use std::io::{IsTerminal, stderr};

use indicatif::{ProgressBar, ProgressStyle};
use jiff::civil::Date;

/// A bar on a terminal; elsewhere a line at the beginning.
pub(super) struct Progress {
    first: Date,
    bar: ProgressBar,
}

impl Progress {
    pub(super) fn new(first: Date, last: Date) -> Self {
        if !stderr().is_terminal() {
            eprintln!("inventing what happened from {first} to {last}: some minutes, once");
        }
        let bar = ProgressBar::new(days(first, last));
        // A wrong template would be a mistake here, and a plain bar does as well.
        if let Ok(style) =
            ProgressStyle::with_template("inventing what happened {bar:30} {msg}, {eta} left")
        {
            bar.set_style(style);
        }
        Self { first, bar }
    }

    pub(super) fn came_to(&self, day: Date, signals: usize) {
        self.bar.set_position(days(self.first, day));
        self.bar.set_message(format!("{day}, {signals} signals"));
    }

    pub(super) fn done(&self, signals: usize) {
        let took = self.bar.elapsed().as_secs();
        self.bar.finish_and_clear();
        eprintln!("{signals} signals were invented, with all that came of them, in {took} s");
    }
}

fn days(from: Date, to: Date) -> u64 {
    let days = from.until(to).map_or(0, |span| span.get_days());
    u64::try_from(days).unwrap_or_default()
}
