//! Clocks: a promise runs until it is breached, and stays open until it is stopped.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use knipperlicht_vocabulary::{
    ClockId, ClockKind, OrganisationId, ReferralId, SituationId, ZoneId,
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Cell, PAGE};
use crate::error::FollowupError;

/// A clock that starts.
#[derive(Debug)]
pub(crate) struct NewClock {
    pub(crate) id: ClockId,
    pub(crate) kind: ClockKind,
    pub(crate) situation: SituationId,
    /// The situation it was promised in, if that became part of the other one since.
    pub(crate) home: Option<SituationId>,
    pub(crate) referral: ReferralId,
    pub(crate) organisation: OrganisationId,
    pub(crate) zone: ZoneId,
    pub(crate) started_at: Timestamp,
    pub(crate) due_at: Timestamp,
    pub(crate) traceparent: Option<String>,
}

/// A promise that is not kept yet.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OpenClock {
    pub(crate) id: ClockId,
    pub(crate) kind: ClockKind,
    pub(crate) due_at: Timestamp,
    pub(crate) breached: bool,
}

/// A clock that has just run out.
#[derive(Debug)]
pub(crate) struct Breach {
    pub(crate) clock: OpenClock,
    pub(crate) situation: SituationId,
    pub(crate) referral: ReferralId,
    pub(crate) zone: ZoneId,
    pub(crate) traceparent: Option<String>,
}

/// A loop that is not closed.
#[derive(Debug)]
pub(crate) struct OpenLoop {
    pub(crate) clock: OpenClock,
    pub(crate) situation: SituationId,
    pub(crate) referral: ReferralId,
    pub(crate) zone: ZoneId,
}

/// A referral that nobody has to accept any more, since when.
#[derive(Debug)]
pub(crate) struct Settled {
    pub(crate) referral: ReferralId,
    pub(crate) at: Timestamp,
}

/// Starts clocks, but none that runs already, and none for accepting what was accepted. One that
/// runs goes where its referral goes when situations are split. Relies on `clock_open` and on the
/// unique referral of `task`.
pub(crate) async fn start(
    connection: &mut PgConnection,
    clocks: &[NewClock],
) -> Result<(), sqlx::Error> {
    if clocks.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = clocks.iter().map(|clock| clock.id.uuid()).collect();
    let kinds: Vec<String> = clocks.iter().map(|clock| clock.kind.to_string()).collect();
    let situations: Vec<Uuid> = clocks.iter().map(|clock| clock.situation.uuid()).collect();
    let referrals: Vec<Uuid> = clocks.iter().map(|clock| clock.referral.uuid()).collect();
    let homes: Vec<Option<Uuid>> = clocks
        .iter()
        .map(|clock| clock.home.map(SituationId::uuid))
        .collect();
    let organisations: Vec<String> = clocks
        .iter()
        .map(|clock| clock.organisation.to_string())
        .collect();
    let zones: Vec<String> = clocks.iter().map(|clock| clock.zone.to_string()).collect();
    let starts: Vec<jiff_sqlx::Timestamp> = clocks
        .iter()
        .map(|clock| clock.started_at.to_sqlx())
        .collect();
    let dues: Vec<jiff_sqlx::Timestamp> =
        clocks.iter().map(|clock| clock.due_at.to_sqlx()).collect();
    let traces: Vec<Option<String>> = clocks
        .iter()
        .map(|clock| clock.traceparent.clone())
        .collect();
    sqlx::query!(
        "insert into clock (clock_id, kind, situation_id, referral_id, organisation_id, zone,
                            started_at, due_at, traceparent, home_id)
         select clock_id, kind, situation_id, referral_id, organisation_id, zone,
                started_at, due_at, traceparent, home_id
         from unnest($1::uuid[], $2::text[], $3::uuid[], $4::uuid[], $5::text[], $6::text[],
                     $7::timestamptz[], $8::timestamptz[], $9::text[], $10::uuid[])
              as new(clock_id, kind, situation_id, referral_id, organisation_id, zone,
                     started_at, due_at, traceparent, home_id)
         where new.kind <> 'accept'
            or not exists (select from task where task.referral_id = new.referral_id)
         on conflict (referral_id, kind) where stopped_at is null
             do update set situation_id = excluded.situation_id
             where clock.situation_id <> excluded.situation_id",
        &ids,
        &kinds,
        &situations,
        &referrals,
        &organisations,
        &zones,
        &starts as &[jiff_sqlx::Timestamp],
        &dues as &[jiff_sqlx::Timestamp],
        &traces as &[Option<String>],
        &homes as &[Option<Uuid>],
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Stops the clocks for accepting these referrals. Relies on `clock_open`.
pub(crate) async fn stop_accepting(
    connection: &mut PgConnection,
    settled: &[Settled],
) -> Result<(), sqlx::Error> {
    if settled.is_empty() {
        return Ok(());
    }
    let referrals: Vec<Uuid> = settled.iter().map(|one| one.referral.uuid()).collect();
    let ats: Vec<jiff_sqlx::Timestamp> = settled.iter().map(|one| one.at.to_sqlx()).collect();
    sqlx::query!(
        "update clock set stopped_at = settled.at
         from unnest($1::uuid[], $2::timestamptz[]) as settled(referral_id, at)
         where clock.referral_id = settled.referral_id and kind = 'accept' and stopped_at is null",
        &referrals,
        &ats as &[jiff_sqlx::Timestamp],
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Stops every clock of a referral. Relies on `clock_open`.
pub(crate) async fn stop(
    connection: &mut PgConnection,
    now: Timestamp,
    referral: ReferralId,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update clock set stopped_at = $2 where referral_id = $1 and stopped_at is null",
        referral.uuid(),
        now.to_sqlx() as jiff_sqlx::Timestamp,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// When the promise that a referral waits on is, or was, due. Relies on `clock_open`.
pub(crate) async fn open_due(
    connection: &mut PgConnection,
    referral: ReferralId,
) -> Result<Option<Timestamp>, sqlx::Error> {
    let due = sqlx::query_scalar!(
        r#"select min(due_at) as "due_at: jiff_sqlx::Timestamp"
           from clock where referral_id = $1 and stopped_at is null"#,
        referral.uuid(),
    )
    .fetch_one(connection)
    .await?;
    Ok(due.map(jiff_sqlx::Timestamp::to_jiff))
}

/// Marks clocks that have run out as breached, at most `limit`, and leaves those that another
/// instance is at. Relies on `clock_due`.
pub(crate) async fn breach(
    connection: &mut PgConnection,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<Breach>, FollowupError> {
    let rows = sqlx::query!(
        "with due as (
             select clock_id from clock
             where due_at <= $1 and breached_at is null and stopped_at is null
             order by due_at limit $2
             for update skip locked
         )
         update clock set breached_at = $1 from due where clock.clock_id = due.clock_id
         returning clock.clock_id, kind, situation_id, referral_id, zone, due_at, traceparent",
        now.to_sqlx() as jiff_sqlx::Timestamp,
        limit,
    )
    .fetch_all(connection)
    .await?;
    let breaches = rows.into_iter().map(|row| {
        Ok(Breach {
            clock: OpenClock::from_row(row.clock_id, &row.kind, row.due_at, true)?,
            situation: row.situation_id.into(),
            referral: row.referral_id.into(),
            zone: cell("zone", row.clock_id).parse(&row.zone)?,
            traceparent: row.traceparent,
        })
    });
    breaches.collect()
}

/// When the next running clock is due. Relies on `clock_due`.
pub(crate) async fn next_due(
    connection: &mut PgConnection,
) -> Result<Option<Timestamp>, sqlx::Error> {
    // `min(due_at)` would say the same, and under row-level security reads every running clock.
    let due = sqlx::query_scalar!(
        r#"select due_at as "due_at: jiff_sqlx::Timestamp"
           from clock where breached_at is null and stopped_at is null
           order by due_at limit 1"#,
    )
    .fetch_optional(connection)
    .await?;
    Ok(due.map(jiff_sqlx::Timestamp::to_jiff))
}

/// Loops of these zones that are not closed, what is due first before. What only waits for the
/// carer's answer comes after everything that waits for somebody to act: a carer may never answer.
/// Relies on `clock_open_by_zone`.
pub(crate) async fn open_loops(
    connection: &mut PgConnection,
    zones: &[String],
) -> Result<Vec<OpenLoop>, FollowupError> {
    let rows = sqlx::query!(
        r#"select clock_id, kind, situation_id, referral_id, zone, due_at,
                  breached_at is not null as "breached!"
           from clock where zone = any($1) and stopped_at is null
           order by kind = 'confirmation', due_at
           limit $2"#,
        zones,
        PAGE,
    )
    .fetch_all(connection)
    .await?;
    let loops = rows.into_iter().map(|row| {
        Ok(OpenLoop {
            clock: OpenClock::from_row(row.clock_id, &row.kind, row.due_at, row.breached)?,
            situation: row.situation_id.into(),
            referral: row.referral_id.into(),
            zone: cell("zone", row.clock_id).parse(&row.zone)?,
        })
    });
    loops.collect()
}

impl OpenClock {
    pub(in crate::store) fn from_row(
        id: Uuid,
        kind: &str,
        due_at: jiff_sqlx::Timestamp,
        breached: bool,
    ) -> Result<Self, FollowupError> {
        Ok(Self {
            id: id.into(),
            kind: cell("kind", id).parse(kind)?,
            due_at: due_at.to_jiff(),
            breached,
        })
    }
}

const fn cell(column: &'static str, row: Uuid) -> Cell {
    Cell {
        table: "clock",
        column,
        row,
    }
}
