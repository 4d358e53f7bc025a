//! `knipperlicht situation`: everything about one situation, and forgetting it.

use knipperlicht_contracts::intake::v1 as proto;
use knipperlicht_vocabulary::{ErasureReason, SituationId};

use super::{
    CliError,
    channel::unary,
    credentials::Person::Coordinator,
    session::{Session, answer},
    values::codes,
    views::{ErasedView, ErasureRequestView},
};

/// What a coordinator can do with a whole situation.
#[derive(Debug, clap::Subcommand)]
pub enum SituationCommand {
    /// List what carers of your zones asked to be forgotten, the oldest first; make sure who asks,
    /// then erase
    Requests,
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
    match views.is_empty() {
        true => Ok(()),
        false => session.next("situation erase SITUATION --because REASON"),
    }
}
