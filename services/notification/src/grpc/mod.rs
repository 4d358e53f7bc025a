//! The calls: who asks, decode, decide, write and say.

mod look;
mod subscribe;
mod wire;

use std::sync::Arc;

use knipperlicht_access::principal_of;
use knipperlicht_contracts::notification::v1::{
    GetBacklogRequest, GetBacklogResponse, ListDeliveriesRequest, ListDeliveriesResponse,
    ListSubscriptionsRequest, ListSubscriptionsResponse, RedeliverRequest, RedeliverResponse,
    RotateSecretRequest, RotateSecretResponse, SubscribeRequest, SubscribeResponse,
    UnsubscribeRequest, UnsubscribeResponse, notification_service_server::NotificationService,
};
use knipperlicht_eventing::Kit;
use knipperlicht_privacy::{ReporterKeys, Vault};
use knipperlicht_runtime::refusal;
use tonic::{Request, Response, Status};

use crate::{error::NotificationError, settings::NotificationSettings};

/// What notification answers.
pub struct NotificationCalls {
    pub(crate) kit: Kit,
    pub(crate) settings: Arc<NotificationSettings>,
    pub(crate) vault: Vault,
    pub(crate) reporters: Arc<ReporterKeys>,
}

fn answer<T>(result: Result<T, NotificationError>) -> Result<Response<T>, Status> {
    result.map(Response::new).map_err(|error| refusal(&error))
}

#[tonic::async_trait]
impl NotificationService for NotificationCalls {
    async fn subscribe(
        &self,
        request: Request<SubscribeRequest>,
    ) -> Result<Response<SubscribeResponse>, Status> {
        let principal = principal_of(&request)?;
        answer(self.subscribed(&principal, request.get_ref()).await)
    }

    async fn list_subscriptions(
        &self,
        request: Request<ListSubscriptionsRequest>,
    ) -> Result<Response<ListSubscriptionsResponse>, Status> {
        let principal = principal_of(&request)?;
        answer(self.subscriptions_of(&principal, request.get_ref()).await)
    }

    async fn unsubscribe(
        &self,
        request: Request<UnsubscribeRequest>,
    ) -> Result<Response<UnsubscribeResponse>, Status> {
        let principal = principal_of(&request)?;
        answer(self.unsubscribed(&principal, request.get_ref()).await)
    }

    async fn rotate_secret(
        &self,
        request: Request<RotateSecretRequest>,
    ) -> Result<Response<RotateSecretResponse>, Status> {
        let principal = principal_of(&request)?;
        answer(self.rotated(&principal, request.get_ref()).await)
    }

    async fn list_deliveries(
        &self,
        request: Request<ListDeliveriesRequest>,
    ) -> Result<Response<ListDeliveriesResponse>, Status> {
        let principal = principal_of(&request)?;
        answer(self.deliveries_of(&principal, request.get_ref()).await)
    }

    async fn redeliver(
        &self,
        request: Request<RedeliverRequest>,
    ) -> Result<Response<RedeliverResponse>, Status> {
        let principal = principal_of(&request)?;
        answer(self.redelivered(&principal, request.get_ref()).await)
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
