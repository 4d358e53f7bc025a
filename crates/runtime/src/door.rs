//! The door for who watches over processes: health over gRPC, and over HTTP whether it lives
//! (`/livez`), whether it can be called (`/readyz`), and its metrics (`/metrics`). In clear, and
//! nothing else.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use axum::{Router, extract::State, response::IntoResponse, routing::get};
use http::{StatusCode, header::CONTENT_TYPE};
use tonic::service::Routes;

use crate::telemetry::prometheus_text;

/// What Prometheus calls its text.
const METRICS: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Whether the whole process can be called.
#[derive(Debug, Clone, Default)]
pub(crate) struct Readiness(Arc<AtomicBool>);

impl Readiness {
    pub(crate) fn set(&self, is_ready: bool) {
        self.0.store(is_ready, Ordering::Relaxed);
    }
}

/// What the door answers.
pub(crate) fn routes(health: Routes, readiness: Readiness) -> Routes {
    let router = Router::new()
        .route("/livez", get(|| async { "alive\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(readiness)
        .merge(health.into_axum_router().reset_fallback());
    Routes::from(router)
}

async fn ready(State(readiness): State<Readiness>) -> impl IntoResponse {
    if readiness.0.load(Ordering::Relaxed) {
        (StatusCode::OK, "ready\n")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "not ready\n")
    }
}

async fn metrics() -> impl IntoResponse {
    match prometheus_text() {
        Some(text) => (StatusCode::OK, [(CONTENT_TYPE, METRICS)], text),
        None => (
            StatusCode::SERVICE_UNAVAILABLE,
            [(CONTENT_TYPE, METRICS)],
            Vec::new(),
        ),
    }
}
