//! Coordinators' items.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use knipperlicht_vocabulary::{ClockKind, ItemId, ReferralId, SituationId};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{joined, optional, word, words};
use crate::{
    RoutingError,
    model::case::{Circumstances, Item},
};

const TABLE: &str = "item";

struct ItemRow {
    item_id: Uuid,
    situation_id: Uuid,
    referral_id: Option<Uuid>,
    kind: String,
    promise: Option<String>,
    zone: String,
    postal_code: String,
    language: String,
    age_band: Option<String>,
    needs: Vec<String>,
    urgency: String,
    opened_at: jiff_sqlx::Timestamp,
    escalated_at: Option<jiff_sqlx::Timestamp>,
}

/// An open item and whose it is.
pub(crate) struct OpenItem {
    pub(crate) situation: SituationId,
    pub(crate) item: Item,
}

impl ItemRow {
    fn read(self) -> Result<OpenItem, RoutingError> {
        let item = Item {
            id: self.item_id.into(),
            kind: word(TABLE, "kind", &self.kind)?,
            referral: self.referral_id.map(ReferralId::from),
            promise: optional(TABLE, "promise", self.promise.as_deref())?,
            circumstances: Circumstances {
                zone: word(TABLE, "zone", &self.zone)?,
                postal_code: word(TABLE, "postal_code", &self.postal_code)?,
                language: word(TABLE, "language", &self.language)?,
                age_band: optional(TABLE, "age_band", self.age_band.as_deref())?,
            },
            needs: words(TABLE, "needs", &self.needs)?,
            urgency: word(TABLE, "urgency", &self.urgency)?,
            opened_at: self.opened_at.to_jiff(),
            escalated_at: self.escalated_at.map(jiff_sqlx::Timestamp::to_jiff),
        };
        Ok(OpenItem {
            situation: self.situation_id.into(),
            item,
        })
    }
}

/// The open items of these situations. Relies on `item_by_situation`.
pub(super) async fn open_items_of(
    connection: &mut PgConnection,
    situations: &[Uuid],
) -> Result<Vec<OpenItem>, RoutingError> {
    let rows = sqlx::query_as!(
        ItemRow,
        "select item_id, situation_id, referral_id, kind, promise, zone, postal_code, language,
                age_band, needs, urgency, opened_at, escalated_at
         from item where situation_id = any($1) and closed_at is null order by opened_at, item_id",
        situations
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(ItemRow::read).collect()
}

/// The open items of these zones that whoever the transaction belongs to may see, the most urgent
/// and longest waiting first, and of those the first thousand: nobody reads further before these
/// are dealt with. Relies on `item_by_zone`.
pub(crate) async fn open_items(
    connection: &mut PgConnection,
    zones: &[String],
) -> Result<Vec<OpenItem>, RoutingError> {
    let rows = sqlx::query_as!(
        ItemRow,
        "select item_id, situation_id, referral_id, kind, promise, zone, postal_code, language,
                age_band, needs, urgency, opened_at, escalated_at
         from item where zone = any($1) and closed_at is null
         order by urgency_order, opened_at, item_id limit 1000",
        zones
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(ItemRow::read).collect()
}

/// The situation of an item that whoever the transaction belongs to may see. Relies on the
/// primary key.
pub(crate) async fn situation_of_item(
    connection: &mut PgConnection,
    id: ItemId,
) -> Result<Option<SituationId>, RoutingError> {
    let situation = sqlx::query_scalar!(
        "select situation_id from item where item_id = $1",
        id.uuid()
    )
    .fetch_optional(connection)
    .await?;
    Ok(situation.map(SituationId::from))
}

/// Writes new items. One that is there already was made by the same cause.
pub(super) async fn insert_items(
    connection: &mut PgConnection,
    items: &[(SituationId, &Item)],
) -> Result<(), RoutingError> {
    if items.is_empty() {
        return Ok(());
    }
    let count = items.len();
    let mut ids: Vec<Uuid> = Vec::with_capacity(count);
    let mut situations: Vec<Uuid> = Vec::with_capacity(count);
    let mut referrals: Vec<Option<Uuid>> = Vec::with_capacity(count);
    let mut kinds: Vec<&str> = Vec::with_capacity(count);
    let mut promises: Vec<Option<&str>> = Vec::with_capacity(count);
    let mut zones = Vec::with_capacity(count);
    let mut postal_codes = Vec::with_capacity(count);
    let mut languages: Vec<&str> = Vec::with_capacity(count);
    let mut age_bands: Vec<Option<&str>> = Vec::with_capacity(count);
    let mut needs = Vec::with_capacity(count);
    let mut urgencies: Vec<&str> = Vec::with_capacity(count);
    let mut opened: Vec<jiff_sqlx::Timestamp> = Vec::with_capacity(count);
    for (situation, one) in items {
        ids.push(one.id.uuid());
        situations.push(situation.uuid());
        referrals.push(one.referral.map(ReferralId::uuid));
        kinds.push(one.kind.code());
        promises.push(one.promise.map(ClockKind::code));
        zones.push(one.circumstances.zone.as_str());
        postal_codes.push(one.circumstances.postal_code.to_string());
        languages.push(one.circumstances.language.code());
        age_bands.push(one.circumstances.age_band.map(Into::into));
        needs.push(joined(&one.needs));
        urgencies.push(one.urgency.code());
        opened.push(one.opened_at.to_sqlx());
    }
    sqlx::query!(
        "insert into item (
            item_id, situation_id, referral_id, kind, zone, postal_code, language, age_band, needs,
            urgency, opened_at, promise
         )
         select item_id, situation_id, referral_id, kind, zone, postal_code, language, age_band,
                string_to_array(needs, ','), urgency, opened_at, promise
         from unnest(
            $1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[],
            $8::text[], $9::text[], $10::text[], $11::timestamptz[], $12::text[]
         ) as opened(
            item_id, situation_id, referral_id, kind, zone, postal_code, language, age_band, needs,
            urgency, opened_at, promise
         )
         on conflict (item_id) do nothing",
        &ids,
        &situations,
        &referrals as &[Option<Uuid>],
        &kinds as &[&str],
        &zones as &[&str],
        &postal_codes,
        &languages as &[&str],
        &age_bands as &[Option<&str>],
        &needs,
        &urgencies as &[&str],
        &opened as &[jiff_sqlx::Timestamp],
        &promises as &[Option<&str>],
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Closes items. Relies on the primary key.
pub(super) async fn close_items(
    connection: &mut PgConnection,
    items: &[Uuid],
    now: Timestamp,
) -> Result<(), RoutingError> {
    if items.is_empty() {
        return Ok(());
    }
    let done = sqlx::query!(
        "update item set closed_at = $2 where item_id = any($1) and closed_at is null",
        items,
        now.to_sqlx() as jiff_sqlx::Timestamp,
    )
    .execute(connection)
    .await?;
    // As with referrals: the situation's lock is held since the item was read.
    if done.rows_affected() == items.len() as u64 {
        Ok(())
    } else {
        Err(RoutingError::Raced)
    }
}

/// Brings items before the zone's council. Relies on the primary key.
pub(super) async fn escalate_items(
    connection: &mut PgConnection,
    items: &[Uuid],
    now: Timestamp,
) -> Result<(), RoutingError> {
    if items.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "update item set escalated_at = $2 where item_id = any($1)",
        items,
        now.to_sqlx() as jiff_sqlx::Timestamp,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Opens items again that gave way when two situations became one. Relies on the primary key.
pub(super) async fn reopen_items(
    connection: &mut PgConnection,
    items: &[Uuid],
) -> Result<(), RoutingError> {
    if items.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "update item set closed_at = null, gave_way_to = null where item_id = any($1)",
        items,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The items of these situations that gave way to another and may come back. Relies on
/// `item_by_situation`.
pub(crate) async fn items_that_gave_way(
    connection: &mut PgConnection,
    situations: &[Uuid],
) -> Result<Vec<OpenItem>, RoutingError> {
    let rows = sqlx::query_as!(
        ItemRow,
        "select item_id, situation_id, referral_id, kind, promise, zone, postal_code, language,
                age_band, needs, urgency, opened_at, escalated_at
         from item where situation_id = any($1) and gave_way_to is not null
         order by opened_at, item_id",
        situations,
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(ItemRow::read).collect()
}
