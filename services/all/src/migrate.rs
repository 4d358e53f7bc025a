//! Bringing the schemas up to date.

use knipperlicht_contracts::event::Service;
use knipperlicht_eventing::schema::{self, SchemaError};
use sqlx::migrate::Migrator;

/// Brings every service's schema and role up to date. `owner_url` is of a user who may create
/// schemas and roles; the services themselves may not.
pub async fn migrate(owner_url: &str) -> Result<(), SchemaError> {
    for service in Service::ALL {
        schema::migrate(owner_url, *service, migrations(*service)).await?;
    }
    Ok(())
}

fn migrations(service: Service) -> &'static Migrator {
    match service {
        Service::Intake => &knipperlicht_intake::MIGRATIONS,
        Service::Assessment => &knipperlicht_assessment::MIGRATIONS,
        Service::Routing => &knipperlicht_routing::MIGRATIONS,
        Service::Followup => &knipperlicht_followup::MIGRATIONS,
        Service::Notification => &knipperlicht_notification::MIGRATIONS,
    }
}
