//! Subscriptions begin, change and end.

use jiff::SignedDuration;
use knipperlicht_access::{Principal, Role};
use knipperlicht_contracts::{
    notification::v1::{
        RotateSecretRequest, RotateSecretResponse, SubscribeRequest, SubscribeResponse,
        UnsubscribeRequest, UnsubscribeResponse,
    },
    to_proto,
};
use knipperlicht_eventing::audit::Deed;
use knipperlicht_vocabulary::SubscriptionId;
use zeroize::Zeroizing;

use super::{NotificationCalls, wire};
use crate::{
    error::NotificationError,
    model::owner::{Owner, OwnerKind},
    sealing::{self, Place},
    store::{
        deliveries, lanes,
        standings::{self, Standing},
        subscriptions::{self, Channel, Ending, Sealed, Subscription},
    },
};

/// Subscriptions at most of one owner (own default, not validated).
const MOST: i64 = 20;

/// How long an old secret signs beside a new one: Standard Webhooks leaves it open (own default,
/// not validated).
const OLD_SIGNS_FOR: SignedDuration = SignedDuration::from_hours(24);

impl NotificationCalls {
    pub(super) async fn subscribed(
        &self,
        principal: &Principal,
        request: &SubscribeRequest,
    ) -> Result<SubscribeResponse, NotificationError> {
        let target = wire::target(request.channel.as_ref(), self.settings.reach())?;
        if target.channel == Channel::Mail && self.settings.mail.is_none() {
            return Err(NotificationError::MailOff);
        }
        let owner = self.owner(principal, &request.zone_id)?;
        let environment = &self.kit.environment;
        let id = SubscriptionId::new(environment);
        let (key, wrapped) = self.vault.new_key_of(environment, id.uuid()).await?;
        let secret = match target.channel {
            Channel::Webhook => Some(sealing::new_secret(environment)),
            Channel::Mail => None,
        };
        let sealed = Sealed {
            key: wrapped,
            target: sealing::seal(&key, environment, Place::Target, &target.address)?,
            secret: secret
                .as_ref()
                .map(|secret| sealing::seal(&key, environment, Place::Secret, secret))
                .transpose()?,
            old_secret: None,
        };
        let subscription = Subscription {
            id,
            owner,
            channel: target.channel,
            language: target.language,
            quiet: target.quiet,
            sealed: Some(sealed.clone()),
            made_at: environment.now(),
            ended_at: None,
            ended_by_receiver: false,
        };

        // What it may ask for follows from who it is: from here on it is ours to write.
        let mut transaction = self.kit.database.begin(&self.kit.principal).await?;
        subscriptions::changed(&mut transaction).await?;
        let count = subscriptions::count_of(&mut transaction, &subscription.owner).await?;
        if count >= MOST {
            return Err(NotificationError::TooMany(count));
        }
        subscriptions::insert(&mut transaction, &subscription, &sealed, &principal.subject).await?;
        lanes::open(&mut transaction, id).await?;
        let deed = deed("subscription.made", id, subscription.channel);
        self.kit.note(&mut transaction, principal, deed).await?;
        transaction.commit().await?;
        Ok(SubscribeResponse {
            subscription: Some(
                wire::subscription(&self.vault, &subscription, Standing::default()).await?,
            ),
            secret: secret.map_or_else(String::new, |secret| secret.as_str().to_owned()),
        })
    }

    /// Whose news a caller asks for.
    fn owner(&self, principal: &Principal, zone: &str) -> Result<Owner, NotificationError> {
        let organisation = principal.organisation.as_ref();
        match (principal.role, organisation) {
            (Role::Partner, Some(organisation)) => {
                Ok(Owner::new(OwnerKind::Organisation, organisation.as_str()))
            }
            (Role::Coordinator, _) => {
                let zone = match (zone, principal.zones.as_slice()) {
                    ("", [only]) => only,
                    (zone, zones) => zones
                        .iter()
                        .find(|own| own.as_str() == zone)
                        .ok_or(NotificationError::Zone)?,
                };
                Ok(Owner::new(OwnerKind::Zone, zone.as_str()))
            }
            (Role::Reporter, _) => Ok(Owner::new(
                OwnerKind::Reporter,
                self.reporters.of(&principal.subject),
            )),
            _ => Err(NotificationError::Zone),
        }
    }

    pub(super) async fn unsubscribed(
        &self,
        principal: &Principal,
        request: &UnsubscribeRequest,
    ) -> Result<UnsubscribeResponse, NotificationError> {
        let found = self.visible(principal, &request.subscription_id).await?;
        let now = self.kit.environment.now();
        let mut transaction = self.kit.database.begin(&self.kit.principal).await?;
        subscriptions::changed(&mut transaction).await?;
        if subscriptions::end(&mut transaction, now, found.id, Ending::Unsubscribed).await? {
            deliveries::give_up_all(&mut transaction, now, found.id).await?;
            lanes::close(&mut transaction, found.id).await?;
            let deed = deed("subscription.ended", found.id, found.channel);
            self.kit.note(&mut transaction, principal, deed).await?;
        }
        let ended = subscriptions::find(&mut transaction, found.id)
            .await?
            .ok_or(NotificationError::NotFound)?;
        let standings = standings::standings(&mut transaction, &[found.id.uuid()]).await?;
        transaction.commit().await?;
        let standing = standings.get(&found.id).copied().unwrap_or_default();
        Ok(UnsubscribeResponse {
            subscription: Some(wire::subscription(&self.vault, &ended, standing).await?),
        })
    }

    pub(super) async fn rotated(
        &self,
        principal: &Principal,
        request: &RotateSecretRequest,
    ) -> Result<RotateSecretResponse, NotificationError> {
        let found = self.visible(principal, &request.subscription_id).await?;
        if found.channel != Channel::Webhook {
            return Err(NotificationError::NoSecret);
        }
        let sealed = found.sealed.as_ref().ok_or(NotificationError::Ended)?;
        let environment = &self.kit.environment;
        let key = self
            .vault
            .unwrap_key_of(found.id.uuid(), &sealed.key)
            .await?;
        let secret: Zeroizing<String> = sealing::new_secret(environment);
        let new = sealing::seal(&key, environment, Place::Secret, &secret)?;
        let now = environment.now();
        let until = now.saturating_add(OLD_SIGNS_FOR).unwrap_or(now);
        let mut transaction = self.kit.database.begin(&self.kit.principal).await?;
        if !subscriptions::rotate(&mut transaction, found.id, &new, until).await? {
            return Err(NotificationError::Ended);
        }
        let deed = deed("secret.rotated", found.id, found.channel);
        self.kit.note(&mut transaction, principal, deed).await?;
        transaction.commit().await?;
        Ok(RotateSecretResponse {
            secret: secret.as_str().to_owned(),
            old_signs_until: Some(to_proto(until)),
        })
    }

    /// A subscription, if the caller sees it.
    pub(super) async fn visible(
        &self,
        principal: &Principal,
        id: &str,
    ) -> Result<Subscription, NotificationError> {
        let id = wire::id("subscription_id", id)?;
        let mut transaction = self.kit.database.begin(principal).await?;
        let found = subscriptions::find(&mut transaction, id).await?;
        transaction.commit().await?;
        found.ok_or(NotificationError::NotFound)
    }
}

fn deed(action: &str, id: SubscriptionId, channel: Channel) -> Deed<'_> {
    Deed {
        action,
        object: id.to_string(),
        purpose: channel.name(),
    }
}
