//! The calls of routing.

mod change;
mod decode;
mod desk;
mod directory;
mod explain;
mod explanation;
mod page_token;
mod view;
mod watch;

use std::pin::Pin;

use knipperlicht_access::{Role, principal_of};
use knipperlicht_contracts::routing::v1::{self as pb, routing_service_server::RoutingService};
use knipperlicht_eventing::{Kit, Watchers};
use knipperlicht_runtime::refusal;
use knipperlicht_vocabulary::DeclineReason;
use tokio_stream::Stream;
use tonic::{Request, Response, Status, Streaming};

pub(crate) use self::watch::{Owner, ReferralLooks};
use crate::{
    RoutingError,
    books::Books,
    model::{calls, referral::Move},
};

/// Answers calls. A clone is the same desk.
#[derive(Clone)]
pub struct RoutingCalls {
    pub(crate) kit: Kit,
    pub(crate) books: Books,
    /// Who watches referrals.
    pub(crate) watchers: Watchers<Owner>,
}

impl RoutingCalls {
    pub(crate) fn new(kit: Kit, books: Books) -> Self {
        let watchers = Watchers::default();
        Self {
            kit,
            books,
            watchers,
        }
    }
}

/// The error as the caller receives it.
fn refused(error: impl Into<RoutingError>) -> Status {
    refusal(&error.into())
}

#[tonic::async_trait]
impl RoutingService for RoutingCalls {
    async fn resolve_zone(
        &self,
        request: Request<pb::ResolveZoneRequest>,
    ) -> Result<Response<pb::ResolveZoneResponse>, Status> {
        principal_of(&request)?;
        self.zone_of(&request.into_inner())
            .map(Response::new)
            .map_err(refused)
    }

    async fn list_services(
        &self,
        request: Request<pb::ListServicesRequest>,
    ) -> Result<Response<pb::ListServicesResponse>, Status> {
        let principal = principal_of(&request)?;
        let services = self
            .services(&principal, &request.into_inner())
            .await
            .map_err(refused)?;
        Ok(Response::new(pb::ListServicesResponse { services }))
    }

    async fn get_information_card(
        &self,
        request: Request<pb::GetInformationCardRequest>,
    ) -> Result<Response<pb::GetInformationCardResponse>, Status> {
        let principal = principal_of(&request)?;
        let card = self
            .information_card(&principal, request.get_ref())
            .await
            .map_err(refused)?;
        Ok(Response::new(card))
    }

    async fn import_services(
        &self,
        request: Request<Streaming<pb::ImportServicesRequest>>,
    ) -> Result<Response<pb::ImportServicesResponse>, Status> {
        let principal = principal_of(&request)?;
        let report = self.import(&principal, request.into_inner()).await?;
        Ok(Response::new(report))
    }

    type ExportServicesStream = directory::Pieces;

    async fn export_services(
        &self,
        request: Request<pb::ExportServicesRequest>,
    ) -> Result<Response<Self::ExportServicesStream>, Status> {
        let principal = principal_of(&request)?;
        Ok(Response::new(self.export(principal)))
    }

    async fn set_capacity(
        &self,
        request: Request<pb::SetCapacityRequest>,
    ) -> Result<Response<pb::SetCapacityResponse>, Status> {
        let principal = principal_of(&request)?;
        let service = self
            .capacity(&principal, &request.into_inner())
            .await
            .map_err(refused)?;
        Ok(Response::new(pb::SetCapacityResponse {
            service: Some(service),
        }))
    }

    async fn list_referrals(
        &self,
        request: Request<pb::ListReferralsRequest>,
    ) -> Result<Response<pb::ListReferralsResponse>, Status> {
        let principal = principal_of(&request)?;
        let page = self
            .referrals(&principal, &request.into_inner())
            .await
            .map_err(refused)?;
        Ok(Response::new(page))
    }

    type WatchReferralsStream =
        Pin<Box<dyn Stream<Item = Result<pb::WatchReferralsResponse, Status>> + Send + 'static>>;

    async fn watch_referrals(
        &self,
        request: Request<pb::WatchReferralsRequest>,
    ) -> Result<Response<Self::WatchReferralsStream>, Status> {
        let principal = principal_of(&request)?;
        Ok(Response::new(self.watch(principal)))
    }

    async fn available_actions(
        &self,
        request: Request<pb::AvailableActionsRequest>,
    ) -> Result<Response<pb::AvailableActionsResponse>, Status> {
        let principal = principal_of(&request)?;
        let actions = self
            .actions(&principal, &request.into_inner().referral_id)
            .await
            .map_err(refused)?;
        Ok(Response::new(pb::AvailableActionsResponse { actions }))
    }

    async fn accept(
        &self,
        request: Request<pb::AcceptRequest>,
    ) -> Result<Response<pb::AcceptResponse>, Status> {
        let principal = principal_of(&request)?;
        let id = decode::referral(&request.into_inner().referral_id).map_err(refused)?;
        let referral = self
            .change_referral(&principal, id, None, |case, ground| {
                calls::accept(case, id, ground)
            })
            .await
            .map_err(refused)?;
        Ok(Response::new(pb::AcceptResponse {
            referral: Some(referral),
        }))
    }

    async fn decline(
        &self,
        request: Request<pb::DeclineRequest>,
    ) -> Result<Response<pb::DeclineResponse>, Status> {
        let principal = principal_of(&request)?;
        let asked = request.into_inner();
        let id = decode::referral(&asked.referral_id).map_err(refused)?;
        let reason: DeclineReason = decode::code("reason", asked.reason).map_err(refused)?;
        let referral = self
            .change_referral(&principal, id, None, |case, ground| {
                calls::decline(case, id, reason, ground)
            })
            .await
            .map_err(refused)?;
        Ok(Response::new(pb::DeclineResponse {
            referral: Some(referral),
        }))
    }

    async fn redirect(
        &self,
        request: Request<pb::RedirectRequest>,
    ) -> Result<Response<pb::RedirectResponse>, Status> {
        let principal = principal_of(&request)?;
        let asked = request.into_inner();
        let id = decode::referral(&asked.referral_id).map_err(refused)?;
        let target = decode::service(&asked.service_id).map_err(refused)?;
        let reason: DeclineReason = decode::code("reason", asked.reason).map_err(refused)?;
        let actor = decode::actor(&principal);
        // What a partner does with its own referral is an event, and no exception.
        let noted = (principal.role == Role::Coordinator).then_some("referral.redirected");
        let referral = self
            .change_referral(&principal, id, noted, |case, ground| {
                calls::redirect(case, id, &target, reason, actor, ground)
            })
            .await
            .map_err(refused)?;
        Ok(Response::new(pb::RedirectResponse {
            referral: Some(referral),
        }))
    }

    async fn hand_over(
        &self,
        request: Request<pb::HandOverRequest>,
    ) -> Result<Response<pb::HandOverResponse>, Status> {
        let principal = principal_of(&request)?;
        let asked = request.into_inner();
        let id = decode::referral(&asked.referral_id).map_err(refused)?;
        let target = decode::service(&asked.service_id).map_err(refused)?;
        let referral = self
            .change_referral(
                &principal,
                id,
                Some("referral.handed_over"),
                |case, ground| calls::hand_over(case, id, &target, ground),
            )
            .await
            .map_err(refused)?;
        Ok(Response::new(pb::HandOverResponse {
            referral: Some(referral),
        }))
    }

    async fn hold(
        &self,
        request: Request<pb::HoldRequest>,
    ) -> Result<Response<pb::HoldResponse>, Status> {
        let principal = principal_of(&request)?;
        let id = decode::referral(&request.into_inner().referral_id).map_err(refused)?;
        let referral = self
            .change_referral(&principal, id, None, |case, ground| {
                calls::step(case, id, Move::Hold, ground)
            })
            .await
            .map_err(refused)?;
        Ok(Response::new(pb::HoldResponse {
            referral: Some(referral),
        }))
    }

    async fn release(
        &self,
        request: Request<pb::ReleaseRequest>,
    ) -> Result<Response<pb::ReleaseResponse>, Status> {
        let principal = principal_of(&request)?;
        let id = decode::referral(&request.into_inner().referral_id).map_err(refused)?;
        let referral = self
            .change_referral(&principal, id, None, |case, ground| {
                calls::step(case, id, Move::Release, ground)
            })
            .await
            .map_err(refused)?;
        Ok(Response::new(pb::ReleaseResponse {
            referral: Some(referral),
        }))
    }

    async fn assign(
        &self,
        request: Request<pb::AssignRequest>,
    ) -> Result<Response<pb::AssignResponse>, Status> {
        let principal = principal_of(&request)?;
        let asked = request.into_inner();
        let id = decode::item(&asked.item_id).map_err(refused)?;
        let target = decode::service(&asked.service_id).map_err(refused)?;
        let referral = self
            .change_item(&principal, id, Some("item.assigned"), |case, ground| {
                calls::assign(case, id, &target, ground)
            })
            .await
            .map_err(refused)?;
        Ok(Response::new(pb::AssignResponse {
            referral: Some(referral),
        }))
    }

    async fn cancel(
        &self,
        request: Request<pb::CancelRequest>,
    ) -> Result<Response<pb::CancelResponse>, Status> {
        let principal = principal_of(&request)?;
        let id = decode::referral(&request.into_inner().referral_id).map_err(refused)?;
        let referral = self
            .change_referral(
                &principal,
                id,
                Some("referral.cancelled"),
                |case, ground| calls::cancel(case, id, ground),
            )
            .await
            .map_err(refused)?;
        Ok(Response::new(pb::CancelResponse {
            referral: Some(referral),
        }))
    }

    async fn list_items(
        &self,
        request: Request<pb::ListItemsRequest>,
    ) -> Result<Response<pb::ListItemsResponse>, Status> {
        let principal = principal_of(&request)?;
        let items = self.items(&principal).await.map_err(refused)?;
        Ok(Response::new(pb::ListItemsResponse { items }))
    }

    async fn explain_referral(
        &self,
        request: Request<pb::ExplainReferralRequest>,
    ) -> Result<Response<pb::ExplainReferralResponse>, Status> {
        let principal = principal_of(&request)?;
        let explained = self
            .explain(&principal, &request.into_inner().referral_id)
            .await
            .map_err(refused)?;
        Ok(Response::new(explained))
    }

    async fn preview_route(
        &self,
        request: Request<pb::PreviewRouteRequest>,
    ) -> Result<Response<pb::PreviewRouteResponse>, Status> {
        let principal = principal_of(&request)?;
        let preview = self
            .preview(&principal, &request.into_inner())
            .await
            .map_err(refused)?;
        Ok(Response::new(preview))
    }

    async fn export_situation(
        &self,
        request: Request<pb::ExportSituationRequest>,
    ) -> Result<Response<pb::ExportSituationResponse>, Status> {
        let principal = principal_of(&request)?;
        let json = self
            .exported(&principal, &request.get_ref().situation_id)
            .await
            .map_err(refused)?;
        Ok(Response::new(pb::ExportSituationResponse { json }))
    }

    async fn list_unmet_needs(
        &self,
        request: Request<pb::ListUnmetNeedsRequest>,
    ) -> Result<Response<pb::ListUnmetNeedsResponse>, Status> {
        let principal = principal_of(&request)?;
        let unmet_needs = self
            .unmet_needs(&principal, &request.into_inner().from)
            .await
            .map_err(refused)?;
        Ok(Response::new(pb::ListUnmetNeedsResponse { unmet_needs }))
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
