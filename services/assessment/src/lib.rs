//! Assessment: what is needed, how soon, and why.
//!
//! Four rooms: `model` decides, `store` keeps, `grpc` answers calls, `reactions` hear events.

mod error;
mod folder;
mod grpc;
pub mod model;
mod reactions;
mod said;
mod store;

use std::sync::Arc;

use knipperlicht_contracts::assessment::v1::assessment_service_server::AssessmentServiceServer;
use knipperlicht_eventing::{Kit, Reactions};

pub use crate::{
    error::AssessmentError,
    folder::{FolderError, load_catalogue},
};
use crate::{
    grpc::AssessmentCalls,
    model::{Catalogue, TriageTables},
};

/// The tables of assessment, beside those of eventing.
pub static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!();

/// Its requests are ids, and the answers of a form.
const LARGEST_MESSAGE: usize = 64 * 1024;

/// The assessment service.
pub struct Assessment {
    kit: Kit,
    triage: Arc<TriageTables>,
    catalogue: Arc<Catalogue>,
}

impl Assessment {
    /// Puts it together; nothing runs yet.
    #[must_use]
    pub const fn new(kit: Kit, triage: Arc<TriageTables>, catalogue: Arc<Catalogue>) -> Self {
        Self {
            kit,
            triage,
            catalogue,
        }
    }

    /// The gRPC service.
    #[must_use]
    pub fn routes(&self) -> AssessmentServiceServer<AssessmentCalls> {
        AssessmentServiceServer::new(AssessmentCalls {
            kit: self.kit.clone(),
            triage: Arc::clone(&self.triage),
            catalogue: Arc::clone(&self.catalogue),
        })
        .max_decoding_message_size(LARGEST_MESSAGE)
    }

    /// What it does when it hears something.
    #[must_use]
    pub fn reactions(&self) -> Arc<impl Reactions + use<>> {
        Arc::new(reactions::AssessmentReactions::new(
            self.kit.clone(),
            Arc::clone(&self.triage),
            Arc::clone(&self.catalogue),
        ))
    }
}
