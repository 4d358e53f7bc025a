//! Assessment: what is needed, how soon, and why.
//!
//! Four rooms: `model` decides, `store` keeps, `grpc` answers calls, `reactions` hear events.

mod error;
mod grpc;
pub mod model;
mod reactions;
mod store;

use std::sync::Arc;

use knipperlicht_contracts::assessment::v1::assessment_service_server::AssessmentServiceServer;
use knipperlicht_eventing::{Kit, Reactions};

pub use crate::error::AssessmentError;
use crate::{grpc::AssessmentCalls, model::TriageTable};

/// The tables of assessment, beside those of eventing.
pub static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!();

/// Its requests are ids.
const LARGEST_MESSAGE: usize = 64 * 1024;

/// The assessment service.
pub struct Assessment {
    kit: Kit,
    triage: Arc<TriageTable>,
}

impl Assessment {
    /// Puts it together; nothing runs yet.
    #[must_use]
    pub const fn new(kit: Kit, triage: Arc<TriageTable>) -> Self {
        Self { kit, triage }
    }

    /// The gRPC service.
    #[must_use]
    pub fn routes(&self) -> AssessmentServiceServer<AssessmentCalls> {
        AssessmentServiceServer::new(AssessmentCalls {
            kit: self.kit.clone(),
        })
        .max_decoding_message_size(LARGEST_MESSAGE)
    }

    /// What it does when it hears something.
    #[must_use]
    pub fn reactions(&self) -> Arc<impl Reactions + use<>> {
        Arc::new(reactions::AssessmentReactions::new(
            self.kit.clone(),
            Arc::clone(&self.triage),
        ))
    }
}
