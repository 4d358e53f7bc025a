//! Signals and their situations.

use std::collections::HashSet;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use knipperlicht_eventing::{Said, outbox::Columns};
use knipperlicht_privacy::WrappedKey;
use knipperlicht_vocabulary::{
    AgeBand, Consent, Language, Observation, PostalCode, ReporterId, ReporterRole, SignalId,
    SituationId, ZoneId,
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{SealedRow, code};
use crate::{
    IntakeError,
    model::{KeyKind, MatchKey, SignalFacts},
};

/// A signal to be stored, with the situation it opens.
pub(crate) struct NewSignal {
    pub(crate) signal: SignalId,
    pub(crate) reporter: ReporterId,
    pub(crate) role: ReporterRole,
    pub(crate) observations: Vec<Observation>,
    pub(crate) reported_at: Timestamp,
    pub(crate) content: [u8; 32],
    pub(crate) postal_code: PostalCode,
    pub(crate) language: Language,
    pub(crate) age_band: Option<AgeBand>,
    pub(crate) consent: Consent,
    /// The key of what is personal; none when nothing is.
    pub(crate) key: Option<WrappedKey>,
    /// What is personal, sealed.
    pub(crate) sealed: Vec<SealedRow>,
    /// What recognises the carer.
    pub(crate) keys: Vec<MatchKey>,
    /// Whether it is known who sent it: a card can be scanned by anybody.
    pub(crate) proven: bool,
    /// What is said of it: the situation, its zone, and the event.
    pub(crate) said: Said,
}

/// What [`insert_signals`] did.
#[derive(Default)]
pub(crate) struct Inserted {
    /// Those that were stored: their ids were not known.
    pub(crate) fresh: HashSet<Uuid>,
    /// Whether nothing was stored because a carer may have been flagged before.
    pub(crate) has_met: bool,
}

/// Stores signals, the situations they open, what is sealed, what recognises their carers, and what
/// is said, leaving out those whose id is known. Relies on the primary keys.
///
/// `known` are the hashes that were found before. Without, nothing is stored when one of the hashes
/// is there already: mostly none is, and then nobody had to look. Relies on `match_key_first` and
/// `match_key_shared`. Fails on [`FIRST_KEY`] when a carer who was not known is flagged elsewhere
/// at this very moment.
///
/// One statement, so that it is a transaction by itself. No id is to be there twice. What is said
/// gets its place in the situation's line as in `knipperlicht_eventing::say`.
#[allow(clippy::too_many_lines, reason = "one statement and its columns")]
pub(crate) async fn insert_signals(
    connection: &mut PgConnection,
    received_at: Timestamp,
    signals: &[&NewSignal],
    known: Option<&HashSet<[u8; 32]>>,
) -> Result<Inserted, sqlx::Error> {
    if signals.is_empty() {
        return Ok(Inserted::default());
    }
    let text =
        |of: fn(&NewSignal) -> String| signals.iter().map(|signal| of(signal)).collect::<Vec<_>>();
    let said = Columns::of(signals.iter().map(|signal| &signal.said));
    let sealed: Vec<(Uuid, &SealedRow)> = signals
        .iter()
        .flat_map(|signal| signal.sealed.iter().map(|row| (signal.signal.uuid(), row)))
        .collect();
    let keys: Vec<(Uuid, &MatchKey)> = signals
        .iter()
        .flat_map(|signal| signal.keys.iter().map(|key| (signal.signal.uuid(), key)))
        .collect();
    let is_shared = |key: &MatchKey| known.is_some_and(|known| known.contains(&key.hash));
    let rows = sqlx::query_scalar!(
        r#"
        with met as (
            select from match_key where $29 and hash = any($26) and not shared
            union all
            select from match_key where $29 and hash = any($26) and shared
        ), sent as (
            select * from unnest(
                $1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::bytea[],
                $8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::bytea[],
                $15::uuid[], $16::smallint[], $17::text[], $18::text[], $19::bytea[], $20::text[]
            ) as sent(
                signal_id, situation_id, reporter_id, reporter_role, observations, reported_at, content,
                zone, postal_code, language, age_band, consent, master_key_id, wrapped,
                event_id, partition, event_type, subject_tail, body, traceparent
            )
            where not exists (select from met)
        ), stored as (
            insert into signal (
                signal_id, situation_id, reporter_id, reporter_role, observations, reported_at, content, received_at
            )
            select signal_id, situation_id, reporter_id, reporter_role, string_to_array(observations, ','),
                   reported_at, content, $21
            from sent
            on conflict (signal_id) do nothing
            returning signal_id
        ), fresh as (
            select sent.* from sent join stored using (signal_id)
        ), opened as (
            insert into situation (
                situation_id, zone, postal_code, language, age_band, consent, consent_sequence, opened_at
            )
            select situation_id, zone, postal_code, language, age_band, consent, 1, $21 from fresh
        ), data_keys as (
            insert into data_key (situation_id, master_key_id, wrapped)
            select situation_id, master_key_id, wrapped from fresh where wrapped is not null
        ), vault as (
            insert into sealed (situation_id, place, sealed, sealed_at)
            select situation_id, place, sealed, $21
            from unnest($22::uuid[], $23::text[], $24::bytea[]) as row(signal_id, place, sealed)
            join fresh using (signal_id)
        ), recognised as (
            insert into match_key (signal_id, kind, hash, shared)
            select signal_id, kind, hash, shared
            from unnest($25::uuid[], $27::text[], $26::bytea[], $28::boolean[])
                 as row(signal_id, kind, hash, shared)
            join stored using (signal_id)
            order by hash
        ), head as (
            insert into stream (situation_id, sequence) select situation_id, 1 from fresh
        ), said as (
            insert into outbox (
                event_id, situation_id, partition, zone, event_type, subject_tail, body, traceparent,
                occurred_at, sequence
            )
            select event_id, situation_id, partition, zone, event_type, subject_tail, body, traceparent, $21, 1
            from fresh
        )
        select signal_id from stored union all (select null from met limit 1)
        "#,
        &signals.iter().map(|signal| signal.signal.uuid()).collect::<Vec<_>>(),
        &said.situations,
        &text(|signal| signal.reporter.to_string()),
        &text(|signal| signal.role.to_string()),
        &text(|signal| {
            signal.observations.iter().map(|observation| observation.code()).collect::<Vec<_>>().join(",")
        }),
        &signals.iter().map(|signal| signal.reported_at.to_sqlx()).collect::<Vec<_>>() as &[jiff_sqlx::Timestamp],
        &signals.iter().map(|signal| signal.content.to_vec()).collect::<Vec<_>>(),
        &said.zones,
        &text(|signal| signal.postal_code.to_string()),
        &text(|signal| signal.language.to_string()),
        &signals.iter().map(|signal| signal.age_band.map(|band| band.code().to_owned())).collect::<Vec<_>>()
            as &[Option<String>],
        &text(|signal| signal.consent.to_string()),
        &signals.iter().map(|signal| Some(signal.key.as_ref()?.master_key_id.clone())).collect::<Vec<_>>()
            as &[Option<String>],
        &signals.iter().map(|signal| Some(signal.key.as_ref()?.bytes.clone())).collect::<Vec<_>>()
            as &[Option<Vec<u8>>],
        &said.ids,
        &said.partitions,
        &said.types,
        &said.tails,
        &said.bodies,
        &said.traces as &[Option<String>],
        received_at.to_sqlx() as jiff_sqlx::Timestamp,
        &sealed.iter().map(|(signal, _)| *signal).collect::<Vec<_>>(),
        &sealed.iter().map(|(_, row)| row.place.clone()).collect::<Vec<_>>(),
        &sealed.iter().map(|(_, row)| row.sealed.clone()).collect::<Vec<_>>(),
        &keys.iter().map(|(signal, _)| *signal).collect::<Vec<_>>(),
        &keys.iter().map(|(_, key)| key.hash.to_vec()).collect::<Vec<_>>(),
        &keys.iter().map(|(_, key)| key.kind.code().to_owned()).collect::<Vec<_>>(),
        &keys.iter().map(|(_, key)| is_shared(key)).collect::<Vec<_>>(),
        known.is_none(),
    )
    .fetch_all(connection)
    .await?;
    let has_met = rows.iter().any(Option::is_none);
    Ok(Inserted {
        fresh: rows.into_iter().flatten().collect(),
        has_met,
    })
}

/// The index that lets only one of two signals of a carer, written at once, open a situation.
pub(crate) const FIRST_KEY: &str = "match_key_first";

/// Stores a signal that joins a situation; false if its id is known. Where that situation is more than
/// one, the signal is of the one whose carer it recognises, if nothing recognises another: once they are
/// two again, it goes with them, and nobody else's partner reads what it says of them. Relies on the
/// primary key, `match_key_first` and `match_key_shared`.
pub(crate) async fn insert_joining(
    connection: &mut PgConnection,
    received_at: Timestamp,
    situation: SituationId,
    signal: &NewSignal,
) -> Result<bool, sqlx::Error> {
    let observations: Vec<&str> = signal.observations.iter().map(|seen| seen.code()).collect();
    // A name alone recognises nobody.
    let keys = signal.keys.iter().filter(|key| key.kind != KeyKind::Name);
    let hashes: Vec<Vec<u8>> = keys.map(|key| key.hash.to_vec()).collect();
    let inserted = sqlx::query!(
        "with bearing as (
             select signal_id from match_key where hash = any($9) and not shared
             union
             select signal_id from match_key where hash = any($9) and shared
         ), home as (
             select distinct home_id from bearing join signal using (signal_id)
             where situation_id = $2 and withdrawn_at is null
         )
         insert into signal (
             signal_id, situation_id, reporter_id, reporter_role, observations, reported_at, content,
             received_at, home_id
         )
         select $1, $2, $3, $4, $5, $6, $7, $8,
                (select case when count(*) = 1 then (array_agg(home_id))[1] end from home)
         on conflict (signal_id) do nothing",
        signal.signal.uuid(),
        situation.uuid(),
        signal.reporter.as_str(),
        signal.role.code(),
        &observations as &[&str],
        signal.reported_at.to_sqlx() as jiff_sqlx::Timestamp,
        signal.content.as_slice(),
        received_at.to_sqlx() as jiff_sqlx::Timestamp,
        &hashes,
    )
    .execute(connection)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// The signals of a situation that stand. Relies on `signal_by_situation`.
pub(crate) async fn standing_signals(
    connection: &mut PgConnection,
    situation: SituationId,
) -> Result<Vec<SignalId>, sqlx::Error> {
    let ids = sqlx::query_scalar!(
        "select signal_id from signal where situation_id = $1 and withdrawn_at is null",
        situation.uuid(),
    )
    .fetch_all(connection)
    .await?;
    Ok(ids.into_iter().map(SignalId::from).collect())
}

/// What is known under an id already.
pub(crate) struct Known {
    pub(crate) signal: SignalId,
    pub(crate) situation: SituationId,
    pub(crate) reporter: String,
    pub(crate) content: Vec<u8>,
    pub(crate) zone: String,
    pub(crate) received_at: Timestamp,
    pub(crate) erased: bool,
}

/// What is known under these ids. Relies on the primary keys.
pub(crate) async fn known(
    connection: &mut PgConnection,
    ids: &[Uuid],
) -> Result<Vec<Known>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select signal_id, situation_id, reporter_id, content, zone, received_at,
                  erased_at is not null as "erased!"
           from signal join situation using (situation_id)
           where signal_id = any($1)"#,
        ids,
    )
    .fetch_all(connection)
    .await?;
    let known = rows.into_iter().map(|row| Known {
        signal: row.signal_id.into(),
        situation: row.situation_id.into(),
        reporter: row.reporter_id,
        content: row.content,
        zone: row.zone,
        received_at: row.received_at.to_jiff(),
        erased: row.erased,
    });
    Ok(known.collect())
}

/// A signal as its reporter sees it, but for the steps.
pub(crate) struct SignalRow {
    pub(crate) signal: SignalId,
    pub(crate) situation: SituationId,
    pub(crate) zone: ZoneId,
    pub(crate) observations: Vec<Observation>,
    pub(crate) consent: Consent,
    pub(crate) consent_at: Option<Timestamp>,
    pub(crate) role: ReporterRole,
    pub(crate) received_at: Timestamp,
    pub(crate) withdrawn_at: Option<Timestamp>,
    pub(crate) erased_at: Option<Timestamp>,
}

impl SignalRow {
    /// What decides what its reporter is told.
    pub(crate) const fn facts(&self) -> SignalFacts {
        SignalFacts {
            received_at: self.received_at,
            withdrawn_at: self.withdrawn_at,
            erased_at: self.erased_at,
            consent: self.consent,
            consent_at: self.consent_at,
        }
    }
}

macro_rules! signal_rows {
    ($rows:expr) => {
        $rows
            .into_iter()
            .map(|row| {
                Ok(SignalRow {
                    signal: row.signal_id.into(),
                    situation: row.situation_id.into(),
                    zone: code("situation", &row.zone)?,
                    observations: row
                        .observations
                        .iter()
                        .map(|observation| code("signal", observation))
                        .collect::<Result<_, _>>()?,
                    consent: code("situation", &row.consent)?,
                    consent_at: row.consent_at.map(|at| at.to_jiff()),
                    role: code("signal", &row.reporter_role)?,
                    received_at: row.received_at.to_jiff(),
                    withdrawn_at: row.withdrawn_at.map(|at| at.to_jiff()),
                    erased_at: row.erased_at.map(|at| at.to_jiff()),
                })
            })
            .collect::<Result<Vec<_>, IntakeError>>()
    };
}

/// One signal that the caller may see (row-level security decides).
pub(crate) async fn own_signal(
    connection: &mut PgConnection,
    signal: SignalId,
) -> Result<Option<SignalRow>, IntakeError> {
    let rows = sqlx::query!(
        "select signal_id, situation_id, zone, observations, consent, consent_at, reporter_role,
                received_at, withdrawn_at, erased_at
         from signal join situation using (situation_id)
         where signal_id = $1",
        signal.uuid(),
    )
    .fetch_all(connection)
    .await?;
    signal_rows!(rows).map(|rows| rows.into_iter().next())
}

/// The signals of a situation that stand, the first one first. Relies on `signal_by_situation`.
pub(crate) async fn signals_of(
    connection: &mut PgConnection,
    situation: SituationId,
) -> Result<Vec<SignalRow>, IntakeError> {
    let rows = sqlx::query!(
        "select signal_id, situation_id, zone, observations, consent, consent_at, reporter_role,
                received_at, withdrawn_at, erased_at
         from signal join situation using (situation_id)
         where situation_id = $1 and withdrawn_at is null
         order by received_at, signal_id",
        situation.uuid(),
    )
    .fetch_all(connection)
    .await?;
    signal_rows!(rows)
}

/// A page of a reporter's signals, newest first. Relies on `signal_by_reporter`.
pub(crate) async fn own_signals(
    connection: &mut PgConnection,
    reporter: &ReporterId,
    before: Option<(Timestamp, SignalId)>,
    limit: i64,
) -> Result<Vec<SignalRow>, IntakeError> {
    let (at, id) = before.map_or((Timestamp::MAX, Uuid::max()), |(at, id)| (at, id.uuid()));
    // PostgreSQL's last moment is earlier than jiff's; nothing is received after 9998.
    let at = at.min(Timestamp::from_second(253_370_764_800).unwrap_or(at));
    let rows = sqlx::query!(
        "select signal_id, situation_id, zone, observations, consent, consent_at, reporter_role,
                received_at, withdrawn_at, erased_at
         from signal join situation using (situation_id)
         where reporter_id = $1 and (received_at, signal_id) < ($2, $3)
         order by received_at desc, signal_id desc
         limit $4",
        reporter.as_str(),
        at.to_sqlx() as jiff_sqlx::Timestamp,
        id,
        limit,
    )
    .fetch_all(connection)
    .await?;
    signal_rows!(rows)
}

/// Takes a signal back.
pub(crate) async fn mark_withdrawn(
    connection: &mut PgConnection,
    signal: SignalId,
    at: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update signal set withdrawn_at = $2, changed_in = default where signal_id = $1",
        signal.uuid(),
        at.to_sqlx() as jiff_sqlx::Timestamp,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// What holds for a situation, and is needed to say so.
#[derive(Debug, Clone)]
pub(crate) struct ConsentRow {
    pub(crate) zone: ZoneId,
    pub(crate) postal_code: String,
    pub(crate) language: Language,
    pub(crate) age_band: Option<AgeBand>,
    pub(crate) consent: Consent,
    pub(crate) sequence: i64,
    /// Since when that consent holds.
    pub(crate) since: Timestamp,
    /// Whether the cared-for person objects that what concerns them is shared.
    pub(crate) cared_for_objects: bool,
    /// Whether all that was kept of it was erased.
    pub(crate) erased: bool,
}

/// The same rows, locked in one way or the other.
macro_rules! consent_row {
    ($lock:literal, $connection:ident, $situation:ident) => {{
        let row = sqlx::query!(
            "select zone, postal_code, language, age_band, consent, consent_sequence,
                    coalesce(consent_at, opened_at) as \"since!\", cared_for_objects,
                    erased_at is not null as \"erased!\"
             from situation where situation_id = $1 "
                + $lock,
            $situation.uuid(),
        )
        .fetch_optional($connection)
        .await?
        .ok_or(IntakeError::NotFound { what: "situation" })?;
        Ok(ConsentRow {
            zone: code("situation", &row.zone)?,
            postal_code: row.postal_code,
            language: code("situation", &row.language)?,
            age_band: row
                .age_band
                .as_deref()
                .map(|band| code("situation", band))
                .transpose()?,
            consent: code("situation", &row.consent)?,
            sequence: row.consent_sequence,
            since: row.since.to_jiff(),
            cared_for_objects: row.cared_for_objects,
            erased: row.erased,
        })
    }};
}

/// A situation's consent, locked until the transaction ends. Also the lock under which a signal
/// is withdrawn: both must see what the other did.
pub(crate) async fn lock_consent(
    connection: &mut PgConnection,
    situation: SituationId,
) -> Result<ConsentRow, IntakeError> {
    consent_row!("for update", connection, situation)
}

/// A situation's consent, which stays as it is until the transaction ends: whoever withdraws it waits
/// for those who look, so that nobody looks after it was withdrawn.
pub(crate) async fn look_at_consent(
    connection: &mut PgConnection,
    situation: SituationId,
) -> Result<ConsentRow, IntakeError> {
    consent_row!("for share", connection, situation)
}

/// Keeps an age band where none was known.
pub(crate) async fn learn_age_band(
    connection: &mut PgConnection,
    situation: SituationId,
    age_band: AgeBand,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update situation set age_band = $2 where situation_id = $1 and age_band is null",
        situation.uuid(),
        age_band.code(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Records a situation's consent, which each of its reporters is told. Relies on the primary key and
/// `signal_by_situation`.
pub(crate) async fn set_consent(
    connection: &mut PgConnection,
    situation: SituationId,
    consent: Consent,
    sequence: i64,
    at: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "with told as (
             update signal set changed_in = default where situation_id = $1
         )
         update situation set consent = $2, consent_sequence = $3,
                consent_at = case when consent = $2 then consent_at else $4 end
         where situation_id = $1",
        situation.uuid(),
        consent.code(),
        sequence,
        at.to_sqlx() as jiff_sqlx::Timestamp,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Records whether the cared-for person of a situation objects.
pub(crate) async fn set_objection(
    connection: &mut PgConnection,
    situation: SituationId,
    objects: bool,
    sequence: i64,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update situation set cared_for_objects = $2, consent_sequence = $3 where situation_id = $1",
        situation.uuid(),
        objects,
        sequence,
    )
    .execute(connection)
    .await?;
    Ok(())
}
