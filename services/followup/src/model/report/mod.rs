//! The report of a zone over a year: what is counted, and how much of it may be published.

mod duration;
mod lines;
mod measure;
mod period;
mod suppression;

pub use duration::{Durations, TimeStep};
pub use lines::{Line, Topic, open_loops, report};
pub use measure::{By, Counts, LoopAge, Measure};
pub use period::{MOST_YEARS, Period, PeriodError};
pub use suppression::{Cell, Divided, THRESHOLD, overlapping, parts_of, primary};

#[cfg(test)]
mod tests;
