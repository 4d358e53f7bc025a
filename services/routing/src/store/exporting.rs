//! Everything that is held about a situation, as it stands in the tables: by the names of their
//! columns, which are those of the vocabulary.

use sqlx::PgConnection;
use uuid::Uuid;

/// Whether the caller may see one of these situations (row-level security decides).
pub(crate) async fn sees_any(
    connection: &mut PgConnection,
    situations: &[Uuid],
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select exists (select from situation where situation_id = any($1)) as "seen!""#,
        situations,
    )
    .fetch_one(connection)
    .await
}

/// Everything there is of these situations, as a JSON object. Relies on `referral_by_situation`,
/// `decision_by_situation` and the primary keys; closed items are looked for.
pub(crate) async fn export(
    connection: &mut PgConnection,
    situations: &[Uuid],
) -> Result<String, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select jsonb_build_object(
                      'circumstances', coalesce((select jsonb_agg(to_jsonb(t) order by t.updated_at) from situation t where t.situation_id = any($1)), '[]'),
                      'referrals', coalesce((select jsonb_agg(to_jsonb(t) - 'changed_in' - 'urgency_order' - 'home_id' - 'gave_way_to' order by t.created_at) from referral t where t.situation_id = any($1)), '[]'),
                      'items', coalesce((select jsonb_agg(to_jsonb(t) - 'urgency_order' - 'home_id' - 'gave_way_to' order by t.opened_at) from item t where t.situation_id = any($1)), '[]'),
                      'decisions', coalesce((select jsonb_agg(to_jsonb(t) - 'position' - 'home_id' order by t.position) from decision t where t.situation_id = any($1)), '[]'),
                      'withheld', coalesce((select jsonb_agg(to_jsonb(t) order by t.recorded_at) from withheld t where t.situation_id = any($1)), '[]')
                  )::text as "json!""#,
        situations,
    )
    .fetch_one(connection)
    .await
}
