//! The keys that are read from files: the master keys, which wrap data keys, and the index key,
//! which recognises texts. Each is a name and 32 secret bytes.

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use knipperlicht_vocabulary::Environment;
use secrecy::{ExposeSecret, SecretBox};
use sha2::Sha256;
use zeroize::Zeroizing;

/// A text that is not a key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// It has another form.
    #[error("a key has the form `name:` and 32 bytes in base64, such as `2026-1:AAAA...=`")]
    Malformed,
    /// There is none.
    #[error("there is no key in it: `knipperlicht ops keys new NAME` makes one")]
    None,
    /// Two have one name.
    #[error("two keys are called `{0}`: what is wrapped says by its name which key it needs")]
    SameName(String),
}

/// A named key of 256 bits. Its name is stored beside what it wraps, so that it can be rotated.
pub struct MasterKey {
    id: String,
    secret: SecretBox<[u8; 32]>,
}

impl MasterKey {
    /// Reads `name:base64`.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let (id, secret) = named_bytes(text)?;
        Ok(Self {
            id,
            secret: SecretBox::new(Box::new(*secret)),
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

    /// What data keys are wrapped with.
    pub(crate) fn wrapping(&self) -> Zeroizing<[u8; 32]> {
        derive(self.secret.expose_secret(), "vault")
    }

    /// The index key of an installation that has none of its own: look-ups stay as they were made,
    /// under the first master key that there was.
    #[must_use]
    pub fn as_index_key(&self) -> IndexKey {
        IndexKey(SecretBox::new(Box::new(*self.secret.expose_secret())))
    }
}

/// What recognises texts. It is not rotated with the master keys: with another one, nothing that is
/// stored would be recognised any more.
pub struct IndexKey(SecretBox<[u8; 32]>);

impl IndexKey {
    /// Reads `name:base64`.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let (_, secret) = named_bytes(text)?;
        Ok(Self(SecretBox::new(Box::new(*secret))))
    }

    /// It as text, for a file of its own.
    #[must_use]
    pub fn text(&self, id: &str) -> Zeroizing<String> {
        let secret = STANDARD.encode(self.0.expose_secret());
        Zeroizing::new(format!("{id}:{secret}"))
    }

    /// What one sort of text is recognised with.
    pub(crate) fn fingerprint(&self, purpose: &str) -> Zeroizing<[u8; 32]> {
        derive(self.0.expose_secret(), &format!("fingerprint:{purpose}"))
    }
}

/// A name and 32 bytes, as `name:base64`.
pub(crate) fn named_bytes(text: &str) -> Result<(String, Zeroizing<[u8; 32]>), KeyError> {
    let (id, encoded) = text.trim().split_once(':').ok_or(KeyError::Malformed)?;
    let decoded = Zeroizing::new(STANDARD.decode(encoded).map_err(|_| KeyError::Malformed)?);
    let mut bytes = Zeroizing::new([0; 32]);
    if id.is_empty() || id.contains(char::is_whitespace) || decoded.len() != bytes.len() {
        return Err(KeyError::Malformed);
    }
    bytes.copy_from_slice(&decoded);
    Ok((id.to_owned(), bytes))
}

/// A key for one purpose, which says nothing about the others (HKDF-expand's one-block case,
/// RFC 5869: HMAC over the purpose and a counter).
fn derive(secret: &[u8; 32], purpose: &str) -> Zeroizing<[u8; 32]> {
    let mut derived = Zeroizing::new([0; 32]);
    if let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret) {
        mac.update(purpose.as_bytes());
        mac.update(&[1]);
        derived.copy_from_slice(&mac.finalize().into_bytes());
    }
    derived
}
