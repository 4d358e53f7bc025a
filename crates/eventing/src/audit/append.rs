//! Adding to the log.

use jiff_sqlx::ToSqlx;
use knipperlicht_privacy::audit::{Entry, GENESIS, link};
use sqlx::PgConnection;

/// What somebody did.
#[derive(Debug, Clone)]
pub struct Deed<'a> {
    /// What, such as `link.issued`.
    pub action: &'a str,
    /// To what: an id.
    pub object: String,
    /// Why, or how, in words or codes; never who it is about.
    pub purpose: &'a str,
}

/// Appends to the chain, and gives the number of the row. One at a time, for the next row needs the hash of this one: to be done
/// last, so that nobody waits for long, and so that whoever waits here holds nothing that who is
/// ahead of them still needs.
pub async fn append(connection: &mut PgConnection, entry: &Entry) -> Result<i64, sqlx::Error> {
    sqlx::query!(
        r#"select pg_advisory_xact_lock(hashtext(current_schema() || '.audit')) as "locked: ()""#
    )
    .fetch_one(&mut *connection)
    .await?;
    let last = sqlx::query!("select number, hash from audit order by number desc limit 1")
        .fetch_optional(&mut *connection)
        .await?;
    let (number, previous) = last.map_or((0, GENESIS.to_vec()), |row| (row.number, row.hash));
    sqlx::query!(
        "insert into audit (number, at, subject, role, action, object, purpose, trace_id, hash)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        number + 1,
        entry.at.to_sqlx() as jiff_sqlx::Timestamp,
        entry.subject,
        entry.role,
        entry.action,
        entry.object,
        entry.purpose,
        entry.trace_id,
        link(&previous, entry).to_vec(),
    )
    .execute(connection)
    .await?;
    Ok(number + 1)
}
