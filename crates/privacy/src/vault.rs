//! The vault: every situation has its own data key, wrapped by the master key. Destroying the
//! wrapped key makes everything of that situation unreadable, wherever copies of it lie.

use chacha20poly1305::{
    Key, XChaCha20Poly1305, XNonce,
    aead::{Aead, KeyInit, Payload},
};
use knipperlicht_vocabulary::{Environment, SituationId};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::MasterKey;

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
}

/// A situation's data key. Says nothing when printed, and is wiped when dropped.
pub struct DataKey(Zeroizing<[u8; 32]>);

/// A data key as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrappedKey {
    /// The master key it is wrapped with.
    pub master_key_id: String,
    /// The data key, encrypted.
    pub bytes: Vec<u8>,
}

/// Seals and opens what says who someone is.
pub struct Vault {
    master_key_id: String,
    wrapping: Zeroizing<[u8; 32]>,
}

impl Vault {
    /// A vault under this master key.
    #[must_use]
    pub fn new(master: &MasterKey) -> Self {
        Self {
            master_key_id: master.id().to_owned(),
            wrapping: master.derive("vault"),
        }
    }

    /// A fresh data key for a situation, and its form for storage.
    pub fn new_key(
        &self,
        environment: &Environment,
        situation: SituationId,
    ) -> Result<(DataKey, WrappedKey), VaultError> {
        self.new_key_of(environment, situation.uuid())
    }

    /// A fresh data key for anything else that has an id, and its form for storage.
    pub fn new_key_of(
        &self,
        environment: &Environment,
        owner: Uuid,
    ) -> Result<(DataKey, WrappedKey), VaultError> {
        let mut key = Zeroizing::new([0; 32]);
        environment.fill(key.as_mut_slice());
        let bytes = seal(
            &self.wrapping,
            environment,
            owner.as_bytes(),
            key.as_slice(),
        )?;
        Ok((
            DataKey(key),
            WrappedKey {
                master_key_id: self.master_key_id.clone(),
                bytes,
            },
        ))
    }

    /// A stored data key, unwrapped.
    pub fn unwrap_key(
        &self,
        situation: SituationId,
        wrapped: &WrappedKey,
    ) -> Result<DataKey, VaultError> {
        self.unwrap_key_of(situation.uuid(), wrapped)
    }

    /// A stored data key of anything else that has an id, unwrapped.
    pub fn unwrap_key_of(&self, owner: Uuid, wrapped: &WrappedKey) -> Result<DataKey, VaultError> {
        if wrapped.master_key_id != self.master_key_id {
            return Err(VaultError::UnknownMasterKey(wrapped.master_key_id.clone()));
        }
        let bytes = open(&self.wrapping, owner.as_bytes(), &wrapped.bytes)?;
        let mut key = Zeroizing::new([0; 32]);
        if bytes.len() != key.len() {
            return Err(VaultError::Sealed);
        }
        key.copy_from_slice(&bytes);
        Ok(DataKey(key))
    }
}

impl DataKey {
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

fn seal(
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

fn open(key: &[u8; 32], place: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, VaultError> {
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
mod tests {
    use std::sync::Arc;

    use jiff::Timestamp;
    use knipperlicht_vocabulary::{Clock, Random};

    use super::*;

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

    fn environment() -> Environment {
        Environment::new(Arc::new(Fixed), Arc::new(Fixed)).unwrap()
    }

    fn situation(id: u128) -> SituationId {
        Uuid::from_u128(id).into()
    }

    fn vault(id: &str, byte: char) -> Vault {
        let key = std::iter::repeat_n(byte, 43).collect::<String>();
        Vault::new(&MasterKey::parse(&format!("{id}:{key}=")).unwrap())
    }

    #[test]
    fn opens_only_with_its_key_its_situation_and_its_place() {
        let (vault, environment) = (vault("a", 'A'), environment());
        let (key, wrapped) = vault.new_key(&environment, situation(1)).unwrap();
        let sealed = key.seal(&environment, "contact", b"Maria").unwrap();
        assert!(!sealed.windows(5).any(|bytes| bytes == b"Maria"));

        let again = vault.unwrap_key(situation(1), &wrapped).unwrap();
        assert_eq!(again.open("contact", &sealed).unwrap().as_slice(), b"Maria");
        assert!(again.open("note", &sealed).is_err());
        assert!(vault.unwrap_key(situation(2), &wrapped).is_err());
        assert!(again.open("contact", &sealed[..NONCE - 1]).is_err());
    }

    #[test]
    fn names_the_master_key_it_lacks() {
        let environment = environment();
        let (_, wrapped) = vault("old", 'A')
            .new_key(&environment, situation(1))
            .unwrap();
        let error = vault("new", 'E')
            .unwrap_key(situation(1), &wrapped)
            .err()
            .unwrap();
        assert!(matches!(error, VaultError::UnknownMasterKey(id) if id == "old"));
    }
}
