//! Service from service: no service's role reaches into another's schema, or makes anything.

use sqlx::{AssertSqlSafe, Connection, PgConnection};

use crate::objects::{
    matrix::SCHEMAS,
    planted::{Planted, lines},
};

/// What a role of PostgreSQL answers to what it may not do: 42501. `row_security = off` does not lift
/// policies: it refuses where one applies, with the same.
async fn is_refused(connection: &mut PgConnection, sql: &str) -> Result<(), String> {
    let begun = sqlx::raw_sql("begin").execute(&mut *connection).await;
    begun.unwrap();
    let done = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
        .execute(&mut *connection)
        .await;
    sqlx::raw_sql("rollback")
        .execute(&mut *connection)
        .await
        .unwrap();
    match done {
        Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some("42501") => Ok(()),
        other => Err(format!("{sql}: {other:?}")),
    }
}

/// What no service may do, in whose schema ever.
const NEVER: &[&str] = &[
    "create table public.mine (x int)",
    "create function public.mine() returns int language sql as 'select 1'",
    "create schema mine",
    "create temporary table mine (x int)",
    "create function pg_temp.mine() returns int language sql as 'select 1'",
    "create role mine",
    "create extension dblink",
    "copy (select 1) to program 'true'",
    "select pg_read_file('postgresql.conf')",
    "select * from pg_authid",
];

/// What it may not do in its own schema.
const NOT_AT_HOME: &[&str] = &[
    "create table {own}.mine (x int)",
    "create function {own}.mine() returns int language sql as 'select 1'",
    "alter table {own}.outbox disable row level security",
    "alter table {own}.outbox no force row level security",
    "alter table {own}.outbox add column mine int",
    "create policy mine on {own}.outbox using (true)",
    "drop policy service_all on {own}.outbox",
    "drop table {own}.outbox",
    "truncate {own}.outbox",
    "create trigger mine before insert on {own}.outbox execute function suppress_redundant_updates_trigger()",
    "set local row_security = off; select from {own}.outbox",
];

#[tokio::test]
async fn no_service_reaches_into_another_or_makes_anything() {
    let mut planted = Planted::empty().await;
    let (mut tried, mut wrong) = (0, Vec::new());
    let lines = lines();
    for own in SCHEMAS {
        // Whoever logs in as the service and as nobody else.
        let alone = format!("set session authorization kl_{}", own.name);
        let mut session = PgConnection::connect(&planted.bed.database_url)
            .await
            .unwrap();
        sqlx::raw_sql(AssertSqlSafe(alone))
            .execute(&mut session)
            .await
            .unwrap();
        let mut forbidden: Vec<String> = NEVER.iter().map(|sql| (*sql).to_owned()).collect();
        forbidden.extend(NOT_AT_HOME.iter().map(|sql| sql.replace("{own}", own.name)));
        for other in SCHEMAS.iter().filter(|other| other.name != own.name) {
            let name = other.name;
            forbidden.push(format!("set role kl_{name}"));
            forbidden.push(format!("create table {name}.mine (x int)"));
            forbidden.push(format!(
                "create function {name}.mine() returns int language sql as 'select 1'"
            ));
            for (_, line) in lines.iter().filter(|(schema, _)| schema.name == name) {
                let table = format!("{name}.{}", line.table);
                forbidden.push(format!("select from {table}"));
                forbidden.push(format!("insert into {table} default values"));
                forbidden.push(format!("delete from {table}"));
                forbidden.push(format!("truncate {table}"));
            }
        }
        for sql in &forbidden {
            tried += 1;
            if let Err(done) = is_refused(&mut session, sql).await {
                wrong.push(format!("kl_{}: {done}", own.name));
            }
        }
    }
    // By the catalogue as well: no right to any table or column of another's, whatever it is called.
    let reach: i64 = sqlx::query_scalar(
        "select count(*) from unnest($1::text[]) as own
         cross join pg_class join pg_namespace on pg_namespace.oid = relnamespace
         where nspname = any($1) and nspname <> own and relkind in ('r', 'p', 'm', 'v', 'f', 'S')
           and (has_schema_privilege('kl_' || own, relnamespace, 'usage')
                or has_schema_privilege('kl_' || own, relnamespace, 'create')
                or relkind <> 'S' and has_any_column_privilege('kl_' || own, pg_class.oid, 'select, insert, update')
                or relkind <> 'S' and has_table_privilege('kl_' || own, pg_class.oid, 'select, insert, update, delete'))",
    )
    .bind(SCHEMAS.iter().map(|schema| schema.name).collect::<Vec<_>>())
    .fetch_one(&mut planted.owner)
    .await
    .unwrap();
    println!(
        "forbidden things tried = {tried}, refused = {}",
        tried - wrong.len()
    );
    assert!(
        wrong.is_empty(),
        "{} are done:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert_eq!(reach, 0);
}
