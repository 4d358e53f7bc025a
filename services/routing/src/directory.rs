//! The directory in memory: the version that the database holds, loaded when that changes.

use std::sync::{Arc, PoisonError, RwLock};

use sqlx::PgConnection;

use crate::{RoutingError, model::directory::Directory, store};

/// Shared by calls and reactions of one process.
#[derive(Debug, Clone, Default)]
pub(crate) struct CachedDirectory(Arc<RwLock<Arc<Directory>>>);

impl CachedDirectory {
    /// The directory as this transaction sees it.
    pub(crate) async fn current(
        &self,
        connection: &mut PgConnection,
    ) -> Result<Arc<Directory>, RoutingError> {
        let version = store::directory_version(connection).await?;
        let held = Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner));
        if held.version() == version {
            return Ok(held);
        }
        let loaded = Arc::new(store::directory(connection, version).await?);
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&loaded);
        Ok(loaded)
    }
}
