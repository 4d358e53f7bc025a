//! From the wire to the vocabulary and back.

use std::str::FromStr;

use knipperlicht_contracts::{notification::v1 as wire, to_proto};
use knipperlicht_privacy::Vault;
use knipperlicht_vocabulary::{CodeError, IdError, Language};

use crate::{
    error::NotificationError,
    model::{
        endpoint::{Endpoint, Reach},
        message::MAIL_LANGUAGES,
        owner::OwnerKind,
        quiet::{QuietHours, QuietHoursError},
    },
    sealing::{self, Place},
    store::{
        standings::Standing,
        subscriptions::{Channel, Subscription},
    },
};

pub(super) fn id<T>(field: &'static str, text: &str) -> Result<T, NotificationError>
where
    T: FromStr<Err = IdError>,
{
    if text.is_empty() {
        return Err(NotificationError::Missing { field });
    }
    text.parse()
        .map_err(|source| NotificationError::Id { field, source })
}

/// Where a subscription leads.
pub(super) struct Target {
    pub(super) channel: Channel,
    pub(super) address: String,
    pub(super) language: Language,
    pub(super) quiet: Option<QuietHours>,
}

pub(super) fn target(
    channel: Option<&wire::subscribe_request::Channel>,
    reach: Reach,
) -> Result<Target, NotificationError> {
    use wire::subscribe_request::Channel::{Mail, Webhook};

    match channel {
        None => Err(NotificationError::Missing { field: "channel" }),
        Some(Webhook(webhook)) => {
            Endpoint::parse(&webhook.url, reach)?;
            Ok(Target {
                channel: Channel::Webhook,
                address: webhook.url.clone(),
                language: Language::Dutch,
                quiet: None,
            })
        }
        Some(Mail(mail)) => {
            let address: lettre::Address = mail
                .address
                .parse()
                .map_err(|_| NotificationError::Address)?;
            Ok(Target {
                channel: Channel::Mail,
                address: address.to_string(),
                language: mail_language(mail.language)?,
                quiet: quiet_hours(mail.quiet.as_ref())?,
            })
        }
    }
}

fn mail_language(number: i32) -> Result<Language, NotificationError> {
    let field = "mail.language";
    if number == 0 {
        return Ok(Language::Dutch);
    }
    let language =
        Language::try_from(number).map_err(|source| NotificationError::Code { field, source })?;
    if MAIL_LANGUAGES.contains(&language) {
        return Ok(language);
    }
    let known: Vec<&str> = MAIL_LANGUAGES.iter().map(|one| one.code()).collect();
    Err(NotificationError::Code {
        field,
        source: CodeError {
            list: "language of mails",
            given: language.code().to_owned(),
            known: known.join(", "),
        },
    })
}

/// The night, where nothing is said.
fn quiet_hours(quiet: Option<&wire::mail::Quiet>) -> Result<Option<QuietHours>, QuietHoursError> {
    match quiet {
        None => Ok(Some(QuietHours::NIGHT)),
        Some(wire::mail::Quiet::NoQuietHours(wire::NoQuietHours {})) => Ok(None),
        Some(wire::mail::Quiet::QuietHours(hours)) => {
            QuietHours::parse(&hours.from, &hours.to).map(Some)
        }
    }
}

fn quiet_hours_of(subscription: &Subscription) -> wire::mail::Quiet {
    match subscription.quiet {
        None => wire::mail::Quiet::NoQuietHours(wire::NoQuietHours {}),
        Some(hours) => wire::mail::Quiet::QuietHours(wire::QuietHours {
            from: hours.from().strftime("%H:%M").to_string(),
            to: hours.to().strftime("%H:%M").to_string(),
        }),
    }
}

/// The name of a state in the tables; nothing for any.
pub(super) fn delivery_state(number: i32) -> Result<Option<&'static str>, NotificationError> {
    match wire::DeliveryState::try_from(number) {
        Ok(wire::DeliveryState::Unspecified) => Ok(None),
        Ok(wire::DeliveryState::Waiting) => Ok(Some("waiting")),
        Ok(wire::DeliveryState::Delivered) => Ok(Some("delivered")),
        Ok(wire::DeliveryState::Dead) => Ok(Some("dead")),
        Err(_) => Err(NotificationError::Code {
            field: "state",
            source: CodeError {
                list: "state",
                given: number.to_string(),
                known: "waiting, delivered, dead".to_owned(),
            },
        }),
    }
}

/// The number of a state in the tables.
pub(super) fn delivery_state_number(name: &str) -> i32 {
    let state = match name {
        "waiting" => wire::DeliveryState::Waiting,
        "delivered" => wire::DeliveryState::Delivered,
        "dead" => wire::DeliveryState::Dead,
        _ => wire::DeliveryState::Unspecified,
    };
    state.into()
}

/// A subscription as its owner sees it.
pub(super) async fn subscription(
    vault: &Vault,
    subscription: &Subscription,
    standing: Standing,
) -> Result<wire::Subscription, NotificationError> {
    let (subject, subject_id) = match subscription.owner.kind {
        OwnerKind::Organisation => (wire::Subject::Organisation, subscription.owner.id.clone()),
        OwnerKind::Zone => (wire::Subject::Zone, subscription.owner.id.clone()),
        OwnerKind::Reporter => (wire::Subject::Reporter, String::new()),
    };
    Ok(wire::Subscription {
        subscription_id: subscription.id.to_string(),
        subject: subject.into(),
        subject_id,
        channel: channel(vault, subscription).await?,
        made_at: Some(to_proto(subscription.made_at)),
        ended_at: subscription.ended_at.map(to_proto),
        ended_by_receiver: subscription.ended_by_receiver,
        waiting: standing.waiting,
        dead: standing.dead,
        retry_at: standing.retry_at.map(to_proto),
    })
}

async fn channel(
    vault: &Vault,
    subscription: &Subscription,
) -> Result<Option<wire::subscription::Channel>, NotificationError> {
    let Some(sealed) = &subscription.sealed else {
        return Ok(None);
    };
    let key = vault
        .unwrap_key_of(subscription.id.uuid(), &sealed.key)
        .await?;
    let target = sealing::open(&key, Place::Target, &sealed.target)?;
    let target = target.as_str().to_owned();
    Ok(Some(match subscription.channel {
        Channel::Webhook => wire::subscription::Channel::Webhook(wire::Webhook { url: target }),
        Channel::Mail => wire::subscription::Channel::Mail(wire::Mail {
            address: target,
            language: subscription.language.number(),
            quiet: Some(quiet_hours_of(subscription)),
        }),
    }))
}
