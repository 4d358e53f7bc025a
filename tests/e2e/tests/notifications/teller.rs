//! Says events, as routing does, and asks notification what became of them.

use jiff::{SignedDuration, Timestamp, ToSpan};
use knipperlicht_access::{Database, DatabaseOptions, Principal, Role};
use knipperlicht_contracts::{event::Service, events::v1 as events, notification::v1 as pb};
use knipperlicht_e2e::{Caller, World, outbound};
use knipperlicht_eventing::{Said, say};
use knipperlicht_harness::{Bed, eventually};
use knipperlicht_notification::{Authorities, MailSettings, NotificationSettings};
use knipperlicht_vocabulary::{EventId, ReferralId, SituationId, Urgency};

pub(crate) const ZONE: &str = "oostende-bredene";
pub(crate) const ORGANISATION: &str = "an-organisation";
pub(crate) const MAILBOX: &str = "onthaal@partner.test";

/// Notification, and what brings routing's events to it: without the others nobody else's clock
/// runs out when a test moves time.
pub(crate) async fn world(outbound: NotificationSettings) -> World {
    const TARGETS: &[Service] = &[Service::Routing, Service::Notification];
    World::of(Bed::start().await, TARGETS, outbound).await
}

/// The same with the mail server at `url`, at ten o'clock tomorrow.
pub(crate) async fn mailing_to(url: &str, authorities: &Authorities) -> World {
    let mail = MailSettings::new(
        url,
        "Knipperlicht <no-reply@knipperlicht.test>",
        authorities,
    );
    let world = world(NotificationSettings {
        mail: Some(mail.unwrap()),
        ..outbound()
    })
    .await;
    set_hour(&world, 1, 10);
    world
}

/// Moves the clock to an hour of a day, counted from today.
pub(crate) fn set_hour(world: &World, day: i32, hour: i64) {
    let day = world
        .environment
        .today()
        .saturating_add(i64::from(day).days());
    let start = world.environment.start_of(day).unwrap();
    world.clock.set(start + SignedDuration::from_hours(hour));
}

/// Says events as routing does.
pub(crate) struct Teller<'w> {
    world: &'w World,
    routing: Database,
}

impl<'w> Teller<'w> {
    pub(crate) fn new(world: &'w World) -> Self {
        let options = DatabaseOptions {
            url: world.bed.database_url.clone(),
            service: "routing",
            connections: 1,
        };
        Self {
            world,
            routing: Database::new(&options).unwrap(),
        }
    }

    /// Asks the organisation; returns the referral.
    pub(crate) async fn asks(&self, urgency: Urgency) -> String {
        let situation = SituationId::new(&self.world.environment);
        let now = self.world.environment.now();
        self.tells(situation, urgency, now).await
    }

    /// Asks the organisation so often, one after the other in one situation, so that their order
    /// is beyond doubt.
    pub(crate) async fn asks_often(&self, times: usize) -> Vec<String> {
        let now = self.world.environment.now();
        self.asked_on(&vec![now; times]).await
    }

    /// Says in one situation that the organisation was asked at these moments.
    pub(crate) async fn asked_on(&self, moments: &[Timestamp]) -> Vec<String> {
        let situation = SituationId::new(&self.world.environment);
        let mut referrals = Vec::new();
        for moment in moments {
            referrals.push(self.tells(situation, Urgency::Routine, *moment).await);
        }
        referrals
    }

    async fn tells(&self, situation: SituationId, urgency: Urgency, at: Timestamp) -> String {
        let referral = ReferralId::new(&self.world.environment).to_string();
        let body = events::ReferralRequested {
            referral_id: referral.clone(),
            organisation_id: ORGANISATION.to_owned(),
            service_id: format!("{ORGANISATION}.onthaal"),
            urgency: urgency.number(),
            ..Default::default()
        };
        let principal = Principal::service("routing".parse().unwrap());
        let mut transaction = self.routing.begin(&principal).await.unwrap();
        let said = Said {
            id: EventId::new(&self.world.environment),
            situation,
            zone: ZONE.parse().unwrap(),
            body: body.into(),
            traceparent: None,
        };
        say(&mut transaction, at, &[said]).await.unwrap();
        transaction.commit().await.unwrap();
        referral
    }
}

/// The desk of the organisation.
pub(crate) fn desk(world: &World) -> Caller {
    world.caller("desk", Role::Partner, Some(ORGANISATION), &[])
}

pub(crate) fn by_webhook(url: &str) -> pb::SubscribeRequest {
    let webhook = pb::Webhook {
        url: url.to_owned(),
    };
    pb::SubscribeRequest {
        channel: Some(pb::subscribe_request::Channel::Webhook(webhook)),
        ..Default::default()
    }
}

pub(crate) fn by_mail(address: &str) -> pb::SubscribeRequest {
    let mail = pb::Mail {
        address: address.to_owned(),
        ..Default::default()
    };
    pb::SubscribeRequest {
        channel: Some(pb::subscribe_request::Channel::Mail(mail)),
        ..Default::default()
    }
}

/// Subscribes; returns the subscription's id and secret.
pub(crate) async fn subscribe(caller: &Caller, request: pb::SubscribeRequest) -> (String, String) {
    let made = caller
        .notification()
        .subscribe(request)
        .await
        .unwrap()
        .into_inner();
    (made.subscription.unwrap().subscription_id, made.secret)
}

/// All deliveries of a subscription, oldest first.
pub(crate) async fn deliveries(caller: &Caller, subscription: &str) -> Vec<pb::Delivery> {
    let request = pb::ListDeliveriesRequest {
        subscription_id: subscription.to_owned(),
        page_size: 200,
        ..Default::default()
    };
    let mut found = caller
        .notification()
        .list_deliveries(request)
        .await
        .unwrap()
        .into_inner()
        .deliveries;
    found.reverse();
    found
}

/// The deliveries, once so many stand so.
pub(crate) async fn stand(
    caller: &Caller,
    subscription: &str,
    state: pb::DeliveryState,
    count: usize,
) -> Vec<pb::Delivery> {
    eventually(&format!("{count} deliveries {state:?}"), async || {
        let found = deliveries(caller, subscription).await;
        let standing = found.iter().filter(|one| one.state() == state).count();
        (standing == count).then_some(found)
    })
    .await
}

/// The words of a delivery's attempts.
pub(crate) fn errors(delivery: &pb::Delivery) -> Vec<&str> {
    delivery
        .attempts
        .iter()
        .map(|attempt| attempt.error.as_str())
        .collect()
}

/// Waits until so many deliveries are there, made or not.
pub(crate) async fn noted(caller: &Caller, subscription: &str, count: usize) {
    eventually(&format!("{count} deliveries"), async || {
        let found = deliveries(caller, subscription).await;
        (found.len() == count).then_some(())
    })
    .await;
}

/// Waits until so many attempts were made in all.
pub(crate) async fn attempted(caller: &Caller, subscription: &str, attempts: usize) {
    eventually(&format!("{attempts} attempts"), async || {
        let found = deliveries(caller, subscription).await;
        let total: usize = found.iter().map(|one| one.attempts.len()).sum();
        (total >= attempts).then_some(())
    })
    .await;
}

/// Longer than any pause between two attempts.
pub(crate) const PAST_ANY_PAUSE: SignedDuration = SignedDuration::from_hours(8);
