//! Mail.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use knipperlicht_contracts::notification::v1 as pb;
use knipperlicht_e2e::World;
use knipperlicht_harness::eventually;
use knipperlicht_notification::Authorities;
use knipperlicht_vocabulary::Urgency;
use pb::DeliveryState::{Dead, Delivered, Waiting};

use crate::notifications::{
    mailbox::{Behaviour, MailServer, header},
    teller::{
        MAILBOX, PAST_ANY_PAUSE, Teller, attempted, by_mail, deliveries, desk, errors, mailing_to,
        set_hour, stand, subscribe,
    },
};

/// The line with this mail server, at ten o'clock tomorrow.
async fn mailing(server: &MailServer) -> World {
    mailing_to(&server.url(), &Authorities::default()).await
}

#[tokio::test]
async fn a_mail_says_that_there_is_something_and_no_more() {
    let server = MailServer::start().await;
    let world = mailing(&server).await;
    let (desk, teller) = (desk(&world), Teller::new(&world));
    let (subscription, secret) = subscribe(&desk, by_mail(MAILBOX)).await;
    assert_eq!(secret, "");
    let referral = teller.asks(Urgency::Routine).await;
    let mail = server.gets(1).await.remove(0);
    assert_eq!(header(&mail, "To"), MAILBOX);
    assert_eq!(
        header(&mail, "Subject"),
        "Er is iets voor u in Knipperlicht"
    );
    assert!(mail.contains("https://knipperlicht.test/"), "{mail}");
    assert!(!mail.contains(&referral) && !mail.contains("oostende"));
    let delivered = stand(&desk, &subscription, Delivered, 1).await;
    assert_eq!(delivered[0].attempts[0].status, 250);
    assert!(header(&mail, "Message-ID").contains(&delivered[0].delivery_id));

    // Where it goes is nowhere in clear.
    let sealed: bool = sqlx::query_scalar(
        "select bool_and(position(convert_to($1, 'UTF8') in target) = 0
                         and position($1 in subscription::text) = 0)
         from notification.subscription",
    )
    .bind(MAILBOX)
    .fetch_one(&mut world.look().await)
    .await
    .unwrap();
    assert!(sealed);
    world.stop().await;
}

#[tokio::test]
async fn a_server_that_misbehaves_loses_nothing() {
    let mut server = MailServer::start().await;
    let world = mailing(&server).await;
    let (desk, teller) = (desk(&world), Teller::new(&world));
    let (subscription, _) = subscribe(&desk, by_mail(MAILBOX)).await;

    server.behaves(Behaviour::DieMidMessage);
    teller.asks(Urgency::Emergency).await;
    attempted(&desk, &subscription, 1).await;
    server.behaves(Behaviour::Defer);
    world.clock.advance(PAST_ANY_PAUSE);
    attempted(&desk, &subscription, 2).await;
    server.kill().await;
    world.clock.advance(PAST_ANY_PAUSE);
    attempted(&desk, &subscription, 3).await;
    server.behaves(Behaviour::TakeAndDie);
    server.restart().await;
    world.clock.advance(PAST_ANY_PAUSE);
    attempted(&desk, &subscription, 4).await;
    let waiting = stand(&desk, &subscription, Waiting, 1).await;
    assert_eq!(
        errors(&waiting[0]),
        ["connection", "deferred", "connection", "connection"]
    );
    assert_eq!(waiting[0].attempts[1].status, 451);

    // It took one and did not say so: the second is known by its id.
    server.behaves(Behaviour::Take);
    world.clock.advance(PAST_ANY_PAUSE);
    stand(&desk, &subscription, Delivered, 1).await;
    let mails = server.got();
    assert_eq!(mails.len(), 2);
    let ids: BTreeSet<&str> = mails
        .iter()
        .map(|mail| header(mail, "Message-ID"))
        .collect();
    assert_eq!(ids.len(), 1);

    // Refused for what is wrong with us, it waits until that is mended.
    set_hour(&world, 2, 10);
    server.behaves(Behaviour::RefuseSender);
    teller.asks(Urgency::Routine).await;
    attempted(&desk, &subscription, 6).await;
    let waiting = stand(&desk, &subscription, Waiting, 1).await;
    server.behaves(Behaviour::Take);
    world.clock.advance(PAST_ANY_PAUSE);
    let now = stand(&desk, &subscription, Delivered, 2).await;
    let refused = waiting.iter().find(|one| one.state() == Waiting).unwrap();
    let is_it = |one: &&pb::Delivery| one.delivery_id == refused.delivery_id;
    let mended = now.iter().find(is_it).unwrap();
    assert_eq!(mended.attempts[0].status, 530);
    assert_eq!(errors(mended)[0], "deferred");

    // Refused for good, it is given up at once, and what comes after it goes on.
    set_hour(&world, 3, 10);
    server.behaves(Behaviour::Refuse);
    teller.asks(Urgency::Routine).await;
    let dead = stand(&desk, &subscription, Dead, 1).await;
    let refused = dead.iter().find(|one| one.state() == Dead).unwrap();
    assert_eq!(errors(refused), ["refused"]);
    assert_eq!(refused.attempts[0].status, 550);
    server.behaves(Behaviour::Take);
    teller.asks(Urgency::Routine).await;
    stand(&desk, &subscription, Delivered, 3).await;
    world.stop().await;
}

#[tokio::test]
async fn at_night_only_what_is_urgent_is_mailed_and_the_rest_in_one_mail_at_seven() {
    let server = MailServer::start().await;
    let world = mailing(&server).await;
    set_hour(&world, 1, 22);
    let (desk, teller) = (desk(&world), Teller::new(&world));
    let (subscription, _) = subscribe(&desk, by_mail(MAILBOX)).await;
    for _ in 0..3 {
        teller.asks(Urgency::Routine).await;
    }
    stand(&desk, &subscription, Waiting, 3).await;
    teller.asks(Urgency::Emergency).await;
    stand(&desk, &subscription, Delivered, 1).await;
    let found = deliveries(&desk, &subscription).await;
    assert_eq!(found[3].state(), Delivered);
    assert!(found[..3].iter().all(|one| one.attempts.is_empty()));
    set_hour(&world, 1, 7);
    stand(&desk, &subscription, Delivered, 4).await;
    let mails = server.got();
    assert_eq!(mails.len(), 2);
    assert!(mails[1].contains("3 dingen"), "{}", mails[1]);
    world.stop().await;
}

#[tokio::test]
async fn a_busy_desk_gets_one_mail_an_hour() {
    let server = MailServer::start().await;
    let world = mailing(&server).await;
    let (desk, teller) = (desk(&world), Teller::new(&world));
    let (subscription, _) = subscribe(&desk, by_mail(MAILBOX)).await;
    for mails in 1..=4 {
        teller.asks(Urgency::Routine).await;
        stand(&desk, &subscription, Delivered, mails).await;
    }
    for _ in 0..6 {
        teller.asks(Urgency::Routine).await;
    }
    eventually("all that was asked", async || {
        (deliveries(&desk, &subscription).await.len() == 10).then_some(())
    })
    .await;
    // Urgent does not wait.
    teller.asks(Urgency::Urgent).await;
    stand(&desk, &subscription, Delivered, 5).await;
    assert_eq!(server.got().len(), 5);
    world.clock.advance(SignedDuration::from_mins(61));
    stand(&desk, &subscription, Delivered, 11).await;
    let mails = server.got();
    assert_eq!(mails.len(), 6);
    assert!(mails[5].contains("6 dingen"), "{}", mails[5]);
    world.stop().await;
}
