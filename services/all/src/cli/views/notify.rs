//! Subscriptions and deliveries.

use jiff::tz::TimeZone;
use knipperlicht_contracts::notification::v1 as proto;
use serde::Serialize;

use super::{Moment, View, Word};

fn moment(at: Option<Moment>, local: &TimeZone) -> String {
    at.map(|at| at.text(local)).unwrap_or_default()
}

fn hours(quiet: &proto::mail::Quiet) -> String {
    match quiet {
        proto::mail::Quiet::QuietHours(hours) => format!("{}-{}", hours.from, hours.to),
        proto::mail::Quiet::NoQuietHours(_) => "none".to_owned(),
    }
}

/// A subscription.
#[derive(Debug, Serialize)]
pub(crate) struct SubscriptionView {
    subscription_id: String,
    subject: Word,
    subject_id: String,
    webhook: Option<String>,
    mail: Option<String>,
    quiet_hours: Option<String>,
    made_at: Option<Moment>,
    ended_at: Option<Moment>,
    ended_by_receiver: bool,
    waiting: i64,
    dead: i64,
    retry_at: Option<Moment>,
}

impl From<proto::Subscription> for SubscriptionView {
    fn from(subscription: proto::Subscription) -> Self {
        use proto::subscription::Channel::{Mail, Webhook};

        let subject = Word::of_enum(subscription.subject().as_str_name(), "SUBJECT_");
        let (webhook, mail) = match subscription.channel {
            Some(Webhook(webhook)) => (Some(webhook.url), None),
            Some(Mail(mail)) => (None, Some(mail)),
            None => (None, None),
        };
        let quiet = mail.as_ref().and_then(|mail| mail.quiet.as_ref());
        Self {
            subscription_id: subscription.subscription_id,
            subject,
            subject_id: subscription.subject_id,
            webhook,
            quiet_hours: quiet.map(hours),
            mail: mail.map(|mail| mail.address),
            made_at: Moment::of(subscription.made_at),
            ended_at: Moment::of(subscription.ended_at),
            ended_by_receiver: subscription.ended_by_receiver,
            waiting: subscription.waiting,
            dead: subscription.dead,
            retry_at: Moment::of(subscription.retry_at),
        }
    }
}

impl View for SubscriptionView {
    fn cells(&self, local: &TimeZone) -> Vec<(&'static str, String)> {
        let leads_to = self.webhook.as_ref().or(self.mail.as_ref());
        let by = if self.ended_by_receiver {
            " (receiver gone)"
        } else {
            ""
        };
        vec![
            ("subscription", self.subscription_id.clone()),
            (
                "of",
                format!("{} {}", self.subject.text(), self.subject_id)
                    .trim_end()
                    .to_owned(),
            ),
            ("leads to", leads_to.cloned().unwrap_or_default()),
            ("quiet", self.quiet_hours.clone().unwrap_or_default()),
            ("since", moment(self.made_at, local)),
            ("ended", format!("{}{by}", moment(self.ended_at, local))),
            ("waiting", self.waiting.to_string()),
            ("given up", self.dead.to_string()),
            ("next try", moment(self.retry_at, local)),
        ]
    }
}

/// What a webhook is signed with: shown once.
#[derive(Debug, Serialize)]
pub(crate) struct SecretView {
    subscription_id: String,
    webhook: Option<String>,
    secret: String,
    old_signs_until: Option<Moment>,
}

impl SecretView {
    /// Of a new subscription.
    pub(crate) fn of_new(subscription: SubscriptionView, secret: String) -> Self {
        Self {
            subscription_id: subscription.subscription_id,
            webhook: subscription.webhook,
            secret,
            old_signs_until: None,
        }
    }

    /// Of one that has a new secret.
    pub(crate) fn of_rotated(
        subscription_id: String,
        rotated: proto::RotateSecretResponse,
    ) -> Self {
        Self {
            subscription_id,
            webhook: None,
            secret: rotated.secret,
            old_signs_until: Moment::of(rotated.old_signs_until),
        }
    }
}

impl View for SecretView {
    fn cells(&self, local: &TimeZone) -> Vec<(&'static str, String)> {
        vec![
            ("subscription", self.subscription_id.clone()),
            ("leads to", self.webhook.clone().unwrap_or_default()),
            ("secret, shown once", self.secret.clone()),
            ("old one signs until", moment(self.old_signs_until, local)),
        ]
    }
}

/// How many deliveries are tried again.
#[derive(Debug, Serialize)]
pub(crate) struct RedeliveredView {
    pub(crate) deliveries: i64,
}

impl View for RedeliveredView {
    fn cells(&self, _local: &TimeZone) -> Vec<(&'static str, String)> {
        vec![("tried again", self.deliveries.to_string())]
    }
}

/// One attempt to deliver.
#[derive(Debug, Serialize)]
struct AttemptView {
    at: Option<Moment>,
    status: i32,
    error: String,
}

/// One delivery.
#[derive(Debug, Serialize)]
pub(crate) struct DeliveryView {
    delivery_id: String,
    #[serde(rename = "type")]
    event_type: String,
    occurred_at: Option<Moment>,
    state: Word,
    settled_at: Option<Moment>,
    attempts: Vec<AttemptView>,
}

impl From<proto::Delivery> for DeliveryView {
    fn from(delivery: proto::Delivery) -> Self {
        let state = Word::of_enum(delivery.state().as_str_name(), "DELIVERY_STATE_");
        let attempts = delivery.attempts.into_iter().map(|attempt| AttemptView {
            at: Moment::of(attempt.at),
            status: attempt.status,
            error: attempt.error,
        });
        Self {
            state,
            attempts: attempts.collect(),
            delivery_id: delivery.delivery_id,
            event_type: delivery.r#type,
            occurred_at: Moment::of(delivery.occurred_at),
            settled_at: Moment::of(delivery.settled_at),
        }
    }
}

impl View for DeliveryView {
    fn cells(&self, local: &TimeZone) -> Vec<(&'static str, String)> {
        let last = self.attempts.last();
        let answer = last
            .filter(|last| last.status != 0)
            .map(|last| last.status.to_string());
        let error = last
            .map(|last| last.error.replace('_', " "))
            .unwrap_or_default();
        vec![
            ("happened", moment(self.occurred_at, local)),
            ("delivery", self.delivery_id.clone()),
            ("what", self.event_type.clone()),
            ("state", self.state.text()),
            ("since", moment(self.settled_at, local)),
            ("attempts", self.attempts.len().to_string()),
            (
                "last answer",
                format!("{} {error}", answer.unwrap_or_default())
                    .trim()
                    .to_owned(),
            ),
        ]
    }
}
