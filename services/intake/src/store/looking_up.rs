//! What operations look up: ids, nothing personal.

use knipperlicht_vocabulary::{SignalId, SituationId};
use sqlx::PgConnection;

/// The situation that a signal belongs to. Relies on the primary key.
pub async fn situation_of_signal(
    connection: &mut PgConnection,
    signal: SignalId,
) -> Result<Option<SituationId>, sqlx::Error> {
    let situation = sqlx::query_scalar!(
        "select situation_id from signal where signal_id = $1",
        signal.uuid(),
    )
    .fetch_optional(connection)
    .await?;
    Ok(situation.map(SituationId::from))
}
