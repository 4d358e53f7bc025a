//! Situations, signals taken back, and reasons for making no referral.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use knipperlicht_vocabulary::{SignalId, SituationId, ZoneId};
use sqlx::PgConnection;
use uuid::Uuid;

use super::joined;
use crate::{
    RoutingError,
    model::case::{Situation, Withheld},
};

/// Keeps what was learned. Relies on the primary key.
pub(super) async fn upsert_situations(
    connection: &mut PgConnection,
    situations: &[&Situation],
    now: Timestamp,
) -> Result<(), RoutingError> {
    if situations.is_empty() {
        return Ok(());
    }
    let mut ids: Vec<Uuid> = Vec::with_capacity(situations.len());
    let mut zones = Vec::with_capacity(situations.len());
    let mut postal_codes = Vec::with_capacity(situations.len());
    let mut languages: Vec<&str> = Vec::with_capacity(situations.len());
    let mut age_bands: Vec<Option<&str>> = Vec::with_capacity(situations.len());
    let mut consents: Vec<&str> = Vec::with_capacity(situations.len());
    let mut sequences = Vec::with_capacity(situations.len());
    let mut urgencies: Vec<Option<&str>> = Vec::with_capacity(situations.len());
    let mut needs = Vec::with_capacity(situations.len());
    for one in situations {
        ids.push(one.id.uuid());
        zones.push(one.circumstances.zone.as_str());
        postal_codes.push(one.circumstances.postal_code.to_string());
        languages.push(one.circumstances.language.code());
        age_bands.push(one.circumstances.age_band.map(Into::into));
        consents.push(one.agreement.consent.code());
        sequences.push(one.agreement.sequence);
        urgencies.push(one.urgency.map(Into::into));
        needs.push(joined(&one.needs));
    }
    sqlx::query!(
        "insert into situation (
            situation_id, zone, postal_code, language, age_band, consent, consent_sequence, urgency,
            needs, updated_at
         )
         select situation_id, zone, postal_code, language, age_band, consent, consent_sequence, urgency,
                string_to_array(needs, ','), $10
         from unnest(
            $1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[],
            $8::text[], $9::text[]
         ) as learned(
            situation_id, zone, postal_code, language, age_band, consent, consent_sequence, urgency, needs
         )
         order by situation_id
         on conflict (situation_id) do update set
            zone = excluded.zone, postal_code = excluded.postal_code, language = excluded.language,
            age_band = excluded.age_band, consent = excluded.consent,
            consent_sequence = excluded.consent_sequence, urgency = excluded.urgency,
            needs = excluded.needs, updated_at = excluded.updated_at",
        &ids,
        &zones as &[&str],
        &postal_codes,
        &languages as &[&str],
        &age_bands as &[Option<&str>],
        &consents as &[&str],
        &sequences,
        &urgencies as &[Option<&str>],
        &needs,
        now.to_sqlx() as jiff_sqlx::Timestamp,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Remembers signals that were taken back. Relies on the primary key.
pub(super) async fn insert_taken_back(
    connection: &mut PgConnection,
    taken: &[(SituationId, SignalId)],
    now: Timestamp,
) -> Result<(), RoutingError> {
    if taken.is_empty() {
        return Ok(());
    }
    let situations: Vec<Uuid> = taken
        .iter()
        .map(|(situation, _)| situation.uuid())
        .collect();
    let signals: Vec<Uuid> = taken.iter().map(|(_, signal)| signal.uuid()).collect();
    sqlx::query!(
        "insert into taken_back (situation_id, signal_id, taken_at)
         select situation_id, signal_id, $3 from unnest($1::uuid[], $2::uuid[]) as t(situation_id, signal_id)
         on conflict do nothing",
        &situations,
        &signals,
        now.to_sqlx() as jiff_sqlx::Timestamp,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Records why no referral is made. Relies on the primary key.
pub(super) async fn upsert_withheld(
    connection: &mut PgConnection,
    withheld: &[(SituationId, &ZoneId, &Withheld)],
    now: Timestamp,
) -> Result<(), RoutingError> {
    if withheld.is_empty() {
        return Ok(());
    }
    let situations: Vec<Uuid> = withheld
        .iter()
        .map(|(situation, _, _)| situation.uuid())
        .collect();
    let zones: Vec<&str> = withheld.iter().map(|(_, zone, _)| zone.as_str()).collect();
    let consents: Vec<&str> = withheld
        .iter()
        .map(|(_, _, one)| one.consent.code())
        .collect();
    let needs: Vec<String> = withheld
        .iter()
        .map(|(_, _, one)| joined(&one.needs))
        .collect();
    let urgencies: Vec<&str> = withheld
        .iter()
        .map(|(_, _, one)| one.urgency.code())
        .collect();
    sqlx::query!(
        "insert into withheld (situation_id, zone, consent, needs, urgency, recorded_at)
         select situation_id, zone, consent, string_to_array(needs, ','), urgency, $6
         from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[])
            as recorded(situation_id, zone, consent, needs, urgency)
         on conflict (situation_id) do update set
            zone = excluded.zone, consent = excluded.consent, needs = excluded.needs,
            urgency = excluded.urgency, recorded_at = excluded.recorded_at, lifted_at = null",
        &situations,
        &zones as &[&str],
        &consents as &[&str],
        &needs,
        &urgencies as &[&str],
        now.to_sqlx() as jiff_sqlx::Timestamp,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The reason is gone. Relies on the primary key.
pub(super) async fn lift_withheld(
    connection: &mut PgConnection,
    situations: &[Uuid],
    now: Timestamp,
) -> Result<(), RoutingError> {
    if situations.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "update withheld set lifted_at = $2 where situation_id = any($1) and lifted_at is null",
        situations,
        now.to_sqlx() as jiff_sqlx::Timestamp,
    )
    .execute(connection)
    .await?;
    Ok(())
}
