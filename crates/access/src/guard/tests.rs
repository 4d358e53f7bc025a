use std::convert::Infallible;

use axum::{Router, body::Body, routing::any};
use futures::stream::pending;
use http_body_util::BodyExt;
use knipperlicht_runtime::{Problem, system_environment};
use prost::Message;
use prost_types::{FileDescriptorSet, MethodDescriptorProto};
use tonic::codegen::Service as _;
use tonic_types::StatusExt;

use super::{streams::AT_ONCE, *};
use crate::{DevIssuer, Person};

const GET_SIGNAL: &str = "knipperlicht.intake.v1.IntakeService/GetSignal";
const WATCH: &str = "knipperlicht.intake.v1.IntakeService/WatchMySignals";
const CARD: &str = "knipperlicht.intake.v1.IntakeService/SubmitSelfSignal";
const DAY: i64 = 24 * 3600;

/// A door before three calls: one is answered, one never, and one by a stream in which nothing happens.
struct House {
    router: Router,
    token: String,
}

impl House {
    fn new(rates: &[&str]) -> Self {
        let environment = system_environment().unwrap();
        let issuer = DevIssuer::new(&[7; 32], environment.clone());
        let person = Person {
            subject: "cleaner".parse().unwrap(),
            role: Role::Reporter,
            organisation: None,
            zones: Vec::new(),
        };
        let token = issuer.token(&person, DAY).unwrap();
        let verifier = Verifier::new(&issuer.rules().unwrap(), environment).unwrap();
        let rates = rates.iter().map(|rate| rate.parse().unwrap()).collect();
        let door = Door::new(Arc::new(verifier), Rates::with(rates), Peers::Forwarded);
        let routes = Router::new()
            .route(&format!("/{CARD}"), any(async || <Response>::default()))
            .route(
                &format!("/{GET_SIGNAL}"),
                any(std::future::pending::<Response>),
            )
            .route(
                &format!("/{WATCH}"),
                any(async || Body::from_stream(pending::<Result<String, Infallible>>())),
            );
        Self {
            router: guard(Routes::from(routes), door).into_axum_router(),
            token,
        }
    }

    /// What the caller at `address` is told; nothing when all is well.
    async fn asks(&mut self, call: &str, address: &str) -> Option<Status> {
        Status::from_header_map(self.answer(call, address).await.headers())
    }

    /// How many calls it may still make.
    async fn left(&mut self, call: &str, address: &str) -> String {
        let answer = self.answer(call, address).await;
        answer.headers()["ratelimit"].to_str().unwrap().to_owned()
    }

    async fn answer(&mut self, call: &str, address: &str) -> Response {
        let mut request = Request::builder()
            .uri(format!("/{call}"))
            .header("x-forwarded-for", address);
        // Who holds a card has no account.
        if call != CARD {
            request = request.header(AUTHORIZATION, format!("Bearer {}", self.token));
        }
        let request = request.body(Body::empty()).unwrap();
        self.router.call(request).await.unwrap()
    }
}

fn code(status: Option<&Status>) -> String {
    status.map_or_else(String::new, |status| Problem::from(status).code)
}

#[tokio::test(start_paused = true)]
async fn a_call_that_takes_too_long_is_given_up_and_says_so() {
    let mut house = House::new(&[]);
    let began = tokio::time::Instant::now();
    let status = house.asks(GET_SIGNAL, "192.0.2.1").await;
    assert_eq!(began.elapsed().as_secs(), PATIENCE.as_secs());
    assert_eq!(code(status.as_ref()), "KL0022");
    assert_eq!(status.unwrap().code(), Code::DeadlineExceeded);
}

#[tokio::test(start_paused = true)]
async fn whoever_calls_too_often_is_told_when_to_go_on_and_nobody_else_is_hindered() {
    let mut house = House::new(&["link_holder=3", "reporter=2"]);
    for _ in 0..3 {
        assert_eq!(code(house.asks(CARD, "192.0.2.1").await.as_ref()), "");
    }
    let status = house.asks(CARD, "192.0.2.1").await.unwrap();
    assert_eq!(code(Some(&status)), "KL0021");
    assert_eq!(status.code(), Code::ResourceExhausted);
    let details = status.get_error_details();
    let wait = details.retry_info().unwrap().retry_delay.unwrap();
    assert!((1..=21).contains(&wait.as_secs()), "{wait:?}");
    assert_eq!(code(house.asks(CARD, "192.0.2.2").await.as_ref()), "");

    // Before that it was said how many were left; and whoever is refused is told so as well.
    let left = house.left(CARD, "192.0.2.3").await;
    assert_eq!(left, "\"link_holder\";r=2;t=20");
    let left = house.left(CARD, "192.0.2.1").await;
    assert!(left.starts_with("\"link_holder\";r=0;t="), "{left}");

    // An account is counted wherever it calls from.
    assert_eq!(
        code(house.asks(GET_SIGNAL, "192.0.2.1").await.as_ref()),
        "KL0022"
    );
    assert_eq!(
        code(house.asks(GET_SIGNAL, "192.0.2.2").await.as_ref()),
        "KL0022"
    );
    assert_eq!(
        code(house.asks(GET_SIGNAL, "192.0.2.3").await.as_ref()),
        "KL0021"
    );
    // Who is not let in is not counted.
    house.token = "forged".to_owned();
    for _ in 0..5 {
        assert_eq!(
            code(house.asks(GET_SIGNAL, "192.0.2.3").await.as_ref()),
            "KL0002"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_ends_when_the_token_does_that_opened_it() {
    let mut house = House::new(&[]);
    let began = tokio::time::Instant::now();
    let answer = house.answer(WATCH, "192.0.2.1").await;
    let read = answer.into_body().collect().await.unwrap();
    let held = i64::try_from(began.elapsed().as_secs()).unwrap();
    assert!((DAY..DAY + 2 * 60).contains(&held), "{held} s");
    let status = Status::from_header_map(read.trailers().unwrap());
    assert_eq!(code(status.as_ref()), "KL0003");
    assert!(read.to_bytes().is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_account_holds_only_so_many_streams_and_may_open_another_when_it_closed_one() {
    let mut house = House::new(&[]);
    let mut open = Vec::new();
    for _ in 0..AT_ONCE {
        open.push(house.answer(WATCH, "192.0.2.1").await);
    }
    let refused = house.asks(WATCH, "192.0.2.2").await.unwrap();
    assert_eq!(code(Some(&refused)), "KL0023");
    assert_eq!(refused.code(), Code::ResourceExhausted);
    open.pop();
    open.push(house.answer(WATCH, "192.0.2.1").await);
    assert!(Status::from_header_map(open.last().unwrap().headers()).is_none());
    let refused = house.asks(WATCH, "192.0.2.1").await;
    assert_eq!(code(refused.as_ref()), "KL0023");
}

/// The calls of our contracts of which this is true.
fn calls_that(are: impl Fn(&MethodDescriptorProto) -> bool) -> Vec<String> {
    let contracts = FileDescriptorSet::decode(knipperlicht_contracts::DESCRIPTORS).unwrap();
    let mut found = Vec::new();
    for file in &contracts.file {
        for service in &file.service {
            let calls = service.method.iter().filter(|call| are(call));
            found.extend(
                calls.map(|call| format!("{}.{}/{}", file.package(), service.name(), call.name())),
            );
        }
    }
    found.sort();
    found
}

#[test]
fn the_calls_that_are_answered_by_a_stream_are_known() {
    let streams = calls_that(MethodDescriptorProto::server_streaming);
    assert_eq!(streams, ANSWERED_BY_STREAMS);
}

#[test]
fn only_calls_that_send_a_stream_may_take_longer() {
    let sending = calls_that(MethodDescriptorProto::client_streaming);
    assert_eq!(sending, SENDING_STREAMS);
    assert_eq!(patience_with(SENDING_STREAMS[0]), PATIENCE_WITH_STREAMS);
    assert_eq!(patience_with(GET_SIGNAL), PATIENCE);
}
