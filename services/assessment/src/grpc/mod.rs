//! The calls of assessment.

mod decode;
mod submit;
mod view;

use std::sync::Arc;

use knipperlicht_access::{Principal, Role, principal_of};
use knipperlicht_contracts::assessment::v1::{
    self as pb, assessment_service_server::AssessmentService,
};
use knipperlicht_eventing::{Kit, erasing::whole, merges::survivor};
use knipperlicht_runtime::refusal;
use knipperlicht_vocabulary::{Language, SituationId};
use sqlx::PgConnection;
use tonic::{Request, Response, Status};

use self::view::Sees;
use crate::{
    AssessmentError,
    model::{Catalogue, TriageTables},
    store::{self, Which},
};

/// Answers calls.
pub struct AssessmentCalls {
    pub(crate) kit: Kit,
    pub(crate) triage: Arc<TriageTables>,
    pub(crate) catalogue: Arc<Catalogue>,
}

#[tonic::async_trait]
impl AssessmentService for AssessmentCalls {
    async fn list_instruments(
        &self,
        request: Request<pb::ListInstrumentsRequest>,
    ) -> Result<Response<pb::ListInstrumentsResponse>, Status> {
        let language = match Language::try_from(request.get_ref().language) {
            Ok(language @ (Language::French | Language::English)) => language,
            _ => Language::Dutch,
        };
        let instruments = self.catalogue.all();
        Ok(Response::new(pb::ListInstrumentsResponse {
            instruments: instruments
                .map(|instrument| view::instrument(instrument, language))
                .collect(),
            language: language.number(),
        }))
    }

    async fn submit_assessment(
        &self,
        request: Request<pb::SubmitAssessmentRequest>,
    ) -> Result<Response<pb::SubmitAssessmentResponse>, Status> {
        let principal = principal_of(&request)?;
        let submitted = self.submit(&principal, request.get_ref()).await;
        Ok(Response::new(submitted.map_err(|error| refusal(&error))?))
    }

    async fn get_assessment(
        &self,
        request: Request<pb::GetAssessmentRequest>,
    ) -> Result<Response<pb::GetAssessmentResponse>, Status> {
        let principal = principal_of(&request)?;
        let read = async {
            let id = decode::id("assessment_id", &request.get_ref().assessment_id)?;
            let mut transaction = self.kit.database.begin(&principal).await?;
            let found = store::read(&mut transaction, Which::One(id)).await?.pop();
            let found = found.ok_or(AssessmentError::NotFound { what: "assessment" })?;
            let sees = sees(&mut transaction, &principal, found.situation).await?;
            view::assessment(&found, self.books(), sees)
        };
        let assessment = read.await.map_err(|error| refusal(&error))?;
        Ok(Response::new(pb::GetAssessmentResponse {
            assessment: Some(assessment),
        }))
    }

    async fn export_situation(
        &self,
        request: Request<pb::ExportSituationRequest>,
    ) -> Result<Response<pb::ExportSituationResponse>, Status> {
        let principal = principal_of(&request)?;
        let read = async {
            let situation = decode::id("situation_id", &request.get_ref().situation_id)?;
            let mut transaction = self.kit.database.begin(&principal).await?;
            let (_, family) = whole(&mut transaction, situation).await?;
            if !store::sees_any(&mut transaction, &family).await? {
                return Ok("{}".to_owned());
            }
            transaction.act_as(&self.kit.principal).await?;
            Ok(store::export(&mut transaction, &family).await?)
        };
        let json = read
            .await
            .map_err(|error: AssessmentError| refusal(&error))?;
        Ok(Response::new(pb::ExportSituationResponse { json }))
    }

    async fn list_assessments(
        &self,
        request: Request<pb::ListAssessmentsRequest>,
    ) -> Result<Response<pb::ListAssessmentsResponse>, Status> {
        let principal = principal_of(&request)?;
        let read = async {
            let asked = decode::id("situation_id", &request.get_ref().situation_id)?;
            let mut transaction = self.kit.database.begin(&principal).await?;
            let situation = survivor(&mut transaction, asked).await?;
            let rows = store::read(&mut transaction, Which::Of(situation)).await?;
            let forms = store::responses_of(&mut transaction, situation).await?;
            let sees = sees(&mut transaction, &principal, situation).await?;
            Ok(pb::ListAssessmentsResponse {
                assessments: rows
                    .iter()
                    .map(|row| view::assessment(row, self.books(), sees))
                    .collect::<Result<_, _>>()?,
                series: view::series(&forms, &self.catalogue, sees),
            })
        };
        let listed = read
            .await
            .map_err(|error: AssessmentError| refusal(&error))?;
        Ok(Response::new(listed))
    }

    async fn get_backlog(
        &self,
        request: Request<pb::GetBacklogRequest>,
    ) -> Result<Response<pb::GetBacklogResponse>, Status> {
        principal_of(&request)?;
        let backlog = self.kit.backlog().await.map_err(|error| refusal(&error))?;
        let backlog = Some(backlog);
        Ok(Response::new(pb::GetBacklogResponse { backlog }))
    }
}

impl AssessmentCalls {
    /// By which judgements and forms are told.
    fn books(&self) -> (&TriageTables, &Catalogue) {
        (&self.triage, &self.catalogue)
    }
}

/// How much of what is known of a situation the caller sees. A coordinator decides for both, carer and
/// cared-for person, and so sees everything.
async fn sees(
    connection: &mut PgConnection,
    principal: &Principal,
    situation: SituationId,
) -> Result<Sees, AssessmentError> {
    if principal.role != Role::Coordinator && store::objects(connection, situation).await? {
        Ok(Sees::TheCarer)
    } else {
        Ok(Sees::Everything)
    }
}
