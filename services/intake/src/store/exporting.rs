//! Everything that is held about a situation, as it stands in the tables: by the names of their
//! columns, which are those of the vocabulary. Whoever flagged it, or looked, has rights of their own
//! (GDPR article 15(4)): it says in which role, not who.

use sqlx::PgConnection;
use uuid::Uuid;

/// Everything there is of these situations, as a JSON object. Relies on `signal_by_situation`,
/// `carer_link_of_situation`, `audit_by_object` and the primary keys.
pub(crate) async fn export(
    connection: &mut PgConnection,
    situations: &[Uuid],
) -> Result<String, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select jsonb_build_object(
                      'situation', coalesce((select jsonb_agg(to_jsonb(t) order by t.opened_at) from situation t where t.situation_id = any($1)), '[]'),
                      'signals', coalesce((select jsonb_agg(to_jsonb(t) - 'reporter_id' - 'content' - 'home_id' - 'changed_in' order by t.received_at) from signal t where t.situation_id = any($1)), '[]'),
                      'steps', coalesce((select jsonb_agg(to_jsonb(t) - 'event_id' - 'home_id' - 'changed_in' order by t.at) from progress t where t.situation_id = any($1)), '[]'),
                      'shared_with', coalesce((select jsonb_agg(to_jsonb(t) - 'home_id' order by t.since) from access_grant t where t.situation_id = any($1)), '[]'),
                      'links', coalesce((select jsonb_agg(jsonb_build_object('made_at', t.made_at, 'expires_at', t.expires_at, 'revoked_at', t.revoked_at) order by t.made_at) from carer_link t where t.situation_id = any($1)), '[]'),
                      'looks', coalesce((select jsonb_agg(jsonb_build_object('at', t.at, 'role', t.role, 'action', t.action, 'purpose', t.purpose) order by t.number) from audit t where t.object in (select situation::text from unnest($1) as situation)), '[]')
                  )::text as "json!""#,
        situations,
    )
    .fetch_one(connection)
    .await
}
