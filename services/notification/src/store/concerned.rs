//! Who has to do with which situation, of those who have a subscription.

use std::collections::HashMap;

use knipperlicht_vocabulary::{OrganisationId, ReferralId, SituationId};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::model::{
    audience::{ConsentNote, Hears},
    owner::{Owner, OwnerKind},
};

/// Somebody who has to do with a situation from now on.
#[derive(Debug)]
pub(crate) struct Concern {
    pub(crate) owner: Owner,
    /// The referral, or the signal.
    pub(crate) about: Uuid,
    pub(crate) situation: SituationId,
    pub(crate) consent: ConsentNote,
}

impl Concern {
    pub(crate) fn of_organisation(
        organisation: &OrganisationId,
        referral: ReferralId,
        situation: SituationId,
    ) -> Self {
        Self {
            owner: Owner::new(OwnerKind::Organisation, organisation.as_str()),
            about: referral.uuid(),
            situation,
            consent: ConsentNote {
                hears: Hears::Everything,
                sequence: 0,
            },
        }
    }
}

/// What the carer agrees to has changed.
#[derive(Debug)]
pub(crate) struct Silence {
    pub(crate) situation: SituationId,
    pub(crate) consent: ConsentNote,
}

/// Somebody who has to do with a situation, and by what they know it.
#[derive(Debug, Clone)]
pub(crate) struct Concerned {
    pub(crate) owner: Owner,
    pub(crate) about: Uuid,
    /// Whether this referral is over for its organisation.
    pub(crate) ended: bool,
}

/// Remembers who has to do with what; also by what was over before.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    concerns: &[Concern],
) -> Result<(), sqlx::Error> {
    if concerns.is_empty() {
        return Ok(());
    }
    let kinds: Vec<&str> = concerns.iter().map(|one| one.owner.kind.name()).collect();
    let whom: Vec<&str> = concerns.iter().map(|one| one.owner.id.as_str()).collect();
    let about: Vec<Uuid> = concerns.iter().map(|one| one.about).collect();
    let situations: Vec<Uuid> = concerns.iter().map(|one| one.situation.uuid()).collect();
    let silent: Vec<bool> = concerns.iter().map(|one| one.consent.is_silent()).collect();
    let sequences: Vec<i64> = concerns.iter().map(|one| one.consent.sequence).collect();
    sqlx::query!(
        "with again as (
             update concerned set ended = false
             from unnest($1::text[], $2::text[], $3::uuid[]) as asked(kind, whom, about)
             where concerned.ended and concerned.kind = asked.kind and concerned.whom = asked.whom
               and concerned.about = asked.about
         )
         insert into concerned (kind, whom, about, situation_id, silent, consent_sequence)
         select * from unnest($1::text[], $2::text[], $3::uuid[], $4::uuid[], $5::bool[], $6::bigint[])
         on conflict do nothing",
        &kinds as &[&str],
        &whom as &[&str],
        &about,
        &situations,
        &silent,
        &sequences,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Lets reporters hear nothing more of a situation whose carer refused or withdrew, or hear of it
/// again. Relies on `concerned_by_situation`.
pub(crate) async fn silence(
    connection: &mut PgConnection,
    silences: &[Silence],
) -> Result<(), sqlx::Error> {
    if silences.is_empty() {
        return Ok(());
    }
    let situations: Vec<Uuid> = silences.iter().map(|one| one.situation.uuid()).collect();
    let silent: Vec<bool> = silences.iter().map(|one| one.consent.is_silent()).collect();
    let sequences: Vec<i64> = silences.iter().map(|one| one.consent.sequence).collect();
    sqlx::query!(
        "with recursive said as (
             select distinct on (situation_id) situation_id, silent, sequence
             from unnest($1::uuid[], $2::bool[], $3::bigint[]) as said(situation_id, silent, sequence)
             order by situation_id, sequence desc
         ), family as (
             select situation_id as said_of, situation_id as member from said
             union
             select family.said_of, merged.absorbed_id
             from family join merged on merged.into_id = family.member
         )
         update concerned set silent = said.silent, consent_sequence = said.sequence
         from family join said on said.situation_id = family.said_of
         where concerned.situation_id = family.member and concerned.kind = 'reporter'
           and concerned.consent_sequence < said.sequence",
        &situations,
        &silent,
        &sequences,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Notes that these referrals are over: by them nobody has to do with their situations any more.
/// Relies on `concerned_by_about`.
pub(crate) async fn end(
    connection: &mut PgConnection,
    referrals: &[Uuid],
) -> Result<(), sqlx::Error> {
    if referrals.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "update concerned set ended = true where about = any($1) and kind = 'organisation' and not ended",
        referrals,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Who has to do with these situations, also where one became part of another, but for those who
/// hear nothing. Relies on `merged`'s keys and `concerned_by_situation`.
pub(crate) async fn of_situations(
    connection: &mut PgConnection,
    situations: &[Uuid],
) -> Result<HashMap<SituationId, Vec<Concerned>>, sqlx::Error> {
    let mut found: HashMap<SituationId, Vec<Concerned>> = HashMap::new();
    if situations.is_empty() {
        return Ok(found);
    }
    let rows = sqlx::query!(
        r#"with recursive way as (
               select asked, asked as at, 0 as steps from unnest($1::uuid[]) as asked
               union all
               select way.asked, merged.into_id, steps + 1
               from way join merged on merged.absorbed_id = way.at
           ), root as (
               select distinct on (asked) asked, at from way order by asked, steps desc
           ), family as (
               select asked, at as member from root
               union
               select family.asked, merged.absorbed_id
               from family join merged on merged.into_id = family.member
           )
           select family.asked as "asked!", concerned.kind, concerned.whom, concerned.about, concerned.ended
           from family join concerned on concerned.situation_id = family.member
           where not silent
           order by concerned.about"#,
        situations,
    )
    .fetch_all(connection)
    .await?;
    for row in rows {
        if let Some(concerned) = concerned(&row.kind, row.whom, row.about, row.ended) {
            found.entry(row.asked.into()).or_default().push(concerned);
        }
    }
    Ok(found)
}

/// Which organisations these referrals went to. Relies on `concerned_by_about`.
pub(crate) async fn of_referrals(
    connection: &mut PgConnection,
    referrals: &[Uuid],
) -> Result<HashMap<Uuid, Vec<Concerned>>, sqlx::Error> {
    let mut found: HashMap<Uuid, Vec<Concerned>> = HashMap::new();
    if referrals.is_empty() {
        return Ok(found);
    }
    let rows = sqlx::query!(
        "select kind, whom, about, ended from concerned where about = any($1) and kind = 'organisation'",
        referrals,
    )
    .fetch_all(connection)
    .await?;
    for row in rows {
        if let Some(concerned) = concerned(&row.kind, row.whom, row.about, row.ended) {
            found.entry(row.about).or_default().push(concerned);
        }
    }
    Ok(found)
}

/// Forgets who has to do with these situations, and what they were told of them: but for that they
/// are forgotten, which is still on its way. Done again it forgets what was written since. Relies
/// on `concerned_by_situation`, `delivery_by_about` and `attempt`'s primary key.
pub(crate) async fn forget(
    connection: &mut PgConnection,
    situations: &[Uuid],
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "with known as (
             delete from concerned where situation_id = any($1) returning about
         ), told as (
             delete from delivery
             where about in (select about from known union all select unnest($1))
               and event_type <> 'knipperlicht.situation.erased.v1'
             returning delivery_id
         )
         delete from attempt using told where attempt.delivery_id = told.delivery_id",
        situations,
    )
    .execute(connection)
    .await?;
    Ok(())
}

fn concerned(kind: &str, whom: String, about: Uuid, ended: bool) -> Option<Concerned> {
    Some(Concerned {
        owner: Owner::new(OwnerKind::named(kind)?, whom),
        about,
        ended,
    })
}
