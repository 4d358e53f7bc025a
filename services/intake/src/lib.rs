//! Intake: signals, situations, personal data and consent.
//!
//! Four rooms: `model` decides, `store` keeps, `grpc` answers calls, `reactions` hear events.

mod error;
mod expiring;
mod grpc;
pub mod model;
mod reactions;
mod store;

use std::sync::Arc;

use knipperlicht_contracts::intake::v1::intake_service_server::IntakeServiceServer;
use knipperlicht_eventing::{Kit, Reactions, Watchers};
use knipperlicht_links::Address;
use knipperlicht_privacy::{Fingerprint, IndexKey, ReporterKeys, Vault};
use knipperlicht_runtime::Stop;
use knipperlicht_zones::ZoneTable;

pub use crate::error::IntakeError;
pub use crate::expiring::Expiring;
use crate::grpc::{IntakeCalls, SignalLooks, Writer};
pub use crate::store::{keys, looking_up};

/// The tables of intake, beside those of eventing.
pub static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!();

/// A phone's whole queue fits: 100 signals with notes.
const LARGEST_MESSAGE: usize = 1024 * 1024;

/// The intake service.
pub struct Intake {
    kit: Kit,
    calls: IntakeCalls,
    writer: Writer,
}

impl Intake {
    /// Puts it together; nothing runs yet.
    #[must_use]
    ///
    /// Links for carers begin with `address`.
    pub fn new(
        kit: Kit,
        zones: Arc<ZoneTable>,
        vault: Vault,
        index_key: &IndexKey,
        address: Address,
    ) -> Self {
        let (writer, submit) = grpc::writer(kit.clone());
        let calls = IntakeCalls {
            kit: kit.clone(),
            zones,
            vault,
            content: Arc::new(Fingerprint::new(index_key, "signal content")),
            identity: Arc::new(Fingerprint::new(index_key, "identity")),
            reporters: Arc::new(ReporterKeys::new(index_key)),
            submit,
            watchers: Watchers::default(),
            address,
        };
        Self { kit, calls, writer }
    }

    /// The gRPC service.
    #[must_use]
    pub fn routes(&self) -> IntakeServiceServer<IntakeCalls> {
        IntakeServiceServer::new(self.calls.clone()).max_decoding_message_size(LARGEST_MESSAGE)
    }

    /// What it does when it hears something.
    #[must_use]
    pub fn reactions(&self) -> Arc<impl Reactions + use<>> {
        Arc::new(reactions::IntakeReactions::new(self.kit.clone()))
    }

    /// What forgets what was over for long.
    #[must_use]
    pub fn expiring(&self, retention: model::Retention) -> Expiring {
        Expiring::new(self.calls.clone(), retention)
    }

    /// Wakes reporters who watch, until it is time to stop.
    pub fn wake_watchers(&self, stop: Stop) -> impl Future<Output = ()> + Send + use<> {
        let IntakeCalls { kit, watchers, .. } = self.calls.clone();
        watchers.run(kit, SignalLooks, stop)
    }

    /// Writes accepted signals, many in one commit, until it is time to stop.
    pub async fn write_signals(self, stop: Stop) {
        let Self { calls, writer, .. } = self;
        // Whoever calls has a way to the writer; it ends when none is left.
        drop(calls);
        writer.run(stop).await;
    }
}
