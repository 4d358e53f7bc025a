//! What routing decides: plain data in, plain data out. No clock, no random, no I/O.
//!
//! - [`referral`]: the states of a referral and who may move it.
//! - [`directory`], [`decision`], [`points`]: which services are asked, and why.
//! - [`case`](mod@case): all that is known of a situation; [`change`]: what follows.
//! - [`hearing`]: what follows from an event; [`calls`]: what follows from a call; [`merging`]: what
//!   follows when two situations are one.
//! - [`synthetic`]: invented partners for demonstration.

pub mod calls;
pub mod case;
pub mod change;
pub mod decision;
pub mod directory;
pub mod hearing;
pub mod merging;
pub mod need_set;
pub mod planner;
pub mod points;
pub mod referral;
pub mod synthetic;

#[cfg(test)]
mod tests;
