//! `knipperlicht assessment`: how a situation was judged, and why.

use knipperlicht_contracts::assessment::v1 as proto;
use knipperlicht_vocabulary::{AssessmentId, SituationId};

use super::{
    CliError,
    channel::unary,
    credentials::Person::Coordinator,
    session::{Session, answer, part},
    views::AssessmentView,
};

/// What can be asked of assessment.
#[derive(Debug, clap::Subcommand)]
pub enum AssessmentCommand {
    /// Show one assessment, with every line of the triage table that counted
    Show {
        /// The assessment
        #[arg(value_name = "ASSESSMENT")]
        id: AssessmentId,
    },
    /// List the assessments of a situation, newest first
    List {
        /// The situation
        #[arg(value_name = "SITUATION")]
        situation: SituationId,
    },
}

/// Runs one of them.
pub(crate) async fn run(command: AssessmentCommand, session: &Session) -> Result<(), CliError> {
    let mut assessment = session.assessment(Coordinator).await?;
    let output = &session.output;
    match command {
        AssessmentCommand::Show { id } => {
            let request = proto::GetAssessmentRequest {
                assessment_id: id.to_string(),
            };
            let found = answer(assessment.get_assessment(unary(request))).await?;
            let view = AssessmentView::from(part(found.assessment, "assessment")?);
            output.one(&view)?;
            if output.is_json() {
                return Ok(());
            }
            output.say("because")?;
            output.list(
                &view.reasons,
                "nothing that was noticed has a line in the triage table",
            )
        }
        AssessmentCommand::List { situation } => {
            let request = proto::ListAssessmentsRequest {
                situation_id: situation.to_string(),
            };
            let found = answer(assessment.list_assessments(unary(request))).await?;
            let views: Vec<AssessmentView> = found
                .assessments
                .into_iter()
                .map(AssessmentView::from)
                .collect();
            output.list(
                &views,
                "That situation was not assessed yet, or it is not yours to see.",
            )
        }
    }
}
