//! How far an audit chain had come, signed: a line of text that is kept where whoever can change
//! the database cannot.

use std::{collections::BTreeMap, fmt::Write};

use base64::{Engine, engine::general_purpose::STANDARD};
use ed25519_dalek::{Signature, Signer, SigningKey, Verifier, VerifyingKey};
use jiff::Timestamp;

use crate::keys::{KeyError, named_bytes};

/// What is signed begins with this, so that no signature of something else is one of a checkpoint.
const CONTEXT: &str = "knipperlicht audit checkpoint 1";

/// How far the chain of a service had come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Whose chain.
    pub service: String,
    /// The number of its last row.
    pub number: i64,
    /// The hash of that row.
    pub hash: [u8; 32],
    /// When.
    pub at: Timestamp,
}

/// Why a line is no checkpoint that can be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointFault {
    /// It has another form.
    #[error("it is no checkpoint at all")]
    Malformed,
    /// Nobody whose key is known signed it.
    #[error("it is signed with a key that is not among those believed")]
    UnknownKey,
    /// It was changed, or signed with another key than it says.
    #[error("its signature does not fit")]
    Forged,
}

/// Signs checkpoints. Says nothing when printed, and is wiped when dropped.
pub struct CheckpointKey {
    id: String,
    key: SigningKey,
}

impl CheckpointKey {
    /// Reads `name:base64` of 32 secret bytes.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let (id, secret) = named_bytes(text)?;
        Ok(Self {
            id,
            key: SigningKey::from_bytes(&secret),
        })
    }

    /// Its public half, as [`CheckpointReaders`] reads it.
    #[must_use]
    pub fn public(&self) -> String {
        let public = STANDARD.encode(self.key.verifying_key().as_bytes());
        format!("{}:{public}", self.id)
    }

    /// Whoever believes this key alone.
    #[must_use]
    pub fn readers(&self) -> CheckpointReaders {
        CheckpointReaders(BTreeMap::from([(
            self.id.clone(),
            self.key.verifying_key(),
        )]))
    }

    /// The checkpoint as a line: service, number, hash, moment, name of the key, signature.
    #[must_use]
    pub fn sign(&self, checkpoint: &Checkpoint) -> String {
        let said = checkpoint.said();
        let signature = self.key.sign(signed(&said, &self.id).as_bytes());
        let signature = STANDARD.encode(signature.to_bytes());
        format!("{said} {} {signature}", self.id)
    }
}

/// Whose signatures are believed.
#[derive(Default)]
pub struct CheckpointReaders(BTreeMap<String, VerifyingKey>);

impl CheckpointReaders {
    /// Reads public keys, `name:base64` each.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let keys = text.split_whitespace().map(|one| {
            let (id, public) = named_bytes(one)?;
            let key = VerifyingKey::from_bytes(&public).map_err(|_| KeyError::Malformed)?;
            Ok((id, key))
        });
        keys.collect::<Result<_, _>>().map(Self)
    }

    /// The checkpoint that a line is.
    pub fn read(&self, line: &str) -> Result<Checkpoint, CheckpointFault> {
        let (said, id, signature) = parts(line).ok_or(CheckpointFault::Malformed)?;
        let checkpoint = Checkpoint::heard(said).ok_or(CheckpointFault::Malformed)?;
        let key = self.0.get(id).ok_or(CheckpointFault::UnknownKey)?;
        let signature = STANDARD
            .decode(signature)
            .ok()
            .and_then(|bytes| Signature::from_slice(&bytes).ok())
            .ok_or(CheckpointFault::Malformed)?;
        key.verify(signed(said, id).as_bytes(), &signature)
            .map_err(|_| CheckpointFault::Forged)?;
        Ok(checkpoint)
    }
}

impl Checkpoint {
    fn said(&self) -> String {
        let hash = self.hash.iter().fold(String::new(), |mut text, byte| {
            // Writing to a text cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        });
        format!("{} {} {hash} {}", self.service, self.number, self.at)
    }

    fn heard(said: &str) -> Option<Self> {
        let mut words = said.split(' ');
        let (service, number, hash, at) =
            (words.next()?, words.next()?, words.next()?, words.next()?);
        Some(Self {
            service: service.to_owned(),
            number: number.parse().ok()?,
            hash: bytes_of(hash)?,
            at: at.parse().ok()?,
        })
    }
}

/// What is said, by which key, and the signature.
fn parts(line: &str) -> Option<(&str, &str, &str)> {
    let (rest, signature) = line.trim_end().rsplit_once(' ')?;
    let (said, id) = rest.rsplit_once(' ')?;
    Some((said, id, signature))
}

fn signed(said: &str, id: &str) -> String {
    format!("{CONTEXT} {id} {said}")
}

fn bytes_of(hex: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if hex.len() != 2 * bytes.len() || !hex.is_ascii() {
        return None;
    }
    for (place, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(hex.get(2 * place..2 * place + 2)?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(id: &str, byte: char) -> CheckpointKey {
        let secret: String = std::iter::repeat_n(byte, 43).collect();
        CheckpointKey::parse(&format!("{id}:{secret}=")).unwrap()
    }

    fn checkpoint() -> Checkpoint {
        Checkpoint {
            service: "intake".to_owned(),
            number: 42,
            hash: [0xa7; 32],
            at: "2026-11-22T10:00:00.123456Z".parse().unwrap(),
        }
    }

    #[test]
    fn what_was_signed_is_read_back() {
        let readers = CheckpointReaders::parse(&key("a", 'A').public()).unwrap();
        let line = key("a", 'A').sign(&checkpoint());
        assert_eq!(readers.read(&line), Ok(checkpoint()));
    }

    #[test]
    fn what_was_changed_or_signed_by_another_is_not_believed() {
        let two = format!("{}\n{}\n", key("a", 'A').public(), key("b", 'E').public());
        let readers = CheckpointReaders::parse(&two).unwrap();
        let line = key("a", 'A').sign(&checkpoint());
        for (was, becomes) in [
            ("intake", "routing"),
            (" 42 ", " 43 "),
            ("a7a7", "a7a8"),
            ("10:00", "11:00"),
            (" a ", " b "),
        ] {
            let changed = line.replacen(was, becomes, 1);
            assert_ne!(changed, line);
            assert_eq!(readers.read(&changed), Err(CheckpointFault::Forged));
        }
        let stranger = key("c", 'I').sign(&checkpoint());
        assert_eq!(readers.read(&stranger), Err(CheckpointFault::UnknownKey));
        let pretender = key("a", 'I').sign(&checkpoint());
        assert_eq!(readers.read(&pretender), Err(CheckpointFault::Forged));
        for nonsense in ["", "intake 42", "a b c d e f"] {
            assert_eq!(readers.read(nonsense), Err(CheckpointFault::Malformed));
        }
    }
}
