//! Recognising a text without keeping it.

use std::fmt::Write;

use hmac::{Hmac, KeyInit, Mac};
use knipperlicht_vocabulary::ReporterId;
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

/// Bytes of a fingerprint that stand for a reporter: enough that no two accounts share them.
const REPORTER_BYTES: usize = 16;

/// Makes what stands for a reporter in events. It is the same for the same account, and tells
/// nobody which account that is.
pub struct ReporterKeys(Fingerprint);

impl ReporterKeys {
    /// Under this master key.
    #[must_use]
    pub fn new(master: &MasterKey) -> Self {
        Self(Fingerprint::new(master, "reporter"))
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
