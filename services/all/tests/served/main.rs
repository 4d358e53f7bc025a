//! The program as a process of its own, told by its environment.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod backup;
mod ground;
mod keys;
mod line;
mod metrics;
mod on_the_wire;
mod runbooks;
