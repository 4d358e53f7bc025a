//! `knipperlicht duplicate`: situations that may be one.

use knipperlicht_contracts::intake::v1 as proto;
use knipperlicht_vocabulary::{DuplicateId, ResolutionReason};

use super::{
    CliError,
    channel::unary,
    credentials::Person::Coordinator,
    session::{Session, answer, part},
    values::codes,
    views::DuplicateView,
};

/// What a coordinator can do with situations that may be one.
#[derive(Debug, clap::Subcommand)]
pub enum DuplicateCommand {
    /// List the questions of your zones, the longest waiting first
    List {
        /// Those that were answered as well: a merge is undone from there
        #[arg(long)]
        all: bool,
    },
    /// They are one: the later situation becomes part of the first
    Merge(Answer),
    /// They are two, for good: nobody is asked again
    KeepApart(Answer),
    /// They were merged and are two again, as long as nobody acted on it
    Split(Answer),
}

/// Which question, and why it is answered so.
#[derive(Debug, clap::Args)]
pub struct Answer {
    /// The question
    #[arg(value_name = "DUPLICATE")]
    id: DuplicateId,
    /// Why
    #[arg(long, value_name = "REASON", value_parser = codes(ResolutionReason::ALL))]
    because: ResolutionReason,
}

/// Runs one of them.
pub(crate) async fn run(command: DuplicateCommand, session: &Session) -> Result<(), CliError> {
    let (given, resolution) = match command {
        DuplicateCommand::List { all } => return list(all, session).await,
        DuplicateCommand::Merge(given) => (given, proto::Resolution::Merge),
        DuplicateCommand::KeepApart(given) => (given, proto::Resolution::KeepApart),
        DuplicateCommand::Split(given) => (given, proto::Resolution::Split),
    };
    let request = proto::ResolveDuplicateRequest {
        duplicate_id: given.id.to_string(),
        resolution: resolution.into(),
        reason: given.because.number(),
    };
    let mut intake = session.intake(Coordinator).await?;
    let done = answer(intake.resolve_duplicate(unary(request))).await?;
    session
        .output
        .one(&DuplicateView::from(part(done.duplicate, "duplicate")?))
}

async fn list(include_resolved: bool, session: &Session) -> Result<(), CliError> {
    let request = proto::ListDuplicatesRequest { include_resolved };
    let mut intake = session.intake(Coordinator).await?;
    let found = answer(intake.list_duplicates(unary(request))).await?;
    let views: Vec<DuplicateView> = found
        .duplicates
        .into_iter()
        .map(DuplicateView::from)
        .collect();
    session
        .output
        .list(&views, "No situations that may be one.")
}
