//! Tables that only grow are not looked through: whatever is asked of them often finds its rows by an
//! index, in the name of whoever asks.

use sqlx::AssertSqlSafe;

use crate::objects::planted::Planted;

/// Who asks, what, and by which index it is found.
const FOUND: &[(&str, &str, &str)] = &[
    (
        "service",
        "delete from carer_link where expires_at < now()",
        "carer_link_by_expiry",
    ),
    (
        "service",
        "select from audit where object in (select unnest(array['a', 'b']))",
        "audit_by_object",
    ),
    (
        "coordinator",
        "select from duplicate where zones && array['gent'] and state = 'open'
         order by found_at, duplicate_id limit 500",
        "duplicate_open",
    ),
    (
        "coordinator",
        "select from duplicate where zones && array['gent'] and state <> 'open'
         order by resolved_at desc, duplicate_id limit 500",
        "duplicate_answered",
    ),
];

#[tokio::test]
async fn what_is_asked_often_finds_its_rows_by_an_index() {
    let mut planted = Planted::empty().await;
    for (role, asked, index) in FOUND {
        // In an empty table everything is found soonest by looking through it.
        let bind = format!(
            "begin; set local role kl_intake; set local search_path = intake;
             set local kl.role = '{role}'; set local kl.zones = 'gent';
             set local enable_seqscan = off; set local enable_sort = off"
        );
        sqlx::raw_sql(AssertSqlSafe(bind))
            .execute(&mut planted.owner)
            .await
            .unwrap();
        let plan: Vec<String> = sqlx::query_scalar(AssertSqlSafe(format!("explain {asked}")))
            .fetch_all(&mut planted.owner)
            .await
            .unwrap();
        assert!(plan.concat().contains(index), "{plan:#?}");
        sqlx::raw_sql("rollback")
            .execute(&mut planted.owner)
            .await
            .unwrap();
    }
}
