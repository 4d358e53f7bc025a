//! How events travel between the services.
//!
//! - [`outbox`]: what a service says is written in the transaction that makes it so.
//! - [`relay`]: brings the outbox to NATS JetStream, in order, once or more often.
//! - [`consumer`]: brings events to a service's [`Reactions`], in order, with effect once.
//! - `listener`: brings them to a service that hears everything and keeps no inbox.
//! - `reader`, [`Feed`]: the stream from where a service stopped; what is new in it, read once for
//!   all services of a process.
//! - `seat`, `lease`: which process reads which partition, and how far it came.
//! - [`Turns`]: one of them at a time, so that whoever waits for an answer does not wait for all.
//! - [`admission`]: the rule behind that: which event may take effect now (pure).
//! - [`merges`]: what is heard of a situation that became part of another one.
//! - [`erasing`]: what is heard of a situation that was forgotten.
//! - [`Forgetting`]: what was said of it says nothing any more, here and in the stream.
//! - [`parking`]: what cannot be handled waits in PostgreSQL, and its situation behind it.
//! - [`topology`]: the stream, and who listens to whom.
//! - [`accounts`]: who may do what at NATS.
//! - [`health`]: how it stands with the servers that all of this needs.
//! - [`story`]: what was said and handled of one situation, and when.
//! - [`lag`]: how far a service is behind; [`Kit::backlog`]: as an operator is told.
//! - [`Watch`], [`Lead`]: what is told of a whole service for dashboards and alerts, by one of its
//!   processes.
//! - [`reconciler`]: what was said compared with what was handled; replay.
//! - [`Watchers`]: who watches what, and is woken when it changed.
//! - [`audit`]: who did what, and why: a log that every service keeps beside its events.
//!
//! NATS is transport, never the record: with the stream lost, the outboxes fill it again.

pub mod accounts;
pub mod admission;
pub mod audit;
mod backlog;
pub mod consumer;
mod delivery;
mod envelope;
pub mod erasing;
mod event;
mod feed;
mod forgetting;
pub mod health;
mod inbox;
mod kit;
pub mod lag;
mod lead;
mod lease;
mod listener;
mod measure;
pub mod merges;
mod nats;
pub mod outbox;
pub mod parking;
mod pull;
pub mod quiet;
mod reader;
pub mod reconciler;
pub mod relay;
pub mod schema;
mod seat;
mod spans;
pub mod story;
pub mod topology;
mod turn;
mod watch;
mod watchers;

pub use accounts::NatsUser;
pub use consumer::{Consumer, ReactionError, Reactions};
pub use erasing::Forgets;
pub use event::{Event, Fact};
pub use feed::Feed;
pub use forgetting::Forgetting;
pub use kit::Kit;
pub use lead::Lead;
pub use listener::{Listener, Listens};
pub use nats::{NatsError, NatsOptions};
pub use outbox::{Said, Waker, say};
pub use relay::Relay;
pub use turn::Turns;
pub use watch::Watch;
pub use watchers::{Change, Found, Looks, Watcher, Watchers};

/// The tables that every service's schema holds.
pub static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("./migrations");
