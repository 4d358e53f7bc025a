//! How it stands with promises and open loops, for dashboards and alerts.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;

/// The open promises of one kind in one zone.
#[derive(Debug)]
pub(crate) struct Standing {
    pub(crate) zone: String,
    pub(crate) promise: String,
    /// How many ran out.
    pub(crate) overdue: f64,
    /// Seconds since the oldest request was made that no partner has answered.
    pub(crate) unaccepted: Option<f64>,
    /// Seconds since the oldest loop was opened, or its request made.
    pub(crate) unclosed: Option<f64>,
}

/// All open promises, by zone and kind. That a carer is still to be asked keeps no loop open. Reads
/// what is open and nothing else: relies on `clock_open_by_zone`, and on the unique referral of `task`.
pub(crate) async fn standings(
    connection: &mut PgConnection,
    now: Timestamp,
) -> Result<Vec<Standing>, sqlx::Error> {
    sqlx::query_as!(
        Standing,
        r#"select clock.zone as "zone!", kind as "promise!",
                  (count(*) filter (where due_at <= $1 and paused_at is null))::float8 as "overdue!",
                  extract(epoch from $1 - min(started_at) filter (where kind = 'accept' and paused_at is null))::float8
                      as unaccepted,
                  extract(epoch from $1 - min(coalesce(task.opened_at, started_at)) filter (where kind <> 'confirmation'))::float8
                      as unclosed
           from clock left join task using (referral_id)
           where stopped_at is null
           group by clock.zone, kind
           order by clock.zone, kind"#,
        now.to_sqlx() as jiff_sqlx::Timestamp,
    )
    .fetch_all(connection)
    .await
}

/// For how many seconds the clock waits to be fired that ran out first. Relies on `clock_running`.
pub(crate) async fn latest_timer(
    connection: &mut PgConnection,
    now: Timestamp,
) -> Result<f64, sqlx::Error> {
    let due = sqlx::query_scalar!(
        r#"select due_at as "due_at: jiff_sqlx::Timestamp" from clock
           where breached_at is null and stopped_at is null and paused_at is null
           order by due_at limit 1"#
    )
    .fetch_optional(connection)
    .await?;
    Ok(due.map_or(0.0, |due| {
        now.duration_since(due.to_jiff()).as_secs_f64().max(0.0)
    }))
}
