//! What was said, compared with what was handled; and how to say it again.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use knipperlicht_contracts::event::Service;
use sqlx::PgConnection;

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

/// Reads a service's ledger.
pub async fn ledger(connection: &mut PgConnection) -> Result<Ledger, sqlx::Error> {
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

/// Marks what was said from `from` on as unpublished: the relay says it again, and who has heard
/// it leaves it. Returns how many events.
pub async fn replay(connection: &mut PgConnection, from: Timestamp) -> Result<u64, sqlx::Error> {
    let again = sqlx::query!(
        "update outbox set published_at = null where occurred_at >= $1 and published_at is not null",
        from.to_sqlx() as jiff_sqlx::Timestamp,
    )
    .execute(connection)
    .await?;
    Ok(again.rows_affected())
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
