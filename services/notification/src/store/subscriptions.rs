//! Subscriptions: who is told, and, sealed, where.

use std::fmt::Display;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use knipperlicht_privacy::WrappedKey;
use knipperlicht_vocabulary::{Language, ReporterId, SubscriptionId};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    error::NotificationError,
    model::{
        owner::{Owner, OwnerKind},
        quiet::QuietHours,
    },
};

/// How somebody is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Channel {
    Webhook,
    Mail,
}

impl Channel {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Webhook => "webhook",
            Self::Mail => "mail",
        }
    }

    fn named(name: &str) -> Option<Self> {
        [Self::Webhook, Self::Mail]
            .into_iter()
            .find(|channel| channel.name() == name)
    }
}

/// Why a subscription ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Its owner ended it.
    Unsubscribed,
    /// Its receiver answered that it is gone.
    Gone,
}

impl Ending {
    const fn name(self) -> &'static str {
        match self {
            Self::Unsubscribed => "unsubscribed",
            Self::Gone => "gone",
        }
    }
}

/// What is sealed of a subscription that has not ended.
#[derive(Debug, Clone)]
pub(crate) struct Sealed {
    pub(crate) key: WrappedKey,
    pub(crate) target: Vec<u8>,
    pub(crate) secret: Option<Vec<u8>>,
    pub(crate) old_secret: Option<(Vec<u8>, Timestamp)>,
}

/// A subscription.
#[derive(Debug, Clone)]
pub(crate) struct Subscription {
    pub(crate) id: SubscriptionId,
    pub(crate) owner: Owner,
    pub(crate) channel: Channel,
    pub(crate) language: Language,
    /// When a mailbox gets nothing but what is urgent, if ever; a webhook has none.
    pub(crate) quiet: Option<QuietHours>,
    /// Nothing once it has ended.
    pub(crate) sealed: Option<Sealed>,
    pub(crate) made_at: Timestamp,
    pub(crate) ended_at: Option<Timestamp>,
    pub(crate) ended_by_receiver: bool,
}

/// The number of the last change.
pub(crate) async fn version(connection: &mut PgConnection) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!("select version from registry")
        .fetch_one(connection)
        .await
}

/// All that have not ended.
pub(crate) async fn live(connection: &mut PgConnection) -> Result<Vec<(Owner, Uuid)>, sqlx::Error> {
    let rows = sqlx::query!(
        "select owner_kind, owner, subscription_id from subscription where ended_at is null"
    )
    .fetch_all(connection)
    .await?;
    let live = rows.into_iter().filter_map(|row| {
        let kind = OwnerKind::named(&row.owner_kind)?;
        Some((Owner::new(kind, row.owner), row.subscription_id))
    });
    Ok(live.collect())
}

/// Says that a subscription began or ended. One after the other, so that each is seen; to be taken
/// before any other lock.
pub(crate) async fn changed(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query!("update registry set version = version + 1")
        .execute(connection)
        .await?;
    Ok(())
}

/// How many an owner has. Relies on `subscription_by_owner`.
pub(crate) async fn count_of(
    connection: &mut PgConnection,
    owner: &Owner,
) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select count(*) as "count!" from subscription
           where owner_kind = $1 and owner = $2 and ended_at is null"#,
        owner.kind.name(),
        owner.id,
    )
    .fetch_one(connection)
    .await
}

/// Keeps a new one, in the name of this account.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    subscription: &Subscription,
    sealed: &Sealed,
    account: &ReporterId,
) -> Result<(), sqlx::Error> {
    let quiet = subscription.quiet;
    sqlx::query!(
        "insert into subscription (subscription_id, owner_kind, owner, subject, channel, language,
                                   quiet_from, quiet_to, master_key_id, wrapped_key, target, secret,
                                   made_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        subscription.id.uuid(),
        subscription.owner.kind.name(),
        subscription.owner.id,
        account.as_str(),
        subscription.channel.name(),
        subscription.language.code(),
        quiet.map(|hours| hours.from().to_sqlx()) as Option<jiff_sqlx::Time>,
        quiet.map(|hours| hours.to().to_sqlx()) as Option<jiff_sqlx::Time>,
        sealed.key.master_key_id,
        sealed.key.bytes,
        sealed.target,
        sealed.secret.as_deref(),
        subscription.made_at.to_sqlx() as jiff_sqlx::Timestamp,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Those that the caller sees, newest first.
pub(crate) async fn list(
    connection: &mut PgConnection,
    include_ended: bool,
) -> Result<Vec<Subscription>, NotificationError> {
    let rows = sqlx::query_as!(
        Row,
        r#"select subscription_id, owner_kind, owner, channel, language, quiet_from, quiet_to,
                  master_key_id, wrapped_key, target, secret, old_secret, old_secret_until, made_at,
                  ended_at, ended_because
           from subscription where $1 or ended_at is null
           order by made_at desc, subscription_id limit 500"#,
        include_ended,
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(Subscription::try_from).collect()
}

/// One that the caller sees. Relies on the primary key.
pub(crate) async fn find(
    connection: &mut PgConnection,
    id: SubscriptionId,
) -> Result<Option<Subscription>, NotificationError> {
    let row = sqlx::query_as!(
        Row,
        r#"select subscription_id, owner_kind, owner, channel, language, quiet_from, quiet_to,
                  master_key_id, wrapped_key, target, secret, old_secret, old_secret_until, made_at,
                  ended_at, ended_because
           from subscription where subscription_id = $1"#,
        id.uuid(),
    )
    .fetch_optional(connection)
    .await?;
    row.map(Subscription::try_from).transpose()
}

/// Ends one: where it led and its secrets are destroyed with their key. False when it had ended.
/// Relies on the primary key.
pub(crate) async fn end(
    connection: &mut PgConnection,
    now: Timestamp,
    id: SubscriptionId,
    ending: Ending,
) -> Result<bool, sqlx::Error> {
    let ended = sqlx::query!(
        "update subscription
         set ended_at = $2, ended_because = $3, master_key_id = null, wrapped_key = null,
             target = null, secret = null, old_secret = null, old_secret_until = null
         where subscription_id = $1 and ended_at is null",
        id.uuid(),
        now.to_sqlx() as jiff_sqlx::Timestamp,
        ending.name(),
    )
    .execute(connection)
    .await?;
    Ok(ended.rows_affected() == 1)
}

/// Gives one a new secret; the one before it signs until then. Relies on the primary key.
pub(crate) async fn rotate(
    connection: &mut PgConnection,
    id: SubscriptionId,
    secret: &[u8],
    old_until: Timestamp,
) -> Result<bool, sqlx::Error> {
    let rotated = sqlx::query!(
        "update subscription set old_secret = secret, old_secret_until = $3, secret = $2
         where subscription_id = $1 and ended_at is null and secret is not null",
        id.uuid(),
        secret,
        old_until.to_sqlx() as jiff_sqlx::Timestamp,
    )
    .execute(connection)
    .await?;
    Ok(rotated.rows_affected() == 1)
}

struct Row {
    subscription_id: Uuid,
    owner_kind: String,
    owner: String,
    channel: String,
    language: String,
    quiet_from: Option<jiff_sqlx::Time>,
    quiet_to: Option<jiff_sqlx::Time>,
    master_key_id: Option<String>,
    wrapped_key: Option<Vec<u8>>,
    target: Option<Vec<u8>>,
    secret: Option<Vec<u8>>,
    old_secret: Option<Vec<u8>>,
    old_secret_until: Option<jiff_sqlx::Timestamp>,
    made_at: jiff_sqlx::Timestamp,
    ended_at: Option<jiff_sqlx::Timestamp>,
    ended_because: Option<String>,
}

impl TryFrom<Row> for Subscription {
    type Error = NotificationError;

    fn try_from(row: Row) -> Result<Self, NotificationError> {
        let bad = |what: &dyn Display| NotificationError::BadRow {
            table: "subscription",
            row: row.subscription_id.to_string(),
            what: what.to_string(),
        };
        let kind = OwnerKind::named(&row.owner_kind).ok_or_else(|| bad(&"owner_kind is none"))?;
        let channel = Channel::named(&row.channel).ok_or_else(|| bad(&"channel is none"))?;
        let language = row.language.parse().map_err(|error| bad(&error))?;
        let quiet = row
            .quiet_from
            .zip(row.quiet_to)
            .and_then(|(from, to)| QuietHours::between(from.to_jiff(), to.to_jiff()));
        let sealed = match (row.master_key_id, row.wrapped_key, row.target) {
            (Some(master_key_id), Some(bytes), Some(target)) => Some(Sealed {
                key: WrappedKey {
                    master_key_id,
                    bytes,
                },
                target,
                secret: row.secret,
                old_secret: row
                    .old_secret
                    .zip(row.old_secret_until)
                    .map(|(secret, until)| (secret, until.to_jiff())),
            }),
            _ => None,
        };
        Ok(Self {
            id: row.subscription_id.into(),
            owner: Owner::new(kind, row.owner),
            channel,
            language,
            quiet,
            sealed,
            made_at: row.made_at.to_jiff(),
            ended_at: row.ended_at.map(jiff_sqlx::Timestamp::to_jiff),
            ended_by_receiver: row.ended_because.as_deref() == Some("gone"),
        })
    }
}

/// Clears away subscriptions that ended before `since` and of which no delivery is listed any more,
/// at most so many; and, where somebody has no other, what they had to do with. Says how many. Relies
/// on `delivery_by_subscription`, `subscription_by_owner` and the primary keys.
pub(crate) async fn clear(
    connection: &mut PgConnection,
    since: Timestamp,
    limit: i64,
) -> Result<u64, sqlx::Error> {
    let cleared = sqlx::query!(
        "with over as (
             select subscription_id, owner_kind, owner from subscription
             where ended_at < $1 and not exists (
                 select from delivery where delivery.subscription_id = subscription.subscription_id
             )
             order by ended_at limit $2
             for update skip locked
         ), lanes as (
             delete from lane using over where lane.subscription_id = over.subscription_id
         ), known as (
             delete from concerned using over
             where concerned.kind = over.owner_kind and concerned.whom = over.owner and not exists (
                 select from subscription as live
                 where live.owner_kind = over.owner_kind and live.owner = over.owner and live.ended_at is null
             )
         )
         delete from subscription using over where subscription.subscription_id = over.subscription_id",
        since.to_sqlx() as jiff_sqlx::Timestamp,
        limit,
    )
    .execute(connection)
    .await?;
    Ok(cleared.rows_affected())
}
