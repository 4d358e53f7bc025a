//! What keeps personal data to those who should know: a [`Vault`] that encrypts per situation, a
//! [`Fingerprint`] that recognises a text without keeping it, and an audit [`chain`](audit) that
//! cannot be changed unseen.

pub mod audit;
mod fingerprint;
mod keys;
mod vault;

pub use fingerprint::{Fingerprint, ReporterKeys};
pub use keys::{KeyError, MasterKey};
pub use vault::{DataKey, Vault, VaultError, WrappedKey};
