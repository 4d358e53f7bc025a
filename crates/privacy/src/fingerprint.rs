//! Recognising a text without keeping it.

use std::fmt::Write;

use hmac::{Hmac, KeyInit, Mac};
use knipperlicht_vocabulary::ReporterId;
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::IndexKey;

/// Makes keyed hashes: without the key, nobody can find the text by trying.
pub struct Fingerprint(Zeroizing<[u8; 32]>);

impl Fingerprint {
    /// Fingerprints for one purpose; those for another cannot be compared with them.
    #[must_use]
    pub fn new(key: &IndexKey, purpose: &str) -> Self {
        Self(key.fingerprint(purpose))
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

/// Bytes of a fingerprint that stand for a reporter: enough that no two accounts share them.
const REPORTER_BYTES: usize = 16;

/// Makes what stands for a reporter in events. It is the same for the same account, and tells
/// nobody which account that is.
pub struct ReporterKeys(Fingerprint);

impl ReporterKeys {
    /// Under this key.
    #[must_use]
    pub fn new(key: &IndexKey) -> Self {
        Self(Fingerprint::new(key, "reporter"))
    }

    /// What stands for this account: 32 hexadecimal digits.
    #[must_use]
    pub fn of(&self, reporter: &ReporterId) -> String {
        let hash = self.0.of(reporter.as_str().as_bytes());
        hash.iter()
            .take(REPORTER_BYTES)
            .fold(String::new(), |mut text, byte| {
                // Writing to a text cannot fail.
                let _ = write!(text, "{byte:02x}");
                text
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MasterKey;

    #[test]
    fn the_key_made_of_a_master_key_recognises_what_was_made_under_it() {
        let master = MasterKey::parse(&format!("old:{}=", "A".repeat(43))).unwrap();
        let index = master.as_index_key();
        let of = |key: &IndexKey| Fingerprint::new(key, "identity").of(b"phone:+32470123456");
        // What an installation stored before there were index keys.
        let stored = [
            0x75, 0xb7, 0x7d, 0x96, 0xa6, 0xab, 0xca, 0x1a, 0xaa, 0x86, 0x08, 0x11, 0x77, 0x7e,
            0x2b, 0xb1,
        ];
        assert_eq!(of(&index)[..16], stored);
        let written = IndexKey::parse(&index.text("index")).unwrap();
        assert_eq!(of(&written), of(&index));
        let another = IndexKey::parse(&format!("index:{}=", "E".repeat(43))).unwrap();
        assert_ne!(of(&another), of(&index));
    }
}
