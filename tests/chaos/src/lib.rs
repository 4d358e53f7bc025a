//! Lets everything go wrong that can, while people use the line; and proves from the databases that
//! nothing was lost, doubled or put out of order. Never part of a release.
//!
//! - [`cluster`]: PostgreSQL, nats-servers and the services, each a process of its own.
//! - [`proxy`]: the network between them.
//! - [`people`]: those who use the line, and who call again when there is no answer.
//! - [`load`]: reporters and partners at work, and what the line promised them.
//! - [`mishap`]: what can go wrong; [`plan`]: what does, and when; [`attack`]: letting it.
//! - [`books`]: all that the databases hold afterwards.
//! - [`proof`]: what is wrong with the books (pure, so that tests can tamper with them).
//! - [`stall`]: how long the line stood still.
//! - [`report`]: what a run showed.

pub mod attack;
pub mod books;
pub mod cluster;
mod dice;
mod drain;
mod error;
pub mod load;
pub mod mishap;
pub mod people;
pub mod plan;
pub mod proof;
pub mod proxy;
pub mod report;
mod run;
pub mod stall;

pub use dice::Dice;
pub use error::ChaosError;
pub use run::{Chaos, prove, run, upgrade};
