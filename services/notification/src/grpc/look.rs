//! What there is, what became of it, and trying it again.

use knipperlicht_access::Principal;
use knipperlicht_contracts::{
    notification::v1::{
        Attempt, Delivery, ListDeliveriesRequest, ListDeliveriesResponse, ListSubscriptionsRequest,
        ListSubscriptionsResponse, RedeliverRequest, RedeliverResponse,
    },
    to_proto,
};
use knipperlicht_vocabulary::DeliveryId;
use uuid::Uuid;

use super::{NotificationCalls, wire};
use crate::{
    error::NotificationError,
    store::{attempts, deliveries, lanes, standings, subscriptions},
};

/// Deliveries on a page when nothing is said, and at most.
const PAGE: i32 = 50;
const LARGEST_PAGE: i32 = 200;

/// Ids at most in one call.
const MOST_IDS: usize = 500;

impl NotificationCalls {
    pub(super) async fn subscriptions_of(
        &self,
        principal: &Principal,
        request: &ListSubscriptionsRequest,
    ) -> Result<ListSubscriptionsResponse, NotificationError> {
        let mut transaction = self.kit.database.begin(principal).await?;
        let found = subscriptions::list(&mut transaction, request.include_ended).await?;
        let ids: Vec<Uuid> = found.iter().map(|one| one.id.uuid()).collect();
        let standings = standings::standings(&mut transaction, &ids).await?;
        transaction.commit().await?;
        let mut subscriptions = Vec::with_capacity(found.len());
        for one in &found {
            let standing = standings.get(&one.id).copied().unwrap_or_default();
            subscriptions.push(wire::subscription(&self.vault, one, standing).await?);
        }
        Ok(ListSubscriptionsResponse { subscriptions })
    }

    pub(super) async fn deliveries_of(
        &self,
        principal: &Principal,
        request: &ListDeliveriesRequest,
    ) -> Result<ListDeliveriesResponse, NotificationError> {
        let subscription = self.visible(principal, &request.subscription_id).await?.id;
        let state = wire::delivery_state(request.state)?;
        let size = match request.page_size {
            ..=0 => PAGE,
            size => size.min(LARGEST_PAGE),
        };
        let before = match request.page_token.as_str() {
            "" => i64::MAX,
            token => token.parse().map_err(|_| NotificationError::PageToken)?,
        };
        let mut transaction = self.kit.database.begin(principal).await?;
        // One more than asked for tells whether there is a next page.
        let mut found = deliveries::list(
            &mut transaction,
            subscription,
            state,
            before,
            i64::from(size) + 1,
        )
        .await?;
        let size = usize::try_from(size).unwrap_or_default();
        let more = found.len() > size;
        found.truncate(size);
        let ids: Vec<Uuid> = found.iter().map(|one| one.id.uuid()).collect();
        let mut tried = attempts::of(&mut transaction, &ids).await?;
        transaction.commit().await?;
        let next = found.last().filter(|_| more).map(|last| last.number);
        let deliveries = found.into_iter().map(|one| Delivery {
            delivery_id: one.id.to_string(),
            r#type: one.event_type,
            occurred_at: Some(to_proto(one.occurred_at)),
            state: wire::delivery_state_number(&one.state),
            settled_at: one.settled_at.map(to_proto),
            attempts: tried
                .remove(&one.id.uuid())
                .unwrap_or_default()
                .into_iter()
                .map(|attempt| Attempt {
                    at: Some(to_proto(attempt.at)),
                    status: attempt.status,
                    error: attempt.error.unwrap_or_default(),
                })
                .collect(),
        });
        Ok(ListDeliveriesResponse {
            deliveries: deliveries.collect(),
            next_page_token: next.map_or_else(String::new, |number| number.to_string()),
        })
    }

    pub(super) async fn redelivered(
        &self,
        principal: &Principal,
        request: &RedeliverRequest,
    ) -> Result<RedeliverResponse, NotificationError> {
        let subscription = self.visible(principal, &request.subscription_id).await?;
        if subscription.sealed.is_none() {
            return Err(NotificationError::Ended);
        }
        let these: Vec<Uuid> = request
            .delivery_ids
            .iter()
            .take(MOST_IDS)
            .map(|id| wire::id::<DeliveryId>("delivery_ids", id).map(DeliveryId::uuid))
            .collect::<Result<_, _>>()?;
        let now = self.kit.environment.now();
        let mut transaction = self.kit.database.begin(&self.kit.principal).await?;
        let revived = deliveries::revive(&mut transaction, now, subscription.id, &these).await?;
        if revived > 0 {
            lanes::hasten(&mut transaction, now, subscription.id).await?;
        }
        transaction.commit().await?;
        self.kit.bell.ring();
        Ok(RedeliverResponse {
            deliveries: i64::try_from(revived).unwrap_or(i64::MAX),
        })
    }
}
