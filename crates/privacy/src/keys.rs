//! The master key: the one secret that everything else is wrapped with.

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use knipperlicht_vocabulary::Environment;
use secrecy::{ExposeSecret, SecretBox};
use sha2::Sha256;
use zeroize::Zeroizing;

/// A text that is not a master key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// It has another form.
    #[error("a master key has the form `name:` and 32 bytes in base64, such as `2026-1:AAAA...=`")]
    Malformed,
}

/// A named key of 256 bits. Its name is stored beside what it wraps, so that it can be rotated.
pub struct MasterKey {
    id: String,
    secret: SecretBox<[u8; 32]>,
}

impl MasterKey {
    /// Reads `name:base64`.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let (id, encoded) = text.trim().split_once(':').ok_or(KeyError::Malformed)?;
        let bytes = Zeroizing::new(STANDARD.decode(encoded).map_err(|_| KeyError::Malformed)?);
        let secret: [u8; 32] = bytes
            .as_slice()
            .try_into()
            .map_err(|_| KeyError::Malformed)?;
        if id.is_empty() {
            return Err(KeyError::Malformed);
        }
        Ok(Self {
            id: id.to_owned(),
            secret: SecretBox::new(Box::new(secret)),
        })
    }

    /// A fresh key as text, for a key file.
    #[must_use]
    pub fn generate(id: &str, environment: &Environment) -> Zeroizing<String> {
        let mut secret = Zeroizing::new([0; 32]);
        environment.fill(secret.as_mut_slice());
        Zeroizing::new(format!("{id}:{}", STANDARD.encode(secret.as_slice())))
    }

    /// Its name.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// A key for one purpose, which says nothing about the others (HKDF-expand's one-block case,
    /// RFC 5869: HMAC over the purpose and a counter).
    pub(crate) fn derive(&self, purpose: &str) -> Zeroizing<[u8; 32]> {
        let mut derived = Zeroizing::new([0; 32]);
        if let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.secret.expose_secret()) {
            mac.update(purpose.as_bytes());
            mac.update(&[1]);
            derived.copy_from_slice(&mac.finalize().into_bytes());
        }
        derived
    }
}
