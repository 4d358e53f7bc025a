//! What intake decides. Pure: no clock, no I/O, no random.

mod consent;
mod helplines;
mod signal;
mod steps;

pub use consent::{ConsentMove, change_consent, first_consent};
pub use helplines::{Helpline, call_now};
pub use signal::{MomentFault, check_reported_at};
pub use steps::{TakenStep, current_step, may_withdraw, without_repeats};
