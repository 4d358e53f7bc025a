//! Every cell table x principal: who sees which rows, and who can write.

use knipperlicht_access::{Database, DatabaseOptions, Principal, Role};
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use crate::objects::{
    matrix::{EVERYBODY, SCHEMAS, Sees, Writes},
    planted::{Look, Planted, Table},
};

/// Each has a zone, an organisation and a name, whatever the role: only those of the role may count.
/// Nothing is planted for the third.
const OWN: [&str; 3] = ["a", "b", "c"];

fn principal(role: Role, own: &str) -> Principal {
    Principal {
        subject: format!("reporter-{own}").parse().unwrap(),
        role,
        organisation: Some(format!("organisation-{own}").parse().unwrap()),
        zones: vec![format!("zone-{own}").parse().unwrap()],
    }
}

fn sees(table: &Table, role: Role) -> Option<Sees> {
    if role == Role::Service {
        return Some(Sees::Everything);
    }
    let mut all = table.line.sees.iter();
    all.find(|(one, _)| *one == role).map(|(_, sees)| *sees)
}

fn expected(table: &Table, role: Role, seen: i64) -> Look {
    let writes = match (table.line.writes, role) {
        (Writes::ServiceAndAdmin, Role::Admin) | (_, Role::Service) => true,
        (Writes::Service | Writes::ServiceAppends | Writes::ServiceAndAdmin, _) => false,
    };
    let changes = writes && table.line.writes != Writes::ServiceAppends;
    Look {
        seen,
        inserted: if writes { table.samples() } else { 0 },
        updated: if changes { table.rows } else { 0 },
        deleted: if changes { table.rows } else { 0 },
    }
}

/// Each cell is four questions: how many rows are seen, and can one be added, changed, removed.
#[tokio::test]
async fn everybody_sees_what_is_theirs_and_writes_nothing() {
    let mut planted = Planted::new().await;
    let cases = planted.cases().await;
    let tables = planted.tables().await;
    let (mut cells, mut wrong) = (0, Vec::new());
    for schema in SCHEMAS {
        let options = DatabaseOptions {
            url: planted.bed.database_url.clone(),
            service: schema.name,
            connections: 1,
        };
        let database = Database::new(&options).unwrap();
        let own_tables = || {
            tables
                .iter()
                .filter(|table| table.schema.name == schema.name)
        };
        for role in Role::ALL {
            for own in OWN {
                let mut transaction = database.begin(&principal(role, own)).await.unwrap();
                for table in own_tables() {
                    let of = |what: &str| cases.get(&format!("{what}-{own}")).copied();
                    let seen = match sees(table, role) {
                        None => Some(0),
                        Some(Sees::OwnReporter) => of("reporter"),
                        Some(Sees::OwnOrganisation) => of("organisation"),
                        Some(Sees::OwnZone) => of("zone"),
                        Some(Sees::Everything) => Some(table.rows),
                    };
                    let expected = expected(table, role, seen.unwrap_or_default());
                    let found = table.look(&mut transaction).await;
                    cells += 1;
                    if found != expected {
                        let name = &table.name;
                        wrong.push(format!("{name}, {role} {own}: {found:?}, not {expected:?}"));
                    }
                }
                transaction.rollback().await.unwrap();
            }
        }
        let mut unbound = PgConnection::connect(&planted.bed.database_url)
            .await
            .unwrap();
        let become_role = format!("set role kl_{}", schema.name);
        sqlx::raw_sql(AssertSqlSafe(become_role))
            .execute(&mut unbound)
            .await
            .unwrap();
        for table in own_tables() {
            let seen = if table.line.sees == EVERYBODY {
                table.rows
            } else {
                0
            };
            let (found, expected) = (
                table.look(&mut unbound).await,
                expected(table, Role::LinkHolder, seen),
            );
            cells += 1;
            if found != expected {
                let name = &table.name;
                wrong.push(format!("{name}, nobody: {found:?}, not {expected:?}"));
            }
        }
    }
    let all = tables.len() * (Role::ALL.len() * OWN.len() + 1);
    println!(
        "cells tested = {cells} of {all} ({} tables), {} questions",
        tables.len(),
        4 * cells
    );
    assert!(
        wrong.is_empty(),
        "{} cells are wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert_eq!(cells, all);
}
