//! Clocks: how soon after their time they are fired while very many run, how fast what was missed
//! is caught up with, and that two processes fire none twice.

use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use jiff::{SignedDuration, Timestamp};
use sqlx::{Connection, PgConnection, Row};
use tokio::time::sleep;

use super::ms_at;
use crate::{
    error::BenchError, ground::Ground, load::histogram, options::Effort, process::Program,
    progress::Progress, promise::Bound::Below, report::Report,
};

/// Rows to one transaction.
const CHUNK: i64 = 100_000;

/// Over which the clocks that run fall due: as long as the longest promise but the carer's.
const AHEAD: SignedDuration = SignedDuration::from_hours(28 * 24);

/// From the moment at which clocks are stored until the first falls due.
const LEAD: SignedDuration = SignedDuration::from_secs(5);

/// Over which they fall due.
const WINDOW: SignedDuration = SignedDuration::from_secs(20);

const LOOK_EVERY: Duration = Duration::from_millis(200);
const FIRED_WITHIN: Duration = Duration::from_mins(5);

pub(crate) async fn timers(
    ground: &Ground,
    effort: Effort,
    report: &mut Report,
) -> Result<(), BenchError> {
    let mut connection = ground.look().await?;
    let now = ground.environment.now();
    let soon = now + SignedDuration::from_hours(1);
    {
        let _progress = Progress::of(
            format!("storing {} clocks", effort.pending),
            Duration::from_micros(20) * u32::try_from(effort.pending).unwrap_or(u32::MAX),
        );
        store(
            &mut connection,
            "pending",
            effort.pending,
            (soon, soon + AHEAD),
        )
        .await?;
        sqlx::raw_sql("vacuum analyze")
            .execute(&mut connection)
            .await?;
    }
    Ground::settle_disk()?;
    let program = Program::start(ground, "all").await?;
    accuracy(ground, effort, &mut connection, report).await?;
    program.end().await?;
    catch_up(ground, effort, &mut connection, report).await?;
    doubled(ground, effort, &mut connection, report).await
}

/// Stores so many clocks, each of a situation of its own, that fall due one after the other.
async fn store(
    connection: &mut PgConnection,
    name: &str,
    count: i64,
    (first, last): (Timestamp, Timestamp),
) -> Result<(), BenchError> {
    let mut from = 1;
    while from <= count {
        let to = count.min(from + CHUNK - 1);
        let mut transaction = connection.begin().await?;
        sqlx::query(
            "insert into followup.clock (clock_id, kind, situation_id, referral_id, organisation_id,
                                         zone, started_at, due_at, urgency)
             select gen_random_uuid(), 'first_contact', gen_random_uuid(), gen_random_uuid(), $1, 'gent',
                    now() - interval '30 days',
                    $4::text::timestamptz
                        + ($5::text::timestamptz - $4::text::timestamptz) * (n::float8 / $6::bigint), 'soon'
             from generate_series($2::bigint, $3::bigint) as n",
        )
        .bind(name)
        .bind(from)
        .bind(to)
        .bind(first.to_string())
        .bind(last.to_string())
        .bind(count)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        from = to + 1;
    }
    Ok(())
}

/// Waits until what was said of so many clocks is out.
async fn fired(
    connection: &mut PgConnection,
    name: &str,
    count: i64,
) -> Result<Duration, BenchError> {
    let began = Instant::now();
    loop {
        let left: i64 = sqlx::query_scalar(
            "select count(*) from followup.clock c
             where c.organisation_id = $1
               and not exists (select from followup.outbox o
                               where o.situation_id = c.situation_id and o.published_at is not null)",
        )
        .bind(name)
        .fetch_one(&mut *connection)
        .await?;
        if left == 0 {
            return Ok(began.elapsed());
        }
        if began.elapsed() > FIRED_WITHIN {
            return Err(BenchError::NeverFired { left, of: count });
        }
        sleep(LOOK_EVERY).await;
    }
}

/// From the moment at which a clock ran out until the others could hear of it.
async fn accuracy(
    ground: &Ground,
    effort: Effort,
    connection: &mut PgConnection,
    report: &mut Report,
) -> Result<(), BenchError> {
    let _progress = Progress::of("clocks that run out", Duration::from_secs(25));
    let first = ground.environment.now() + LEAD;
    store(connection, "due", effort.due, (first, first + WINDOW)).await?;
    sleep(Duration::try_from(LEAD + WINDOW).unwrap_or_default()).await;
    fired(connection, "due", effort.due).await?;
    let rows = sqlx::query(
        "select (extract(epoch from o.published_at - c.due_at) * 1e6)::bigint
         from followup.clock c join followup.outbox o using (situation_id)
         where c.organisation_id = 'due'",
    )
    .fetch_all(connection)
    .await?;
    let mut took: Histogram<u64> = histogram()?;
    for row in &rows {
        took.saturating_record(u64::try_from(row.get::<i64, _>(0)).unwrap_or_default());
    }
    report.promised(
        "timers",
        &format!(
            "a clock runs out, until it is said, with {} that run, the slowest",
            effort.pending
        ),
        "ms",
        (Below(2_000.0), Below(1_000.0)),
        ms_at(&took, 1.0),
        format!(
            "p50 {:.0}, p99 {:.0} ms of {} clocks in {} s",
            ms_at(&took, 0.5),
            ms_at(&took, 0.99),
            took.len(),
            WINDOW.as_secs(),
        ),
    );
    Ok(())
}

/// Nothing ran while these fell due.
async fn catch_up(
    ground: &Ground,
    effort: Effort,
    connection: &mut PgConnection,
    report: &mut Report,
) -> Result<(), BenchError> {
    let _progress = Progress::of("clocks that were missed", Duration::from_secs(30));
    let now = ground.environment.now();
    let a_day_ago = now - SignedDuration::from_hours(24);
    store(connection, "missed", effort.missed, (a_day_ago, now)).await?;
    let program = Program::start(ground, "all").await?;
    let took = fired(connection, "missed", effort.missed).await?;
    let out_of_order: i64 = sqlx::query_scalar(
        "select count(*) from (
             select c.due_at, max(c.due_at) over (order by o.position rows unbounded preceding) as latest
             from followup.clock c join followup.outbox o using (situation_id)
             where c.organisation_id = 'missed'
         ) as fired where due_at < latest",
    )
    .fetch_one(connection)
    .await?;
    #[expect(clippy::cast_precision_loss, reason = "some ten thousands")]
    let rate = effort.missed as f64 / took.as_secs_f64();
    report.noted(
        "timers_missed",
        &format!(
            "{} clocks that ran out in a day without a process, caught up with",
            effort.missed
        ),
        "/s",
        rate,
        format!(
            "in {:.1} s; {out_of_order} of them after one that was due later",
            took.as_secs_f64()
        ),
    );
    program.end().await
}

/// Two processes fire the same clocks.
async fn doubled(
    ground: &Ground,
    effort: Effort,
    connection: &mut PgConnection,
    report: &mut Report,
) -> Result<(), BenchError> {
    let _progress = Progress::of("two processes fire clocks", Duration::from_secs(30));
    let programs = [
        Program::start(ground, "all").await?,
        Program::start(ground, "all").await?,
    ];
    let now = ground.environment.now();
    store(connection, "shared", effort.missed, (now, now)).await?;
    fired(connection, "shared", effort.missed).await?;
    let twice: i64 = sqlx::query_scalar(
        "select count(*) from (
             select from followup.clock c join followup.outbox o using (situation_id)
             where c.organisation_id = 'shared' group by c.clock_id having count(*) > 1
         ) as twice",
    )
    .fetch_one(connection)
    .await?;
    #[expect(clippy::cast_precision_loss, reason = "none, or few")]
    let measured = twice as f64;
    report.promised(
        "timers_twice",
        &format!(
            "of {} clocks, fired more than once by two processes",
            effort.missed
        ),
        "",
        (Below(1.0), Below(1.0)),
        measured,
        String::new(),
    );
    for program in programs {
        program.end().await?;
    }
    Ok(())
}
