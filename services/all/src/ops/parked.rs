//! What could not be handled: looking, trying again, giving up.

use clap::Subcommand;
use knipperlicht_contracts::event::Service;
use knipperlicht_eventing::parking;

use super::{Desk, OpsError, service, table};
use crate::print::tell;

#[derive(Debug, Subcommand)]
pub(super) enum ParkedCommand {
    /// Everything parked, oldest first
    List,
    /// One of them: its headers, and what queues behind it. There is nothing personal in it
    Show {
        /// The service
        #[arg(value_parser = service)]
        service: Service,
        /// Its number in the list
        id: i64,
    },
    /// Try one again now, and then what queues behind it
    Retry {
        /// The service
        #[arg(value_parser = service)]
        service: Service,
        /// Its number in the list
        id: i64,
    },
    /// Give one up: its situation goes on without it
    Discard {
        /// The service
        #[arg(value_parser = service)]
        service: Service,
        /// Its number in the list
        id: i64,
    },
}

pub(super) async fn run(desk: &Desk, command: ParkedCommand) -> Result<(), OpsError> {
    let now = desk.environment.now();
    match command {
        ParkedCommand::List => list(desk).await,
        ParkedCommand::Show { service, id } => show(desk, service, id).await,
        ParkedCommand::Retry { service, id } => {
            let mut transaction = desk.open(service).await?;
            if !parking::retry(&mut transaction, id, now).await? {
                return Err(OpsError::NotParked(id, service.name()));
            }
            desk.note(&mut transaction, "parked.retried", id.to_string(), "")
                .await?;
            transaction.commit().await?;
            tell!("it is tried again within a second")?;
            Ok(())
        }
        ParkedCommand::Discard { service, id } => {
            let mut transaction = desk.open(service).await?;
            if !parking::give_up(&mut transaction, id, now).await? {
                return Err(OpsError::NotParked(id, service.name()));
            }
            desk.note(&mut transaction, "parked.given_up", id.to_string(), "")
                .await?;
            transaction.commit().await?;
            tell!("given up: what queued behind it goes on")?;
            Ok(())
        }
    }
}

async fn show(desk: &Desk, service: Service, id: i64) -> Result<(), OpsError> {
    let mut transaction = desk.open(service).await?;
    let details = parking::show(&mut transaction, id).await?;
    transaction.rollback().await?;
    let details = details.ok_or(OpsError::NotParked(id, service.name()))?;
    let mut table = table(["", ""]);
    let mut row = |what: &str, told: String| {
        table.add_row([what, &told]);
    };
    let parked = details.parked;
    row("why", parked.reason);
    row("error", parked.error);
    row("tries", parked.attempts.to_string());
    row("since", parked.parked_at.to_string());
    let next = details.retry_at.map(|at| at.to_string());
    row(
        "tried again",
        next.unwrap_or_else(|| "when an operator says so".to_owned()),
    );
    row(
        "behind it",
        format!("{} events of its situation", details.behind),
    );
    row("subject", parked.subject);
    row("body", format!("{} bytes", details.body_bytes));
    for (name, value) in details.headers {
        row(&name, value);
    }
    tell!("{table}")?;
    Ok(())
}

async fn list(desk: &Desk) -> Result<(), OpsError> {
    let mut table = table([
        "service",
        "id",
        "why",
        "said by",
        "situation",
        "number",
        "tries",
        "since",
        "error",
    ]);
    let mut any = false;
    for service in Service::ALL {
        let mut transaction = desk.open(*service).await?;
        for parked in parking::list(&mut transaction).await? {
            any = true;
            table.add_row([
                service.name().to_owned(),
                parked.id.to_string(),
                parked.reason,
                parked.source.unwrap_or_default(),
                parked
                    .situation_id
                    .map(|id| id.to_string())
                    .unwrap_or_default(),
                parked
                    .sequence
                    .map(|sequence| sequence.to_string())
                    .unwrap_or_default(),
                parked.attempts.to_string(),
                parked.parked_at.to_string(),
                parked.error,
            ]);
        }
    }
    if any {
        tell!("{table}")?;
    } else {
        tell!("nothing is parked")?;
    }
    Ok(())
}
