//! Rows that this process cannot read. During an upgrade a newer process may write what an older one
//! does not know yet: the older leaves such a row as it is, for the newer to handle, and goes on with
//! the rest. Whatever else is wrong with a row, it stops no other.

use std::sync::{Mutex, MutexGuard, PoisonError};

use knipperlicht_runtime::Coded;
use uuid::Uuid;

use crate::error::FollowupError;

/// The rows of one kind of work that are left out until the process starts anew.
#[derive(Debug, Default)]
pub(crate) struct Unreadable(Mutex<Vec<Uuid>>);

impl Unreadable {
    /// Their ids.
    pub(crate) fn ids(&self) -> Vec<Uuid> {
        self.list().clone()
    }

    /// What a row says; nothing, and a word in the log, if it cannot be read.
    pub(crate) fn read<T>(&self, row: Uuid, read: Result<T, FollowupError>) -> Option<T> {
        read.inspect_err(|error| {
            tracing::warn!(%row, code = error.code(), %error, "left to a process that can read it");
            self.list().push(row);
        })
        .ok()
    }

    fn list(&self) -> MutexGuard<'_, Vec<Uuid>> {
        // An id is whole even if whoever added it panicked afterwards.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
