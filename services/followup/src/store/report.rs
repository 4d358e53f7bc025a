//! What is counted of zones: noted for a wave of events in one row, and added up later to one row
//! for a zone, a year and a measure.

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::Date};
use knipperlicht_vocabulary::{ClockKind, ReferralId, SituationId, TaskId, ZoneId};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    error::FollowupError,
    model::report::{Counts, Measure},
};

/// Notes to add up in one transaction.
const NOTES: i64 = 2_000;

/// Which counter.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Counter {
    zone: ZoneId,
    year: i16,
    measure: &'static str,
    code: String,
}

/// What is to be added.
#[derive(Debug, Default)]
pub(crate) struct Tally(BTreeMap<Counter, i64>);

impl Tally {
    /// Counts one more for this zone, in the year of `day`.
    pub(crate) fn count(&mut self, zone: &ZoneId, day: Date, measure: Measure) {
        let (name, code) = measure.key();
        let counter = Counter {
            zone: zone.clone(),
            year: day.year(),
            measure: name,
            code,
        };
        *self.0.entry(counter).or_default() += 1;
    }
}

/// Notes it, in one row.
pub(crate) async fn note(connection: &mut PgConnection, tally: &Tally) -> Result<(), sqlx::Error> {
    if tally.0.is_empty() {
        return Ok(());
    }
    let counters = || tally.0.keys();
    let zones: Vec<&str> = counters().map(|counter| counter.zone.as_str()).collect();
    let years: Vec<i16> = counters().map(|counter| counter.year).collect();
    let measures: Vec<&str> = counters().map(|counter| counter.measure).collect();
    let codes: Vec<&str> = counters().map(|counter| counter.code.as_str()).collect();
    let totals: Vec<i64> = tally.0.values().copied().collect();
    sqlx::query!(
        "insert into report_tally (zones, years, measures, codes, totals) values ($1, $2, $3, $4, $5)",
        &zones as &[&str],
        &years,
        &measures as &[&str],
        &codes as &[&str],
        &totals,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Whether notes may be left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Added {
    notes: i64,
}

impl Added {
    /// Whether these were all there were.
    pub(crate) const fn is_last(self) -> bool {
        self.notes < NOTES
    }
}

/// Adds the oldest notes to the counters, in the order of the primary key: whoever else adds to the
/// same ones takes their locks in the same order. Relies on the primary keys.
pub(crate) async fn add_up(connection: &mut PgConnection) -> Result<Added, sqlx::Error> {
    let notes = sqlx::query_scalar!(
        r#"with taken as (
               delete from report_tally
               where tally_id in (select tally_id from report_tally order by tally_id limit $1)
               returning zones, years, measures, codes, totals
           ), added as (
               insert into report_count (zone, year, measure, code, total)
               select zone, year, measure, code, sum(total)
               from taken, unnest(zones, years, measures, codes, totals) as one(zone, year, measure, code, total)
               group by zone, year, measure, code
               order by zone, year, measure, code
               on conflict (zone, year, measure, code)
                   do update set total = report_count.total + excluded.total
           )
           select count(*) as "notes!" from taken"#,
        NOTES,
    )
    .fetch_one(connection)
    .await?;
    Ok(Added { notes })
}

/// What was counted of a zone in these calendar years, the first and the last included, as far as
/// the caller sees it. Relies on the primary key.
pub(crate) async fn years(
    connection: &mut PgConnection,
    zone: &ZoneId,
    (first, last): (i16, i16),
) -> Result<BTreeMap<i16, Counts>, FollowupError> {
    let rows = sqlx::query!(
        "select year, measure, code, total from report_count where zone = $1 and year between $2 and $3",
        zone.as_str(),
        first,
        last,
    )
    .fetch_all(connection)
    .await?;
    let mut years: BTreeMap<i16, Counts> = BTreeMap::new();
    for row in rows {
        let measure =
            Measure::of_key(&row.measure, &row.code).ok_or_else(|| FollowupError::BadRow {
                table: "report_count",
                column: "code",
                row: format!("{zone} {}", row.year),
                what: format!("`{} {}` is nothing that is counted", row.measure, row.code),
            })?;
        let total = u64::try_from(row.total).unwrap_or_default();
        years.entry(row.year).or_default().insert(measure, total);
    }
    Ok(years)
}

/// A promise that was kept, or is being kept.
#[derive(Debug)]
pub(crate) struct Promised {
    pub(crate) started_at: Timestamp,
    pub(crate) due_at: Timestamp,
    pub(crate) breached: bool,
    /// Since when it waits, if it does.
    pub(crate) paused_at: Option<Timestamp>,
}

/// The latest promises of a kind that were made of these referrals, each of its situation. Relies on
/// `clock_by_situation`.
pub(crate) async fn promised(
    connection: &mut PgConnection,
    kind: ClockKind,
    referrals: &[(SituationId, ReferralId)],
) -> Result<BTreeMap<ReferralId, Promised>, sqlx::Error> {
    if referrals.is_empty() {
        return Ok(BTreeMap::new());
    }
    let situations: Vec<Uuid> = referrals.iter().map(|(one, _)| one.uuid()).collect();
    let ids: Vec<Uuid> = referrals.iter().map(|(_, one)| one.uuid()).collect();
    let rows = sqlx::query!(
        r#"select distinct on (clock.referral_id) clock.referral_id as "referral_id!", started_at, due_at,
                  breached_at is not null as "breached!", paused_at
           from unnest($1::uuid[], $2::uuid[]) as about(situation_id, referral_id)
           join clock on clock.situation_id = about.situation_id
                     and clock.referral_id = about.referral_id and kind = $3
           order by clock.referral_id, started_at desc"#,
        &situations,
        &ids,
        kind.code(),
    )
    .fetch_all(connection)
    .await?;
    let promised = rows.into_iter().map(|row| {
        let promised = Promised {
            started_at: row.started_at.to_jiff(),
            due_at: row.due_at.to_jiff(),
            breached: row.breached,
            paused_at: row.paused_at.map(jiff_sqlx::Timestamp::to_jiff),
        };
        (ReferralId::from(row.referral_id), promised)
    });
    Ok(promised.collect())
}

/// A follow-up, as far as it matters for how long things took.
#[derive(Debug)]
pub(crate) struct Begun {
    pub(crate) referral: ReferralId,
    pub(crate) opened_at: Timestamp,
    /// How often the carer was reached.
    pub(crate) reached: i64,
}

/// When these follow-ups began. Relies on the primary keys of `task` and `contact`.
pub(crate) async fn begun(
    connection: &mut PgConnection,
    tasks: &[TaskId],
) -> Result<BTreeMap<TaskId, Begun>, sqlx::Error> {
    if tasks.is_empty() {
        return Ok(BTreeMap::new());
    }
    let ids: Vec<Uuid> = tasks.iter().map(|task| task.uuid()).collect();
    let rows = sqlx::query!(
        r#"select task_id, referral_id, opened_at,
                  (select count(*) from contact
                   where contact.task_id = task.task_id and result = 'reached') as "reached!"
           from task where task_id = any($1)"#,
        &ids,
    )
    .fetch_all(connection)
    .await?;
    let begun = rows.into_iter().map(|row| {
        let begun = Begun {
            referral: row.referral_id.into(),
            opened_at: row.opened_at.to_jiff(),
            reached: row.reached,
        };
        (TaskId::from(row.task_id), begun)
    });
    Ok(begun.collect())
}

/// Since when the loops of a zone that are open have been: since their partner was asked, or since
/// they lie with a coordinator instead. What lies there because a promise was
/// not kept is a loop of the first sort. What only waits for the carer's answer is none. Relies on
/// `clock_open_by_zone` and `clock_by_situation`.
pub(crate) async fn open_since(
    connection: &mut PgConnection,
    zone: &ZoneId,
) -> Result<Vec<Timestamp>, sqlx::Error> {
    let since = sqlx::query_scalar!(
        r#"select min(begun.started_at) as "since!: jiff_sqlx::Timestamp"
           from clock
           join clock as begun on begun.situation_id = clock.situation_id
                              and begun.referral_id = clock.referral_id
           where clock.zone = $1 and clock.stopped_at is null and clock.kind <> 'confirmation'
           group by clock.referral_id
           union all
           select started_at from clock
           where zone = $1 and stopped_at is null and item_id is not null and item_promise is null"#,
        zone.as_str(),
    )
    .fetch_all(connection)
    .await?;
    Ok(since
        .into_iter()
        .map(jiff_sqlx::Timestamp::to_jiff)
        .collect())
}
