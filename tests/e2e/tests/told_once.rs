//! Feedback is told exactly once per step, also when every event arrives three times; and nothing is
//! told of what is the carer's own.

use std::{collections::BTreeMap, time::Duration};

use async_nats::{HeaderMap, jetstream};
use futures::StreamExt;
use jiff::SignedDuration;
use knipperlicht_contracts::{event::Service, followup::v1 as followup, intake::v1 as intake};
use knipperlicht_e2e::{Closed, World};
use knipperlicht_eventing::NatsUser;
use knipperlicht_harness::eventually;
use knipperlicht_vocabulary::{ItemKind, OutcomeResult, Step};
use tokio::{sync::mpsc, time::timeout};

/// Publishes all that the stream holds once more, so that the server does not know it again.
async fn say_everything_again(world: &World) {
    let nats = world.bed.connect_nats(NatsUser::Operator).await;
    let jetstream = jetstream::new(nats);
    let stream = jetstream.get_stream("KL_EVENTS").await.unwrap();
    let consumer = stream
        .create_consumer(jetstream::consumer::pull::OrderedConfig::default())
        .await
        .unwrap();
    let mut messages = consumer.messages().await.unwrap();
    let mut all = Vec::new();
    while let Ok(Some(message)) = timeout(Duration::from_millis(500), messages.next()).await {
        all.push(message.unwrap());
    }
    assert!(!all.is_empty());
    // Each in the name of who said it: nobody else may.
    let mut speakers = BTreeMap::new();
    for service in Service::ALL {
        let client = world.bed.connect_nats(NatsUser::Service(*service)).await;
        speakers.insert(service.name(), jetstream::new(client));
    }
    for message in all {
        let mut headers = HeaderMap::new();
        for (name, values) in message.headers.iter().flat_map(HeaderMap::iter) {
            if name.to_string() != "Nats-Msg-Id" {
                for value in values {
                    headers.append(name.clone(), value.clone());
                }
            }
        }
        let said_by = headers.get("ce-source").unwrap().as_str();
        let sent = speakers[said_by]
            .publish_with_headers(
                message.subject.clone(),
                headers.clone(),
                message.payload.clone(),
            )
            .await
            .unwrap();
        sent.await.unwrap();
    }
}

#[tokio::test]
async fn every_step_is_told_once_though_every_event_comes_three_times() {
    let world = World::start().await;
    let Closed {
        cleaner,
        partner,
        signal,
        task,
        ..
    } = world.accepted().await;
    // The reporter's phone, open all the while.
    let request = intake::WatchMySignalsRequest {};
    let mut watched = cleaner
        .0
        .intake()
        .watch_my_signals(request)
        .await
        .unwrap()
        .into_inner();
    let (sender, mut shown) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Some(Ok(change)) = watched.next().await {
            let progress = change.signal.unwrap().progress;
            if sender.send(progress).is_err() {
                return;
            }
        }
    });

    say_everything_again(&world).await;
    partner.reaches(&task).await;
    cleaner.sees(&signal, Step::Contacted).await;
    say_everything_again(&world).await;
    // What is said next of the situation comes after all of that.
    partner
        .completes(&task, OutcomeResult::Helped, None)
        .await
        .unwrap();
    cleaner.sees(&signal, Step::Closed).await;
    assert_eq!(
        cleaner.steps(&signal).await,
        [
            Step::Received,
            Step::Assessed,
            Step::Referred,
            Step::Accepted,
            Step::Contacted,
            Step::Closed
        ]
    );

    // The phone was shown each step as it came, and none of them twice.
    let mut before: Vec<intake::Progress> = Vec::new();
    while before
        .last()
        .is_none_or(|step| step.step != Step::Closed.number())
    {
        let now = timeout(Duration::from_secs(30), shown.recv()).await;
        let now = now.expect("a change").unwrap();
        assert!(now.len() > before.len(), "told again: {now:?}");
        assert_eq!(now[..before.len()], before[..], "taken back");
        before = now;
    }
    assert!(shown.try_recv().is_err(), "told something after the end");
    world.stop().await;
}

/// A carer who never answers: asked twice, before the coordinator, before the council, let rest. For
/// the reporter it stays closed all the while, and can be opened again.
#[tokio::test]
async fn that_a_carer_does_not_answer_is_not_told() {
    let world = World::start().await;
    let Closed {
        cleaner,
        partner,
        coordinator,
        signal,
        situation,
        task,
        ..
    } = world.closed().await;
    for days in [28, 14] {
        world.clock.advance(SignedDuration::from_hours(days * 24));
        eventually("a question", async || {
            let question = partner.task_of(&situation).await.carer_question?;
            (question.times == if days == 28 { 1 } else { 2 }).then_some(())
        })
        .await;
    }
    world.clock.advance(SignedDuration::from_hours(14 * 24));
    let item = async |escalated: bool| {
        eventually("it to lie with somebody", async || {
            let mut items = coordinator.items().await.into_iter();
            items.find(|item| {
                item.kind == ItemKind::Late.number() && item.escalated_at.is_some() == escalated
            })
        })
        .await
    };
    item(false).await;
    world.clock.advance(SignedDuration::from_hours(14 * 24));
    item(true).await;
    let close = followup::CloseLoopRequest { task_id: task };
    coordinator.0.followup().close_loop(close).await.unwrap();

    let request = intake::ReportNotBetterRequest {
        signal_id: signal.clone(),
    };
    let reopened = cleaner.0.intake().report_not_better(request).await;
    reopened.unwrap();
    cleaner.sees(&signal, Step::Reopened).await;
    // All that was said before that was heard before that.
    assert_eq!(
        cleaner.steps(&signal).await,
        [
            Step::Received,
            Step::Assessed,
            Step::Referred,
            Step::Accepted,
            Step::Contacted,
            Step::Closed,
            Step::Reopened
        ]
    );
    world.stop().await;
}
