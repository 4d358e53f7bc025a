//! `knipperlicht ops audit`: whether the audit logs are as they were written.

use std::{num::NonZero, path::PathBuf, sync::Arc, thread::available_parallelism};

use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use knipperlicht_contracts::event::Service;
use knipperlicht_eventing::audit::{self, Chain, Checkpoints, Keeper, Kept, Verdict};
use knipperlicht_privacy::audit::CheckpointReaders;

use super::{Desk, OpsError, service, table};
use crate::{print::tell, trust::AuditOptions};

#[derive(Debug, Args)]
pub(super) struct AuditArgs {
    #[command(flatten)]
    options: AuditOptions,
    #[command(subcommand)]
    command: AuditCommand,
}

#[derive(Debug, Subcommand)]
enum AuditCommand {
    /// Read every row: is any missing, changed or put in, and do the checkpoints fit?
    Verify {
        /// Of these services only
        #[arg(long, value_delimiter = ',', value_parser = service)]
        service: Vec<Service>,
        /// File with the public keys of whose checkpoints are believed; without it, the key that
        /// signs
        #[arg(long, env = "KL_AUDIT_PUBLIC_KEYS_FILE")]
        public_keys_file: Option<PathBuf>,
    },
    /// Keep now how far the logs have come, if they hold
    Checkpoint,
    /// The public half of the key that signs checkpoints
    PublicKey,
}

impl AuditArgs {
    pub(super) const fn needs_database(&self) -> bool {
        !matches!(self.command, AuditCommand::PublicKey)
    }

    /// What can be said without a database.
    pub(super) fn print(&self) -> Result<(), OpsError> {
        tell!("{}", self.options.key()?.public())?;
        Ok(())
    }
}

pub(super) async fn run(desk: &Desk, args: AuditArgs) -> Result<(), OpsError> {
    match args.command {
        AuditCommand::Verify {
            service,
            public_keys_file,
        } => {
            let chosen = if service.is_empty() {
                Service::ALL.to_vec()
            } else {
                service
            };
            let checkpoints = match args.options.checkpoints() {
                Some(checkpoints) => {
                    let readers = args.options.readers(public_keys_file.as_deref())?;
                    Some((checkpoints, readers))
                }
                None => None,
            };
            verify(desk, &chosen, checkpoints).await
        }
        AuditCommand::Checkpoint => checkpoint(desk, &args.options).await,
        AuditCommand::PublicKey => args.print(),
    }
}

async fn verify(
    desk: &Desk,
    services: &[Service],
    checkpoints: Option<(Checkpoints, CheckpointReaders)>,
) -> Result<(), OpsError> {
    let readers = available_parallelism().map_or(1, NonZero::get);
    let mut table = table(["service", "rows", "checkpoints", "latest", "audit log"]);
    let (mut faults, mut broken) = (Vec::new(), Vec::new());
    for service in services {
        let chain = read(desk, *service, readers).await?;
        let mut verdict = Verdict::default();
        if let Some((checkpoints, believed)) = &checkpoints {
            let database = desk.database(*service, 1)?;
            verdict = checkpoints
                .compare(*service, &database, &desk.principal, believed)
                .await?;
            database.close().await;
        }
        let is_well = chain.faults.count == 0 && verdict.is_well();
        table.add_row([
            service.name().to_owned(),
            chain.head.map_or(0, |(number, _)| number).to_string(),
            verdict.fit.to_string(),
            verdict
                .latest
                .map(|(number, at)| format!("row {number}, {at:.0}"))
                .unwrap_or_default(),
            if is_well { "holds" } else { "DOES NOT HOLD" }.to_owned(),
        ]);
        if !is_well {
            broken.push(service.name());
        }
        let first = chain.faults.first.iter().map(ToString::to_string);
        let named = first.chain(verdict.faults);
        faults.extend(named.map(|fault| format!("{}: {fault}", service.name())));
        let untold = chain.faults.count - chain.faults.first.len();
        if untold > 0 {
            faults.push(format!("{}: and {untold} rows more", service.name()));
        }
    }
    tell!("{table}")?;
    for fault in faults {
        tell!("{fault}")?;
    }
    if checkpoints.is_none() {
        tell!(
            "not compared with checkpoints (KL_AUDIT_CHECKPOINT_DIR): a log whose end was cut off, or that was written anew, looks like one that holds"
        )?;
    }
    if broken.is_empty() {
        Ok(())
    } else {
        Err(OpsError::AuditBroken(broken.join(", ")))
    }
}

async fn read(desk: &Desk, service: Service, readers: usize) -> Result<Chain, OpsError> {
    let connections = u32::try_from(readers).unwrap_or(1);
    let database = desk.database(service, connections)?;
    let mut transaction = database.begin(&desk.principal).await?;
    let rows = audit::last_number(&mut transaction).await?;
    transaction.rollback().await?;
    let progress = bar(service, u64::try_from(rows).unwrap_or_default());
    let counted = progress.clone();
    let chain = audit::verify(&database, &desk.principal, 0, readers, move |rows| {
        counted.inc(rows);
    })
    .await?;
    progress.finish_and_clear();
    database.close().await;
    Ok(chain)
}

async fn checkpoint(desk: &Desk, options: &AuditOptions) -> Result<(), OpsError> {
    let settings = options.required()?;
    let mut broken = Vec::new();
    for service in Service::ALL {
        let keeper = Keeper {
            service: *service,
            database: desk.database(*service, 2)?,
            principal: desk.principal.clone(),
            environment: desk.environment.clone(),
            checkpoints: settings.checkpoints.clone(),
            key: Arc::clone(&settings.key),
        };
        let name = service.name();
        match keeper.keep().await? {
            Kept::Nothing => tell!("{name}: nothing was added since the last checkpoint")?,
            Kept::Checkpoint(made) => tell!("{name}: checkpoint at row {}", made.number)?,
            Kept::Refused(fault) => {
                tell!("{name}: no checkpoint: {fault}")?;
                broken.push(name);
            }
        }
        keeper.database.close().await;
    }
    if broken.is_empty() {
        Ok(())
    } else {
        Err(OpsError::AuditBroken(broken.join(", ")))
    }
}

/// A bar that counts things of a service.
pub(super) fn bar(service: Service, length: u64) -> ProgressBar {
    let style =
        ProgressStyle::with_template("{prefix:12} {wide_bar} {human_pos}/{human_len} {eta}");
    let bar = ProgressBar::new(length).with_prefix(service.name());
    match style {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
