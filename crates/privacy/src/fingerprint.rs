//! Recognising a text without keeping it.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::MasterKey;

/// Makes keyed hashes: without the key, nobody can find the text by trying.
pub struct Fingerprint(Zeroizing<[u8; 32]>);

impl Fingerprint {
    /// Fingerprints for one purpose; those for another cannot be compared with them.
    #[must_use]
    pub fn new(master: &MasterKey, purpose: &str) -> Self {
        Self(master.derive(&format!("fingerprint:{purpose}")))
    }

    /// The fingerprint of some bytes (HMAC-SHA-256).
    #[must_use]
    pub fn of(&self, bytes: &[u8]) -> [u8; 32] {
        let mut hash = [0; 32];
        if let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.0.as_slice()) {
            mac.update(bytes);
            hash.copy_from_slice(&mac.finalize().into_bytes());
        }
        hash
    }
}
