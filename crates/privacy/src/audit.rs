//! The audit chain: each row's hash covers the row before it, so that none can be changed, left
//! out or put in unseen; and signed [checkpoints](Checkpoint) of it, which are kept elsewhere, so that
//! neither its end can be cut off nor all of it be written anew.

mod checkpoint;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

pub use checkpoint::{Checkpoint, CheckpointFault, CheckpointKey, CheckpointReaders};

/// The hash before the first row.
pub const GENESIS: [u8; 32] = [0; 32];

/// One row: who did what to which situation, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// The account.
    pub subject: String,
    /// In which role.
    pub role: String,
    /// What, such as `contact.read`.
    pub action: String,
    /// On what: an id.
    pub object: String,
    /// Why, in the caller's words.
    pub purpose: String,
    /// The trace it was part of.
    pub trace_id: String,
}

/// The hash of a row that follows `previous`.
#[must_use]
pub fn link(previous: &[u8], entry: &Entry) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(previous);
    let at = entry.at.as_microsecond().to_string();
    for part in [
        &at,
        &entry.subject,
        &entry.role,
        &entry.action,
        &entry.object,
        &entry.purpose,
        &entry.trace_id,
    ] {
        // The length first: two parts can never be cut elsewhere and hash the same.
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_counts() {
        let entry = Entry {
            at: Timestamp::UNIX_EPOCH,
            subject: "desk".to_owned(),
            role: "partner".to_owned(),
            action: "contact.read".to_owned(),
            object: "1".to_owned(),
            purpose: "call".to_owned(),
            trace_id: String::new(),
        };
        let shifted = Entry {
            action: "contact.read1".to_owned(),
            object: String::new(),
            ..entry.clone()
        };
        assert_ne!(link(&GENESIS, &entry), link(&GENESIS, &shifted));
        assert_ne!(link(&GENESIS, &entry), link(&[1; 32], &entry));
    }
}
