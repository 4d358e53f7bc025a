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

/// Everything there is of these situations, as a JSON object. Relies on `task_by_situation`,
/// `clock_by_situation`, `carer_link_of_task` and the primary keys.
pub(crate) async fn export(
    connection: &mut PgConnection,
    situations: &[Uuid],
) -> Result<String, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select jsonb_build_object(
                      'follow_ups', coalesce((select jsonb_agg(to_jsonb(t) - 'home_id' order by t.opened_at) from task t where t.situation_id = any($1)), '[]'),
                      'contacts', coalesce((select jsonb_agg(to_jsonb(t) - 'number' order by t.at, t.number) from contact t where t.task_id in (select task_id from task where situation_id = any($1))), '[]'),
                      'promises', coalesce((select jsonb_agg(to_jsonb(t) - 'home_id' - 'traceparent' order by t.started_at) from clock t where t.situation_id = any($1)), '[]'),
                      'contact_person', coalesce((select jsonb_agg(to_jsonb(t) - 'home_id' order by t.since) from contact_person t where t.situation_id = any($1)), '[]'),
                      'questions', coalesce((select jsonb_agg(to_jsonb(t) - 'traceparent' order by t.task_id) from asking t where t.task_id in (select task_id from task where situation_id = any($1))), '[]'),
                      'links', coalesce((select jsonb_agg(jsonb_build_object('expires_at', t.expires_at, 'used_at', t.used_at, 'ended_at', t.ended_at) order by t.expires_at) from carer_link t where t.task_id in (select task_id from task where situation_id = any($1))), '[]'),
                      'agreement', coalesce((select jsonb_agg(to_jsonb(t) order by t.since) from agreement t where t.situation_id = any($1)), '[]'),
                      'story', coalesce((select jsonb_agg(to_jsonb(t) - 'number' - 'home_id' - 'trace_id' order by t.at, t.number) from timeline t where t.situation_id = any($1)), '[]')
                  )::text as "json!""#,
        situations,
    )
    .fetch_one(connection)
    .await
}
