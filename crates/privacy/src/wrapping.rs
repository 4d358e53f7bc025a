//! Who keeps the master keys: this process ([`KeyRing`](crate::KeyRing)), or a service apart (KMS)
//! that wraps and unwraps for it and never shows them.

use async_trait::async_trait;
use knipperlicht_vocabulary::Environment;
use uuid::Uuid;

use crate::{DataKey, VaultError};

/// A data key as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrappedKey {
    /// The master key it is wrapped with.
    pub master_key_id: String,
    /// The data key, encrypted.
    pub bytes: Vec<u8>,
}

/// A data key wrapped anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rewrapped {
    /// Whose it is.
    pub owner: Uuid,
    /// As it was: what somebody else changed or destroyed meanwhile is left as it is.
    pub before: WrappedKey,
    /// As it is from now on.
    pub after: WrappedKey,
}

/// What a look at the keys brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Looked {
    /// They are those that were there.
    Same,
    /// There are others; this one wraps from now on.
    Changed(String),
}

/// Wraps data keys under master keys. Several may be in use: one wraps, all unwrap.
#[async_trait]
pub trait KeyWrapping: Send + Sync {
    /// The name of the master key that wraps now.
    async fn current(&self) -> Result<String, VaultError>;

    /// Wraps a data key for its owner: for nobody else's it opens.
    async fn wrap(
        &self,
        environment: &Environment,
        owner: Uuid,
        key: &DataKey,
    ) -> Result<WrappedKey, VaultError>;

    /// A data key of this owner, unwrapped.
    async fn unwrap(&self, owner: Uuid, wrapped: &WrappedKey) -> Result<DataKey, VaultError>;

    /// Looks whether there are other keys by now. Called every few seconds.
    async fn look(&self) -> Result<Looked, VaultError>;
}
