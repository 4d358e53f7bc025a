//! `knipperlicht notify`: being told that there is something, by webhook or mail.

use knipperlicht_contracts::notification::v1 as proto;
use knipperlicht_vocabulary::{DeliveryId, Language, SubscriptionId, ZoneId};

use super::{
    CliError,
    channel::unary,
    credentials::Person::Desk,
    session::{Session, answer, pages, part},
    values::codes,
    views::{DeliveryView, RedeliveredView, SecretView, SubscriptionView},
};

/// What can be done with notifications.
#[derive(clap::Subcommand)]
pub enum NotifyCommand {
    /// Be told from now on: of your organisation's requests, your zone's questions, your signals
    Subscribe(Subscribe),
    /// List your subscriptions, the newest first
    List {
        /// Those that have ended as well
        #[arg(long)]
        all: bool,
    },
    /// What was delivered, what waits, what was given up, and every attempt
    Deliveries {
        /// The subscription
        #[arg(value_name = "SUBSCRIPTION")]
        id: SubscriptionId,
        /// Only those that were given up
        #[arg(long)]
        dead: bool,
        /// How many at most
        #[arg(long, default_value_t = 50, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
        limit: u32,
    },
    /// Try again what was given up
    Redeliver {
        /// The subscription
        #[arg(value_name = "SUBSCRIPTION")]
        id: SubscriptionId,
        /// These alone; everything that was given up when none is named
        #[arg(value_name = "DELIVERY")]
        deliveries: Vec<DeliveryId>,
    },
    /// Give a webhook a new secret; for a day the old one signs as well
    Rotate {
        /// The subscription
        #[arg(value_name = "SUBSCRIPTION")]
        id: SubscriptionId,
    },
    /// End a subscription
    Unsubscribe {
        /// The subscription
        #[arg(value_name = "SUBSCRIPTION")]
        id: SubscriptionId,
    },
}

/// Where to be told.
#[derive(clap::Args)]
pub struct Subscribe {
    /// By webhook: an https address
    #[arg(long, value_name = "URL", required_unless_present = "mail", conflicts_with_all = ["mail", "language", "quiet"])]
    webhook: Option<String>,
    /// By mail: a desk's mailbox
    #[arg(long, value_name = "ADDRESS")]
    mail: Option<String>,
    /// The language of mails: nl, fr or en
    #[arg(long, value_name = "LANGUAGE", value_parser = codes(Language::ALL))]
    language: Option<Language>,
    /// When only what is urgent is mailed, in Belgian time, such as 18:00-08:30; or none [default: 20:00-07:00]
    #[arg(long, value_name = "HOURS", value_parser = quiet)]
    quiet: Option<proto::mail::Quiet>,
    /// A coordinator with several zones: for which
    #[arg(long, value_name = "ZONE")]
    zone: Option<ZoneId>,
}

/// Quiet hours as they are typed. Whether they are times of day is for the service to say.
fn quiet(text: &str) -> Result<proto::mail::Quiet, String> {
    if text == "none" {
        return Ok(proto::mail::Quiet::NoQuietHours(proto::NoQuietHours {}));
    }
    let (from, to) = text
        .split_once('-')
        .ok_or_else(|| "give hours such as 18:00-08:30, or none".to_owned())?;
    Ok(proto::mail::Quiet::QuietHours(proto::QuietHours {
        from: from.trim().to_owned(),
        to: to.trim().to_owned(),
    }))
}

/// Runs one of them.
pub(crate) async fn run(command: NotifyCommand, session: &Session) -> Result<(), CliError> {
    match command {
        NotifyCommand::Subscribe(given) => subscribe(given, session).await,
        NotifyCommand::List { all } => list(all, session).await,
        NotifyCommand::Deliveries { id, dead, limit } => deliveries(id, dead, limit, session).await,
        NotifyCommand::Redeliver { id, deliveries } => redeliver(id, &deliveries, session).await,
        NotifyCommand::Rotate { id } => rotate(id, session).await,
        NotifyCommand::Unsubscribe { id } => unsubscribe(id, session).await,
    }
}

async fn subscribe(given: Subscribe, session: &Session) -> Result<(), CliError> {
    use proto::subscribe_request::Channel;

    let channel = match (given.webhook, given.mail) {
        (Some(url), _) => Some(Channel::Webhook(proto::Webhook { url })),
        (None, Some(address)) => Some(Channel::Mail(proto::Mail {
            address,
            language: given.language.map_or(0, Language::number),
            quiet: given.quiet,
        })),
        (None, None) => None,
    };
    let request = proto::SubscribeRequest {
        channel,
        zone_id: given.zone.map_or_else(String::new, |zone| zone.to_string()),
    };
    let mut notification = session.notification(Desk).await?;
    let made = answer(notification.subscribe(unary(request))).await?;
    let subscription = SubscriptionView::from(part(made.subscription, "subscription")?);
    if made.secret.is_empty() {
        return session.output.one(&subscription);
    }
    session
        .output
        .one(&SecretView::of_new(subscription, made.secret))
}

async fn list(include_ended: bool, session: &Session) -> Result<(), CliError> {
    let request = proto::ListSubscriptionsRequest { include_ended };
    let mut notification = session.notification(Desk).await?;
    let found = answer(notification.list_subscriptions(unary(request))).await?;
    let views: Vec<SubscriptionView> = found
        .subscriptions
        .into_iter()
        .map(SubscriptionView::from)
        .collect();
    session.output.list(&views, "No subscriptions.")
}

async fn deliveries(
    id: SubscriptionId,
    dead: bool,
    limit: u32,
    session: &Session,
) -> Result<(), CliError> {
    let state = if dead {
        proto::DeliveryState::Dead
    } else {
        proto::DeliveryState::Unspecified
    };
    let mut notification = session.notification(Desk).await?;
    let pages = pages(limit, async |page_size, page_token| {
        let request = proto::ListDeliveriesRequest {
            subscription_id: id.to_string(),
            state: state.into(),
            page_size,
            page_token,
        };
        let page = answer(notification.list_deliveries(unary(request))).await?;
        Ok((page.deliveries, page.next_page_token))
    })
    .await?;
    let views: Vec<DeliveryView> = pages.found.into_iter().map(DeliveryView::from).collect();
    session.output.list(&views, "No deliveries.")?;
    session.more(pages.more, limit)
}

async fn redeliver(
    id: SubscriptionId,
    deliveries: &[DeliveryId],
    session: &Session,
) -> Result<(), CliError> {
    let request = proto::RedeliverRequest {
        subscription_id: id.to_string(),
        delivery_ids: deliveries.iter().map(ToString::to_string).collect(),
    };
    let mut notification = session.notification(Desk).await?;
    let done = answer(notification.redeliver(unary(request))).await?;
    session.output.one(&RedeliveredView {
        deliveries: done.deliveries,
    })
}

async fn rotate(id: SubscriptionId, session: &Session) -> Result<(), CliError> {
    let request = proto::RotateSecretRequest {
        subscription_id: id.to_string(),
    };
    let mut notification = session.notification(Desk).await?;
    let rotated = answer(notification.rotate_secret(unary(request))).await?;
    session
        .output
        .one(&SecretView::of_rotated(id.to_string(), rotated))
}

async fn unsubscribe(id: SubscriptionId, session: &Session) -> Result<(), CliError> {
    let request = proto::UnsubscribeRequest {
        subscription_id: id.to_string(),
    };
    let mut notification = session.notification(Desk).await?;
    let ended = answer(notification.unsubscribe(unary(request))).await?;
    session.output.one(&SubscriptionView::from(part(
        ended.subscription,
        "subscription",
    )?))
}
