//! What keeps personal data to those who should know: a [`Vault`] that encrypts per situation, under
//! master keys that a [`KeyRing`] or another [`KeyWrapping`] keeps; a [`Fingerprint`] that recognises
//! a text without keeping it; and an audit [`chain`](audit) that cannot be changed unseen.

pub mod audit;
mod fingerprint;
mod keys;
mod ring;
mod vault;
mod wrapping;

pub use fingerprint::{Fingerprint, ReporterKeys};
pub use keys::{IndexKey, KeyError, MasterKey};
pub use ring::{KeyRing, RingError};
pub use vault::{DataKey, Vault, VaultError};
pub use wrapping::{KeyWrapping, Looked, Rewrapped, WrappedKey};
