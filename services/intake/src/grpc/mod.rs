//! The calls of intake.

mod carer;
mod contact;
mod decode;
mod duplicates;
mod erasing;
mod exporting;
mod notes;
mod objection;
mod signals;
mod submit;
mod told;
mod view;
mod vital;
mod watch;
mod writer;

use std::{pin::Pin, sync::Arc};

use knipperlicht_access::principal_of;
use knipperlicht_contracts::intake::v1::{self as pb, intake_service_server::IntakeService};
use knipperlicht_eventing::{Kit, Watchers};
use knipperlicht_links::Address;
use knipperlicht_privacy::{Fingerprint, ReporterKeys, Vault};
use knipperlicht_runtime::refusal;
use knipperlicht_vocabulary::ReporterId;
use knipperlicht_zones::ZoneTable;
use tokio_stream::Stream;
use tonic::{Request, Response, Status};
use zeroize::Zeroizing;

pub(crate) use watch::SignalLooks;
pub(crate) use writer::{Submit, Writer, writer};

use crate::IntakeError;

/// Answers calls. A clone is the same desk.
#[derive(Clone)]
pub struct IntakeCalls {
    pub(crate) kit: Kit,
    pub(crate) zones: Arc<ZoneTable>,
    pub(crate) vault: Vault,
    pub(crate) content: Arc<Fingerprint>,
    pub(crate) identity: Arc<Fingerprint>,
    pub(crate) reporters: Arc<ReporterKeys>,
    pub(crate) submit: Submit,
    /// Who watches their signals.
    pub(crate) watchers: Watchers<ReporterId>,
    /// Where links for carers begin.
    pub(crate) address: Address,
}

/// The error as the caller receives it.
#[allow(clippy::needless_pass_by_value, reason = "it stands in `map_err`")]
fn refused(error: IntakeError) -> Status {
    refusal(&error)
}

#[tonic::async_trait]
impl IntakeService for IntakeCalls {
    async fn submit_signal(
        &self,
        request: Request<pb::SubmitSignalRequest>,
    ) -> Result<Response<pb::SubmitSignalResponse>, Status> {
        let principal = principal_of(&request)?;
        let signal = request
            .into_inner()
            .signal
            .map(Zeroizing::new)
            .ok_or(IntakeError::Missing { field: "signal" })
            .map_err(refused)?;
        let receipt = self
            .submit_one(&principal, &signal)
            .await
            .map_err(refused)?;
        Ok(Response::new(pb::SubmitSignalResponse {
            receipt: Some(receipt),
        }))
    }

    async fn submit_signals(
        &self,
        request: Request<pb::SubmitSignalsRequest>,
    ) -> Result<Response<pb::SubmitSignalsResponse>, Status> {
        let principal = principal_of(&request)?;
        let signals = Zeroizing::new(request.into_inner().signals);
        let results = self
            .submit_many(&principal, &signals)
            .await
            .map_err(refused)?;
        Ok(Response::new(pb::SubmitSignalsResponse { results }))
    }

    async fn get_signal(
        &self,
        request: Request<pb::GetSignalRequest>,
    ) -> Result<Response<pb::GetSignalResponse>, Status> {
        let principal = principal_of(&request)?;
        let signal = self
            .get(&principal, &request.into_inner().signal_id)
            .await
            .map_err(refused)?;
        Ok(Response::new(pb::GetSignalResponse {
            signal: Some(signal),
        }))
    }

    async fn list_my_signals(
        &self,
        request: Request<pb::ListMySignalsRequest>,
    ) -> Result<Response<pb::ListMySignalsResponse>, Status> {
        let principal = principal_of(&request)?;
        let page = self
            .list(&principal, &request.into_inner())
            .await
            .map_err(refused)?;
        Ok(Response::new(page))
    }

    type WatchMySignalsStream =
        Pin<Box<dyn Stream<Item = Result<pb::WatchMySignalsResponse, Status>> + Send + 'static>>;

    async fn watch_my_signals(
        &self,
        request: Request<pb::WatchMySignalsRequest>,
    ) -> Result<Response<Self::WatchMySignalsStream>, Status> {
        let principal = principal_of(&request)?;
        Ok(Response::new(self.watch(principal)))
    }

    async fn withdraw_signal(
        &self,
        request: Request<pb::WithdrawSignalRequest>,
    ) -> Result<Response<pb::WithdrawSignalResponse>, Status> {
        let principal = principal_of(&request)?;
        let signal = self
            .withdraw(&principal, &request.into_inner().signal_id)
            .await
            .map_err(refused)?;
        Ok(Response::new(pb::WithdrawSignalResponse {
            signal: Some(signal),
        }))
    }

    async fn set_consent(
        &self,
        request: Request<pb::SetConsentRequest>,
    ) -> Result<Response<pb::SetConsentResponse>, Status> {
        let principal = principal_of(&request)?;
        let request = Zeroizing::new(request.into_inner());
        let signal = self
            .record_consent(&principal, &request)
            .await
            .map_err(refused)?;
        Ok(Response::new(pb::SetConsentResponse {
            signal: Some(signal),
        }))
    }

    async fn get_contact(
        &self,
        request: Request<pb::GetContactRequest>,
    ) -> Result<Response<pb::GetContactResponse>, Status> {
        let principal = principal_of(&request)?;
        let contact = self
            .contact(&principal, &request.into_inner())
            .await
            .map_err(refused)?;
        Ok(Response::new(contact))
    }

    async fn record_objection(
        &self,
        request: Request<pb::RecordObjectionRequest>,
    ) -> Result<Response<pb::RecordObjectionResponse>, Status> {
        let principal = principal_of(&request)?;
        self.objection_recorded(&principal, request.get_ref())
            .await
            .map_err(refused)?;
        Ok(Response::new(pb::RecordObjectionResponse {}))
    }

    async fn read_vital_interest(
        &self,
        request: Request<pb::ReadVitalInterestRequest>,
    ) -> Result<Response<pb::ReadVitalInterestResponse>, Status> {
        let principal = principal_of(&request)?;
        let read = self
            .vital_interest(&principal, request.get_ref())
            .await
            .map_err(refused)?;
        Ok(Response::new(read))
    }

    async fn acknowledge_vital_interest(
        &self,
        request: Request<pb::AcknowledgeVitalInterestRequest>,
    ) -> Result<Response<pb::AcknowledgeVitalInterestResponse>, Status> {
        let principal = principal_of(&request)?;
        self.vital_interest_acknowledged(&principal, request.get_ref())
            .await
            .map_err(refused)?;
        Ok(Response::new(pb::AcknowledgeVitalInterestResponse {}))
    }

    async fn add_note(
        &self,
        request: Request<pb::AddNoteRequest>,
    ) -> Result<Response<pb::AddNoteResponse>, Status> {
        let principal = principal_of(&request)?;
        let request = Zeroizing::new(request.into_inner());
        let added = self
            .note_added(&principal, &request)
            .await
            .map_err(refused)?;
        Ok(Response::new(added))
    }

    async fn list_duplicates(
        &self,
        request: Request<pb::ListDuplicatesRequest>,
    ) -> Result<Response<pb::ListDuplicatesResponse>, Status> {
        let principal = principal_of(&request)?;
        let duplicates = self
            .possible_duplicates(&principal, request.get_ref().include_resolved)
            .await
            .map_err(refused)?;
        Ok(Response::new(pb::ListDuplicatesResponse { duplicates }))
    }

    async fn resolve_duplicate(
        &self,
        request: Request<pb::ResolveDuplicateRequest>,
    ) -> Result<Response<pb::ResolveDuplicateResponse>, Status> {
        let principal = principal_of(&request)?;
        let duplicate = self
            .answer_duplicate(&principal, request.get_ref())
            .await
            .map_err(refused)?;
        Ok(Response::new(pb::ResolveDuplicateResponse {
            duplicate: Some(duplicate),
        }))
    }

    async fn mark_seen(
        &self,
        request: Request<pb::MarkSeenRequest>,
    ) -> Result<Response<pb::MarkSeenResponse>, Status> {
        let principal = principal_of(&request)?;
        let signal = self
            .seen(&principal, request.get_ref())
            .await
            .map_err(refused)?;
        Ok(Response::new(pb::MarkSeenResponse {
            signal: Some(signal),
        }))
    }

    async fn report_not_better(
        &self,
        request: Request<pb::ReportNotBetterRequest>,
    ) -> Result<Response<pb::ReportNotBetterResponse>, Status> {
        let principal = principal_of(&request)?;
        let signal = self
            .not_better(&principal, request.get_ref())
            .await
            .map_err(refused)?;
        Ok(Response::new(pb::ReportNotBetterResponse {
            signal: Some(signal),
        }))
    }

    async fn list_told(
        &self,
        request: Request<pb::ListToldRequest>,
    ) -> Result<Response<pb::ListToldResponse>, Status> {
        let principal = principal_of(&request)?;
        let told = self
            .told_of(&principal, request.get_ref())
            .await
            .map_err(refused)?;
        Ok(Response::new(told))
    }

    async fn issue_situation_link(
        &self,
        request: Request<pb::IssueSituationLinkRequest>,
    ) -> Result<Response<pb::IssueSituationLinkResponse>, Status> {
        let principal = principal_of(&request)?;
        let link = self
            .situation_link(&principal, request.get_ref())
            .await
            .map_err(refused)?;
        Ok(Response::new(pb::IssueSituationLinkResponse {
            link: Some(link),
        }))
    }

    async fn revoke_situation_links(
        &self,
        request: Request<pb::RevokeSituationLinksRequest>,
    ) -> Result<Response<pb::RevokeSituationLinksResponse>, Status> {
        let principal = principal_of(&request)?;
        let revoked = self
            .situation_links_revoked(&principal, request.get_ref())
            .await
            .map_err(refused)?;
        Ok(Response::new(pb::RevokeSituationLinksResponse { revoked }))
    }

    async fn get_my_situation(
        &self,
        request: Request<pb::GetMySituationRequest>,
    ) -> Result<Response<pb::GetMySituationResponse>, Status> {
        principal_of(&request)?;
        let situation = self
            .my_situation_by(&request.get_ref().token)
            .await
            .map_err(refused)?;
        Ok(Response::new(pb::GetMySituationResponse {
            situation: Some(situation),
        }))
    }

    async fn withdraw_my_consent(
        &self,
        request: Request<pb::WithdrawMyConsentRequest>,
    ) -> Result<Response<pb::WithdrawMyConsentResponse>, Status> {
        let carer = principal_of(&request)?;
        let situation = self
            .consent_withdrawn_by(&carer, &request.get_ref().token)
            .await
            .map_err(refused)?;
        Ok(Response::new(pb::WithdrawMyConsentResponse {
            situation: Some(situation),
        }))
    }

    async fn issue_self_signal_card(
        &self,
        request: Request<pb::IssueSelfSignalCardRequest>,
    ) -> Result<Response<pb::IssueSelfSignalCardResponse>, Status> {
        let principal = principal_of(&request)?;
        let link = self
            .self_signal_card(&principal, request.get_ref())
            .await
            .map_err(refused)?;
        Ok(Response::new(pb::IssueSelfSignalCardResponse {
            link: Some(link),
        }))
    }

    async fn revoke_self_signal_card(
        &self,
        request: Request<pb::RevokeSelfSignalCardRequest>,
    ) -> Result<Response<pb::RevokeSelfSignalCardResponse>, Status> {
        let principal = principal_of(&request)?;
        self.card_revoked(&principal, &request.get_ref().token)
            .await
            .map_err(refused)?;
        Ok(Response::new(pb::RevokeSelfSignalCardResponse {}))
    }

    async fn submit_self_signal(
        &self,
        request: Request<pb::SubmitSelfSignalRequest>,
    ) -> Result<Response<pb::SubmitSelfSignalResponse>, Status> {
        principal_of(&request)?;
        let request = Zeroizing::new(request.into_inner());
        let stored = self.self_signal(&request).await.map_err(refused)?;
        Ok(Response::new(stored))
    }

    async fn erase_situation(
        &self,
        request: Request<pb::EraseSituationRequest>,
    ) -> Result<Response<pb::EraseSituationResponse>, Status> {
        let principal = principal_of(&request)?;
        let erased = self
            .erase(&principal, request.get_ref())
            .await
            .map_err(refused)?;
        Ok(Response::new(erased))
    }

    async fn ask_my_erasure(
        &self,
        request: Request<pb::AskMyErasureRequest>,
    ) -> Result<Response<pb::AskMyErasureResponse>, Status> {
        let carer = principal_of(&request)?;
        let asked = self
            .erasure_asked_by(&carer, &request.get_ref().token)
            .await
            .map_err(refused)?;
        Ok(Response::new(asked))
    }

    async fn export_situation(
        &self,
        request: Request<pb::ExportSituationRequest>,
    ) -> Result<Response<pb::ExportSituationResponse>, Status> {
        let principal = principal_of(&request)?;
        let json = self
            .exported(&principal, request.get_ref())
            .await
            .map_err(refused)?;
        Ok(Response::new(pb::ExportSituationResponse { json }))
    }

    async fn list_erasure_requests(
        &self,
        request: Request<pb::ListErasureRequestsRequest>,
    ) -> Result<Response<pb::ListErasureRequestsResponse>, Status> {
        let principal = principal_of(&request)?;
        let requests = self.erasures_asked(&principal).await.map_err(refused)?;
        Ok(Response::new(pb::ListErasureRequestsResponse { requests }))
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
