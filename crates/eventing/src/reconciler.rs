//! What was said, compared with what was handled; and how to say it again.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use knipperlicht_contracts::event::Service;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::topology::sources;

/// What one service said and heard, per partition.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ledger {
    /// Events said.
    pub said: BTreeMap<i16, i64>,
    /// Of these, not published yet.
    pub unpublished: BTreeMap<i16, i64>,
    /// Events heard, per source.
    pub heard: BTreeMap<(String, i16), i64>,
    /// Events parked.
    pub parked: i64,
}

/// One line of a comparison: a listener that has not heard all a source said in a partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shortfall {
    /// Who said it.
    pub source: Service,
    /// Who has not heard it.
    pub listener: Service,
    /// In which partition.
    pub partition: i16,
    /// How many events.
    pub missing: i64,
}

/// Reads a service's ledger, in a transaction. It counts all that was ever said and heard, however
/// long that takes.
pub async fn ledger(connection: &mut PgConnection) -> Result<Ledger, sqlx::Error> {
    sqlx::raw_sql("set local statement_timeout = 0")
        .execute(&mut *connection)
        .await?;
    let said = sqlx::query!(
        r#"select partition, count(*) as "said!", count(*) filter (where published_at is null) as "unpublished!"
           from outbox group by partition"#
    )
    .fetch_all(&mut *connection)
    .await?;
    let heard = sqlx::query!(
        r#"select source, partition, count(*) as "heard!" from inbox group by source, partition"#
    )
    .fetch_all(&mut *connection)
    .await?;
    let parked = sqlx::query_scalar!(r#"select count(*) as "parked!" from parked"#)
        .fetch_one(connection)
        .await?;
    Ok(Ledger {
        said: said.iter().map(|row| (row.partition, row.said)).collect(),
        unpublished: said
            .iter()
            .map(|row| (row.partition, row.unpublished))
            .collect(),
        heard: heard
            .into_iter()
            .map(|row| ((row.source, row.partition), row.heard))
            .collect(),
        parked,
    })
}

/// Compares the ledgers of the services. Empty when everybody has heard everything.
#[must_use]
pub fn compare(ledgers: &BTreeMap<Service, Ledger>) -> Vec<Shortfall> {
    let mut shortfalls = Vec::new();
    for (listener, ledger) in ledgers {
        for source in sources(*listener) {
            let Some(said) = ledgers.get(source).map(|ledger| &ledger.said) else {
                continue;
            };
            for (partition, said) in said {
                let key = (source.name().to_owned(), *partition);
                let missing = said - ledger.heard.get(&key).copied().unwrap_or_default();
                if missing != 0 {
                    shortfalls.push(Shortfall {
                        source: *source,
                        listener: *listener,
                        partition: *partition,
                        missing,
                    });
                }
            }
        }
    }
    shortfalls
}

/// Where a replay goes on: after this event of the outbox. It begins before all of them.
#[derive(Debug, Clone, Copy, Default)]
pub struct After {
    situation: Uuid,
    sequence: i64,
}

/// A part of a replay.
#[derive(Debug, Clone, Copy)]
pub struct Replayed {
    /// So many events go out again.
    pub again: u64,
    /// Where the next part begins.
    pub after: After,
}

/// Looks at the next `limit` events of the outbox, and marks those of them that were said from `from`
/// on as unpublished: the relay says them again, and who has heard one leaves it. Nothing when all
/// were looked at. In parts, each to be committed, for the outbox only ever grows, and a statement
/// has little time. Relies on the primary key: within a situation they go out in order.
pub async fn replay(
    connection: &mut PgConnection,
    from: Timestamp,
    after: After,
    limit: i64,
) -> Result<Option<Replayed>, sqlx::Error> {
    let last = sqlx::query!(
        r#"with part as (
               select situation_id, sequence, occurred_at >= $1 and published_at is not null as again
               from outbox where (situation_id, sequence) > ($2, $3)
               order by situation_id, sequence limit $4
           ), marked as (
               update outbox set published_at = null
               from part
               where part.again and outbox.situation_id = part.situation_id
                 and outbox.sequence = part.sequence
               returning 1
           )
           select situation_id as "situation_id!", sequence as "sequence!",
                  (select count(*) from marked) as "again!"
           from part order by situation_id desc, sequence desc limit 1"#,
        from.to_sqlx() as jiff_sqlx::Timestamp,
        after.situation,
        after.sequence,
        limit,
    )
    .fetch_optional(connection)
    .await?;
    Ok(last.map(|last| Replayed {
        again: u64::try_from(last.again).unwrap_or_default(),
        after: After {
            situation: last.situation_id,
            sequence: last.sequence,
        },
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_who_has_not_heard_what() {
        let said = Ledger {
            said: BTreeMap::from([(3, 2)]),
            ..Ledger::default()
        };
        let heard = Ledger {
            heard: BTreeMap::from([(("intake".to_owned(), 3), 1)]),
            ..Ledger::default()
        };
        let ledgers = BTreeMap::from([(Service::Intake, said), (Service::Assessment, heard)]);
        assert_eq!(
            compare(&ledgers),
            [Shortfall {
                source: Service::Intake,
                listener: Service::Assessment,
                partition: 3,
                missing: 1
            }]
        );
    }
}
