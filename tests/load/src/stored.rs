//! Years of signals, put in place by SQL, so that what follows is measured on a full store.

use std::time::Duration;

use sqlx::Connection;

use crate::{error::BenchError, ground::Ground, progress::Progress};

/// Rows to one transaction.
const CHUNK: i64 = 100_000;

/// Partners that had all of them, by turns.
pub(crate) const PARTNERS: usize = 16;

/// Their zone.
pub(crate) const ZONE: &str = "gent";

/// What is filled. What stays empty keeps the statistics of a new table: those of an empty one
/// would have every look-up in it read it whole.
const FILLED: &str =
    "vacuum analyze intake.signal, intake.situation, intake.stream, intake.outbox, routing.inbox,
                                     routing.referral";

/// Situations of long ago, received, routed and accepted; one in five hundred still waits for an
/// answer. Their ids begin with their time, as those that phones and services make do (RFC 9562,
/// version 7).
const STATEMENTS: [&str; 7] = [
    "create temp table past on commit drop as
     select n, at, (abs(hashint8(n)) % 16)::smallint as partition,
            (time || substr(md5('signal' || n), 14))::uuid as signal_id,
            (time || substr(md5('situation' || n), 14))::uuid as situation_id,
            (time || substr(md5('event' || n), 14))::uuid as event_id,
            (time || substr(md5('referral' || n), 14))::uuid as referral_id
     from (select n, at, lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') || '7' as time
           from (select n, now() - interval '1 year' + n * interval '1 s' as at
                 from generate_series($1::bigint, $2::bigint) as n) as second) as moment",
    "insert into intake.signal (signal_id, situation_id, reporter_id, reporter_role, observations, reported_at,
                                received_at, content)
     select signal_id, situation_id, 'past-' || (partition), 'home_care_worker', '{exhausted}', at, at,
            decode(md5(signal_id::text) || md5(signal_id::text), 'hex') from past",
    "insert into intake.situation (situation_id, zone, postal_code, language, consent, consent_sequence, opened_at)
     select situation_id, 'gent', '9000', 'nl', 'given', 1, at from past",
    "insert into intake.stream (situation_id, sequence) select situation_id, 1 from past",
    "insert into intake.outbox (partition, event_id, situation_id, sequence, zone, event_type, subject_tail, body,
                                occurred_at, published_at)
     select partition, event_id, situation_id, 1, 'gent', 'past', 'signal.flagged.v1',
            decode(repeat('5a', 120), 'hex'), at, at from past",
    "insert into routing.inbox (source, situation_id, sequence, partition, event_id, handled_at)
     select 'assessment', situation_id, 1, partition, event_id, at from past",
    "insert into routing.referral (referral_id, situation_id, service_id, organisation_id, zone, postal_code,
                                   language, needs, urgency, state, state_since, created_at, requested_at)
     select referral_id, situation_id, 'past.service', 'past-' || partition, 'gent', '9000', 'nl', '{respite}',
            'soon', case when abs(hashint8(n)) / 16 % 500 = 0 then 'requested' else 'accepted' end, at, at, at
     from past",
];

/// Stores so many signals.
pub(crate) async fn fill(ground: &Ground, signals: i64) -> Result<(), BenchError> {
    let _progress = Progress::of(
        format!("storing {signals} signals"),
        Duration::from_micros(60) * u32::try_from(signals).unwrap_or(u32::MAX),
    );
    let mut connection = ground.look().await?;
    let mut first = 1;
    while first <= signals {
        let last = signals.min(first + CHUNK - 1);
        let mut transaction = connection.begin().await?;
        for (index, statement) in STATEMENTS.into_iter().enumerate() {
            let mut query = sqlx::query(statement);
            if index == 0 {
                query = query.bind(first).bind(last);
            }
            query.execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        first = last + 1;
    }
    sqlx::raw_sql(FILLED).execute(&mut connection).await?;
    // What was stored in a year was brought to the disk long ago: without this, PostgreSQL would be
    // at it for the whole of what is measured.
    sqlx::raw_sql("checkpoint").execute(&mut connection).await?;
    Ok(())
}
