//! How the gateway is, and each service as it sees it.

use std::{collections::BTreeMap, time::Duration};

use axum::{
    Router,
    extract::State,
    response::{IntoResponse, Response},
    routing::get,
};
use futures::future::join_all;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use knipperlicht_runtime::{Health, Stop};
use tokio::time::timeout;
use tonic::transport::Channel;
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};

use crate::upstream::Upstreams;

/// How often to look.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// How long a service may take to say how it is.
const ANSWER_WITHIN: Duration = Duration::from_secs(1);

/// The name that the gateway itself goes by.
const GATEWAY: &str = "gateway";

/// Looks until it is time to stop. With a service away the gateway stays well: it serves the app, and
/// the others, and says of each call what it cannot do.
pub(crate) async fn watch(upstreams: &Upstreams, health: &Health, stop: &Stop) {
    loop {
        for (service, channel) in upstreams.iter() {
            let well = is_well(channel.clone(), service.name()).await;
            health.set(service.name(), well).await;
        }
        health.set(GATEWAY, true).await;
        health.set("", true).await;
        if !stop.pause(LOOK_EVERY).await {
            break;
        }
    }
    // Whoever balances load sends nothing more while requests under way finish.
    health.set(GATEWAY, false).await;
    health.set("", false).await;
}

/// How each service is, for the page of those who keep them running: as open as the health of gRPC, and
/// a name with yes or no is all it says.
pub(crate) fn routes(upstreams: &Upstreams) -> Router {
    Router::new()
        .route("/app/health.json", get(told))
        .with_state(upstreams.clone())
}

async fn told(State(upstreams): State<Upstreams>) -> Response {
    let looks = upstreams.iter().map(|(service, channel)| {
        let (name, channel) = (service.name(), channel.clone());
        async move { (name, is_well(channel, name).await) }
    });
    let told: BTreeMap<&str, bool> = join_all(looks).await.into_iter().collect();
    let told = serde_json::to_vec(&told).unwrap_or_default();
    let headers = [
        (CONTENT_TYPE, "application/json"),
        (CACHE_CONTROL, "no-store"),
    ];
    (headers, told).into_response()
}

async fn is_well(channel: Channel, service: &str) -> bool {
    let request = HealthCheckRequest {
        service: service.to_owned(),
    };
    let mut client = HealthClient::new(channel);
    let answer = timeout(ANSWER_WITHIN, client.check(request)).await;
    answer.is_ok_and(|answer| {
        answer.is_ok_and(|told| told.into_inner().status() == ServingStatus::Serving)
    })
}
