//! SQL on a borrowed connection. Who may see what is decided by the row-level policies of the
//! tables.

pub(crate) mod attempts;
pub(crate) mod concerned;
pub(crate) mod deliveries;
pub mod keys;
pub(crate) mod lanes;
pub(crate) mod standings;
pub(crate) mod subscriptions;
