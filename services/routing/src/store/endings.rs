//! Services that ended, and what they were still asked.

use jiff::{Timestamp, civil::Date};
use jiff_sqlx::ToSqlx;
use knipperlicht_vocabulary::SituationId;
use sqlx::PgConnection;

use crate::RoutingError;

/// A service whose last day is over.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) service: String,
    pub(crate) organisation: String,
}

/// Takes services that ended before `today` and were not looked at yet, or only once and before
/// `before`; at most `limit`, and none that another instance is at. Relies on `ending_open`.
pub(crate) async fn claim_ended(
    connection: &mut PgConnection,
    today: Date,
    before: Timestamp,
    limit: i64,
) -> Result<Vec<Ended>, RoutingError> {
    let rows = sqlx::query!(
        "select service_id, organisation_id from ending
         where settled_at is null and last_day < $1 and (noticed_at is null or noticed_at < $2)
         order by last_day limit $3 for update skip locked",
        today.to_sqlx() as jiff_sqlx::Date,
        before.to_sqlx() as jiff_sqlx::Timestamp,
        limit,
    )
    .fetch_all(connection)
    .await?;
    let rows = rows.into_iter().map(|row| Ended {
        service: row.service_id,
        organisation: row.organisation_id,
    });
    Ok(rows.collect())
}

/// The situations of what these services are still asked, at most `limit`. Relies on
/// `referral_by_open_organisation`.
pub(crate) async fn stranded(
    connection: &mut PgConnection,
    ended: &[Ended],
    limit: i64,
) -> Result<Vec<SituationId>, RoutingError> {
    let services: Vec<&str> = ended.iter().map(|one| one.service.as_str()).collect();
    let organisations: Vec<&str> = ended.iter().map(|one| one.organisation.as_str()).collect();
    let situations = sqlx::query_scalar!(
        "select situation_id from referral
         where organisation_id = any($1) and service_id = any($2) and state in ('requested', 'held')
         limit $3",
        &organisations as &[&str],
        &services as &[&str],
        limit,
    )
    .fetch_all(connection)
    .await?;
    Ok(situations.into_iter().map(SituationId::from).collect())
}

/// Notes that these services were looked at; the second time settles them. Relies on the primary
/// key.
pub(crate) async fn note_looked_at(
    connection: &mut PgConnection,
    ended: &[Ended],
    now: Timestamp,
) -> Result<(), RoutingError> {
    let services: Vec<&str> = ended.iter().map(|one| one.service.as_str()).collect();
    sqlx::query!(
        "update ending set
            noticed_at = coalesce(noticed_at, $2),
            settled_at = case when noticed_at is not null then $2 end
         where service_id = any($1)",
        &services as &[&str],
        now.to_sqlx() as jiff_sqlx::Timestamp,
    )
    .execute(connection)
    .await?;
    Ok(())
}
