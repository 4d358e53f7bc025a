//! The calls: who asks, decode, decide, write and say.

mod desk;
mod link;
mod look;
mod person;
mod report;
mod wire;
mod work;

use std::sync::Arc;

use knipperlicht_access::principal_of;
use knipperlicht_contracts::followup::v1::{
    CloseLoopRequest, CloseLoopResponse, CompleteRequest, CompleteResponse, ConfirmOutcomeRequest,
    ConfirmOutcomeResponse, ExportSituationRequest, ExportSituationResponse, GetBacklogRequest,
    GetBacklogResponse, GetTimelineRequest, GetTimelineResponse, HandOverWorkRequest,
    HandOverWorkResponse, IssueCarerLinkRequest, IssueCarerLinkResponse, ListOpenLoopsRequest,
    ListOpenLoopsResponse, ListPromisesRequest, ListPromisesResponse, ListTasksRequest,
    ListTasksResponse, NameContactPersonRequest, NameContactPersonResponse, RecordContactRequest,
    RecordContactResponse, RecordVisitRequest, RecordVisitResponse, ReopenRequest, ReopenResponse,
    RevokeCarerLinksRequest, RevokeCarerLinksResponse, ScheduleRequest, ScheduleResponse,
    ZoneReportRequest, ZoneReportResponse, followup_service_server::FollowupService,
};
use knipperlicht_eventing::Kit;
use knipperlicht_links::Address;
use knipperlicht_runtime::refusal;
use tonic::{Request, Response, Status};

use crate::{
    error::FollowupError,
    model::{AskingRule, Calendars},
};

/// What follow-up answers.
pub struct FollowupCalls {
    kit: Kit,
    calendars: Arc<Calendars>,
    asking: AskingRule,
    address: Address,
}

impl FollowupCalls {
    pub(crate) const fn new(
        kit: Kit,
        calendars: Arc<Calendars>,
        asking: AskingRule,
        address: Address,
    ) -> Self {
        Self {
            kit,
            calendars,
            asking,
            address,
        }
    }
}

fn answer<T>(result: Result<T, FollowupError>) -> Result<Response<T>, Status> {
    result.map(Response::new).map_err(|error| refusal(&error))
}

#[tonic::async_trait]
impl FollowupService for FollowupCalls {
    async fn list_tasks(
        &self,
        request: Request<ListTasksRequest>,
    ) -> Result<Response<ListTasksResponse>, Status> {
        let principal = principal_of(&request)?;
        answer(self.tasks_of(&principal, request.get_ref()).await)
    }

    async fn list_promises(
        &self,
        request: Request<ListPromisesRequest>,
    ) -> Result<Response<ListPromisesResponse>, Status> {
        let principal = principal_of(&request)?;
        answer(self.promises_of(&principal, request.get_ref()).await)
    }

    async fn record_contact(
        &self,
        request: Request<RecordContactRequest>,
    ) -> Result<Response<RecordContactResponse>, Status> {
        let principal = principal_of(&request)?;
        answer(self.contacted(&principal, request.get_ref()).await)
    }

    async fn schedule(
        &self,
        request: Request<ScheduleRequest>,
    ) -> Result<Response<ScheduleResponse>, Status> {
        let principal = principal_of(&request)?;
        answer(self.scheduled(&principal, request.get_ref()).await)
    }

    async fn record_visit(
        &self,
        request: Request<RecordVisitRequest>,
    ) -> Result<Response<RecordVisitResponse>, Status> {
        let principal = principal_of(&request)?;
        answer(self.visited(&principal, request.get_ref()).await)
    }

    async fn complete(
        &self,
        request: Request<CompleteRequest>,
    ) -> Result<Response<CompleteResponse>, Status> {
        let principal = principal_of(&request)?;
        answer(self.completed(&principal, request.get_ref()).await)
    }

    async fn issue_carer_link(
        &self,
        request: Request<IssueCarerLinkRequest>,
    ) -> Result<Response<IssueCarerLinkResponse>, Status> {
        let principal = principal_of(&request)?;
        answer(self.link_issued(&principal, request.get_ref()).await)
    }

    async fn confirm_outcome(
        &self,
        request: Request<ConfirmOutcomeRequest>,
    ) -> Result<Response<ConfirmOutcomeResponse>, Status> {
        principal_of(&request)?;
        answer(self.answered(request.get_ref()).await)
    }

    async fn reopen(
        &self,
        request: Request<ReopenRequest>,
    ) -> Result<Response<ReopenResponse>, Status> {
        let principal = principal_of(&request)?;
        answer(self.reopened(&principal, request.get_ref()).await)
    }

    async fn get_timeline(
        &self,
        request: Request<GetTimelineRequest>,
    ) -> Result<Response<GetTimelineResponse>, Status> {
        let principal = principal_of(&request)?;
        answer(self.timeline_of(&principal, request.get_ref()).await)
    }

    async fn export_situation(
        &self,
        request: Request<ExportSituationRequest>,
    ) -> Result<Response<ExportSituationResponse>, Status> {
        let principal = principal_of(&request)?;
        answer(self.exported(&principal, request.get_ref()).await)
    }

    async fn list_open_loops(
        &self,
        request: Request<ListOpenLoopsRequest>,
    ) -> Result<Response<ListOpenLoopsResponse>, Status> {
        let principal = principal_of(&request)?;
        answer(self.open_loops_of(&principal).await)
    }

    async fn revoke_carer_links(
        &self,
        request: Request<RevokeCarerLinksRequest>,
    ) -> Result<Response<RevokeCarerLinksResponse>, Status> {
        let principal = principal_of(&request)?;
        answer(self.links_revoked(&principal, request.get_ref()).await)
    }

    async fn close_loop(
        &self,
        request: Request<CloseLoopRequest>,
    ) -> Result<Response<CloseLoopResponse>, Status> {
        let principal = principal_of(&request)?;
        answer(self.loop_closed(&principal, request.get_ref()).await)
    }

    async fn name_contact_person(
        &self,
        request: Request<NameContactPersonRequest>,
    ) -> Result<Response<NameContactPersonResponse>, Status> {
        let principal = principal_of(&request)?;
        answer(self.person_named(&principal, request.get_ref()).await)
    }

    async fn hand_over_work(
        &self,
        request: Request<HandOverWorkRequest>,
    ) -> Result<Response<HandOverWorkResponse>, Status> {
        let principal = principal_of(&request)?;
        answer(self.work_handed_over(&principal, request.get_ref()).await)
    }

    async fn zone_report(
        &self,
        request: Request<ZoneReportRequest>,
    ) -> Result<Response<ZoneReportResponse>, Status> {
        let principal = principal_of(&request)?;
        answer(self.report_of(&principal, request.get_ref()).await)
    }

    async fn get_backlog(
        &self,
        request: Request<GetBacklogRequest>,
    ) -> Result<Response<GetBacklogResponse>, Status> {
        principal_of(&request)?;
        let backlog = self.kit.backlog().await.map_err(|error| refusal(&error))?;
        let backlog = Some(backlog);
        Ok(Response::new(GetBacklogResponse { backlog }))
    }
}
