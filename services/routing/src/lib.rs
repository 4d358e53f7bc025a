//! Routing: zones, the partner directory, and referrals until they are accepted.
//!
//! Four rooms: `model` decides, `store` keeps, `grpc` answers calls, `reactions` hear events.

mod behaviours;
mod books;
mod demo;
mod directory;
mod endings;
mod error;
mod grpc;
mod import;
pub mod model;
mod reactions;
mod said;
mod store;
mod watch;

use std::sync::Arc;

use knipperlicht_contracts::routing::v1::routing_service_server::RoutingServiceServer;
use knipperlicht_eventing::{Kit, Reactions};
use knipperlicht_runtime::Stop;
use knipperlicht_zones::ZoneTable;

use crate::{
    behaviours::Measuring, books::Books, grpc::ReferralLooks, model::points::PointsTables,
    reactions::RoutingReactions,
};
pub use crate::{
    demo::{
        DemoOrganisation, DirectoryCounts, demo_organisations, demo_services, load_demo_directory,
    },
    endings::Endings,
    error::RoutingError,
    grpc::RoutingCalls,
    watch::Watch,
};

/// The tables of routing, beside those of eventing.
pub static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!();

/// Calls hold ids and codes, and a piece of a file at most.
const LARGEST_MESSAGE: usize = 64 * 1024;

/// The routing service.
pub struct Routing {
    calls: RoutingCalls,
}

impl Routing {
    /// Puts it together; nothing is read yet.
    #[must_use]
    pub fn new(kit: Kit, zones: Arc<ZoneTable>, points: Arc<PointsTables>) -> Self {
        Self {
            calls: RoutingCalls::new(kit, Books::new(zones, points)),
        }
    }

    /// The gRPC service.
    #[must_use]
    pub fn routes(&self) -> RoutingServiceServer<RoutingCalls> {
        RoutingServiceServer::new(self.calls.clone()).max_decoding_message_size(LARGEST_MESSAGE)
    }

    /// What looks after services that end.
    #[must_use]
    pub fn endings(&self) -> Endings {
        Endings::new(self.calls.clone())
    }

    /// Wakes desks and coordinators who watch, until it is time to stop.
    pub fn wake_watchers(&self, stop: Stop) -> impl Future<Output = ()> + Send + use<> {
        let RoutingCalls { kit, watchers, .. } = self.calls.clone();
        watchers.run(kit, ReferralLooks, stop)
    }

    /// What looks whether rules hold.
    #[must_use]
    pub fn watch(&self) -> Watch {
        Watch::new(self.calls.kit.clone())
    }

    /// What it does when it hears something.
    #[must_use]
    pub fn reactions(&self) -> Arc<impl Reactions + use<>> {
        let RoutingCalls { kit, books, .. } = self.calls.clone();
        Arc::new(RoutingReactions { kit, books })
    }

    /// What measures how services behave; nothing where the rules do not look at it.
    #[must_use]
    pub fn measuring(&self) -> Option<Measuring> {
        let RoutingCalls { kit, books, .. } = &self.calls;
        let measured = books.points.current().measured.as_ref()?;
        Some(Measuring::new(kit.clone(), measured.over_days))
    }
}
