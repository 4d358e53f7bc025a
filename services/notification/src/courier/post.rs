//! Sending mail.

use std::{error::Error as _, io, time::SystemTime};

use lettre::{
    AsyncTransport, Message,
    message::{Mailbox, header::ContentType},
    transport::smtp::Error,
};
use tokio_rustls::rustls;
use uuid::Uuid;

use super::Round;
use crate::{
    model::{
        fault::{self, Fault, Outcome},
        message,
    },
    sealing::{self, Place},
    settings::MailSettings,
    store::{deliveries::Waiting, subscriptions::Subscription},
};

/// What an SMTP server says when it has taken a mail.
const TAKEN: u16 = 250;

/// Delivers one mail about several pieces of news.
pub(super) async fn deliver(
    round: &Round,
    subscription: &Subscription,
    waiting: &[&Waiting],
) -> Outcome {
    let Some(mail) = &round.settings.mail else {
        return Outcome::nothing(Fault::NoMail);
    };
    let Some(message) = written(round, subscription, mail, waiting).await else {
        return Outcome::nothing(Fault::Sealed);
    };
    match mail.transport.send(message).await {
        Ok(_) => Outcome {
            status: TAKEN,
            fault: None,
        },
        Err(error) => Outcome {
            status: error.status().map_or(0, u16::from),
            fault: Some(fault(&error)),
        },
    }
}

/// The mail. Its id follows from all the news in it: when a server took it and said so in vain,
/// whoever gets the same twice can tell, and what comes with more is another mail.
async fn written(
    round: &Round,
    subscription: &Subscription,
    mail: &MailSettings,
    waiting: &[&Waiting],
) -> Option<Message> {
    let sealed = subscription.sealed.as_ref()?;
    let key = round
        .vault
        .unwrap_key_of(subscription.id.uuid(), &sealed.key)
        .await
        .ok()?;
    let target = sealing::open(&key, Place::Target, &sealed.target).ok()?;
    let to = Mailbox::new(None, target.parse().ok()?);
    let id = mail_id(waiting);
    let text = message::mail(subscription.language, waiting.len(), &round.settings.link);
    let domain = mail.from.email.domain();
    mail.message()
        .to(to)
        .subject(text.subject)
        .date(SystemTime::from(round.kit.environment.now()))
        .message_id(Some(format!("<{id}@{domain}>")))
        .header(ContentType::TEXT_PLAIN)
        .body(text.body)
        .ok()
}

fn mail_id(waiting: &[&Waiting]) -> Uuid {
    if let [one] = waiting {
        return one.news.id.uuid();
    }
    let ids = waiting
        .iter()
        .flat_map(|one| *one.news.id.uuid().as_bytes());
    Uuid::new_v5(&Uuid::NAMESPACE_URL, &ids.collect::<Vec<u8>>())
}

fn fault(error: &Error) -> Fault {
    let status = error.status().map_or(0, u16::from);
    if error.is_permanent() && fault::is_no_mailbox(status) {
        Fault::Refused
    } else if error.is_permanent() || error.is_transient() {
        Fault::Deferred
    } else if error.is_timeout() {
        Fault::Timeout
    } else if is_of_tls(error) {
        Fault::Tls
    } else if error.is_client() {
        // It offers no encryption, no way to log in that we know, or not the letters of the mail.
        Fault::Lacking
    } else {
        Fault::Connection
    }
}

/// A handshake that fails comes as a broken connection, with the reason inside.
fn is_of_tls(error: &Error) -> bool {
    std::iter::successors(error.source(), |inner| (**inner).source())
        .filter_map(|inner| inner.downcast_ref::<io::Error>())
        .filter_map(io::Error::get_ref)
        .any(|inner| inner.downcast_ref::<rustls::Error>().is_some())
}
