//! Who may ask for what, and who hears of what along the real line.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use knipperlicht_access::Role;
use knipperlicht_contracts::{followup::v1 as followup, notification::v1 as pb};
use knipperlicht_e2e::{World, a_signal, outbound};
use knipperlicht_harness::eventually;
use knipperlicht_vocabulary::{ContactChannel, ContactResult, OutcomeResult, Step};
use pb::DeliveryState::{Dead, Delivered};
use tonic::Code;

use crate::notifications::{
    receiver::Receiver,
    teller::{
        self, Teller, ZONE, attempted, by_mail, by_webhook, deliveries, desk, noted, stand,
        subscribe,
    },
};

#[tokio::test]
async fn everybody_sees_their_own_subscriptions_and_nobody_elses() {
    let world = World::start().await;
    let receiver = Receiver::start().await;
    let one = desk(&world);
    let (subscription, _) = subscribe(&one, by_webhook(&receiver.url())).await;
    let others = [
        world.caller("desk", Role::Partner, Some("another-organisation"), &[]),
        world.caller("coordinator", Role::Coordinator, None, &[ZONE]),
        world.caller("desk", Role::Reporter, None, &[]),
    ];
    for other in &others {
        let mut client = other.notification();
        let listed = client
            .list_subscriptions(pb::ListSubscriptionsRequest {
                include_ended: true,
            })
            .await
            .unwrap();
        assert!(listed.into_inner().subscriptions.is_empty());
        let id = || subscription.clone();
        let refusals = [
            client
                .list_deliveries(pb::ListDeliveriesRequest {
                    subscription_id: id(),
                    ..Default::default()
                })
                .await
                .err(),
            client
                .rotate_secret(pb::RotateSecretRequest {
                    subscription_id: id(),
                })
                .await
                .err(),
            client
                .redeliver(pb::RedeliverRequest {
                    subscription_id: id(),
                    ..Default::default()
                })
                .await
                .err(),
            client
                .unsubscribe(pb::UnsubscribeRequest {
                    subscription_id: id(),
                })
                .await
                .err(),
        ];
        for refusal in refusals {
            assert_eq!(refusal.unwrap().code(), Code::NotFound);
        }
    }

    // A coordinator asks for a zone of their own, and says for which.
    let two_zones = world.caller("coordinator", Role::Coordinator, None, &[ZONE, "gent"]);
    for (zone, code) in [("", "KL5007"), ("antwerpen-noord", "KL5007")] {
        let request = pb::SubscribeRequest {
            zone_id: zone.to_owned(),
            ..by_webhook(&receiver.url())
        };
        let refused = two_zones.notification().subscribe(request).await;
        let refused = refused.unwrap_err();
        assert!(refused.message().starts_with(code), "{refused}");
    }
    // Nobody told this line how mail goes out.
    let refused = one.notification().subscribe(by_mail("a@b.test")).await;
    assert!(refused.unwrap_err().message().starts_with("KL5008"));
    world.stop().await;
}

#[tokio::test]
async fn the_line_tells_partner_zone_and_reporter_each_their_own() {
    let world = World::start().await;
    let cleaner = world.reporter("cleaner");
    let coordinator = world.coordinator(&[ZONE]);
    let receivers = [
        Receiver::start().await,
        Receiver::start().await,
        Receiver::start().await,
    ];
    let [for_partner, for_zone, for_reporter] = &receivers;
    // Who will be asked, is not known before: a first signal tells.
    let first = cleaner.send(a_signal(&world.environment)).await.unwrap();
    let asked = coordinator.referral_of(&first.situation_id).await;
    let organisation = asked.service.unwrap().organisation_id;
    let partner = world.partner(&organisation);

    let (at_partner, _) = subscribe(&partner.0, by_webhook(&for_partner.url())).await;
    let (at_zone, _) = subscribe(&coordinator.0, by_webhook(&for_zone.url())).await;
    let (at_reporter, _) = subscribe(&cleaner.0, by_webhook(&for_reporter.url())).await;

    let receipt = cleaner.send(a_signal(&world.environment)).await.unwrap();
    let (signal, situation) = (receipt.signal_id.as_str(), receipt.situation_id.as_str());
    cleaner.sees(signal, Step::Referred).await;
    let referral = coordinator.referral_of(situation).await;
    let asked = referral.service.clone().unwrap().organisation_id;
    let accepting = world.partner(&asked);
    accepting.accept(&referral.referral_id).await.unwrap();
    let task = accepting.task_of(situation).await;
    let reached = followup::RecordContactRequest {
        task_id: task.task_id.clone(),
        channel: ContactChannel::Phone.number(),
        result: ContactResult::Reached.number(),
        ..Default::default()
    };
    accepting
        .0
        .followup()
        .record_contact(reached)
        .await
        .unwrap();
    let helped = followup::CompleteRequest {
        task_id: task.task_id.clone(),
        result: OutcomeResult::Helped.number(),
        ..Default::default()
    };
    accepting.0.followup().complete(helped).await.unwrap();
    let reopen = followup::ReopenRequest {
        task_id: task.task_id,
    };
    coordinator.0.followup().reopen(reopen).await.unwrap();

    // The reporter: each step, by the signal, and nothing of the signal before.
    let steps = stand(&cleaner.0, &at_reporter, Delivered, 4).await;
    let types: Vec<&str> = steps.iter().map(|one| one.r#type.as_str()).collect();
    assert_eq!(
        types,
        [
            "knipperlicht.referral.accepted.v1",
            "knipperlicht.followup.contact_recorded.v1",
            "knipperlicht.followup.completed.v1",
            "knipperlicht.followup.reopened.v1"
        ]
    );
    assert!(
        for_reporter
            .got()
            .iter()
            .all(|call| call.subject() == signal)
    );

    // The zone: that it is open again.
    let reopened = stand(&coordinator.0, &at_zone, Delivered, 1).await;
    assert_eq!(reopened[0].r#type, "knipperlicht.followup.reopened.v1");
    assert_eq!(for_zone.got()[0].subject(), situation);

    // The partner: that it was asked, if it was; never what it did itself.
    if asked == organisation {
        let told = eventually("the partner to hear that it is open again", async || {
            let told = deliveries(&partner.0, &at_partner).await;
            let types: BTreeSet<String> = told.into_iter().map(|one| one.r#type).collect();
            types
                .contains("knipperlicht.followup.reopened.v1")
                .then_some(types)
        })
        .await;
        let expected = [
            "knipperlicht.followup.reopened.v1",
            "knipperlicht.referral.requested.v1",
            "knipperlicht.situation.shared.v1",
        ];
        assert_eq!(told, expected.map(str::to_owned).into());
    } else {
        assert!(deliveries(&partner.0, &at_partner).await.is_empty());
    }

    // Ended: where it led is destroyed, what was delivered stays listed.
    let request = pb::UnsubscribeRequest {
        subscription_id: at_reporter.clone(),
    };
    let ended = cleaner.0.notification().unsubscribe(request).await.unwrap();
    assert!(ended.into_inner().subscription.unwrap().channel.is_none());
    assert_eq!(deliveries(&cleaner.0, &at_reporter).await.len(), 4);
    world.stop().await;
}

/// Where nobody asked to be told, an event costs no row: the line pays nothing for what it does
/// not use.
#[tokio::test]
async fn what_concerns_nobody_leaves_no_row() {
    let world = World::start().await;
    let mut look = world.look().await;
    let teller = Teller::new(&world);
    teller.asks_often(200).await;
    eventually("all that was said to be read", async || {
        sqlx::query_scalar::<_, bool>("select max(place) >= 200 from notification.reader")
            .fetch_one(&mut look)
            .await
            .unwrap()
            .then_some(())
    })
    .await;
    let rows: i64 = sqlx::query_scalar(
        "select (select count(*) from notification.inbox)
              + (select count(*) from notification.parked)
              + (select count(*) from notification.concerned)
              + (select count(*) from notification.delivery)",
    )
    .fetch_one(&mut look)
    .await
    .unwrap();
    assert_eq!(rows, 0);
    world.stop().await;
}

#[tokio::test]
async fn the_list_says_how_each_line_stands() {
    let world = teller::world(outbound()).await;
    let (desk, teller) = (desk(&world), Teller::new(&world));
    let (well, mut away) = (Receiver::start().await, Receiver::start().await);
    away.kill().await;
    let (to_well, _) = subscribe(&desk, by_webhook(&well.url())).await;
    let (to_away, _) = subscribe(&desk, by_webhook(&away.url())).await;
    teller.asks_often(2).await;
    stand(&desk, &to_well, Delivered, 2).await;
    noted(&desk, &to_away, 2).await;
    attempted(&desk, &to_away, 1).await;
    let lines = async || {
        let request = pb::ListSubscriptionsRequest::default();
        let listed = desk.notification().list_subscriptions(request).await;
        let listed = listed.unwrap().into_inner().subscriptions;
        [&to_well, &to_away].map(|id| {
            let one = listed.iter().find(|one| one.subscription_id == *id);
            let one = one.unwrap();
            (one.waiting, one.dead, one.retry_at.is_some())
        })
    };
    assert_eq!(lines().await, [(0, 0, false), (2, 0, true)]);
    world.clock.advance(SignedDuration::from_hours(73));
    stand(&desk, &to_away, Dead, 2).await;
    assert_eq!(lines().await, [(0, 0, false), (0, 2, false)]);
    world.stop().await;
}
