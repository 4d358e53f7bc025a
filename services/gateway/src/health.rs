//! How the gateway is, and each service as it sees it.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    response::{IntoResponse, Response},
    routing::get,
};
use futures::future::join_all;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use knipperlicht_runtime::{Health, Stop};
use tokio::{
    sync::Mutex,
    time::{Instant, timeout},
};
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};

use crate::{upstream::Upstreams, way::Way};

/// How often to look.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// How long a service may take to say how it is.
const ANSWER_WITHIN: Duration = Duration::from_secs(1);

/// How long an answer holds for whoever asks next: anybody may ask, as often as they like.
const HOLDS: Duration = Duration::from_secs(1);

/// The name that the gateway itself goes by.
const GATEWAY: &str = "gateway";

/// Looks until it is time to stop. With a service away the gateway stays well: it serves the app, and
/// the others, and says of each call what it cannot do.
pub(crate) async fn watch(upstreams: &Upstreams, health: &Health, stop: &Stop) {
    loop {
        for (service, way) in upstreams.iter() {
            let well = is_well(way.clone(), service.name()).await;
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
    let page = Page {
        upstreams: upstreams.clone(),
        last: Arc::default(),
    };
    Router::new()
        .route("/app/health.json", get(told))
        .with_state(page)
}

#[derive(Clone)]
struct Page {
    upstreams: Upstreams,
    last: Arc<Last>,
}

/// The last answer, and when it was found.
#[derive(Default)]
struct Last(Mutex<Option<(Instant, Bytes)>>);

impl Last {
    /// What was found a moment ago, or what is found now; who asks meanwhile waits for that.
    async fn or(&self, look: impl Future<Output = Bytes>) -> Bytes {
        let mut last = self.0.lock().await;
        if let Some((at, told)) = last.as_ref()
            && at.elapsed() < HOLDS
        {
            return told.clone();
        }
        let told = look.await;
        *last = Some((Instant::now(), told.clone()));
        told
    }
}

async fn told(State(page): State<Page>) -> Response {
    let told = page.last.or(look(&page.upstreams)).await;
    let headers = [
        (CONTENT_TYPE, "application/json"),
        (CACHE_CONTROL, "no-store"),
    ];
    (headers, told).into_response()
}

async fn look(upstreams: &Upstreams) -> Bytes {
    let looks = upstreams.iter().map(|(service, way)| {
        let (name, way) = (service.name(), way.clone());
        async move { (name, is_well(way, name).await) }
    });
    let told: BTreeMap<&str, bool> = join_all(looks).await.into_iter().collect();
    serde_json::to_vec(&told).unwrap_or_default().into()
}

async fn is_well(way: Way, service: &str) -> bool {
    let request = HealthCheckRequest {
        service: service.to_owned(),
    };
    let mut client = HealthClient::new(way);
    let answer = timeout(ANSWER_WITHIN, client.check(request)).await;
    answer.is_ok_and(|answer| {
        answer.is_ok_and(|told| told.into_inner().status() == ServingStatus::Serving)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn however_often_it_is_asked_it_is_looked_once_a_second() {
        let last = Last::default();
        let mut looks = 0_u8;
        for _ in 0..100 {
            let told = last.or(async {
                looks += 1;
                Bytes::from_static(b"well")
            });
            assert_eq!(told.await, "well");
        }
        assert_eq!(looks, 1);
        tokio::time::advance(HOLDS).await;
        last.or(async {
            looks += 1;
            Bytes::new()
        })
        .await;
        assert_eq!(looks, 2);
    }
}
