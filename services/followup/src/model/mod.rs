//! What follow-up decides. Pure: no clock, no I/O, no random.

mod agreement;
mod asking;
mod attempts;
mod calendars;
mod contact_person;
mod ladder;
mod outcome;
mod promises;
mod reopening;
pub mod report;
pub mod story;
mod task;
mod visit;

pub use agreement::{Agreement, CaredFor};
pub use asking::{AskingRule, MayStillAnswer, Silence};
pub use attempts::{Attempt, TriedTooLittle, may_be_unreachable};
pub use calendars::{Calendars, CalendarsError};
pub use contact_person::{ContactPerson, Worker, WorkerError};
pub use ladder::{LEAST_LEFT, hastens, promised_while, raised, resumed, rung};
pub use outcome::{Outcome, ReasonMissing};
pub use promises::{Promise, Timeliness, due, promised};
pub use reopening::{Followed, to_reopen};
pub use task::{Action, ActionKind, InvalidTransition, State, Task};
pub use visit::{PlannedVisit, VisitResult, VisitTimeError};
