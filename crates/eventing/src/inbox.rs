//! The inbox: what a service has handled.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use knipperlicht_contracts::event::Service;
use knipperlicht_vocabulary::{Partition, SituationId};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    Event, ReactionError,
    admission::Admission,
    lease::{self, Places},
};

/// Of which events to look up whether they were handled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LookUp {
    /// Of those that are not the first that their source says of a situation. A first one is taken
    /// to be new, as nearly all of them are: [`record`] fails if it is not.
    Later,
    /// Of all.
    All,
}

/// What is known of the situations of these events, and whether any parked event waits for them.
/// Relies on the primary key of `inbox` and on `parked_once`.
pub(crate) async fn admission(
    connection: &mut PgConnection,
    events: &[&Event],
    look_up: LookUp,
) -> Result<(Admission, bool), sqlx::Error> {
    let all: BTreeSet<Uuid> = events.iter().map(|event| event.said_of.uuid()).collect();
    let all: Vec<Uuid> = all.into_iter().collect();
    let mut lowest: BTreeMap<(Uuid, &str), i64> = BTreeMap::new();
    for event in events {
        let about = (event.said_of.uuid(), event.source.name());
        let sequence = lowest.entry(about).or_insert(event.sequence);
        *sequence = event.sequence.min(*sequence);
    }
    let (situations, sources): (Vec<Uuid>, Vec<&str>) = lowest
        .into_iter()
        .filter(|(_, sequence)| look_up == LookUp::All || *sequence > 1)
        .map(|(about, _)| about)
        .unzip();
    let rows = sqlx::query!(
        r#"select situation_id as "situation_id!", source as "source?", handled.last as "last?", null as "parked?"
           from unnest($1::uuid[], $2::text[]) as about(situation_id, source)
           cross join lateral (
               select sequence as last from inbox
               where inbox.situation_id = about.situation_id and inbox.source = about.source
               order by sequence desc limit 1
           ) as handled
           union all
           select situation_id, null, null, reason from parked where situation_id = any($3)"#,
        &situations,
        &sources as &[&str],
        &all,
    )
    .fetch_all(connection)
    .await?;
    let mut handled = HashMap::new();
    let mut stuck = HashSet::new();
    let mut waiting = false;
    for row in rows {
        let situation = SituationId::from(row.situation_id);
        match row.parked.as_deref() {
            Some("waiting") => waiting = true,
            Some(_) => {
                stuck.insert(situation);
            }
            None => {
                let source = row.source.as_deref().and_then(Service::named);
                handled.extend(
                    source
                        .zip(row.last)
                        .map(|(source, last)| ((source, situation), last)),
                );
            }
        }
    }
    Ok((Admission::new(handled, stuck), waiting))
}

/// Notes what is handled, and how far was read with it. What was handled before fails here, on the
/// primary key: see [`was_handled`].
pub(crate) async fn record(
    connection: &mut PgConnection,
    now: Timestamp,
    events: &[&Event],
    read: &Places,
) -> Result<(), sqlx::Error> {
    if events.is_empty() {
        return lease::advance(connection, read).await;
    }
    let sources: Vec<String> = events
        .iter()
        .map(|event| event.source.name().to_owned())
        .collect();
    let situations: Vec<Uuid> = events.iter().map(|event| event.said_of.uuid()).collect();
    let sequences: Vec<i64> = events.iter().map(|event| event.sequence).collect();
    let partitions: Vec<i16> = events
        .iter()
        .map(|event| i16::try_from(Partition::of(event.said_of).number()).unwrap_or_default())
        .collect();
    let ids: Vec<Uuid> = events.iter().map(|event| event.id.uuid()).collect();
    sqlx::query!(
        "with heard as (
             insert into inbox (source, situation_id, sequence, partition, event_id, handled_at)
             select source, situation_id, sequence, partition, event_id, $6
             from unnest($1::text[], $2::uuid[], $3::bigint[], $4::smallint[], $5::uuid[])
                  as heard(source, situation_id, sequence, partition, event_id)
         )
         update reader set place = greatest(reader.place, read.place)
         from unnest($7::smallint[], $8::bigint[]) as read(partition, place)
         where reader.partition = read.partition and reader.stream = $9",
        &sources,
        &situations,
        &sequences,
        &partitions,
        &ids,
        now.to_sqlx() as jiff_sqlx::Timestamp,
        &read.partitions(),
        &read.numbers(),
        read.stream,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Whether an event failed because it was handled before.
pub(crate) fn was_handled(error: &ReactionError) -> bool {
    let ReactionError::Store(sqlx::Error::Database(error)) = error else {
        return false;
    };
    error.constraint() == Some("inbox_pkey")
}
