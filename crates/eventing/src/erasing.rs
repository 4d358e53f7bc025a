//! Situations that were forgotten: what is still heard of one has no effect.
//!
//! Intake says `SituationErased` of a situation and of each that became part of it. Whoever hears
//! it forgets what it keeps of them, in one transaction and under the lock that a merge takes, and
//! notes their ids. From then on whatever is heard of them counts as handled and changes nothing,
//! be it late or said by somebody who has not heard of it yet.

use std::{collections::HashSet, future::Future};

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use knipperlicht_contracts::event::EventBody;
use knipperlicht_vocabulary::SituationId;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{Event, merges::survivor};

/// The type of the event that says so.
pub(crate) const ERASURE: &str = "knipperlicht.situation.erased.v1";

/// What a service forgets of its own.
pub trait Forgets: Send + Sync + 'static {
    /// Forgets what it keeps of these situations, but for what its guarantees stand on. Done again
    /// it forgets what was written since, and changes nothing else.
    fn forget(
        &self,
        connection: &mut PgConnection,
        situations: &[Uuid],
        at: Timestamp,
    ) -> impl Future<Output = Result<(), sqlx::Error>> + Send;
}

/// A situation by the name it has now, and all that is one with it. Relies on the primary key and
/// `merged_by_survivor`.
pub async fn whole(
    connection: &mut PgConnection,
    situation: SituationId,
) -> Result<(SituationId, Vec<Uuid>), sqlx::Error> {
    let root = survivor(&mut *connection, situation).await?;
    let family = sqlx::query_scalar!(
        r#"with recursive family as (
               select $1::uuid as situation_id
               union
               select merged.absorbed_id from family join merged on merged.into_id = family.situation_id
           )
           select situation_id as "situation_id!" from family"#,
        root.uuid(),
    )
    .fetch_all(&mut *connection)
    .await?;
    Ok((root, family))
}

/// Notes that a situation is forgotten, and all that it is part of or that is part of it; gives
/// them. To be called with `merges::hold_alone`. Done twice it changes nothing. Relies on the
/// primary keys and `merged_by_survivor`.
pub async fn erase(
    connection: &mut PgConnection,
    situation: SituationId,
    at: Timestamp,
) -> Result<Vec<Uuid>, sqlx::Error> {
    let (_, family) = whole(&mut *connection, situation).await?;
    sqlx::query!(
        "with apart as (
             delete from merged where absorbed_id = any($1)
         )
         insert into erased (situation_id, erased_at) select unnest($1::uuid[]), $2
         on conflict do nothing",
        &family,
        at.to_sqlx() as jiff_sqlx::Timestamp,
    )
    .execute(connection)
    .await?;
    Ok(family)
}

/// Which of these were forgotten. Relies on the primary key.
pub async fn erased_of(
    connection: &mut PgConnection,
    situations: &[Uuid],
) -> Result<HashSet<Uuid>, sqlx::Error> {
    if situations.is_empty() {
        return Ok(HashSet::new());
    }
    let erased = sqlx::query_scalar!(
        "select situation_id from erased where situation_id = any($1)",
        situations,
    )
    .fetch_all(connection)
    .await?;
    Ok(erased.into_iter().collect())
}

/// Whether an event says that its situation is forgotten.
#[must_use]
pub fn is_erasure(event: &Event) -> bool {
    matches!(event.body, EventBody::SituationErased(_))
}

/// The situations that an event is of or names: where one of them was forgotten, it has no effect.
pub(crate) fn named(event: &Event) -> Vec<Uuid> {
    let other = match &event.body {
        EventBody::SituationsMerged(body) => body.into_situation_id.parse().ok(),
        EventBody::SituationsSplit(body) => body.from_situation_id.parse().ok(),
        _ => None,
    };
    let other = other.map(SituationId::uuid);
    std::iter::once(event.said_of.uuid()).chain(other).collect()
}
