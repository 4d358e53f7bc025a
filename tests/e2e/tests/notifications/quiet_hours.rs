//! When a mailbox gets nothing but what is urgent, as whoever subscribes says it.

use knipperlicht_contracts::notification::v1 as pb;
use knipperlicht_notification::Authorities;
use knipperlicht_runtime::Problem;
use knipperlicht_vocabulary::Urgency;
use pb::DeliveryState::{Delivered, Waiting};

use crate::notifications::{
    mailbox::MailServer,
    teller::{MAILBOX, Teller, by_mail, desk, mailing_to, set_hour, stand, subscribe},
};

fn between(from: &str, to: &str) -> pb::mail::Quiet {
    pb::mail::Quiet::QuietHours(pb::QuietHours {
        from: from.to_owned(),
        to: to.to_owned(),
    })
}

fn by_mail_but(quiet: pb::mail::Quiet) -> pb::SubscribeRequest {
    let mail = pb::Mail {
        address: MAILBOX.to_owned(),
        quiet: Some(quiet),
        ..Default::default()
    };
    pb::SubscribeRequest {
        channel: Some(pb::subscribe_request::Channel::Mail(mail)),
        ..Default::default()
    }
}

#[tokio::test]
async fn every_mailbox_has_quiet_hours_of_its_own() {
    let server = MailServer::start().await;
    let world = mailing_to(&server.url(), &Authorities::default()).await;
    set_hour(&world, 1, 22);
    let (desk, teller) = (desk(&world), Teller::new(&world));
    let none = pb::mail::Quiet::NoQuietHours(pb::NoQuietHours {});
    let (at_night, _) = subscribe(&desk, by_mail(MAILBOX)).await;
    let (at_noon, _) = subscribe(&desk, by_mail_but(between("12:00", "13:30"))).await;
    let (never, _) = subscribe(&desk, by_mail_but(none.clone())).await;

    teller.asks(Urgency::Routine).await;
    stand(&desk, &at_noon, Delivered, 1).await;
    stand(&desk, &never, Delivered, 1).await;
    stand(&desk, &at_night, Waiting, 1).await;

    set_hour(&world, 2, 12);
    stand(&desk, &at_night, Delivered, 1).await;
    teller.asks(Urgency::Routine).await;
    stand(&desk, &at_night, Delivered, 2).await;
    stand(&desk, &never, Delivered, 2).await;
    stand(&desk, &at_noon, Waiting, 1).await;
    teller.asks(Urgency::Urgent).await;
    stand(&desk, &at_noon, Delivered, 2).await;
    stand(&desk, &at_noon, Waiting, 1).await;
    set_hour(&world, 2, 14);
    stand(&desk, &at_noon, Delivered, 3).await;

    // They are shown as they hold.
    let request = pb::ListSubscriptionsRequest::default();
    let listed = desk.notification().list_subscriptions(request).await;
    let listed = listed.unwrap().into_inner().subscriptions;
    let shown = |id: &str| {
        let one = listed.iter().find(|one| one.subscription_id == id).unwrap();
        match one.channel.clone().unwrap() {
            pb::subscription::Channel::Mail(mail) => mail.quiet.unwrap(),
            pb::subscription::Channel::Webhook(_) => panic!("a webhook"),
        }
    };
    assert_eq!(shown(&at_night), between("20:00", "07:00"));
    assert_eq!(shown(&at_noon), between("12:00", "13:30"));
    assert_eq!(shown(&never), none);
    world.stop().await;
}

#[tokio::test]
async fn what_are_no_hours_is_refused() {
    let server = MailServer::start().await;
    let world = mailing_to(&server.url(), &Authorities::default()).await;
    let desk = desk(&world);
    for (from, to) in [("20:00", "24:00"), ("20:00", ""), ("20:00", "20:00")] {
        let request = by_mail_but(between(from, to));
        let refused = desk.notification().subscribe(request).await.unwrap_err();
        let problem = Problem::from(&refused);
        assert_eq!(problem.code, "KL5017", "{from} to {to}");
        assert_eq!(problem.field.as_deref(), Some("mail.quiet_hours"));
    }
    world.stop().await;
}
