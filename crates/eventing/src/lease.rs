//! Which process reads which partition of a service, and from where: shared out among the
//! processes that are alive, and taken over when one is not. It saves work; what is right never
//! depends on it, for two who read the same find the second time a duplicate.

use std::{collections::HashMap, time::Duration};

use knipperlicht_vocabulary::{PARTITIONS, Partition};
use sqlx::PgConnection;
use uuid::Uuid;

/// How often a process says that it is alive.
pub(crate) const SAY_EVERY: Duration = Duration::from_secs(1);

/// A process that has not said so for this long, in seconds, has lost its partitions.
const ALIVE_FOR: f64 = 4.0;

/// The last message read per partition, in the stream made at `stream`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Places {
    /// When the stream was made: nanoseconds since 1970.
    pub(crate) stream: i64,
    /// The numbers.
    pub(crate) last: HashMap<Partition, u64>,
}

impl Places {
    /// The partitions, as columns hold them.
    pub(crate) fn partitions(&self) -> Vec<i16> {
        numbers(self.last.keys())
    }

    /// Whether any lies beyond the stream's last message.
    pub(crate) fn reach_beyond(&self, end: u64) -> bool {
        self.last.values().any(|place| *place > end)
    }

    /// The number of each partition's last message, in the same order.
    pub(crate) fn numbers(&self) -> Vec<i64> {
        self.last
            .values()
            .map(|place| i64::try_from(*place).unwrap_or(i64::MAX))
            .collect()
    }
}

/// Says that `process` is alive, and returns the partitions that are its to read.
pub(crate) async fn renew(
    connection: &mut PgConnection,
    process: Uuid,
) -> Result<Vec<Partition>, sqlx::Error> {
    // One after the other, of the same service.
    sqlx::query!("lock table process in share row exclusive mode")
        .execute(&mut *connection)
        .await?;
    sqlx::query!(
        "with gone as (delete from process where alive_until < now() and process_id <> $1)
         insert into process (process_id, alive_until) values ($1, now() + make_interval(secs => $2))
         on conflict (process_id) do update set alive_until = excluded.alive_until",
        process,
        ALIVE_FOR,
    )
    .execute(&mut *connection)
    .await?;
    let alive = sqlx::query_scalar!(r#"select count(*) as "alive!" from process"#)
        .fetch_one(&mut *connection)
        .await?;
    let held = sqlx::query!(
        "select partition, process.process_id as \"holder?\"
         from reader left join process using (process_id) order by partition"
    )
    .fetch_all(&mut *connection)
    .await?;
    let mut mine = Vec::new();
    let mut free = Vec::new();
    for row in &held {
        match row.holder {
            Some(holder) if holder == process => mine.push(row.partition),
            Some(_) => {}
            None => free.push(row.partition),
        }
    }
    let change = share(mine.len(), usize::try_from(alive).unwrap_or(1));
    let given: Vec<i16> = mine.split_off(mine.len() - change.give);
    free.truncate(change.take);
    if !(given.is_empty() && free.is_empty()) {
        sqlx::query!(
            "update reader set process_id = case when partition = any($2) then $1::uuid end
             where partition = any($2) or partition = any($3)",
            process,
            &free,
            &given,
        )
        .execute(connection)
        .await?;
    }
    mine.append(&mut free);
    mine.sort_unstable();
    Ok(mine
        .into_iter()
        .filter_map(|number| Partition::numbered(number.into()))
        .collect())
}

/// Leaves everything to the others.
pub(crate) async fn release(
    connection: &mut PgConnection,
    process: Uuid,
) -> Result<(), sqlx::Error> {
    sqlx::query!("delete from process where process_id = $1", process)
        .execute(connection)
        .await?;
    Ok(())
}

/// Where to read on in the stream made at `stream`: from its beginning when it is another than
/// the one read before.
pub(crate) async fn places(
    connection: &mut PgConnection,
    stream: i64,
    partitions: &[Partition],
) -> Result<Places, sqlx::Error> {
    let rows = sqlx::query!(
        "update reader set stream = $1, place = case when stream = $1 then place else 0 end
         where partition = any($2) returning partition, place",
        stream,
        &numbers(partitions.iter()),
    )
    .fetch_all(connection)
    .await?;
    let last = rows.iter().filter_map(|row| {
        let partition = Partition::numbered(row.partition.into())?;
        Some((partition, u64::try_from(row.place).unwrap_or_default()))
    });
    Ok(Places {
        stream,
        last: last.collect(),
    })
}

/// Reads again from the beginning what was read further than the stream goes: a server that lost
/// the end of its stream gives its numbers a second time.
pub(crate) async fn begin_again(
    connection: &mut PgConnection,
    places: &mut Places,
    end: u64,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update reader set place = 0 where partition = any($1) and stream = $2 and place > $3",
        &places.partitions(),
        places.stream,
        i64::try_from(end).unwrap_or(i64::MAX),
    )
    .execute(connection)
    .await?;
    for place in places.last.values_mut().filter(|place| **place > end) {
        *place = 0;
    }
    Ok(())
}

/// Notes how far was read. Nothing, when it was read in a stream that is gone.
pub(crate) async fn advance(
    connection: &mut PgConnection,
    places: &Places,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update reader set place = greatest(reader.place, read.place)
         from unnest($1::smallint[], $2::bigint[]) as read(partition, place)
         where reader.partition = read.partition and reader.stream = $3",
        &places.partitions(),
        &places.numbers(),
        places.stream,
    )
    .execute(connection)
    .await?;
    Ok(())
}

fn numbers<'p>(partitions: impl Iterator<Item = &'p Partition>) -> Vec<i16> {
    partitions
        .filter_map(|partition| i16::try_from(partition.number()).ok())
        .collect()
}

/// How many partitions a process gives back, and how many it may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Change {
    give: usize,
    take: usize,
}

/// What a process that reads `mine` partitions does, as one of `alive` processes.
fn share(mine: usize, alive: usize) -> Change {
    let fair = usize::from(PARTITIONS).div_ceil(alive.max(1));
    Change {
        give: mine.saturating_sub(fair),
        take: fair.saturating_sub(mine),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// However many processes come and go: after each has asked twice, every partition is read,
        /// and nobody reads more than a fair share.
        #[test]
        fn every_partition_is_read_by_somebody(alive in 1..40_usize, start in 0..=16_usize) {
            let mut held = vec![0; alive];
            held[0] = start;
            for _ in 0..2 {
                for process in 0..alive {
                    let free = 16 - held.iter().sum::<usize>();
                    let change = share(held[process], alive);
                    held[process] = held[process] - change.give + change.take.min(free);
                }
            }
            prop_assert_eq!(held.iter().sum::<usize>(), 16);
            prop_assert!(held.iter().all(|held| *held <= 16_usize.div_ceil(alive)));
        }
    }
}
