//! `knipperlicht-stage`: the whole line with its web app on throw-away servers, for a browser to play the
//! scenarios on. It says where it is in one line of JSON, and ends with whoever started it:
//!
//! ```text
//! {"app":"http://localhost:41234","control":"http://127.0.0.1:41235"}
//! ```
//!
//! At `control`, `POST /advance?hours=672` moves time, and `POST /network?up=false` cuts the way between
//! browsers and the line: what is open breaks off, and nobody listens any more.

#![allow(
    clippy::expect_used,
    reason = "a stage that cannot be built should say so loudly"
)]

mod wire;

use axum::{
    Json, Router,
    extract::{Query, State},
    http::StatusCode,
    routing::{get, post},
};
use jiff::{SignedDuration, Timestamp};
use knipperlicht_e2e::World;
use knipperlicht_harness::MovableClock;
use knipperlicht_vocabulary::Environment;
use serde::Deserialize;
use tokio::{io::AsyncReadExt, net::TcpListener};

use self::wire::Wire;

#[derive(Clone)]
struct Stage {
    clock: MovableClock,
    environment: Environment,
    wire: Wire,
}

#[derive(Deserialize)]
struct Advance {
    hours: i64,
}

#[derive(Deserialize)]
struct Network {
    up: bool,
}

#[tokio::main]
async fn main() {
    let world = World::with_demo_people().await;
    let gateway = world.web().address();
    let wire = Wire::to(gateway).await;
    let app = format!("http://localhost:{}", wire.port());
    let stage = Stage {
        clock: world.clock.clone(),
        environment: world.environment.clone(),
        wire,
    };
    let control = TcpListener::bind(("127.0.0.1", 0))
        .await
        .expect("an address");
    let address = control.local_addr().expect("an address");
    let router = Router::new()
        .route("/advance", post(advance))
        .route("/now", get(now))
        .route("/network", post(network))
        .with_state(stage);
    println!(
        "{}",
        serde_json::json!({ "app": app, "control": format!("http://{address}") })
    );
    tokio::select! {
        served = axum::serve(control, router) => served.expect("a control that answers"),
        () = nobody_reads_on() => {}
    }
    world.stop().await;
}

/// Whoever started it holds the other end of its input.
async fn nobody_reads_on() {
    let mut input = tokio::io::stdin();
    let mut nothing = [0; 64];
    while input.read(&mut nothing).await.is_ok_and(|read| read > 0) {}
}

async fn advance(State(stage): State<Stage>, Query(asked): Query<Advance>) -> Json<Timestamp> {
    stage.clock.advance(SignedDuration::from_hours(asked.hours));
    Json(stage.environment.now())
}

async fn now(State(stage): State<Stage>) -> Json<Timestamp> {
    Json(stage.environment.now())
}

async fn network(State(stage): State<Stage>, Query(asked): Query<Network>) -> StatusCode {
    if asked.up {
        stage.wire.mend().await;
    } else {
        stage.wire.cut().await;
    }
    StatusCode::NO_CONTENT
}
