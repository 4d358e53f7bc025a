//! The encrypted ways out: a receiver is told something when an authority that we trust says that
//! it is who it should be, and not a word in clear otherwise.

use knipperlicht_contracts::notification::v1::DeliveryState::Delivered;
use knipperlicht_e2e::{Caller, outbound};
use knipperlicht_notification::NotificationSettings;
use knipperlicht_vocabulary::Urgency;
use standardwebhooks::Webhook;
use tokio_rustls::TlsAcceptor;

use crate::notifications::{
    certificates::{Authority, HERE},
    loopback::Security,
    mailbox::{MailServer, header},
    receiver::Receiver,
    teller::{
        MAILBOX, PAST_ANY_PAUSE, Teller, attempted, by_mail, by_webhook, deliveries, desk, errors,
        mailing_to, stand, subscribe, world,
    },
    wire::Tape,
};

/// What a webhook and a mail are made of.
const CONTENT: [&str; 7] = [
    "POST",
    "webhook-",
    "knipperlicht",
    "Knipperlicht",
    "MAIL FROM",
    "RCPT",
    MAILBOX,
];

fn assert_nothing_in_clear(tape: &Tape) {
    assert!(!tape.is_empty());
    for text in CONTENT {
        assert!(!tape.holds(text), "`{text}` came in clear");
    }
}

/// The words of the last delivery's attempts; each without an answer.
async fn faults(desk: &Caller, subscription: &str) -> Vec<String> {
    let last = deliveries(desk, subscription).await.pop().unwrap();
    assert!(last.attempts.iter().all(|attempt| attempt.status == 0));
    errors(&last).into_iter().map(str::to_owned).collect()
}

#[tokio::test]
async fn a_webhook_is_called_when_a_trusted_authority_vouches_for_it_and_told_nothing_otherwise() {
    let (ours, strangers) = (Authority::named("ours"), Authority::named("a stranger's"));
    let world = world(NotificationSettings {
        authorities: ours.trusted(),
        ..outbound()
    })
    .await;
    let (desk, teller) = (desk(&world), Teller::new(&world));
    let receiver = Receiver::start().await;
    let url = format!("https://{HERE}:{}/hook", receiver.address().port());
    let (subscription, secret) = subscribe(&desk, by_webhook(&url)).await;

    receiver.encrypts(Security::Tls(ours.vouches_for(HERE)));
    teller.asks(Urgency::Routine).await;
    let call = receiver.gets(1).await.remove(0);
    let webhook = Webhook::new(&secret).unwrap();
    webhook.verify(&call.body, &call.headers).unwrap();
    stand(&desk, &subscription, Delivered, 1).await;
    assert_nothing_in_clear(receiver.tape());

    // Vouched for by somebody whom we do not know; vouched for as somebody else.
    receiver.encrypts(Security::Tls(strangers.vouches_for(HERE)));
    let referral = teller.asks(Urgency::Routine).await;
    attempted(&desk, &subscription, 2).await;
    receiver.encrypts(Security::Tls(ours.vouches_for("elsewhere.test")));
    world.clock.advance(PAST_ANY_PAUSE);
    attempted(&desk, &subscription, 3).await;
    assert_eq!(faults(&desk, &subscription).await, ["tls", "tls"]);
    assert_eq!(receiver.got().len(), 1);
    assert_nothing_in_clear(receiver.tape());

    // It is not lost: as soon as it can be believed, it is told.
    receiver.encrypts(Security::Tls(ours.vouches_for(HERE)));
    world.clock.advance(PAST_ANY_PAUSE);
    stand(&desk, &subscription, Delivered, 2).await;
    assert_eq!(receiver.got()[1].subject(), referral);
    world.stop().await;
}

async fn mail_goes_out_encrypted_or_not_at_all(
    url: impl Fn(u16) -> String,
    encrypted: impl Fn(TlsAcceptor) -> Security,
    unencrypted: &str,
) {
    let (ours, strangers) = (Authority::named("ours"), Authority::named("a stranger's"));
    let server = MailServer::start().await;
    let world = mailing_to(&url(server.address().port()), &ours.trusted()).await;
    let (desk, teller) = (desk(&world), Teller::new(&world));
    let (subscription, _) = subscribe(&desk, by_mail(MAILBOX)).await;

    server.encrypts(encrypted(ours.vouches_for(HERE)));
    teller.asks(Urgency::Routine).await;
    let mail = server.gets(1).await.remove(0);
    assert_eq!(header(&mail, "To"), MAILBOX);
    stand(&desk, &subscription, Delivered, 1).await;
    assert_nothing_in_clear(server.tape());

    // Vouched for by somebody whom we do not know; vouched for as somebody else; not encrypted.
    server.encrypts(encrypted(strangers.vouches_for(HERE)));
    teller.asks(Urgency::Emergency).await;
    attempted(&desk, &subscription, 2).await;
    server.encrypts(encrypted(ours.vouches_for("elsewhere.test")));
    world.clock.advance(PAST_ANY_PAUSE);
    attempted(&desk, &subscription, 3).await;
    server.encrypts(Security::Clear);
    world.clock.advance(PAST_ANY_PAUSE);
    attempted(&desk, &subscription, 4).await;
    assert_eq!(
        faults(&desk, &subscription).await,
        ["tls", "tls", unencrypted]
    );
    assert_eq!(server.got().len(), 1);
    assert_nothing_in_clear(server.tape());

    server.encrypts(encrypted(ours.vouches_for(HERE)));
    world.clock.advance(PAST_ANY_PAUSE);
    stand(&desk, &subscription, Delivered, 2).await;
    assert_eq!(server.got().len(), 2);
    world.stop().await;
}

#[tokio::test]
async fn mail_by_smtps_goes_to_a_server_that_a_trusted_authority_vouches_for() {
    let url = |port| format!("smtps://{HERE}:{port}");
    Box::pin(mail_goes_out_encrypted_or_not_at_all(
        url,
        Security::Tls,
        "tls",
    ))
    .await;
}

#[tokio::test]
async fn mail_by_starttls_goes_to_a_server_that_a_trusted_authority_vouches_for() {
    let url = |port| format!("smtp://{HERE}:{port}?tls=required");
    Box::pin(mail_goes_out_encrypted_or_not_at_all(
        url,
        Security::StartTls,
        "lacking",
    ))
    .await;
}
