//! Webhooks.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use knipperlicht_contracts::notification::v1 as pb;
use knipperlicht_e2e::outbound;
use knipperlicht_harness::eventually;
use knipperlicht_vocabulary::Urgency;
use pb::DeliveryState::{Dead, Delivered, Waiting};
use standardwebhooks::Webhook;

use crate::notifications::{
    receiver::{Behaviour, Call, Receiver},
    teller::{
        ORGANISATION, PAST_ANY_PAUSE, Teller, ZONE, attempted, by_webhook, deliveries, desk,
        errors, noted, stand, subscribe, world,
    },
};

/// What a receiver that drops what it has seen is left with, in order; only what it took counts.
fn kept(calls: &[Call]) -> Vec<String> {
    let mut seen = BTreeSet::new();
    calls
        .iter()
        .filter(|call| seen.insert(call.id()))
        .map(Call::subject)
        .collect()
}

#[tokio::test]
async fn a_webhook_says_that_there_is_something_and_is_signed() {
    let world = world(outbound()).await;
    let (desk, teller) = (desk(&world), Teller::new(&world));
    let receiver = Receiver::start().await;
    let (subscription, secret) = subscribe(&desk, by_webhook(&receiver.url())).await;
    assert!(secret.starts_with("whsec_"));

    let referral = teller.asks(Urgency::Routine).await;
    let call = receiver.gets(1).await.remove(0);
    Webhook::new(&secret)
        .unwrap()
        .verify(&call.body, &call.headers)
        .unwrap();
    let event = call.event();
    assert_eq!(event["specversion"], "1.0");
    assert_eq!(event["type"], "knipperlicht.referral.requested.v1");
    assert_eq!(event["source"], "/knipperlicht/routing");
    assert_eq!(event["subject"], referral.as_str());
    assert_eq!(event["zone"], ZONE);
    assert_eq!(event["id"], call.id().as_str());
    assert_eq!(event["data"]["link"], "https://knipperlicht.test/");
    assert!(!String::from_utf8_lossy(&call.body).contains(ORGANISATION));

    let delivered = stand(&desk, &subscription, Delivered, 1).await;
    assert_eq!(delivered[0].delivery_id, call.id());
    assert_eq!(delivered[0].attempts[0].status, 204);

    // With a new secret both sign, for a day.
    let request = pb::RotateSecretRequest {
        subscription_id: subscription.clone(),
    };
    let new = desk
        .notification()
        .rotate_secret(request)
        .await
        .unwrap()
        .into_inner()
        .secret;
    assert_ne!(new, secret);
    // The library's own check goes by the clock of this machine, which the test leaves behind.
    let verified = |call: &Call, secret: &str| {
        let timestamp = call.headers["webhook-timestamp"].to_str().unwrap();
        let signature = Webhook::new(secret)
            .unwrap()
            .sign(&call.id(), timestamp.parse().unwrap(), &call.body)
            .unwrap();
        let signatures = call.headers["webhook-signature"].to_str().unwrap();
        signatures.split(' ').any(|one| one == signature)
    };
    teller.asks(Urgency::Routine).await;
    let call = receiver.gets(2).await.remove(1);
    assert!(verified(&call, &new) && verified(&call, &secret));
    world.clock.advance(SignedDuration::from_hours(25));
    teller.asks(Urgency::Routine).await;
    let call = receiver.gets(3).await.remove(2);
    assert!(verified(&call, &new) && !verified(&call, &secret));
    world.stop().await;
}

#[tokio::test]
async fn a_receiver_that_misbehaves_gets_everything_once_and_in_order() {
    let world = world(outbound()).await;
    let (desk, teller) = (desk(&world), Teller::new(&world));
    let mut receiver = Receiver::start().await;
    let (subscription, _) = subscribe(&desk, by_webhook(&receiver.url())).await;

    // It errs, sends elsewhere, closes; each time the first in line is tried, and no other.
    receiver.behaves(Behaviour::Answer(500));
    let mut told = teller.asks_often(20).await;
    attempted(&desk, &subscription, 1).await;
    for (tries, behaviour) in (2..).zip([
        Behaviour::Answer(302),
        Behaviour::CloseAfterTaking,
        Behaviour::Answer(404),
    ]) {
        receiver.behaves(behaviour);
        world.clock.advance(PAST_ANY_PAUSE);
        attempted(&desk, &subscription, tries).await;
    }
    let waiting = stand(&desk, &subscription, Waiting, 20).await;
    assert_eq!(
        errors(&waiting[0]),
        ["status", "redirect", "connection", "status"]
    );
    assert!(waiting[1..].iter().all(|one| one.attempts.is_empty()));
    let statuses: Vec<i32> = waiting[0].attempts.iter().map(|one| one.status).collect();
    assert_eq!(statuses, [500, 302, 0, 404]);
    assert_eq!(kept(&receiver.got()), told[..1]);

    // Killed: nothing gets through, nothing is lost.
    receiver.kill().await;
    told.extend(teller.asks_often(5).await);
    world.clock.advance(PAST_ANY_PAUSE);
    attempted(&desk, &subscription, 5).await;

    // Back, it breaks off in the middle of its answers: it has said that it has them.
    receiver.behaves(Behaviour::CloseMidAnswer);
    receiver.restart().await;
    world.clock.advance(PAST_ANY_PAUSE);
    stand(&desk, &subscription, Delivered, 25).await;
    assert_eq!(kept(&receiver.got()), told);

    // What was answered with success came once.
    let mut delivered: BTreeMap<String, usize> = BTreeMap::new();
    for call in receiver.got() {
        if call.behaviour == Behaviour::CloseMidAnswer {
            *delivered.entry(call.id()).or_default() += 1;
        }
    }
    assert!(delivered.values().all(|times| *times == 1));
    world.stop().await;
}

#[tokio::test]
async fn a_receiver_that_hangs_holds_up_nobody_else() {
    let world = world(outbound()).await;
    let (desk, teller) = (desk(&world), Teller::new(&world));
    let (hanging, well) = (Receiver::start().await, Receiver::start().await);
    hanging.behaves(Behaviour::Hang);
    let (stuck, _) = subscribe(&desk, by_webhook(&hanging.url())).await;
    subscribe(&desk, by_webhook(&well.url())).await;

    let told = teller.asks_often(3).await;
    assert_eq!(kept(&well.gets(3).await), told);
    let waiting = eventually("the time-out", async || {
        let found = deliveries(&desk, &stuck).await;
        found
            .iter()
            .any(|one| !one.attempts.is_empty())
            .then_some(found)
    })
    .await;
    assert_eq!(errors(&waiting[0]), ["timeout"]);
    hanging.behaves(Behaviour::Answer(200));
    world.clock.advance(PAST_ANY_PAUSE);
    stand(&desk, &stuck, Delivered, 3).await;
    assert_eq!(kept(&hanging.got()), told);
    world.stop().await;
}

#[tokio::test]
async fn what_fails_for_three_days_is_given_up_listed_and_delivered_again_when_asked() {
    let world = world(outbound()).await;
    let (desk, teller) = (desk(&world), Teller::new(&world));
    let mut receiver = Receiver::start().await;
    let (subscription, _) = subscribe(&desk, by_webhook(&receiver.url())).await;
    receiver.kill().await;
    let told = teller.asks_often(3).await;
    // All three are heard of before time moves: the days of each count from then.
    noted(&desk, &subscription, 3).await;
    attempted(&desk, &subscription, 1).await;
    world.clock.advance(SignedDuration::from_hours(73));
    let dead = stand(&desk, &subscription, Dead, 3).await;
    // Each was tried: those behind the first as well.
    assert!(dead.iter().all(|one| errors(one).contains(&"connection")));

    receiver.restart().await;
    let later = teller.asks(Urgency::Routine).await;
    stand(&desk, &subscription, Delivered, 1).await;
    assert_eq!(kept(&receiver.got()), [later.as_str()]);

    let request = pb::RedeliverRequest {
        subscription_id: subscription.clone(),
        delivery_ids: vec![dead[1].delivery_id.clone()],
    };
    let again = desk.notification().redeliver(request.clone()).await;
    assert_eq!(again.unwrap().into_inner().deliveries, 1);
    stand(&desk, &subscription, Delivered, 2).await;
    let request = pb::RedeliverRequest {
        delivery_ids: Vec::new(),
        ..request
    };
    let again = desk.notification().redeliver(request).await;
    assert_eq!(again.unwrap().into_inner().deliveries, 2);
    stand(&desk, &subscription, Delivered, 4).await;
    assert_eq!(
        kept(&receiver.got()),
        [&later, &told[1], &told[0], &told[2]].map(String::as_str)
    );
    world.stop().await;
}

#[tokio::test]
async fn a_receiver_that_is_gone_ends_its_subscription() {
    let world = world(outbound()).await;
    let (desk, teller) = (desk(&world), Teller::new(&world));
    let receiver = Receiver::start().await;
    let (subscription, _) = subscribe(&desk, by_webhook(&receiver.url())).await;
    receiver.behaves(Behaviour::Answer(410));
    teller.asks_often(2).await;
    let dead = stand(&desk, &subscription, Dead, 2).await;
    assert_eq!(errors(&dead[0]), ["gone"]);

    let request = pb::ListSubscriptionsRequest {
        include_ended: true,
    };
    let listed = desk
        .notification()
        .list_subscriptions(request)
        .await
        .unwrap()
        .into_inner()
        .subscriptions
        .remove(0);
    assert!(listed.ended_by_receiver && listed.channel.is_none());
    let request = pb::RedeliverRequest {
        subscription_id: subscription.clone(),
        ..Default::default()
    };
    let refused = desk.notification().redeliver(request).await.unwrap_err();
    assert!(refused.message().starts_with("KL5009"), "{refused}");

    // Nothing is kept for it any more.
    let (other, _) = subscribe(&desk, by_webhook(&receiver.url())).await;
    receiver.behaves(Behaviour::Answer(200));
    teller.asks(Urgency::Routine).await;
    stand(&desk, &other, Delivered, 1).await;
    assert_eq!(deliveries(&desk, &subscription).await.len(), 2);
    world.stop().await;
}

#[tokio::test]
async fn an_address_that_is_not_public_is_refused() {
    let world = world(outbound()).await;
    let desk = desk(&world);
    for url in [
        "https://10.1.2.3/",
        "https://[fd00::1]/",
        "https://169.254.169.254/latest",
        "ftp://127.0.0.1/",
        "http://193.190.1.1/",
        "https://somebody@care.example.org/",
    ] {
        let refused = desk.notification().subscribe(by_webhook(url)).await;
        let refused = refused.unwrap_err();
        assert!(refused.message().starts_with("KL5004"), "{url}: {refused}");
    }
    world.stop().await;
}

#[tokio::test]
async fn two_processes_deliver_everything_once() {
    let world = world(outbound()).await;
    let (desk, teller) = (desk(&world), Teller::new(&world));
    let second = world.second_line().await;
    let receivers = [
        Receiver::start().await,
        Receiver::start().await,
        Receiver::start().await,
        Receiver::start().await,
    ];
    let mut subscriptions = Vec::new();
    for receiver in &receivers {
        subscriptions.push(subscribe(&desk, by_webhook(&receiver.url())).await.0);
    }
    let mut told = Vec::new();
    for _ in 0..5 {
        told.extend(teller.asks_often(8).await);
    }
    for (receiver, subscription) in receivers.iter().zip(&subscriptions) {
        stand(&desk, subscription, Delivered, told.len()).await;
        let calls = receiver.got();
        assert_eq!(calls.len(), told.len(), "a delivery came twice");
        let got: BTreeSet<String> = kept(&calls).into_iter().collect();
        assert_eq!(got, told.iter().cloned().collect());
        // In the order in which they were heard; of one situation, in which they were said.
        for situation in told.chunks(8) {
            let order: Vec<String> = kept(&calls)
                .into_iter()
                .filter(|one| situation.contains(one))
                .collect();
            assert_eq!(order, situation);
        }
    }
    second.stop().await;
    world.stop().await;
}
