//! The measurements.

mod accept;
mod decide;
mod footprint;
mod gateway;
mod image;
mod import;
mod inbox;
mod latency;
mod line;
mod lists;
mod reports;
mod rounds;
mod telemetry;
mod timers;

pub(crate) use accept::accept;
pub(crate) use decide::decisions;
pub(crate) use footprint::{apart, idle, loaded, start_up};
pub(crate) use gateway::gateway;
pub(crate) use image::image;
pub(crate) use import::import;
pub(crate) use inbox::inbox;
pub(crate) use latency::latency;
pub(crate) use line::line;
pub(crate) use lists::lists;
pub(crate) use reports::reports;
pub(crate) use telemetry::telemetry;
pub(crate) use timers::timers;

use hdrhistogram::Histogram;

use crate::{ground::Ground, options::Effort, process::Program};

/// What every measurement works on.
pub(crate) struct Bench<'a> {
    pub(crate) ground: &'a Ground,
    pub(crate) program: &'a Program,
    pub(crate) effort: Effort,
    /// Signals of long ago that are stored.
    pub(crate) stored: i64,
}

impl Bench<'_> {
    /// A figure's name for programs, and what it is of: another one where much is stored.
    fn figure(&self, name: &str, what: &str) -> (String, String) {
        match self.stored {
            0 => (name.to_owned(), what.to_owned()),
            stored => (
                format!("{name}_stored"),
                format!("{what}, {stored} signals stored"),
            ),
        }
    }
}

/// Milliseconds at a quantile of a histogram in microseconds.
fn ms_at(histogram: &Histogram<u64>, quantile: f64) -> f64 {
    #[expect(
        clippy::cast_precision_loss,
        reason = "at most a minute of microseconds"
    )]
    let micros = histogram.value_at_quantile(quantile) as f64;
    micros / 1_000.0
}

/// The middle one.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}
