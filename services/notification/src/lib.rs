//! Notification: tells who asked for it that there is something for them, without saying what.
//!
//! It hears everything and says nothing. For an event that concerns a subscription it keeps a
//! delivery, in the transaction that notes how far was heard; couriers bring deliveries to their
//! receivers, one after the other for each, again and again for three days. What is long over is
//! cleared away.

mod authorities;
mod clearing;
mod courier;
mod error;
mod grpc;
mod model;
mod reactions;
mod registry;
mod sealing;
mod settings;
mod store;

use std::sync::Arc;

use knipperlicht_contracts::notification::v1::notification_service_server::NotificationServiceServer;
use knipperlicht_eventing::Kit;
use knipperlicht_privacy::{IndexKey, ReporterKeys, Vault};
use sqlx::migrate::Migrator;

pub use authorities::{Authorities, AuthoritiesError};
pub use clearing::Clearing;
pub use courier::Courier;
pub use error::NotificationError;
pub use grpc::NotificationCalls;
pub use model::{endpoint::EndpointError, quiet::QuietHoursError, retention::Retention};
pub use reactions::NotificationReactions;
pub use settings::{MailSettings, MailSettingsError, NotificationSettings};
pub use store::keys;

use crate::registry::Registry;

/// The tables of notification.
pub static MIGRATIONS: Migrator = sqlx::migrate!();

/// No call carries more than an address and some ids.
const LARGEST_REQUEST: usize = 64 * 1024;

/// The service.
#[derive(Clone)]
pub struct Notification {
    kit: Kit,
    settings: Arc<NotificationSettings>,
    vault: Vault,
    reporters: Arc<ReporterKeys>,
}

impl Notification {
    /// The service on its own database.
    #[must_use]
    pub fn new(
        kit: Kit,
        settings: NotificationSettings,
        vault: Vault,
        index_key: &IndexKey,
    ) -> Self {
        Self {
            kit,
            settings: Arc::new(settings),
            vault,
            reporters: Arc::new(ReporterKeys::new(index_key)),
        }
    }

    /// What it answers.
    #[must_use]
    pub fn routes(&self) -> NotificationServiceServer<NotificationCalls> {
        let calls = NotificationCalls {
            kit: self.kit.clone(),
            settings: Arc::clone(&self.settings),
            vault: self.vault.clone(),
            reporters: Arc::clone(&self.reporters),
        };
        NotificationServiceServer::new(calls).max_decoding_message_size(LARGEST_REQUEST)
    }

    /// What it does when it hears something.
    #[must_use]
    pub fn reactions(&self) -> Arc<NotificationReactions> {
        let registry = Arc::new(Registry::default());
        let retention = self.settings.retention;
        Arc::new(NotificationReactions::new(
            self.kit.clone(),
            registry,
            retention,
        ))
    }

    /// What brings deliveries to their receivers.
    #[must_use]
    pub fn courier(&self) -> Courier {
        Courier::new(
            self.kit.clone(),
            Arc::clone(&self.settings),
            self.vault.clone(),
        )
    }

    /// What clears away deliveries that are long over.
    #[must_use]
    pub fn clearing(&self) -> Clearing {
        Clearing::new(self.kit.clone(), self.settings.retention)
    }
}
