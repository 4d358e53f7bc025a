//! `knipperlicht zone`: primary-care zones and the services in them.

use jiff::civil::Date;
use knipperlicht_contracts::{followup::v1 as followup, routing::v1 as proto};
use knipperlicht_vocabulary::{PostalCode, ZoneId};

use super::{
    CliError,
    channel::unary,
    credentials::Person::{Cleaner, Coordinator},
    session::{Session, answer, part},
    views::{ReportView, ResolvedZoneView, ServiceView},
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
    /// Report what happened in a zone, year by year, as its coordinator or an analyst
    Report(ReportArgs),
    /// List the services that cover a zone
    Services {
        /// The zone, such as oostende-bredene
        #[arg(value_name = "ZONE")]
        zone: ZoneId,
    },
}

/// Which zone, and when.
#[derive(Debug, clap::Args)]
pub struct ReportArgs {
    /// The zone, such as oostende-bredene
    #[arg(value_name = "ZONE")]
    zone: ZoneId,
    /// The first day, a 1 January, as 2025-01-01
    #[arg(long, value_name = "DATE")]
    from: Date,
    /// The last day, included, the 31 December of a year that is over
    #[arg(long, value_name = "DATE")]
    to: Date,
    /// Print CSV
    #[arg(long)]
    csv: bool,
}

/// Runs one of them.
pub(crate) async fn run(command: ZoneCommand, session: &Session) -> Result<(), CliError> {
    match command {
        ZoneCommand::Report(args) => report(args, session).await,
        ZoneCommand::Resolve { postal_code, on } => {
            let mut routing = session.routing(Cleaner).await?;
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
            let mut routing = session.routing(Cleaner).await?;
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

async fn report(args: ReportArgs, session: &Session) -> Result<(), CliError> {
    let output = &session.output;
    if args.csv && output.is_json() {
        return Err(CliError::Usage(
            "one form at a time: --csv or --json".to_owned(),
        ));
    }
    let request = followup::ZoneReportRequest {
        zone_id: args.zone.to_string(),
        from: args.from.to_string(),
        to: args.to.to_string(),
    };
    let mut client = session.followup(Coordinator).await?;
    let report = ReportView::from(answer(client.zone_report(unary(request))).await?);
    if args.csv {
        return output.print(&report.csv()?);
    }
    if output.is_json() {
        return output.object(&report);
    }
    output.list(&report.figures(), "Nothing to report.")?;
    output.say(&report.footnote())
}
