//! `knipperlicht zone`: primary-care zones and the services in them.

use jiff::civil::Date;
use knipperlicht_contracts::routing::v1 as proto;
use knipperlicht_vocabulary::{PostalCode, ZoneId};

use super::{
    CliError,
    channel::unary,
    credentials::Person::Cleaner,
    session::{Session, answer, part},
    views::{ResolvedZoneView, ServiceView},
};

/// What can be asked of zones.
#[derive(Debug, clap::Subcommand)]
pub enum ZoneCommand {
    /// Say in which zone a postal code lies
    Resolve {
        /// The postal code, such as 8400
        #[arg(value_name = "POSTAL CODE")]
        postal_code: PostalCode,
        /// On which day, as 2026-11-21; today if not said
        #[arg(long, value_name = "DATE")]
        on: Option<Date>,
    },
    /// List the services that cover a zone
    Services {
        /// The zone, such as oostende-bredene
        #[arg(value_name = "ZONE")]
        zone: ZoneId,
    },
}

/// Runs one of them.
pub(crate) async fn run(command: ZoneCommand, session: &Session) -> Result<(), CliError> {
    let mut routing = session.routing(Cleaner).await?;
    match command {
        ZoneCommand::Resolve { postal_code, on } => {
            let request = proto::ResolveZoneRequest {
                postal_code: postal_code.into(),
                on: on.map(|day| day.to_string()).unwrap_or_default(),
            };
            let mut found = answer(routing.resolve_zone(unary(request))).await?;
            let zone = part(found.zone.take(), "zone")?;
            let view = ResolvedZoneView::new(zone, found);
            session.output.one(&view)?;
            session
                .output
                .next(&format!("zone services {}", view.zone.zone_id))
        }
        ZoneCommand::Services { zone } => {
            let request = proto::ListServicesRequest {
                zone_id: zone.to_string(),
                organisation_id: String::new(),
            };
            let found = answer(routing.list_services(unary(request))).await?;
            let views: Vec<ServiceView> =
                found.services.into_iter().map(ServiceView::from).collect();
            session.output.list(
                &views,
                "No service covers that zone: what is flagged there goes to its coordinator.",
            )
        }
    }
}
