//! Situations that became one: whoever hears of the absorbed one hears of the survivor.
//!
//! What is said of a situation may be heard long after the situation was merged into another.
//! So a consumer looks the survivor up before it lets an event take effect. It does so under a
//! lock that a merge holds alone: no row is written about a situation while it is being moved.
//!
//! The rows themselves each service moves, and beside a moved row stands where it was made
//! (`home_id`). With the [`family`](Split::family) of a situation, all that was ever merged into
//! it, that is enough to give back exactly what was brought, however merges were nested.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use knipperlicht_contracts::event::EventBody;
use knipperlicht_vocabulary::SituationId;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{Event, ReactionError, erasing};

/// Rows to move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Merge {
    /// From this situation.
    pub absorbed: SituationId,
    /// To this one: the survivor, or what that one itself became part of.
    pub into: SituationId,
}

/// Rows to give back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// From this situation.
    pub from: SituationId,
    /// To this one.
    pub absorbed: SituationId,
    /// All that were made in one of these.
    pub family: Vec<Uuid>,
}

/// Before these are heard: alone where one of them reshapes situations, otherwise beside others. To be
/// taken before any row.
pub(crate) async fn hold_for<'e>(
    connection: &mut PgConnection,
    events: impl IntoIterator<Item = &'e Event>,
) -> Result<(), sqlx::Error> {
    if events.into_iter().any(is_reshaping) {
        hold_alone(connection).await
    } else {
        hold_still(connection).await
    }
}

/// Waits until no merge is under way, and lets none begin before the transaction ends.
async fn hold_still(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query!(
        r#"select pg_advisory_xact_lock_shared(hashtext(current_schema() || '.merged')) as "held: ()""#
    )
    .fetch_one(connection)
    .await?;
    Ok(())
}

/// Waits until nothing is being heard, and lets nothing be heard before the transaction ends. To
/// be taken before any row: whoever holds a row may be waiting for this.
pub async fn hold_alone(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query!(
        r#"select pg_advisory_xact_lock(hashtext(current_schema() || '.merged')) as "held: ()""#
    )
    .fetch_one(connection)
    .await?;
    Ok(())
}

/// What those of these situations that were merged became part of in the end. Relies on the
/// primary key.
pub async fn survivors(
    connection: &mut PgConnection,
    situations: &[Uuid],
) -> Result<HashMap<Uuid, SituationId>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"with recursive way as (
               select absorbed_id, into_id, 1 as steps from merged where absorbed_id = any($1)
               union all
               select way.absorbed_id, merged.into_id, steps + 1
               from way join merged on merged.absorbed_id = way.into_id
           )
           select distinct on (absorbed_id) absorbed_id as "absorbed_id!", into_id as "into_id!"
           from way order by absorbed_id, steps desc"#,
        situations,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.absorbed_id, row.into_id.into()))
        .collect())
}

/// The name that a situation has now: its own, or that of the one it became part of in the end.
pub async fn survivor(
    connection: &mut PgConnection,
    situation: SituationId,
) -> Result<SituationId, sqlx::Error> {
    let survivors = survivors(connection, &[situation.uuid()]).await?;
    Ok(survivors
        .get(&situation.uuid())
        .copied()
        .unwrap_or(situation))
}

/// Notes that a situation becomes part of another one. Done twice it changes nothing.
pub async fn merge(
    connection: &mut PgConnection,
    absorbed: SituationId,
    into: SituationId,
    at: Timestamp,
) -> Result<Merge, sqlx::Error> {
    let root = survivor(&mut *connection, into).await?;
    sqlx::query!(
        "insert into merged (absorbed_id, into_id, merged_at) values ($1, $2, $3)
         on conflict do nothing",
        absorbed.uuid(),
        into.uuid(),
        at.to_sqlx() as jiff_sqlx::Timestamp,
    )
    .execute(connection)
    .await?;
    Ok(Merge {
        absorbed,
        into: root,
    })
}

/// Notes that a situation stands by itself again; nothing if it did. Relies on
/// `merged_by_survivor`.
pub async fn split(
    connection: &mut PgConnection,
    absorbed: SituationId,
) -> Result<Option<Split>, sqlx::Error> {
    let root = survivors(&mut *connection, &[absorbed.uuid()]).await?;
    let Some(from) = root.get(&absorbed.uuid()).copied() else {
        return Ok(None);
    };
    let family = sqlx::query_scalar!(
        r#"with recursive family as (
               select $1::uuid as situation_id
               union
               select merged.absorbed_id from family join merged on merged.into_id = family.situation_id
           )
           select situation_id as "situation_id!" from family"#,
        absorbed.uuid(),
    )
    .fetch_all(&mut *connection)
    .await?;
    sqlx::query!("delete from merged where absorbed_id = $1", absorbed.uuid())
        .execute(connection)
        .await?;
    Ok(Some(Split {
        from,
        absorbed,
        family,
    }))
}

/// What an event makes of situations, for the service that hears it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reshaped {
    /// Two became one.
    Merged(Merge),
    /// One became two again.
    Split(Split),
}

/// Notes what this event makes of situations; nothing for all other events.
pub async fn reshaped(
    connection: &mut PgConnection,
    event: &Event,
) -> Result<Option<Reshaped>, ReactionError> {
    let reshaped = match &event.body {
        EventBody::SituationsMerged(body) => {
            let into = body.into_situation_id.parse().map_err(|error| {
                ReactionError::Nonsense(format!("`into_situation_id`: {error}"))
            })?;
            let merge = merge(connection, event.said_of, into, event.occurred_at).await?;
            Some(Reshaped::Merged(merge))
        }
        EventBody::SituationsSplit(_) => {
            split(connection, event.said_of).await?.map(Reshaped::Split)
        }
        _ => None,
    };
    Ok(reshaped)
}

/// Lets each of these events be about the situation that survives, and gives those that take
/// effect: all but those of situations that were forgotten. Relies on the primary keys.
pub(crate) async fn follow<'e>(
    connection: &mut PgConnection,
    events: &[&'e Event],
) -> Result<Vec<&'e Event>, sqlx::Error> {
    let situations: Vec<Uuid> = events
        .iter()
        .flat_map(|event| erasing::named(event))
        .collect();
    let rows = sqlx::query!(
        r#"with recursive way as (
               select absorbed_id, into_id, 1 as steps from merged where absorbed_id = any($1)
               union all
               select way.absorbed_id, merged.into_id, steps + 1
               from way join merged on merged.absorbed_id = way.into_id
           ), survivor as (
               select distinct on (absorbed_id) absorbed_id, into_id
               from way order by absorbed_id, steps desc
           )
           select absorbed_id as "situation_id!", into_id as "survivor?" from survivor
           union all
           select situation_id, null from erased where situation_id = any($1)"#,
        &situations,
    )
    .fetch_all(connection)
    .await?;
    let (merged, erased): (Vec<_>, Vec<_>) =
        rows.into_iter().partition(|row| row.survivor.is_some());
    let erased: HashSet<Uuid> = erased.into_iter().map(|row| row.situation_id).collect();
    let survivors: HashMap<Uuid, SituationId> = merged
        .into_iter()
        .filter_map(|row| Some((row.situation_id, row.survivor?.into())))
        .collect();
    let takes_effect = |event: &&&Event| {
        erasing::is_erasure(event)
            || !(matches!(event.body, EventBody::Forgotten)
                || erasing::named(event).iter().any(|id| erased.contains(id)))
    };
    let events: Vec<&Event> = events.iter().filter(takes_effect).copied().collect();
    for event in &events {
        // One that reshapes situations is about those it names.
        if !is_reshaping(event)
            && let Some(survivor) = survivors.get(&event.said_of.uuid())
        {
            event.is_about(*survivor);
        }
    }
    Ok(events)
}

/// Cuts events, in order, into parts that hold either one that reshapes situations or none.
pub(crate) fn parts<'e, 'p>(events: &'p [&'e Event]) -> impl Iterator<Item = &'p [&'e Event]> {
    events.chunk_by(|one, next| !is_reshaping(one) && !is_reshaping(next))
}

/// Whether an event makes one situation of two, or two of one, or none.
fn is_reshaping(event: &Event) -> bool {
    matches!(
        event.body,
        EventBody::SituationsMerged(_)
            | EventBody::SituationsSplit(_)
            | EventBody::SituationErased(_)
    )
}
