//! Which signals say something new to their reporters.

use knipperlicht_eventing::Found;
use knipperlicht_vocabulary::ReporterId;
use sqlx::PgConnection;

use super::code;
use crate::IntakeError;

/// The oldest transaction still under way; and whose signals changed in this transaction or a later one,
/// or took a step in it. What was restored from a server whose transactions had come further than those
/// of this one did not. Without a transaction nothing is looked for. Relies on `signal_by_change`,
/// `progress_by_change` and `signal_by_situation`.
pub(crate) async fn changed_since(
    connection: &mut PgConnection,
    horizon: Option<i64>,
) -> Result<Found<ReporterId>, IntakeError> {
    // A row for the oldest transaction comes, whatever changed.
    let rows = sqlx::query!(
        r#"select pg_snapshot_xmin(pg_current_snapshot())::text::bigint as "horizon!",
                  reporter_id as "reporter_id?", changed_in as "changed_in?"
           from (values (true)) as one
           left join (
               select reporter_id, changed_in from signal
               where changed_in >= $1 and changed_in < pg_snapshot_xmax(pg_current_snapshot())::text::bigint
               union
               select signal.reporter_id, step.changed_in
               from progress as step join signal using (situation_id)
               where step.changed_in >= $1
                 and step.changed_in < pg_snapshot_xmax(pg_current_snapshot())::text::bigint
           ) as changed on true"#,
        horizon,
    )
    .fetch_all(connection)
    .await?;
    let mut oldest = 0;
    let mut changed = Vec::new();
    for row in rows {
        oldest = row.horizon;
        if let (Some(reporter), Some(at)) = (row.reporter_id, row.changed_in) {
            changed.push((code("signal", &reporter)?, at));
        }
    }
    Ok((oldest, changed))
}
