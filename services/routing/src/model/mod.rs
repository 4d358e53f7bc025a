//! What routing decides: plain data in, plain data out. No clock, no random, no I/O.
//!
//! - [`referral`]: the states of a referral and who may move it.
//! - [`listing`]: a service as a person reads it; [`exchange`]: the directory as files.
//! - [`card`]: what is left with a carer who does not want to be referred.
//! - [`ending`]: what becomes of a referral to a service that ends.
//! - [`directory`], [`decision`], [`points`], [`cover`], [`behaviour`]: which services are asked,
//!   and why; [`record`]: what is kept of that.
//! - [`case`](mod@case): all that is known of a situation; [`change`]: what follows.
//! - [`hearing`]: what follows from an event; [`calls`]: what follows from a call; [`merging`]: what
//!   follows when two situations are one.
//! - [`synthetic`]: invented partners for demonstration.

pub mod behaviour;
pub mod calls;
pub mod card;
pub mod case;
pub mod change;
pub mod cover;
pub mod decision;
pub mod directory;
pub mod ending;
pub mod exchange;
pub mod hearing;
pub mod listing;
pub mod merging;
pub mod need_set;
pub mod planner;
pub mod points;
pub mod record;
pub mod referral;
pub mod synthetic;

#[cfg(test)]
pub(crate) mod tests;
