//! Years of signals as follow-up has counted them, and the promises that were made upon them, put
//! in place by SQL.

use std::time::Duration;

use sqlx::Connection;

use crate::{error::BenchError, ground::Ground, progress::Progress};

/// Rows to one transaction.
const CHUNK: i64 = 100_000;

/// Their zones: those of a country, a few for few signals.
pub(crate) fn zones(signals: i64) -> i64 {
    (signals / 100_000).clamp(4, 60)
}

/// The years in which they were counted, the first and the last.
pub(crate) const YEARS: (i16, i16) = (2016, 2025);

/// Every figure there can be, of every zone and year: as many rows as there ever are,
/// and as much in them as the signals add up to.
const COUNTS: &str = "
    insert into followup.report_count (zone, year, measure, code, total)
    select 'past-' || zone, year, measure, code, greatest(1, $3::bigint / $1::bigint / 10 / share)
    from generate_series(0, $1::bigint - 1) as zone, generate_series(2016, 2025) as year,
         (select 'role', role, 11 from unnest('{home_care_worker,cleaner,nurse,general_practitioner,pharmacist,
              teacher,social_worker,volunteer,neighbour,carer,other}'::text[]) as role
          union all
          select 'observation', observation, 18 from unnest($2::text[]) as observation
          union all
          select 'unmet', need, 200 from unnest('{information,administration,financial,practical_help,respite,
              psychosocial,peer_support,training,care_coordination,work_or_study,recognition_and_listening,
              safety}'::text[]) as need
          union all
          select 'outcome', outcome, 12 from unnest('{helped,partly_helped,not_helped.refused_help,
              not_helped.unreachable,not_helped.no_capacity,not_helped.no_longer_needed,not_helped.moved,
              not_helped.deceased,not_helped.other}'::text[]) as outcome
          union all
          select measure, kind, 3 from unnest('{kept,late,broken}'::text[]) as measure,
                                       unnest('{accept,first_contact,outcome}'::text[]) as kind
          union all
          select 'took', kind || '.' || step, 60 from unnest('{accept,first_contact,outcome}'::text[]) as kind,
                                                      generate_series(40, 120) as step
          union all
          values ('withdrawn', '', 50), ('confirmed', '', 2), ('reopened', 'by_carer', 30),
                 ('reopened', 'by_desk', 60)) as counted(measure, code, share)";

/// A promise upon each signal: one in five hundred waits for a partner, one in a hundred and thirty
/// for a carer's answer (four weeks of ten years), the others were kept.
const CLOCKS: &str = "
    insert into followup.clock (clock_id, kind, situation_id, referral_id, organisation_id, zone, started_at,
                                due_at, stopped_at)
    select md5('clock' || n)::uuid, case when n % 130 = 1 then 'confirmation' else 'accept' end,
           md5('situation' || n)::uuid, md5('referral' || n)::uuid, 'past-' || n % 16, 'past-' || n / 500 % $3,
           now() - n % 3650 * interval '1 day', now() + interval '1 year',
           case when n % 500 = 0 or n % 130 = 1 then null else now() end
    from generate_series($1::bigint, $2::bigint) as n";

/// Counts so many signals.
pub(crate) async fn fill(ground: &Ground, signals: i64) -> Result<(), BenchError> {
    let _progress = Progress::of(
        format!("counting {signals} signals"),
        Duration::from_secs(30)
            + Duration::from_micros(20) * u32::try_from(signals).unwrap_or(u32::MAX),
    );
    let observations: Vec<String> = knipperlicht_vocabulary::Observation::ALL
        .iter()
        .map(ToString::to_string)
        .collect();
    let zones = zones(signals);
    let mut connection = ground.look().await?;
    sqlx::query(COUNTS)
        .bind(zones)
        .bind(observations)
        .bind(signals)
        .execute(&mut connection)
        .await?;
    let mut first = 1;
    while first <= signals {
        let last = signals.min(first + CHUNK - 1);
        let mut transaction = connection.begin().await?;
        sqlx::query(CLOCKS)
            .bind(first)
            .bind(last)
            .bind(zones)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        first = last + 1;
    }
    sqlx::raw_sql("vacuum analyze followup.report_count, followup.clock")
        .execute(&mut connection)
        .await?;
    Ok(())
}
