//! What follow-up decides. Pure: no clock, no I/O, no random.

mod asking;
mod outcome;
mod promises;
mod task;
mod visit;

pub use asking::AskingRule;
pub use outcome::{Outcome, ReasonMissing};
pub use promises::{Promise, Timeliness, due, promised};
pub use task::{Action, ActionKind, InvalidTransition, State, Task};
pub use visit::{PlannedVisit, VisitResult, VisitTimeError};
