//! The vault: every situation has its own data key, wrapped by the master key. Destroying the
//! wrapped key makes everything of that situation unreadable, wherever copies of it lie.

use std::sync::Arc;

use chacha20poly1305::{
    Key, XChaCha20Poly1305, XNonce,
    aead::{Aead, KeyInit, Payload},
};
use knipperlicht_vocabulary::{Environment, SituationId};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::{KeyWrapping, RingError, WrappedKey};

/// Bytes of the random nonce before each ciphertext: wide enough to draw at random.
const NONCE: usize = 24;

/// What is in the vault cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// It was wrapped with a master key that is not here.
    #[error("wrapped with master key `{0}`, which this process does not have")]
    UnknownMasterKey(String),
    /// It was changed, belongs to another situation, or the key is another one.
    #[error("cannot be opened with this key")]
    Sealed,
    /// The master keys cannot be read.
    #[error("master keys: {0}")]
    Keys(#[from] RingError),
    /// Whoever keeps the master keys does not answer.
    #[error("the keeper of the master keys does not answer: {0}")]
    Away(String),
}

/// A situation's data key. Says nothing when printed, and is wiped when dropped.
pub struct DataKey(Zeroizing<[u8; 32]>);

/// Seals and opens what says who someone is.
#[derive(Clone)]
pub struct Vault {
    keys: Arc<dyn KeyWrapping>,
}

impl Vault {
    /// A vault under the master keys of this keeper.
    #[must_use]
    pub fn new(keys: Arc<dyn KeyWrapping>) -> Self {
        Self { keys }
    }

    /// A fresh data key for a situation, and its form for storage.
    pub async fn new_key(
        &self,
        environment: &Environment,
        situation: SituationId,
    ) -> Result<(DataKey, WrappedKey), VaultError> {
        self.new_key_of(environment, situation.uuid()).await
    }

    /// A fresh data key for anything else that has an id, and its form for storage.
    pub async fn new_key_of(
        &self,
        environment: &Environment,
        owner: Uuid,
    ) -> Result<(DataKey, WrappedKey), VaultError> {
        let mut key = DataKey(Zeroizing::new([0; 32]));
        environment.fill(key.0.as_mut_slice());
        let wrapped = self.keys.wrap(environment, owner, &key).await?;
        Ok((key, wrapped))
    }

    /// A stored data key, unwrapped.
    pub async fn unwrap_key(
        &self,
        situation: SituationId,
        wrapped: &WrappedKey,
    ) -> Result<DataKey, VaultError> {
        self.unwrap_key_of(situation.uuid(), wrapped).await
    }

    /// A stored data key of anything else that has an id, unwrapped.
    pub async fn unwrap_key_of(
        &self,
        owner: Uuid,
        wrapped: &WrappedKey,
    ) -> Result<DataKey, VaultError> {
        self.keys.unwrap(owner, wrapped).await
    }

    /// A stored data key wrapped anew, under the master key that wraps now; nothing if it is.
    pub async fn rewrapped(
        &self,
        environment: &Environment,
        owner: Uuid,
        wrapped: &WrappedKey,
    ) -> Result<Option<WrappedKey>, VaultError> {
        if self.keys.current().await? == wrapped.master_key_id {
            return Ok(None);
        }
        let key = self.keys.unwrap(owner, wrapped).await?;
        Ok(Some(self.keys.wrap(environment, owner, &key).await?))
    }
}

impl DataKey {
    /// Of 32 bytes, for whoever unwraps.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut key = Zeroizing::new([0; 32]);
        if bytes.len() != key.len() {
            return None;
        }
        key.copy_from_slice(bytes);
        Some(Self(key))
    }

    /// Its bytes, for whoever wraps.
    #[must_use]
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// Encrypts. `place` says what it is of what; it opens only there.
    pub fn seal(
        &self,
        environment: &Environment,
        place: &str,
        plain: &[u8],
    ) -> Result<Vec<u8>, VaultError> {
        seal(&self.0, environment, place.as_bytes(), plain)
    }

    /// Decrypts what was sealed for this `place`.
    pub fn open(&self, place: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        open(&self.0, place.as_bytes(), sealed)
    }
}

pub(crate) fn seal(
    key: &[u8; 32],
    environment: &Environment,
    place: &[u8],
    plain: &[u8],
) -> Result<Vec<u8>, VaultError> {
    let mut nonce = [0; NONCE];
    environment.fill(&mut nonce);
    let cipher = XChaCha20Poly1305::new(&Key::from(*key));
    let payload = Payload {
        msg: plain,
        aad: place,
    };
    let sealed = cipher
        .encrypt(&XNonce::from(nonce), payload)
        .map_err(|_| VaultError::Sealed)?;
    Ok([nonce.as_slice(), &sealed].concat())
}

pub(crate) fn open(
    key: &[u8; 32],
    place: &[u8],
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, VaultError> {
    let (nonce, sealed) = sealed
        .split_first_chunk::<NONCE>()
        .ok_or(VaultError::Sealed)?;
    let cipher = XChaCha20Poly1305::new(&Key::from(*key));
    let payload = Payload {
        msg: sealed,
        aad: place,
    };
    cipher
        .decrypt(&XNonce::from(*nonce), payload)
        .map(Zeroizing::new)
        .map_err(|_| VaultError::Sealed)
}

#[cfg(test)]
pub(crate) mod tests {
    use async_trait::async_trait;
    use jiff::Timestamp;
    use knipperlicht_vocabulary::{Clock, Random};

    use super::*;
    use crate::{KeyRing, Looked};

    struct Fixed;

    impl Clock for Fixed {
        fn now(&self) -> Timestamp {
            Timestamp::UNIX_EPOCH
        }
    }

    impl Random for Fixed {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(7);
        }
    }

    pub(crate) fn environment() -> Environment {
        Environment::new(Arc::new(Fixed), Arc::new(Fixed)).unwrap()
    }

    fn situation(id: u128) -> SituationId {
        Uuid::from_u128(id).into()
    }

    fn vault(id: &str, byte: char) -> Vault {
        let key: String = std::iter::repeat_n(byte, 43).collect();
        Vault::new(Arc::new(KeyRing::parse(&format!("{id}:{key}=")).unwrap()))
    }

    #[tokio::test]
    async fn opens_only_with_its_key_its_situation_and_its_place() {
        let (vault, environment) = (vault("a", 'A'), environment());
        let (key, wrapped) = vault.new_key(&environment, situation(1)).await.unwrap();
        let sealed = key.seal(&environment, "contact", b"Maria").unwrap();
        assert!(!sealed.windows(5).any(|bytes| bytes == b"Maria"));

        let again = vault.unwrap_key(situation(1), &wrapped).await.unwrap();
        assert_eq!(again.open("contact", &sealed).unwrap().as_slice(), b"Maria");
        assert!(again.open("note", &sealed).is_err());
        assert!(vault.unwrap_key(situation(2), &wrapped).await.is_err());
        assert!(again.open("contact", &sealed[..NONCE - 1]).is_err());
    }

    #[tokio::test]
    async fn names_the_master_key_it_lacks() {
        let environment = environment();
        let made = vault("old", 'A').new_key(&environment, situation(1)).await;
        let (_, wrapped) = made.unwrap();
        let opened = vault("new", 'E').unwrap_key(situation(1), &wrapped).await;
        let error = opened.err().unwrap();
        assert!(matches!(error, VaultError::UnknownMasterKey(id) if id == "old"));
    }

    /// A keeper that is not this process, and is away now and then.
    struct Elsewhere {
        ring: KeyRing,
        is_away: std::sync::atomic::AtomicBool,
    }

    impl Elsewhere {
        async fn reached(&self) -> Result<&KeyRing, VaultError> {
            tokio::task::yield_now().await;
            if self.is_away.load(std::sync::atomic::Ordering::SeqCst) {
                return Err(VaultError::Away("timeout".to_owned()));
            }
            Ok(&self.ring)
        }
    }

    #[async_trait]
    impl KeyWrapping for Elsewhere {
        async fn current(&self) -> Result<String, VaultError> {
            self.reached().await?.current().await
        }

        async fn wrap(
            &self,
            environment: &Environment,
            owner: Uuid,
            key: &DataKey,
        ) -> Result<WrappedKey, VaultError> {
            let ring = self.reached().await?;
            ring.wrap(environment, owner, key).await
        }

        async fn unwrap(&self, owner: Uuid, wrapped: &WrappedKey) -> Result<DataKey, VaultError> {
            self.reached().await?.unwrap(owner, wrapped).await
        }

        async fn look(&self) -> Result<Looked, VaultError> {
            Ok(Looked::Same)
        }
    }

    #[tokio::test]
    async fn says_when_whoever_keeps_the_master_keys_is_away() {
        let ring = KeyRing::parse(&format!("kms:{}=", "A".repeat(43))).unwrap();
        let keeper = Arc::new(Elsewhere {
            ring,
            is_away: false.into(),
        });
        let vault = Vault::new(Arc::clone(&keeper) as Arc<_>);
        let environment = environment();
        let (_, wrapped) = vault.new_key(&environment, situation(1)).await.unwrap();
        vault.unwrap_key(situation(1), &wrapped).await.unwrap();
        let is_away = &keeper.is_away;
        is_away.store(true, std::sync::atomic::Ordering::SeqCst);
        let away = vault
            .unwrap_key(situation(1), &wrapped)
            .await
            .err()
            .unwrap();
        assert!(matches!(away, VaultError::Away(_)));
    }
}
