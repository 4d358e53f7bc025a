//! A private PostgreSQL and nats-server as child processes of this one.
//!
//! `knipperlicht dev`, the tests, the kill test and the benchmark all need the two real servers
//! and nothing of the machine they run on. [`Tools`] finds the programs, [`Postgres`] and
//! [`Nats`] each run one server on one directory, [`Scratch`] runs both on a directory that
//! disappears, and [`InstanceLock`] keeps two processes off one directory.
//!
//! Promises:
//!
//! - A server listens on 127.0.0.1 alone. PostgreSQL asks for a generated password; nats-server
//!   asks nobody who they are unless it was given accounts, so every user of this machine can then
//!   reach it while it runs.
//! - A server that has an [`Identity`], vouched for by an [`Authority`] of this machine, serves
//!   nobody in clear.
//! - A server ends with the process that started it, also when that one is killed with
//!   `SIGKILL`. This rests on `setpriv --pdeathsig` (util-linux) and `env --default-signal` (GNU core
//!   utilities 8.31), so on Linux. Without them the server stays, and the next start on the same
//!   directory ends it first.
//! - What a server stored is still there at the next start on the same directory.
//! - PostgreSQL refuses to run as root. When this process is root, it runs as the owner of the
//!   data, else as `postgres`, else as `nobody`.

mod authority;
mod child;
mod error;
mod home;
mod lock;
mod nats;
mod nats_cluster;
mod port;
mod postgres;
mod scratch;
mod tools;

pub use authority::{Authority, Identity};
pub use error::SandboxError;
pub use home::remove_data;
pub use lock::InstanceLock;
pub use nats::{Nats, NatsOptions, Peer};
pub use nats_cluster::NatsCluster;
pub use port::free_port;
pub use postgres::{Postgres, PostgresOptions};
pub use scratch::{Scratch, ScratchDirectory, ScratchOptions};
pub use tools::Tools;

/// What a server promises about a write it has acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// It is on the disk: it survives the loss of power.
    Durable,
    /// The operating system has it: it survives the kill of the server, but not the loss of power.
    /// For tests, where the data is thrown away.
    Disposable,
}

/// How a server came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// By itself, everything written.
    Cleanly,
    /// The deadline passed, so it was ended; it recovers at its next start.
    ByForce,
}
