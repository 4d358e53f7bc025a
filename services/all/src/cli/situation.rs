//! `knipperlicht situation`: everything about one situation, and forgetting it.

use std::{
    fs::{File, OpenOptions},
    io::Write,
    path::{Path, PathBuf},
};

use knipperlicht_contracts::{
    assessment::v1 as assessment, followup::v1 as followup, intake::v1 as proto,
    routing::v1 as routing,
};
use knipperlicht_vocabulary::{ErasureReason, SituationId};
use serde_json::Value;

use super::{
    CliError,
    channel::unary,
    credentials::Person::Coordinator,
    session::{Session, answer},
    values::{codes, words},
    views::{ErasedView, ErasureRequestView},
};

/// What a coordinator can do with a whole situation.
#[derive(Debug, clap::Subcommand)]
pub enum SituationCommand {
    /// List what carers of your zones asked to be forgotten, the oldest first; make sure who asks,
    /// then erase
    Requests,
    /// Write everything that is held about a situation into one file, for whoever it is about (GDPR
    /// article 15); it says who they are, and every export is kept in the audit log
    Export {
        /// The situation
        #[arg(value_name = "SITUATION")]
        situation: SituationId,
        /// Why you have to know, in 5 to 500 characters
        #[arg(long, value_name = "TEXT", value_parser = words)]
        purpose: String,
        /// The file to write: it must not be there yet, and only you may read it
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Forget a situation for good: its keys are destroyed, and every service forgets it
    Erase {
        /// The situation
        #[arg(value_name = "SITUATION")]
        situation: SituationId,
        /// Why: the grounds of GDPR article 17(1)
        #[arg(long, value_name = "REASON", value_parser = codes(ErasureReason::ALL))]
        because: ErasureReason,
    },
}

/// Runs one of them.
pub(crate) async fn run(command: SituationCommand, session: &Session) -> Result<(), CliError> {
    match command {
        SituationCommand::Requests => requests(session).await,
        SituationCommand::Export {
            situation,
            purpose,
            out,
        } => export(situation, purpose, &out, session).await,
        SituationCommand::Erase { situation, because } => {
            let request = proto::EraseSituationRequest {
                situation_id: situation.to_string(),
                reason: because.number(),
            };
            let mut intake = session.intake(Coordinator).await?;
            let erased = answer(intake.erase_situation(unary(request))).await?;
            session.output.one(&ErasedView::from(erased))
        }
    }
}

async fn requests(session: &Session) -> Result<(), CliError> {
    let mut intake = session.intake(Coordinator).await?;
    let request = proto::ListErasureRequestsRequest {};
    let asked = answer(intake.list_erasure_requests(unary(request))).await?;
    let views: Vec<ErasureRequestView> = asked
        .requests
        .into_iter()
        .map(ErasureRequestView::from)
        .collect();
    session
        .output
        .list(&views, "Nobody asked to be forgotten.")?;
    if views.is_empty() {
        return Ok(());
    }
    session.next("situation erase SITUATION --because REASON")
}

/// No service reads another's tables: each is asked for what it holds.
async fn export(
    situation: SituationId,
    purpose: String,
    out: &Path,
    session: &Session,
) -> Result<(), CliError> {
    let situation_id = situation.to_string();
    // Where nothing can be written, nothing is read.
    let mut file = new_file(out)?;
    let request = proto::ExportSituationRequest {
        situation_id: situation_id.clone(),
        purpose,
    };
    let mut intake = session.intake(Coordinator).await?;
    let own = answer(intake.export_situation(unary(request))).await?;
    let request = assessment::ExportSituationRequest {
        situation_id: situation_id.clone(),
    };
    let mut calls = session.assessment(Coordinator).await?;
    let judged = answer(calls.export_situation(unary(request))).await?;
    let request = routing::ExportSituationRequest {
        situation_id: situation_id.clone(),
    };
    let mut calls = session.routing(Coordinator).await?;
    let routed = answer(calls.export_situation(unary(request))).await?;
    let request = followup::ExportSituationRequest {
        situation_id: situation_id.clone(),
    };
    let mut calls = session.followup(Coordinator).await?;
    let followed = answer(calls.export_situation(unary(request))).await?;

    let all = serde_json::json!({
        "situation_id": situation_id,
        "intake": read(&own.json)?,
        "assessment": read(&judged.json)?,
        "routing": read(&routed.json)?,
        "followup": read(&followed.json)?,
    });
    let text =
        serde_json::to_string_pretty(&all).map_err(|error| CliError::Machine(error.to_string()))?;
    file.write_all(text.as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all()?;
    session
        .output
        .note(&format!("written to {}", out.display()))
}

fn read(json: &str) -> Result<Value, CliError> {
    serde_json::from_str(json).map_err(|_| CliError::Incomplete("JSON"))
}

/// A file that nobody else may read.
fn new_file(path: &Path) -> Result<File, CliError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
        .open(path)
        .map_err(|error| CliError::Usage(format!("{}: {error}", path.display())))
}
