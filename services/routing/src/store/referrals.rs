//! Referrals.

use std::cmp::Reverse;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use knipperlicht_vocabulary::{ReferralId, ReferralState, SituationId, Urgency};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{joined, optional, word, words};
use crate::{
    RoutingError,
    model::{
        case::Circumstances,
        change::FollowUp,
        referral::{Open, Referral, State, Waiting},
    },
};

const TABLE: &str = "referral";

/// How many partners are asked though the carer refused, or does not agree any more. Relies on
/// `referral_by_open_zone`: reads what is open and nothing else.
pub(crate) async fn asked_against_consent(
    connection: &mut PgConnection,
) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select count(*) as "broken!"
           from referral join situation using (situation_id)
           where referral.state in ('requested', 'held') and referral.state = 'requested'
             and situation.consent in ('refused', 'withdrawn')"#
    )
    .fetch_one(connection)
    .await
}

/// A referral as its row holds it.
#[derive(Debug)]
pub(crate) struct ReferralRow {
    pub(super) referral_id: Uuid,
    pub(super) situation_id: Uuid,
    pub(super) previous_id: Option<Uuid>,
    pub(super) service_id: String,
    pub(super) organisation_id: String,
    pub(super) zone: String,
    pub(super) postal_code: String,
    pub(super) language: String,
    pub(super) age_band: Option<String>,
    pub(super) needs: Vec<String>,
    pub(super) urgency: String,
    pub(super) state: String,
    pub(super) waits_for: Option<String>,
    pub(super) decline_reason: Option<String>,
    pub(super) state_since: jiff_sqlx::Timestamp,
    pub(super) created_at: jiff_sqlx::Timestamp,
    pub(super) requested_at: Option<jiff_sqlx::Timestamp>,
    pub(super) followed_up: bool,
    pub(super) takes_over_id: Option<Uuid>,
    pub(super) changed_in: i64,
}

impl ReferralRow {
    /// The situation it belongs to.
    pub(crate) fn situation(&self) -> SituationId {
        self.situation_id.into()
    }

    /// Its place in a list: the most urgent, then longest waiting first.
    pub(super) fn place(&self) -> (Option<Reverse<Urgency>>, Timestamp, Uuid) {
        let urgency = self.urgency.parse().ok().map(Reverse);
        (urgency, self.created_at.to_jiff(), self.referral_id)
    }

    /// The transaction that changed it last.
    pub(crate) const fn changed_in(&self) -> i64 {
        self.changed_in
    }

    /// The referral.
    pub(crate) fn read(self) -> Result<Referral, RoutingError> {
        let state = self.state()?;
        Ok(Referral {
            id: self.referral_id.into(),
            previous: self.previous_id.map(ReferralId::from),
            takes_over: self.takes_over_id.map(ReferralId::from),
            service: word(TABLE, "service_id", &self.service_id)?,
            organisation: word(TABLE, "organisation_id", &self.organisation_id)?,
            circumstances: Circumstances {
                zone: word(TABLE, "zone", &self.zone)?,
                postal_code: word(TABLE, "postal_code", &self.postal_code)?,
                language: word(TABLE, "language", &self.language)?,
                age_band: optional(TABLE, "age_band", self.age_band.as_deref())?,
            },
            needs: words(TABLE, "needs", &self.needs)?,
            urgency: word(TABLE, "urgency", &self.urgency)?,
            state,
            state_since: self.state_since.to_jiff(),
            created_at: self.created_at.to_jiff(),
            requested_at: self.requested_at.map(jiff_sqlx::Timestamp::to_jiff),
            followed_up: self.followed_up,
        })
    }

    fn state(&self) -> Result<State, RoutingError> {
        let reason = optional(TABLE, "decline_reason", self.decline_reason.as_deref())?;
        let state = match (
            word(TABLE, "state", &self.state)?,
            self.waits_for.as_deref(),
            reason,
        ) {
            (ReferralState::Requested, ..) => State::Requested,
            (ReferralState::Accepted, ..) => State::Accepted,
            (ReferralState::Declined, _, Some(reason)) => State::Declined(reason),
            (ReferralState::Redirected, ..) => State::Redirected,
            (ReferralState::Held, Some("consent"), _) => State::Held(Waiting::ForConsent),
            (ReferralState::Held, Some("partner"), _) => State::Held(Waiting::ForPartner),
            (ReferralState::Expired, ..) => State::Expired,
            (ReferralState::Cancelled, ..) => State::Cancelled,
            (ReferralState::Merged, waiting, _) => State::Merged(match waiting {
                Some("consent") => Open::Held(Waiting::ForConsent),
                Some("partner") => Open::Held(Waiting::ForPartner),
                _ => Open::Requested,
            }),
            (state @ (ReferralState::Declined | ReferralState::Held), ..) => {
                let what = format!("{state} without saying why");
                return Err(RoutingError::BadRow {
                    table: TABLE,
                    column: "state",
                    what,
                });
            }
        };
        Ok(state)
    }
}

const fn waits_for(state: State) -> Option<&'static str> {
    match state {
        State::Held(waiting) | State::Merged(Open::Held(waiting)) => Some(match waiting {
            Waiting::ForConsent => "consent",
            Waiting::ForPartner => "partner",
        }),
        _ => None,
    }
}

fn decline_reason(state: State) -> Option<&'static str> {
    match state {
        State::Declined(reason) => Some(reason.code()),
        _ => None,
    }
}

/// The situation of a referral that whoever the transaction belongs to may see. Relies on the
/// primary key.
pub(crate) async fn situation_of_referral(
    connection: &mut PgConnection,
    id: ReferralId,
) -> Result<Option<SituationId>, RoutingError> {
    let situation = sqlx::query_scalar!(
        "select situation_id from referral where referral_id = $1",
        id.uuid()
    )
    .fetch_optional(connection)
    .await?;
    Ok(situation.map(SituationId::from))
}

/// A referral that whoever the transaction belongs to may see. Relies on the primary key.
pub(crate) async fn referral(
    connection: &mut PgConnection,
    id: ReferralId,
) -> Result<Option<ReferralRow>, RoutingError> {
    let row = sqlx::query_as!(
        ReferralRow,
        "select referral_id, situation_id, previous_id, service_id, organisation_id, zone, postal_code,
                language, age_band, needs, urgency, state, waits_for, decline_reason, state_since,
                created_at, requested_at, followed_up, takes_over_id, changed_in
         from referral where referral_id = $1",
        id.uuid()
    )
    .fetch_optional(connection)
    .await?;
    Ok(row)
}

/// Every referral of these situations, the oldest first. Relies on `referral_by_situation`.
pub(super) async fn referrals_of(
    connection: &mut PgConnection,
    situations: &[Uuid],
) -> Result<Vec<ReferralRow>, RoutingError> {
    let rows = sqlx::query_as!(
        ReferralRow,
        "select referral_id, situation_id, previous_id, service_id, organisation_id, zone, postal_code,
                language, age_band, needs, urgency, state, waits_for, decline_reason, state_since,
                created_at, requested_at, followed_up, takes_over_id, changed_in
         from referral where situation_id = any($1) order by created_at, referral_id",
        situations
    )
    .fetch_all(connection)
    .await?;
    Ok(rows)
}

/// Writes new referrals. One that is there already was made by the same cause.
pub(super) async fn insert_referrals(
    connection: &mut PgConnection,
    referrals: &[(SituationId, &Referral)],
) -> Result<(), RoutingError> {
    if referrals.is_empty() {
        return Ok(());
    }
    let count = referrals.len();
    let mut ids: Vec<Uuid> = Vec::with_capacity(count);
    let mut situations: Vec<Uuid> = Vec::with_capacity(count);
    let mut previous: Vec<Option<Uuid>> = Vec::with_capacity(count);
    let mut services = Vec::with_capacity(count);
    let mut organisations = Vec::with_capacity(count);
    let mut zones = Vec::with_capacity(count);
    let mut postal_codes = Vec::with_capacity(count);
    let mut languages: Vec<&str> = Vec::with_capacity(count);
    let mut age_bands: Vec<Option<&str>> = Vec::with_capacity(count);
    let mut needs = Vec::with_capacity(count);
    let mut urgencies: Vec<&str> = Vec::with_capacity(count);
    let mut states: Vec<&str> = Vec::with_capacity(count);
    let mut waiting: Vec<Option<&str>> = Vec::with_capacity(count);
    let mut created: Vec<jiff_sqlx::Timestamp> = Vec::with_capacity(count);
    let mut requested: Vec<Option<jiff_sqlx::Timestamp>> = Vec::with_capacity(count);
    let mut takes_over: Vec<Option<Uuid>> = Vec::with_capacity(count);
    for (situation, one) in referrals {
        ids.push(one.id.uuid());
        situations.push(situation.uuid());
        previous.push(one.previous.map(ReferralId::uuid));
        services.push(one.service.as_str());
        organisations.push(one.organisation.as_str());
        zones.push(one.circumstances.zone.as_str());
        postal_codes.push(one.circumstances.postal_code.to_string());
        languages.push(one.circumstances.language.code());
        age_bands.push(one.circumstances.age_band.map(Into::into));
        needs.push(joined(&one.needs));
        urgencies.push(one.urgency.code());
        states.push(one.state.code().code());
        waiting.push(waits_for(one.state));
        created.push(one.created_at.to_sqlx());
        requested.push(one.requested_at.map(ToSqlx::to_sqlx));
        takes_over.push(one.takes_over.map(ReferralId::uuid));
    }
    sqlx::query!(
        "insert into referral (
            referral_id, situation_id, previous_id, service_id, organisation_id, zone, postal_code,
            language, age_band, needs, urgency, state, waits_for, state_since, created_at, requested_at,
            takes_over_id
         )
         select referral_id, situation_id, previous_id, service_id, organisation_id, zone, postal_code,
                language, age_band, string_to_array(needs, ','), urgency, state, waits_for,
                created_at, created_at, requested_at, takes_over_id
         from unnest(
            $1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[],
            $8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[],
            $14::timestamptz[], $15::timestamptz[], $16::uuid[]
         ) as made(
            referral_id, situation_id, previous_id, service_id, organisation_id, zone, postal_code,
            language, age_band, needs, urgency, state, waits_for, created_at, requested_at,
            takes_over_id
         )
         on conflict (referral_id) do nothing",
        &ids,
        &situations,
        &previous as &[Option<Uuid>],
        &services as &[&str],
        &organisations as &[&str],
        &zones as &[&str],
        &postal_codes,
        &languages as &[&str],
        &age_bands as &[Option<&str>],
        &needs,
        &urgencies as &[&str],
        &states as &[&str],
        &waiting as &[Option<&str>],
        &created as &[jiff_sqlx::Timestamp],
        &requested as &[Option<jiff_sqlx::Timestamp>],
        &takes_over as &[Option<Uuid>],
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Moves referrals from the state they were in. Relies on the primary key.
pub(super) async fn move_referrals(
    connection: &mut PgConnection,
    moved: &[(State, &Referral)],
) -> Result<(), RoutingError> {
    if moved.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = moved.iter().map(|(_, one)| one.id.uuid()).collect();
    let from: Vec<&str> = moved.iter().map(|(from, _)| from.code().code()).collect();
    let states: Vec<&str> = moved
        .iter()
        .map(|(_, one)| one.state.code().code())
        .collect();
    let waiting: Vec<Option<&str>> = moved.iter().map(|(_, one)| waits_for(one.state)).collect();
    let reasons: Vec<Option<&str>> = moved
        .iter()
        .map(|(_, one)| decline_reason(one.state))
        .collect();
    let since: Vec<jiff_sqlx::Timestamp> = moved
        .iter()
        .map(|(_, one)| one.state_since.to_sqlx())
        .collect();
    let requested: Vec<Option<jiff_sqlx::Timestamp>> = moved
        .iter()
        .map(|(_, one)| one.requested_at.map(ToSqlx::to_sqlx))
        .collect();
    let done = sqlx::query!(
        "update referral set
            state = moved.state, waits_for = moved.waits_for, decline_reason = moved.decline_reason,
            state_since = moved.state_since, requested_at = moved.requested_at, changed_in = default
         from unnest(
            $1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::timestamptz[]
         ) as moved(referral_id, was, state, waits_for, decline_reason, state_since, requested_at)
         where referral.referral_id = moved.referral_id and referral.state = moved.was",
        &ids,
        &from as &[&str],
        &states as &[&str],
        &waiting as &[Option<&str>],
        &reasons as &[Option<&str>],
        &since as &[jiff_sqlx::Timestamp],
        &requested as &[Option<jiff_sqlx::Timestamp>],
    )
    .execute(connection)
    .await?;
    // The situation's lock is held since it was read: fewer means that someone went around it.
    if done.rows_affected() == moved.len() as u64 {
        Ok(())
    } else {
        Err(RoutingError::Raced)
    }
}

/// Lets referrals be more urgent. Relies on the primary key.
pub(super) async fn raise_referrals(
    connection: &mut PgConnection,
    raised: &[&Referral],
) -> Result<(), RoutingError> {
    if raised.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = raised.iter().map(|one| one.id.uuid()).collect();
    let urgencies: Vec<&str> = raised.iter().map(|one| one.urgency.code()).collect();
    sqlx::query!(
        "update referral set urgency = raised.urgency, changed_in = default
         from unnest($1::uuid[], $2::text[]) as raised(referral_id, urgency)
         where referral.referral_id = raised.referral_id",
        &ids,
        &urgencies as &[&str],
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Notes which follow-ups ended or began again. Relies on the primary key.
pub(super) async fn note_follow_ups(
    connection: &mut PgConnection,
    follow_ups: &[(ReferralId, FollowUp)],
) -> Result<(), RoutingError> {
    if follow_ups.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = follow_ups.iter().map(|(id, _)| id.uuid()).collect();
    let ended: Vec<bool> = follow_ups
        .iter()
        .map(|(_, follow_up)| *follow_up == FollowUp::Ended)
        .collect();
    sqlx::query!(
        "update referral set followed_up = noted.ended
         from unnest($1::uuid[], $2::boolean[]) as noted(referral_id, ended)
         where referral.referral_id = noted.referral_id",
        &ids,
        &ended,
    )
    .execute(connection)
    .await?;
    Ok(())
}
