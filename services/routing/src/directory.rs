//! The directory in memory: the version that the database holds, brought up to date when that
//! changes by what changed.

use std::sync::{Arc, PoisonError, RwLock};

use sqlx::PgConnection;

use crate::{RoutingError, model::directory::Directory, store};

/// Shared by calls and reactions of one process.
#[derive(Debug, Clone, Default)]
pub(crate) struct CachedDirectory(Arc<RwLock<Arc<Directory>>>);

impl CachedDirectory {
    /// The directory as this transaction sees it, or later.
    pub(crate) async fn current(
        &self,
        connection: &mut PgConnection,
    ) -> Result<Arc<Directory>, RoutingError> {
        let version = store::directory_version(connection).await?;
        let held = Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner));
        if held.version() >= version {
            return Ok(held);
        }
        let (version, changed) = store::changes_since(connection, held.version()).await?;
        let next = Arc::new(held.with(version, changed));
        let mut shared = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if shared.version() < version {
            *shared = Arc::clone(&next);
        }
        Ok(next)
    }
}
