//! Moving clocks that run: they wait and go on, or are due sooner. All of it is rare beside starting
//! and stopping, so it may look first what stands there.

use std::collections::HashMap;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use knipperlicht_vocabulary::{ClockKind, ReferralId, Urgency, ZoneId};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Cell, clocks::Settled};
use crate::{
    error::FollowupError,
    model::{Calendars, hastens, raised, resumed},
};

/// A referral that has become more urgent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Raised {
    pub(crate) referral: ReferralId,
    pub(crate) urgency: Urgency,
    pub(crate) at: Timestamp,
}

/// A promise that is not kept yet, whole.
struct Running {
    id: Uuid,
    kind: ClockKind,
    referral: Option<Uuid>,
    zone: ZoneId,
    urgency: Urgency,
    started_at: Timestamp,
    due_at: Timestamp,
    breached: bool,
    paused_at: Option<Timestamp>,
}

/// Lets the clocks for accepting wait: the partner lets the referral wait. Relies on `clock_open`.
pub(crate) async fn pause(
    connection: &mut PgConnection,
    held: &[Settled],
) -> Result<(), sqlx::Error> {
    if held.is_empty() {
        return Ok(());
    }
    let referrals: Vec<Uuid> = held.iter().map(|one| one.referral.uuid()).collect();
    let ats: Vec<jiff_sqlx::Timestamp> = held.iter().map(|one| one.at.to_sqlx()).collect();
    sqlx::query!(
        "update clock set paused_at = held.at
         from unnest($1::uuid[], $2::timestamptz[]) as held(referral_id, at)
         where clock.referral_id = held.referral_id and kind = 'accept'
           and stopped_at is null and paused_at is null",
        &referrals,
        &ats as &[jiff_sqlx::Timestamp],
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Lets the clocks for accepting go on with what was left of them. Relies on `clock_open`.
pub(crate) async fn resume(
    connection: &mut PgConnection,
    calendars: &Calendars,
    released: &[Settled],
) -> Result<(), FollowupError> {
    let ats: HashMap<Uuid, Timestamp> = released
        .iter()
        .map(|one| (one.referral.uuid(), one.at))
        .collect();
    let mut moved = of_referrals(&mut *connection, ats.keys().copied().collect()).await?;
    moved.retain_mut(|clock| {
        let at = clock.referral.and_then(|referral| ats.get(&referral));
        let (Some(at), Some(paused_at), ClockKind::Accept) = (at, clock.paused_at, clock.kind)
        else {
            return false;
        };
        let calendar = calendars.of(&clock.zone);
        clock.due_at = resumed(
            calendar,
            clock.kind,
            clock.urgency,
            clock.due_at,
            paused_at,
            *at,
        );
        clock.paused_at = None;
        clock.breached = false;
        true
    });
    write(connection, &moved).await
}

/// Lets the clocks of referrals be due sooner. Relies on `clock_open`.
pub(crate) async fn raise(
    connection: &mut PgConnection,
    calendars: &Calendars,
    risen: &[Raised],
) -> Result<(), FollowupError> {
    let risen: HashMap<Uuid, &Raised> =
        risen.iter().map(|one| (one.referral.uuid(), one)).collect();
    let mut moved = of_referrals(&mut *connection, risen.keys().copied().collect()).await?;
    moved.retain_mut(|clock| {
        let raise = clock.referral.and_then(|referral| risen.get(&referral));
        let may_move = !clock.breached && hastens(clock.kind);
        let Some(Raised { urgency, at, .. }) = raise.filter(|_| may_move) else {
            return false;
        };
        let calendar = calendars.of(&clock.zone);
        let started_at = clock.started_at;
        clock.due_at = raised(
            calendar,
            clock.kind,
            *urgency,
            clock.due_at,
            started_at,
            *at,
        );
        clock.urgency = *urgency;
        true
    });
    write(connection, &moved).await
}

struct ClockRow {
    clock_id: Uuid,
    kind: String,
    referral_id: Option<Uuid>,
    zone: String,
    urgency: Option<String>,
    started_at: jiff_sqlx::Timestamp,
    due_at: jiff_sqlx::Timestamp,
    breached: bool,
    paused_at: Option<jiff_sqlx::Timestamp>,
}

/// The open clocks of these referrals. Relies on `clock_open`.
async fn of_referrals(
    connection: &mut PgConnection,
    referrals: Vec<Uuid>,
) -> Result<Vec<Running>, FollowupError> {
    if referrals.is_empty() {
        return Ok(Vec::new());
    }
    let rows = sqlx::query_as!(
        ClockRow,
        r#"select clock_id, kind, referral_id, zone, urgency, started_at, due_at,
                  breached_at is not null as "breached!", paused_at
           from clock where referral_id = any($1) and stopped_at is null"#,
        &referrals,
    )
    .fetch_all(connection)
    .await?;
    read(rows)
}

fn read(rows: Vec<ClockRow>) -> Result<Vec<Running>, FollowupError> {
    let read = rows.into_iter().map(|row| {
        let cell = |column| Cell {
            table: "clock",
            column,
            row: row.clock_id,
        };
        Ok(Running {
            id: row.clock_id,
            kind: cell("kind").parse(&row.kind)?,
            referral: row.referral_id,
            zone: cell("zone").parse(&row.zone)?,
            // Of before it was kept: the least that it can be.
            urgency: match &row.urgency {
                Some(urgency) => cell("urgency").parse(urgency)?,
                None => Urgency::Routine,
            },
            started_at: row.started_at.to_jiff(),
            due_at: row.due_at.to_jiff(),
            breached: row.breached,
            paused_at: row.paused_at.map(jiff_sqlx::Timestamp::to_jiff),
        })
    });
    read.collect()
}

/// Writes how they stand now. Relies on the primary key.
async fn write(connection: &mut PgConnection, moved: &[Running]) -> Result<(), FollowupError> {
    if moved.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = moved.iter().map(|clock| clock.id).collect();
    let urgencies: Vec<&str> = moved.iter().map(|clock| clock.urgency.code()).collect();
    let dues: Vec<jiff_sqlx::Timestamp> =
        moved.iter().map(|clock| clock.due_at.to_sqlx()).collect();
    let breached: Vec<bool> = moved.iter().map(|clock| clock.breached).collect();
    let pauses: Vec<Option<jiff_sqlx::Timestamp>> = moved
        .iter()
        .map(|clock| clock.paused_at.map(ToSqlx::to_sqlx))
        .collect();
    sqlx::query!(
        "update clock set urgency = moved.urgency, due_at = moved.due_at, paused_at = moved.paused_at,
                          breached_at = case when moved.breached then clock.breached_at end
         from unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::boolean[], $5::timestamptz[])
              as moved(clock_id, urgency, due_at, breached, paused_at)
         where clock.clock_id = moved.clock_id",
        &ids,
        &urgencies as &[&str],
        &dues as &[jiff_sqlx::Timestamp],
        &breached,
        &pauses as &[Option<jiff_sqlx::Timestamp>],
    )
    .execute(connection)
    .await?;
    Ok(())
}
