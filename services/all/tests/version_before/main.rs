//! The version before this one goes on serving while its processes are replaced, on the schemas that
//! this one has already migrated: every statement of it still means what it did. docs/migrations.md.
//!
//! `statements.jsonl` is what is out; `make migrations-out` writes it, at a release.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::{env, fmt::Write, fs, path::PathBuf};

use knipperlicht::migrate::migrate;
use knipperlicht_contracts::event::Service;
use knipperlicht_harness::Bed;
use serde::{Deserialize, Serialize};
use sqlx::{
    AssertSqlSafe, Column, Connection, Executor, PgConnection, SqlSafeStr, Statement as _, TypeInfo,
};

const WRITE: &str = "KL_WRITE_STATEMENTS";

/// A statement of a version, as one service's schema understands it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Statement {
    service: String,
    sql: String,
    /// What it gives: the name and type of each column, in order.
    gives: Vec<String>,
}

/// A line of what `cargo sqlx prepare` keeps.
#[derive(Deserialize)]
struct Prepared {
    query: String,
}

fn here(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// As this schema understands it; nothing if it does not.
async fn understood(connection: &mut PgConnection, sql: &str) -> Option<Vec<String>> {
    let sql = AssertSqlSafe(sql.to_owned()).into_sql_str();
    let statement = connection.prepare(sql).await.ok()?;
    let columns = statement.columns().iter();
    let column = columns.map(|column| format!("{} {}", column.name(), column.type_info().name()));
    Some(column.collect())
}

async fn schema(bed: &Bed, service: &str) -> PgConnection {
    let mut connection = PgConnection::connect(&bed.database_url).await.unwrap();
    let path = AssertSqlSafe(format!("set search_path = {service}"));
    sqlx::raw_sql(path).execute(&mut connection).await.unwrap();
    connection
}

/// Every statement of this version, in each schema that understands it.
async fn present(bed: &Bed) -> Vec<Statement> {
    let mut queries: Vec<String> = fs::read_dir(here("../../.sqlx"))
        .unwrap()
        .map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap())
        .map(|text| serde_json::from_str::<Prepared>(&text).unwrap().query)
        .collect();
    queries.sort();
    let mut statements = Vec::new();
    for service in Service::ALL {
        let service = service.name();
        let mut connection = schema(bed, service).await;
        for sql in &queries {
            if let Some(gives) = understood(&mut connection, sql).await {
                statements.push(Statement {
                    service: service.to_owned(),
                    sql: sql.clone(),
                    gives,
                });
            }
        }
    }
    statements
}

#[tokio::test]
async fn every_statement_of_the_version_before_still_means_what_it_did() {
    let bed = Bed::start().await;
    migrate(&bed.database_url).await.unwrap();
    let out = here("tests/version_before/statements.jsonl");
    if env::var_os(WRITE).is_some() {
        let mut lines = String::new();
        for statement in present(&bed).await {
            writeln!(lines, "{}", serde_json::to_string(&statement).unwrap()).unwrap();
        }
        return fs::write(out, lines).unwrap();
    }
    let statements: Vec<Statement> = fs::read_to_string(out)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(statements.len() > 200, "{} statements", statements.len());
    for service in Service::ALL {
        let mut connection = schema(&bed, service.name()).await;
        for statement in &statements {
            if statement.service == service.name() {
                let now = understood(&mut connection, &statement.sql).await;
                assert_eq!(
                    now.as_ref(),
                    Some(&statement.gives),
                    "{} of the version before: {}",
                    statement.service,
                    statement.sql
                );
            }
        }
    }
}

#[tokio::test]
async fn a_column_that_is_taken_away_or_renamed_is_noticed() {
    let bed = Bed::start().await;
    migrate(&bed.database_url).await.unwrap();
    let mut connection = schema(&bed, "intake").await;
    let sql = "select signal_id, note from changing where signal_id = $1";
    let make = "create table changing (signal_id uuid, note text)";
    sqlx::raw_sql(make).execute(&mut connection).await.unwrap();
    let before = understood(&mut connection, sql).await.unwrap();
    assert_eq!(before, ["signal_id UUID", "note TEXT"]);
    for (change, gives) in [
        (
            "alter table changing alter note type varchar(40)",
            Some("note VARCHAR"),
        ),
        ("alter table changing rename note to remark", None),
    ] {
        sqlx::raw_sql(change)
            .execute(&mut connection)
            .await
            .unwrap();
        connection.clear_cached_statements().await.unwrap();
        let now = understood(&mut connection, sql).await;
        let note = now.as_ref().and_then(|columns| columns.get(1));
        assert_eq!(note.map(String::as_str), gives);
    }
}
