//! The calls of assessment.

use knipperlicht_access::principal_of;
use knipperlicht_contracts::{
    assessment::v1::{self as pb, assessment_service_server::AssessmentService},
    to_proto,
};
use knipperlicht_eventing::Kit;
use knipperlicht_runtime::refusal;
use tonic::{Request, Response, Status};

use crate::{
    AssessmentError,
    model::Line,
    store::{self, AssessmentRow, Which},
};

/// Answers calls.
pub struct AssessmentCalls {
    pub(crate) kit: Kit,
}

impl AssessmentCalls {
    async fn read<T>(
        &self,
        request: &Request<T>,
        which: Which,
    ) -> Result<Vec<pb::Assessment>, Status> {
        let principal = principal_of(request)?;
        let read = async {
            let mut transaction = self.kit.database.begin(&principal).await?;
            store::read(&mut transaction, which).await
        };
        let rows = read
            .await
            .map_err(|error: AssessmentError| refusal(&error))?;
        Ok(rows.iter().map(view).collect())
    }
}

#[tonic::async_trait]
impl AssessmentService for AssessmentCalls {
    async fn get_assessment(
        &self,
        request: Request<pb::GetAssessmentRequest>,
    ) -> Result<Response<pb::GetAssessmentResponse>, Status> {
        let id = request.get_ref().assessment_id.parse();
        let id = id.map_err(|source| {
            refusal(&AssessmentError::Id {
                field: "assessment_id",
                source,
            })
        })?;
        let found = self.read(&request, Which::One(id)).await?.pop();
        let assessment = found.ok_or_else(|| refusal(&AssessmentError::NotFound))?;
        Ok(Response::new(pb::GetAssessmentResponse {
            assessment: Some(assessment),
        }))
    }

    async fn list_assessments(
        &self,
        request: Request<pb::ListAssessmentsRequest>,
    ) -> Result<Response<pb::ListAssessmentsResponse>, Status> {
        let id = request.get_ref().situation_id.parse();
        let id = id.map_err(|source| {
            refusal(&AssessmentError::Id {
                field: "situation_id",
                source,
            })
        })?;
        let assessments = self.read(&request, Which::Of(id)).await?;
        Ok(Response::new(pb::ListAssessmentsResponse { assessments }))
    }
}

fn view(row: &AssessmentRow) -> pb::Assessment {
    pb::Assessment {
        assessment_id: row.id.to_string(),
        situation_id: row.situation.to_string(),
        signal_id: row.signal.to_string(),
        assessed_at: Some(to_proto(row.assessed_at)),
        urgency: row.judgement.urgency.number(),
        needs: row
            .judgement
            .needs
            .iter()
            .map(|need| need.number())
            .collect(),
        weight: i32::from(row.judgement.weight),
        reasons: row.judgement.reasons.iter().map(reason).collect(),
        triage_version: row.triage_version.clone(),
    }
}

fn reason(line: &Line) -> pb::Reason {
    pb::Reason {
        observation: line.observation.number(),
        weight: i32::from(line.weight),
        red_flag: line.at_least.is_some() && line.observation.is_red_flag(),
        needs: line.needs.iter().map(|need| need.number()).collect(),
        source: line.source.clone(),
    }
}
