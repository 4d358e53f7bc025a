//! What could not be handled: looking, trying again, giving up.

use clap::Subcommand;
use knipperlicht_contracts::event::Service;
use knipperlicht_eventing::parking;

use super::{Desk, OpsError, service, table};

#[derive(Debug, Subcommand)]
pub(super) enum ParkedCommand {
    /// Everything parked, oldest first
    List,
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
        ParkedCommand::Retry { service, id } => {
            let mut transaction = desk.open(service).await?;
            if !parking::retry(&mut transaction, id, now).await? {
                return Err(OpsError::NotParked(id, service.name()));
            }
            desk.note(&mut transaction, "parked.retried", id.to_string(), "")
                .await?;
            transaction.commit().await?;
            println!("it is tried again within a second");
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
            println!("given up: what queued behind it goes on");
            Ok(())
        }
    }
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
        println!("{table}");
    } else {
        println!("nothing is parked");
    }
    Ok(())
}
