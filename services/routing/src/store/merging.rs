//! Moving what belongs to a situation, and bringing it back. Beside each row that was moved stands
//! where it was made.

use knipperlicht_eventing::merges::{Merge, Split};
use knipperlicht_vocabulary::{ItemId, ReferralId, SituationId, Urgency};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{optional, words};
use crate::{
    RoutingError,
    model::{
        change::Change,
        merging::{Homes, Needed},
    },
};

/// Moves referrals, items, decisions and signals taken back. Relies on `referral_by_situation`,
/// `decision_by_situation` and the primary keys.
pub(crate) async fn move_over(
    connection: &mut PgConnection,
    merge: Merge,
) -> Result<(), RoutingError> {
    sqlx::query!(
        "with items as (
             update item set situation_id = $2, home_id = coalesce(home_id, $1) where situation_id = $1
         ), decisions as (
             update decision set situation_id = $2, home_id = coalesce(home_id, $1) where situation_id = $1
         ), taken as (
             update taken_back set situation_id = $2, home_id = coalesce(home_id, $1) where situation_id = $1
         )
         update referral set situation_id = $2, home_id = coalesce(home_id, $1), changed_in = default
         where situation_id = $1",
        merge.absorbed.uuid(),
        merge.into.uuid(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Brings back what was made in the family of a situation, and what followed on it since. Gives
/// the referrals that were made since. Relies on the same indexes.
pub(crate) async fn bring_back(
    connection: &mut PgConnection,
    split: &Split,
) -> Result<Vec<ReferralId>, RoutingError> {
    let rows = sqlx::query!(
        r#"with recursive back as (
             select referral_id from referral where situation_id = $1 and home_id = any($3)
             union
             select next.referral_id from referral as next join back on next.previous_id = back.referral_id
             where next.situation_id = $1
         ), items as (
             update item set situation_id = $2
             where situation_id = $1
               and (home_id = any($3) or referral_id in (select referral_id from back))
         ), decisions as (
             update decision set situation_id = $2 where situation_id = $1 and home_id = any($3)
         ), taken as (
             update taken_back set situation_id = $2 where situation_id = $1 and home_id = any($3)
         )
         update referral set situation_id = $2, changed_in = default
         from back where referral.referral_id = back.referral_id
         returning referral.referral_id, referral.home_id is null as "is_new!""#,
        split.from.uuid(),
        split.absorbed.uuid(),
        &split.family,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .filter(|row| row.is_new)
        .map(|row| row.referral_id.into())
        .collect())
}

/// Notes what gave way because `absorbed` became part of another situation. Relies on the primary
/// keys.
pub(crate) async fn note_what_gave_way(
    connection: &mut PgConnection,
    absorbed: SituationId,
    changes: &[Change<'_>],
) -> Result<(), RoutingError> {
    let mut referrals: Vec<Uuid> = Vec::new();
    let mut items: Vec<Uuid> = Vec::new();
    for change in changes {
        match change {
            Change::Moved { referral, .. } if referral.state.gave_way() => {
                referrals.push(referral.id.uuid());
            }
            Change::GaveWay(item) => items.push(ItemId::uuid(*item)),
            _ => {}
        }
    }
    sqlx::query!(
        "with referrals as (
             update referral set gave_way_to = $1 where referral_id = any($2)
         )
         update item set gave_way_to = $1 where item_id = any($3)",
        absorbed.uuid(),
        &referrals,
        &items,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The referrals of these situations that gave way to another and may come back. Relies on
/// `referral_by_situation`.
pub(crate) async fn referrals_that_gave_way(
    connection: &mut PgConnection,
    situations: &[Uuid],
) -> Result<Vec<ReferralId>, RoutingError> {
    let ids = sqlx::query_scalar!(
        "select referral_id from referral
         where situation_id = any($1) and state = 'merged' and gave_way_to is not null",
        situations,
    )
    .fetch_all(connection)
    .await?;
    Ok(ids.into_iter().map(ReferralId::from).collect())
}

/// Where the referrals and items of these situations were made, of those that were ever moved.
/// Relies on `referral_by_situation` and `item_by_situation`.
pub(crate) async fn homes_of(
    connection: &mut PgConnection,
    situations: &[Uuid],
) -> Result<Homes, RoutingError> {
    let rows = sqlx::query!(
        r#"select referral_id as "id!", home_id as "home_id!"
           from referral where situation_id = any($1) and home_id is not null
           union all
           select item_id, home_id from item where situation_id = any($1) and home_id is not null"#,
        situations,
    )
    .fetch_all(connection)
    .await?;
    let homes = rows.into_iter().map(|row| (row.id, row.home_id.into()));
    Ok(homes.collect())
}

/// What gave way in these situations stays away for good: their needs are asked for anew. Relies
/// on `referral_by_situation` and `item_by_situation`.
pub(crate) async fn stay_away(
    connection: &mut PgConnection,
    situations: &[Uuid],
) -> Result<(), RoutingError> {
    if situations.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "with items as (
             update item set gave_way_to = null
             where situation_id = any($1) and gave_way_to is not null
         )
         update referral set gave_way_to = null
         where situation_id = any($1) and gave_way_to is not null",
        situations,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// What a survivor needed before another situation became part of it, and what it needed then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Before {
    pub(crate) alone: Needed,
    pub(crate) merged: Needed,
}

/// Keeps it. Relies on the primary key.
pub(crate) async fn keep_before(
    connection: &mut PgConnection,
    merge: Merge,
    before: &Before,
) -> Result<(), RoutingError> {
    let needs =
        |needed: &Needed| -> Vec<&str> { needed.needs.iter().map(|need| need.code()).collect() };
    sqlx::query!(
        "insert into needs_before (absorbed_id, survivor_id, urgency, needs, merged_urgency, merged_needs)
         values ($1, $2, $3, $4, $5, $6)
         on conflict (absorbed_id) do update set
            survivor_id = excluded.survivor_id, urgency = excluded.urgency, needs = excluded.needs,
            merged_urgency = excluded.merged_urgency, merged_needs = excluded.merged_needs",
        merge.absorbed.uuid(),
        merge.into.uuid(),
        before.alone.urgency.map(Urgency::code),
        &needs(&before.alone) as &[&str],
        before.merged.urgency.map(Urgency::code),
        &needs(&before.merged) as &[&str],
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Takes it out again; nothing if it was kept of another survivor, one that is itself part of
/// another situation by now. Relies on the primary key.
pub(crate) async fn take_before(
    connection: &mut PgConnection,
    absorbed: SituationId,
    survivor: SituationId,
) -> Result<Option<Before>, RoutingError> {
    const TABLE: &str = "needs_before";
    let row = sqlx::query!(
        "delete from needs_before where absorbed_id = $1
         returning survivor_id, urgency, needs, merged_urgency, merged_needs",
        absorbed.uuid(),
    )
    .fetch_optional(connection)
    .await?;
    let own = row.filter(|row| row.survivor_id == survivor.uuid());
    own.map(|row| {
        Ok(Before {
            alone: Needed {
                urgency: optional(TABLE, "urgency", row.urgency.as_deref())?,
                needs: words(TABLE, "needs", &row.needs)?,
            },
            merged: Needed {
                urgency: optional(TABLE, "merged_urgency", row.merged_urgency.as_deref())?,
                needs: words(TABLE, "merged_needs", &row.merged_needs)?,
            },
        })
    })
    .transpose()
}
