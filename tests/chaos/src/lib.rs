//! Kills processes of the line at any moment, with `SIGKILL`, while people use it; and proves
//! from the databases that nothing was lost, doubled or put out of order. Never part of a release.
//!
//! - [`cluster`]: PostgreSQL, nats-server and the four services, each a process of its own.
//! - [`people`]: those who use the line, and who call again when there is no answer.
//! - [`load`]: reporters and partners at work, and what the line promised them.
//! - [`killing`]: who is killed when.
//! - [`books`]: all that the databases hold afterwards.
//! - [`proof`]: what is wrong with the books (pure, so that tests can tamper with them).
//! - [`report`]: what a run showed.

pub mod books;
pub mod cluster;
mod dice;
mod drain;
mod error;
pub mod killing;
pub mod load;
pub mod people;
pub mod proof;
mod recovery;
pub mod report;
mod run;
mod victim;

pub use dice::Dice;
pub use error::ChaosError;
pub use run::{KillTest, run};
pub use victim::Victim;
