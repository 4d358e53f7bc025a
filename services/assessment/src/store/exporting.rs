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
        r#"select exists (select from assessment where situation_id = any($1)) as "seen!""#,
        situations,
    )
    .fetch_one(connection)
    .await
}

/// Everything there is of these situations, as a JSON object. Relies on `assessment_of_situation`,
/// `response_of_situation` and the primary keys.
pub(crate) async fn export(
    connection: &mut PgConnection,
    situations: &[Uuid],
) -> Result<String, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select jsonb_build_object(
                      'assessments', coalesce((select jsonb_agg(to_jsonb(t) - 'circumstances' - 'home_id' order by t.assessed_at, t.sequence) from assessment t where t.situation_id = any($1)), '[]'),
                      'forms', coalesce((select jsonb_agg(to_jsonb(t) - 'home_id' order by t.answered_at) from response t where t.situation_id = any($1)), '[]'),
                      'shared_with', coalesce((select jsonb_agg(to_jsonb(t) - 'home_id' order by t.since) from access_grant t where t.situation_id = any($1)), '[]')
                  )::text as "json!""#,
        situations,
    )
    .fetch_one(connection)
    .await
}
