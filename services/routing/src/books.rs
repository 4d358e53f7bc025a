//! The books that decisions are taken from, as this process holds them.

use std::sync::Arc;

use jiff::{Timestamp, civil::Date};
use knipperlicht_zones::ZoneTable;
use sqlx::PgConnection;

use crate::{
    RoutingError,
    behaviours::CachedBehaviours,
    directory::CachedDirectory,
    model::{
        behaviour::Behaviours, decision::Tables, directory::Directory, planner::Ground,
        points::PointsTables,
    },
};

/// All books, shared by the calls and reactions of one process.
#[derive(Debug, Clone)]
pub(crate) struct Books {
    pub(crate) zones: Arc<ZoneTable>,
    pub(crate) points: Arc<PointsTables>,
    directory: CachedDirectory,
    behaviours: CachedBehaviours,
}

/// The books as one transaction sees them.
pub(crate) struct OpenBooks {
    pub(crate) directory: Arc<Directory>,
    zones: Arc<ZoneTable>,
    points: Arc<PointsTables>,
    behaviours: Arc<Behaviours>,
}

impl Books {
    pub(crate) fn new(zones: Arc<ZoneTable>, points: Arc<PointsTables>) -> Self {
        Self {
            zones,
            points,
            directory: CachedDirectory::default(),
            behaviours: CachedBehaviours::default(),
        }
    }

    /// Opens them.
    pub(crate) async fn open(
        &self,
        connection: &mut PgConnection,
    ) -> Result<OpenBooks, RoutingError> {
        Ok(OpenBooks {
            directory: self.directory.current(connection).await?,
            behaviours: self.behaviours.current(connection).await?,
            zones: Arc::clone(&self.zones),
            points: Arc::clone(&self.points),
        })
    }

    /// Opens the directory alone.
    pub(crate) async fn directory(
        &self,
        connection: &mut PgConnection,
    ) -> Result<Arc<Directory>, RoutingError> {
        self.directory.current(connection).await
    }
}

impl OpenBooks {
    /// What is decided from now, on the day that it is in Belgium.
    pub(crate) fn ground(&self, at: Timestamp, today: Date) -> Ground<'_> {
        Ground {
            tables: Tables {
                directory: &self.directory,
                points: self.points.current(),
                behaviours: &self.behaviours,
            },
            zones: &self.zones,
            at,
            today,
        }
    }
}
