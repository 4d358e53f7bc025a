//! The audit log of a service: who did what to what, and why. `docs/audit.md` is the list of what
//! is noted.
//!
//! - `append` adds a row, whose hash covers the one before it; the database lets nobody change one.
//! - [`verify`](verify()) reads all of them and finds what does not follow.
//! - [`Checkpoints`] keep, outside of PostgreSQL and signed, how far the log had come: what was cut
//!   off at its end, or written anew as a whole, no longer fits them.
//! - [`Keeper`] makes checkpoints while the service runs.

mod append;
mod checkpoints;
mod keeper;
mod verify;

pub use append::{Deed, append};
pub use checkpoints::{Checkpoints, CheckpointsError, Verdict};
pub use keeper::{Keeper, Kept};
pub use verify::{Chain, Fault, Faults, last_number, verify};
