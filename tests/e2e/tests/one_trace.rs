//! One signal is one trace: from the tap on the phone to what the carer says in the end, through every
//! service, the stream and the webhook of a partner; and nothing in it says who anybody is.

#![allow(
    clippy::too_many_lines,
    reason = "a scenario reads top down, in one piece"
)]

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
};

use jiff::SignedDuration;
use knipperlicht_contracts::{
    followup::v1 as followup, intake::v1 as intake, notification::v1 as notification,
};
use knipperlicht_e2e::{Collector, World, a_signal};
use knipperlicht_harness::eventually;
use knipperlicht_runtime::{Telemetry, TelemetryOptions};
use knipperlicht_traces::{Kind, Span};
use knipperlicht_vocabulary::{ContactChannel, ContactResult, OutcomeResult, Step};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    runtime::Runtime,
};
use tonic::Request;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const TAP: &str = "00f067aa0ba902b7";

const ZONE: &str = "oostende-bredene";

const NAME: &str = "Zorgelinck-Merkwaardig";
const PHONE: &str = "0499987654";
const NOTE: &str = "Notitie-nergens-te-vinden";
const BAGGAGE: &str = "Bagage-die-niemand-draagt";

/// What a webhook was sent, each call as it came.
#[derive(Clone, Default)]
struct Received(Arc<Mutex<Vec<String>>>);

impl Received {
    /// Takes calls on a free port; says where.
    async fn listen(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let received = self.clone();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut bytes = vec![0; 16_384];
                let read = stream.read(&mut bytes).await.unwrap_or_default();
                let call = String::from_utf8_lossy(&bytes[..read]).into_owned();
                received.0.lock().unwrap().push(call);
                let _ = stream
                    .write_all(b"HTTP/1.1 204 X\r\ncontent-length: 0\r\n\r\n")
                    .await;
            }
        });
        url
    }

    fn calls(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

#[test]
fn one_signal_is_one_trace_in_every_service_and_says_nothing_of_who_it_is_about() {
    let collector = Collector::start();
    let runtime = Runtime::new().unwrap();
    let telemetry = {
        let _inside = runtime.enter();
        let options = TelemetryOptions {
            otlp_endpoint: Some(collector.endpoint()),
            ..TelemetryOptions::default()
        };
        Telemetry::start("knipperlicht", &options).unwrap()
    };
    let received = Received::default();
    runtime.block_on(play(&received));
    // Outside the runtime, as at the end of a process: what is left is sent.
    drop(telemetry);

    let spans = collector.store().trace(TRACE);
    has_the_expected_spans(&spans);
    hangs_together(&spans);
    keeps_to_the_conventions(&spans);
    links_to_the_calls(&spans, &collector);

    // Of every trace, and of what went out.
    let everything = format!("{:?}{:?}", collector.store().traces(), received.calls());
    assert!(everything.len() > 50_000, "{}", everything.len());
    // Whoever asks every few seconds whether we are well is no trace, either.
    for mark in [NAME, PHONE, NOTE, BAGGAGE, "baggage", "grpc.health"] {
        assert!(!everything.contains(mark), "{mark}");
    }
    let onward = format!("traceparent: 00-{TRACE}-");
    let calls = received.calls();
    assert!(calls.iter().any(|call| call.contains(&onward)), "{calls:?}");
}

/// Whichever partner is asked, it is told by webhook.
async fn subscribe_everybody(world: &World, url: &str) {
    let organisations: Vec<String> = sqlx::query_scalar(
        "select distinct organisation_id from routing.service where zones is null or $1 = any(zones)",
    )
    .bind(ZONE)
    .fetch_all(&mut world.look().await)
    .await
    .unwrap();
    for organisation in &organisations {
        let webhook = notification::Webhook {
            url: url.to_owned(),
        };
        let subscribe = notification::SubscribeRequest {
            channel: Some(notification::subscribe_request::Channel::Webhook(webhook)),
            ..Default::default()
        };
        let desk = world.partner(organisation).0;
        desk.notification().subscribe(subscribe).await.unwrap();
    }
}

/// Scenario S1, with a webhook for the partner.
async fn play(received: &Received) {
    let world = World::start().await;
    let coordinator = world.coordinator(&[ZONE]);
    subscribe_everybody(&world, &received.listen().await).await;

    let cleaner = world.reporter("cleaner");
    let signal = intake::Signal {
        contact: Some(intake::Contact {
            name: NAME.to_owned(),
            phone: PHONE.to_owned(),
            ..Default::default()
        }),
        note: NOTE.to_owned(),
        ..a_signal(&world.environment)
    };
    let id = signal.signal_id.clone();
    let mut tap = Request::new(intake::SubmitSignalRequest {
        signal: Some(signal),
    });
    let traceparent = format!("00-{TRACE}-{TAP}-01");
    let headers = tap.metadata_mut();
    headers.insert("traceparent", traceparent.parse().unwrap());
    headers.insert("baggage", format!("who={BAGGAGE}").parse().unwrap());
    let receipt = cleaner.0.intake().submit_signal(tap).await.unwrap();
    let situation = receipt.into_inner().receipt.unwrap().situation_id;
    cleaner.sees(&id, Step::Referred).await;
    let asked = coordinator.referral_of(&situation).await;
    let partner = world.partner(&asked.service.unwrap().organisation_id);
    let referral = partner.receives(&situation).await;
    partner.accept(&referral.referral_id).await.unwrap();
    cleaner.sees(&id, Step::Accepted).await;

    let task = partner.task_of(&situation).await;
    let reached = followup::RecordContactRequest {
        task_id: task.task_id.clone(),
        channel: ContactChannel::Phone.number(),
        result: ContactResult::Reached.number(),
        ..Default::default()
    };
    partner.0.followup().record_contact(reached).await.unwrap();
    cleaner.sees(&id, Step::Contacted).await;
    let helped = followup::CompleteRequest {
        task_id: task.task_id.clone(),
        result: OutcomeResult::Helped.number(),
        ..Default::default()
    };
    partner.0.followup().complete(helped).await.unwrap();
    cleaner.sees(&id, Step::Closed).await;

    world.clock.advance(SignedDuration::from_hours(28 * 24));
    let link = partner.link(&task.task_id).await;
    let answer = followup::ConfirmOutcomeRequest {
        token: link.token,
        answer: followup::Answer::Helped.into(),
        ..Default::default()
    };
    let carer = world.nobody();
    carer.followup().confirm_outcome(answer).await.unwrap();
    cleaner.sees(&id, Step::Confirmed).await;
    eventually("the partner's webhook", async || {
        (!received.calls().is_empty()).then_some(())
    })
    .await;
    world.stop().await;
}

fn has_the_expected_spans(spans: &[Span]) {
    let told: BTreeSet<(&str, Kind, &str)> = spans
        .iter()
        .map(|span| (span.service(), span.kind, span.name.as_str()))
        .collect();
    let said = |service, kind, name: &str| {
        assert!(
            told.contains(&(service, kind, name)),
            "{service}: {name} is not in {told:#?}"
        );
    };
    said(
        "intake",
        Kind::Server,
        "knipperlicht.intake.v1.IntakeService/SubmitSignal",
    );
    said("intake", Kind::Client, "transaction");
    for (service, call) in [
        ("routing", "knipperlicht.routing.v1.RoutingService/Accept"),
        (
            "followup",
            "knipperlicht.followup.v1.FollowupService/RecordContact",
        ),
        (
            "followup",
            "knipperlicht.followup.v1.FollowupService/Complete",
        ),
        (
            "followup",
            "knipperlicht.followup.v1.FollowupService/ConfirmOutcome",
        ),
    ] {
        said(service, Kind::Internal, call);
    }
    for (by, event, heard_by) in [
        ("intake", "signal.flagged", &["assessment", "followup"][..]),
        (
            "assessment",
            "assessment.completed",
            &["intake", "routing", "followup"],
        ),
        (
            "routing",
            "referral.requested",
            &["intake", "followup", "notification"],
        ),
        ("routing", "referral.accepted", &["intake", "followup"]),
        ("followup", "followup.contact_recorded", &["intake"]),
        ("followup", "followup.completed", &["intake", "routing"]),
        ("followup", "followup.confirmed", &["intake"]),
    ] {
        let template = format!("kl.evt.{{partition}}.{{zone}}.{event}.v1");
        said(by, Kind::Producer, &format!("publish {template}"));
        for listener in heard_by {
            said(listener, Kind::Consumer, &format!("process {template}"));
        }
    }
    said("notification", Kind::Client, "POST");
}

/// Every span but the first hangs under one that is there; the first under the tap. What is handled
/// hangs under what was published, and what is published under what said it.
fn hangs_together(spans: &[Span]) {
    let by_id: BTreeMap<&str, &Span> = spans.iter().map(|span| (span.id.as_str(), span)).collect();
    assert_eq!(by_id.len(), spans.len(), "an id is there twice");
    for span in spans {
        let parent = span.parent.as_deref().unwrap();
        let Some(parent) = by_id.get(parent) else {
            assert_eq!(parent, TAP, "an orphan: {span:#?}");
            assert_eq!(span.kind, Kind::Server);
            continue;
        };
        match span.kind {
            Kind::Consumer => {
                assert_eq!(parent.kind, Kind::Producer, "{span:#?}");
                let id = "messaging.message.id";
                assert_eq!(span.attributes[id], parent.attributes[id]);
            }
            Kind::Producer => assert!(
                matches!(parent.kind, Kind::Server | Kind::Internal | Kind::Consumer),
                "{span:#?}"
            ),
            // Each call has a trace of its own; the tap's alone is this one.
            Kind::Server => assert_eq!(span.parent.as_deref(), Some(TAP), "{span:#?}"),
            Kind::Internal => assert_eq!(span.links.len(), 1, "{span:#?}"),
            Kind::Client => {}
        }
        assert!(span.began >= parent.began, "{span:#?}");
    }
}

fn keeps_to_the_conventions(spans: &[Span]) {
    for span in spans {
        let said = |name: &str| span.attributes.get(name).map(String::as_str);
        assert!(!span.failed, "{span:#?}");
        assert_eq!(span.process["service.name"], "knipperlicht");
        match span.kind {
            Kind::Server => {
                assert_eq!(said("rpc.system.name"), Some("grpc"));
                assert_eq!(said("rpc.method"), Some(span.name.as_str()));
                assert_eq!(said("rpc.response.status_code"), Some("OK"));
            }
            Kind::Producer | Kind::Consumer => {
                let operation = said("messaging.operation.name").unwrap();
                let template = said("messaging.destination.template").unwrap();
                assert_eq!(span.name, format!("{operation} {template}"));
                assert_eq!(said("messaging.system"), Some("nats"));
                assert_eq!(said("messaging.destination.name"), Some("KL_EVENTS"));
                assert!(said("messaging.destination.partition.id").is_some());
            }
            Kind::Client if span.name == "POST" => {
                assert_eq!(said("http.request.method"), Some("POST"));
                assert_eq!(said("http.response.status_code"), Some("204"));
            }
            Kind::Client => assert_eq!(said("db.system.name"), Some("postgresql")),
            Kind::Internal => {}
        }
    }
}

/// A step of somebody else stands in the story and links to their call, which has a trace of its own.
fn links_to_the_calls(spans: &[Span], collector: &Collector) {
    let steps: Vec<&Span> = spans
        .iter()
        .filter(|span| span.kind == Kind::Internal)
        .collect();
    assert!(steps.len() >= 4, "{steps:#?}");
    for step in steps {
        let (trace, id) = &step.links[0];
        assert_ne!(trace, TRACE);
        let call = collector.store().trace(trace);
        let call = call.iter().find(|span| span.id == *id).unwrap();
        assert_eq!(
            (call.kind, call.name.as_str()),
            (Kind::Server, step.name.as_str())
        );
        assert!(
            call.links.contains(&(TRACE.to_owned(), step.id.clone())),
            "{call:#?}"
        );
    }
}
