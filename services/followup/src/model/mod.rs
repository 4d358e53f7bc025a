//! What follow-up decides. Pure: no clock, no I/O, no random.

mod outcome;
mod promises;
pub mod report;
pub mod story;
mod task;
mod visit;

pub use outcome::{Outcome, ReasonMissing};
pub use promises::{Promise, Timeliness, due, promised};
pub use task::{Action, ActionKind, InvalidTransition, State, Task};
pub use visit::{PlannedVisit, VisitResult, VisitTimeError};
