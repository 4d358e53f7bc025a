//! What the catalogue says of every table, function and role.

use std::collections::BTreeSet;

use crate::objects::{
    matrix::{SCHEMAS, WITHOUT},
    planted::{Planted, lines},
};

fn schemas() -> Vec<&'static str> {
    SCHEMAS.iter().map(|schema| schema.name).collect()
}

/// A new table is in the matrix, or says why not.
#[tokio::test]
async fn every_table_is_in_the_matrix_or_says_why_not() {
    let mut planted = Planted::empty().await;
    let tables: Vec<(String, bool)> = sqlx::query_as(
        "select nspname || '.' || relname, relrowsecurity and relforcerowsecurity
         from pg_class join pg_namespace on pg_namespace.oid = relnamespace
         where nspname = any($1) and relkind in ('r', 'p', 'm', 'v', 'f')",
    )
    .bind(schemas())
    .fetch_all(&mut planted.owner)
    .await
    .unwrap();
    let known: BTreeSet<String> = lines()
        .into_iter()
        .map(|(schema, line)| format!("{}.{}", schema.name, line.table))
        .collect();
    let mut wrong = Vec::new();
    for (table, guarded) in &tables {
        let name = table.rsplit('.').next().unwrap_or_default();
        let excused = WITHOUT.iter().any(|(without, _)| *without == name);
        if !excused && !known.contains(table) {
            wrong.push(format!(
                "{table} is not in the matrix: add a line in tests/e2e/tests/objects/matrix.rs that plants \
                 rows in it and says who sees which; if it holds nothing of anybody's situation, a line in \
                 WITHOUT that says why"
            ));
        } else if !excused && !guarded {
            wrong.push(format!(
                "{table} lets everybody see everything: its migration needs `enable row level security`, \
                 `force row level security` and policies"
            ));
        }
    }
    let there: BTreeSet<&String> = tables.iter().map(|(table, _)| table).collect();
    for gone in known.iter().filter(|table| !there.contains(table)) {
        wrong.push(format!(
            "{gone} is in the matrix but not in the database: remove its line"
        ));
    }
    println!("tables = {}, in the matrix = {}", tables.len(), known.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Nothing runs as anybody but its caller: no function or view gets round the policies.
#[tokio::test]
async fn nothing_runs_in_its_owners_name() {
    let mut planted = Planted::empty().await;
    let definers: Vec<String> = sqlx::query_scalar(
        "select proname::text from pg_proc join pg_namespace on pg_namespace.oid = pronamespace
         where nspname = any($1) and prosecdef
         union all
         select relname::text from pg_class join pg_namespace on pg_namespace.oid = relnamespace
         where nspname = any($1) and relkind in ('v', 'm')
           and not 'security_invoker=true' = any(coalesce(reloptions, '{}'))",
    )
    .bind(schemas())
    .fetch_all(&mut planted.owner)
    .await
    .unwrap();
    assert_eq!(definers, Vec::<String>::new());
}

/// The services' roles own nothing, bypass nothing, and are nobody else.
#[tokio::test]
async fn the_services_own_nothing_and_bypass_nothing() {
    let mut planted = Planted::empty().await;
    for schema in SCHEMAS {
        let role = format!("kl_{}", schema.name);
        let can: bool = sqlx::query_scalar(
            "select rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication
             from pg_roles where rolname = $1",
        )
        .bind(&role)
        .fetch_one(&mut planted.owner)
        .await
        .unwrap();
        assert!(!can, "{role} can do more than its work");
        let owned: i64 = sqlx::query_scalar(
            "select (select count(*) from pg_class where relowner = $1::regrole)
                  + (select count(*) from pg_proc where proowner = $1::regrole)
                  + (select count(*) from pg_type where typowner = $1::regrole)
                  + (select count(*) from pg_namespace where nspowner = $1::regrole)
                  + (select count(*) from pg_auth_members where member = $1::regrole)",
        )
        .bind(&role)
        .fetch_one(&mut planted.owner)
        .await
        .unwrap();
        assert_eq!(
            owned, 0,
            "{role} owns something, or may become somebody else"
        );
        let migrations: i64 = sqlx::query_scalar(
            "select count(*) from unnest(array['eventing_migrations', '_sqlx_migrations']) as name
             cross join unnest(array['select', 'insert', 'update', 'delete']) as verb
             where has_table_privilege($1, format('%s.%s', $2, name), verb)",
        )
        .bind(&role)
        .bind(schema.name)
        .fetch_one(&mut planted.owner)
        .await
        .unwrap();
        assert_eq!(migrations, 0, "{role} can change what was migrated");
    }
}
