//! A database with rows of two zones, two organisations and two reporters in every table.

use std::collections::BTreeMap;

use knipperlicht::migrate::migrate;
use knipperlicht_harness::Bed;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use crate::objects::matrix::{EVENTING, Line, SCHEMAS, Schema};

/// Every combination of zone, organisation and reporter, the first once, the second twice, ... so that
/// how many rows somebody sees tells by which rule.
const CASES: &str = "
create schema probe;
grant usage on schema probe to public;
create table probe.cases as
    select row_number() over (order by combination, copy)::integer as n,
           'zone-' || substr('ab', 1 + combination / 4, 1) as zone,
           'organisation-' || substr('ab', 1 + combination / 2 % 2, 1) as organisation,
           'reporter-' || substr('ab', 1 + combination % 2, 1) as reporter,
           md5('situation' || combination || '.' || copy)::uuid as situation
    from generate_series(0, 7) as combination cross join lateral generate_series(0, combination) as copy;
create function probe.id(kind text, n integer) returns uuid language sql
    as $$ select md5(kind || n)::uuid $$;
";

/// What whoever calls it sees of a table, and how much they can write: nothing stays written.
const LOOK: &str = "
create function probe.look(
    whole text, columns text, one text, samples jsonb[],
    out seen bigint, out inserted bigint, out updated bigint, out deleted bigint
) language plpgsql as $$
declare
    sample jsonb;
begin
    inserted := 0; updated := 0; deleted := 0;
    execute format('select count(*) from %s', whole) into seen;
    foreach sample in array samples loop
        begin
            execute format(
                'insert into %1$s (%2$s) overriding system value
                 select %2$s from jsonb_populate_record(null::%1$s, $1)', whole, columns
            ) using sample;
            inserted := inserted + 1;
            raise sqlstate 'KL000';
        exception
            when sqlstate 'KL000' or insufficient_privilege then null;
            -- Only the key stood in the way: the row is there.
            when unique_violation then inserted := inserted + 1;
        end;
    end loop;
    begin
        execute format('update %s set %I = %I', whole, one, one);
        get diagnostics updated = row_count;
        raise sqlstate 'KL000';
    exception
        when sqlstate 'KL000' then null;
        when insufficient_privilege then updated := 0;
    end;
    begin
        execute format('delete from %s', whole);
        get diagnostics deleted = row_count;
        raise sqlstate 'KL000';
    exception
        when sqlstate 'KL000' then null;
        when insufficient_privilege then deleted := 0;
    end;
end $$;
";

/// The database, and its owner.
pub(crate) struct Planted {
    pub(crate) bed: Bed,
    pub(crate) owner: PgConnection,
}

/// A table with rows in it.
pub(crate) struct Table {
    pub(crate) schema: &'static Schema,
    pub(crate) line: &'static Line,
    /// With its schema.
    pub(crate) name: String,
    /// The columns that can be written.
    columns: String,
    /// One that can be written and is not counted by itself.
    one: String,
    /// Two of its rows: of the first case and of the last.
    samples: Vec<String>,
    pub(crate) rows: i64,
}

/// What somebody sees of a table and can do there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::FromRow)]
pub(crate) struct Look {
    pub(crate) seen: i64,
    pub(crate) inserted: i64,
    pub(crate) updated: i64,
    pub(crate) deleted: i64,
}

/// Every line of the matrix, with its schema.
pub(crate) fn lines() -> Vec<(&'static Schema, &'static Line)> {
    let mut lines = Vec::new();
    for schema in SCHEMAS {
        let all = schema.lines.iter().chain(EVENTING).chain([&schema.merged]);
        lines.extend(all.map(|line| (schema, line)));
    }
    lines
}

impl Planted {
    /// Brings the schemas up to date, and plants nothing yet.
    pub(crate) async fn empty() -> Self {
        let bed = Bed::start().await;
        migrate(&bed.database_url).await.unwrap();
        let mut owner = PgConnection::connect(&bed.database_url).await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(format!("{CASES}{LOOK}")))
            .execute(&mut owner)
            .await
            .unwrap();
        Self { bed, owner }
    }

    /// The same with rows in every table.
    pub(crate) async fn new() -> Self {
        let mut planted = Self::empty().await;
        for (schema, line) in lines() {
            if line.plant.is_empty() {
                continue;
            }
            let insert = format!(
                "set search_path = {}, probe; insert into {} {}",
                schema.name, line.table, line.plant
            );
            planted.execute(&insert).await;
        }
        planted
    }

    /// Does something as the owner of everything.
    pub(crate) async fn execute(&mut self, sql: &str) {
        let done = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut self.owner);
        done.await.unwrap_or_else(|error| panic!("{error}: {sql}"));
    }

    /// How many cases there are of each zone, organisation and reporter.
    pub(crate) async fn cases(&mut self) -> BTreeMap<String, i64> {
        let counted: Vec<(String, i64)> = sqlx::query_as(
            "select name, count(*) from probe.cases
             cross join lateral unnest(array[zone, organisation, reporter]) as name group by name",
        )
        .fetch_all(&mut self.owner)
        .await
        .unwrap();
        counted.into_iter().collect()
    }

    /// Every table of the matrix.
    pub(crate) async fn tables(&mut self) -> Vec<Table> {
        let mut tables = Vec::new();
        for (schema, line) in lines() {
            let name = format!("{}.{}", schema.name, line.table);
            let (columns, one): (String, String) = sqlx::query_as(
                "select string_agg(quote_ident(column_name), ', ' order by ordinal_position),
                        (array_agg(column_name::text order by ordinal_position)
                            filter (where is_identity = 'NO'))[1]
                 from information_schema.columns
                 where table_schema = $1 and table_name = $2 and is_generated = 'NEVER'",
            )
            .bind(schema.name)
            .bind(line.table)
            .fetch_one(&mut self.owner)
            .await
            .unwrap_or_else(|error| panic!("{name}: {error}"));
            let mut samples = Vec::new();
            for order in ["asc", "desc"] {
                let sample = format!(
                    "select to_jsonb(t)::text from {name} as t order by ctid {order} limit 1"
                );
                let sample = sqlx::query_scalar(AssertSqlSafe(sample));
                samples.push(sample.fetch_one(&mut self.owner).await.unwrap());
            }
            let rows = sqlx::query_scalar(AssertSqlSafe(format!("select count(*) from {name}")));
            let rows = rows.fetch_one(&mut self.owner).await.unwrap();
            tables.push(Table {
                schema,
                line,
                name,
                columns,
                one,
                samples,
                rows,
            });
        }
        tables
    }
}

impl Table {
    /// What whoever this connection is bound to sees and can do.
    pub(crate) async fn look(&self, connection: &mut PgConnection) -> Look {
        sqlx::query_as("select * from probe.look($1, $2, $3, $4::text[]::jsonb[])")
            .bind(&self.name)
            .bind(&self.columns)
            .bind(&self.one)
            .bind(&self.samples)
            .fetch_one(connection)
            .await
            .unwrap_or_else(|error| panic!("{}: {error}", self.name))
    }

    /// How many samples there are to write.
    pub(crate) fn samples(&self) -> i64 {
        i64::try_from(self.samples.len()).unwrap()
    }
}
