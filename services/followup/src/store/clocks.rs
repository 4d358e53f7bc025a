//! Clocks: a promise runs until it is breached, and stays open until it is stopped.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use knipperlicht_runtime::metrics::PROMISES;
use knipperlicht_vocabulary::{
    ClockId, ClockKind, ItemId, OrganisationId, ReferralId, SituationId, Urgency, ZoneId,
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Cell, PAGE};
use crate::{error::FollowupError, unreadable::Unreadable};

/// What a promise is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum About {
    /// A referral, or its follow-up.
    Referral(ReferralId),
    /// A coordinator's item.
    Item {
        id: ItemId,
        /// The promise that it is about, where it is about one that was not kept.
        promise: Option<ClockKind>,
    },
}

/// A clock that starts.
#[derive(Debug)]
pub(crate) struct NewClock {
    pub(crate) id: ClockId,
    pub(crate) kind: ClockKind,
    pub(crate) situation: SituationId,
    /// The situation it was promised in, if that became part of the other one since.
    pub(crate) home: Option<SituationId>,
    pub(crate) about: About,
    /// Who promised it, where it is a partner who may see it.
    pub(crate) organisation: Option<OrganisationId>,
    pub(crate) zone: ZoneId,
    pub(crate) urgency: Urgency,
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
    pub(crate) about: About,
    pub(crate) zone: ZoneId,
    /// How soon; not known of promises of before that was kept.
    pub(crate) urgency: Option<Urgency>,
    pub(crate) traceparent: Option<String>,
}

/// A promise that lay with a coordinator and does not any more.
#[derive(Debug)]
pub(crate) struct SettledClock {
    pub(crate) id: ClockId,
    pub(crate) kind: ClockKind,
    pub(crate) situation: SituationId,
    pub(crate) referral: ReferralId,
    pub(crate) zone: ZoneId,
}

/// A loop that is not closed.
#[derive(Debug)]
pub(crate) struct OpenLoop {
    pub(crate) clock: OpenClock,
    pub(crate) situation: SituationId,
    pub(crate) about: About,
    pub(crate) zone: ZoneId,
}

/// A promise that runs for a referral.
#[derive(Debug)]
pub(crate) struct RunningPromise {
    pub(crate) referral: ReferralId,
    pub(crate) clock: OpenClock,
}

/// A referral that nobody has to answer any more, or that goes on, since when.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Settled {
    pub(crate) referral: ReferralId,
    pub(crate) at: Timestamp,
}

impl About {
    const fn uuid(self) -> Uuid {
        match self {
            Self::Referral(referral) => referral.uuid(),
            Self::Item { id, .. } => id.uuid(),
        }
    }

    const fn item_promise(self) -> Option<ClockKind> {
        match self {
            Self::Referral(_) => None,
            Self::Item { promise, .. } => promise,
        }
    }

    fn from_row(
        clock: Uuid,
        referral: Option<Uuid>,
        item: Option<Uuid>,
        item_promise: Option<&str>,
    ) -> Result<Self, FollowupError> {
        match (referral, item) {
            (Some(referral), None) => Ok(Self::Referral(referral.into())),
            (None, Some(item)) => Ok(Self::Item {
                id: item.into(),
                promise: item_promise
                    .map(|promise| cell("item_promise", clock).parse(promise))
                    .transpose()?,
            }),
            _ => Err(cell("referral_id", clock).bad(&"about neither a referral nor an item")),
        }
    }
}

/// Starts clocks, but none that runs already, and none for accepting what was accepted. One that
/// runs goes where its referral or its item goes when situations are split.
pub(crate) async fn start(
    connection: &mut PgConnection,
    clocks: &[NewClock],
) -> Result<(), sqlx::Error> {
    let (of_items, of_referrals): (Vec<_>, Vec<_>) = clocks
        .iter()
        .partition(|clock| matches!(clock.about, About::Item { .. }));
    start_of_referrals(&mut *connection, &of_referrals).await?;
    start_of_items(connection, &of_items).await
}

/// Relies on `clock_open` and on the unique referral of `task`.
async fn start_of_referrals(
    connection: &mut PgConnection,
    clocks: &[&NewClock],
) -> Result<(), sqlx::Error> {
    if clocks.is_empty() {
        return Ok(());
    }
    let columns = Columns::of(clocks);
    sqlx::query!(
        "insert into clock (clock_id, kind, situation_id, referral_id, organisation_id, zone,
                            started_at, due_at, traceparent, home_id, urgency)
         select clock_id, kind, situation_id, referral_id, organisation_id, zone,
                started_at, due_at, traceparent, home_id, urgency
         from unnest($1::uuid[], $2::text[], $3::uuid[], $4::uuid[], $5::text[], $6::text[],
                     $7::timestamptz[], $8::timestamptz[], $9::text[], $10::uuid[], $11::text[])
              as new(clock_id, kind, situation_id, referral_id, organisation_id, zone,
                     started_at, due_at, traceparent, home_id, urgency)
         where new.kind <> 'accept'
               or not exists (select from task where task.referral_id = new.referral_id)
         on conflict (referral_id, kind) where stopped_at is null
             do update set situation_id = excluded.situation_id
             where clock.situation_id <> excluded.situation_id",
        &columns.ids,
        &columns.kinds as &[&str],
        &columns.situations,
        &columns.about as &[Option<Uuid>],
        &columns.organisations as &[Option<&str>],
        &columns.zones as &[&str],
        &columns.starts as &[jiff_sqlx::Timestamp],
        &columns.dues as &[jiff_sqlx::Timestamp],
        &columns.traces as &[Option<&str>],
        &columns.homes as &[Option<Uuid>],
        &columns.urgencies as &[&str],
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Relies on `clock_open_of_item`.
async fn start_of_items(
    connection: &mut PgConnection,
    clocks: &[&NewClock],
) -> Result<(), sqlx::Error> {
    if clocks.is_empty() {
        return Ok(());
    }
    let columns = Columns::of(clocks);
    sqlx::query!(
        "insert into clock (clock_id, kind, situation_id, item_id, zone, started_at, due_at,
                            traceparent, home_id, urgency, item_promise)
         select *
         from unnest($1::uuid[], $2::text[], $3::uuid[], $4::uuid[], $5::text[], $6::timestamptz[],
                     $7::timestamptz[], $8::text[], $9::uuid[], $10::text[], $11::text[])
         on conflict (item_id) where stopped_at is null and item_id is not null
             do update set situation_id = excluded.situation_id
             where clock.situation_id <> excluded.situation_id",
        &columns.ids,
        &columns.kinds as &[&str],
        &columns.situations,
        &columns.about as &[Option<Uuid>],
        &columns.zones as &[&str],
        &columns.starts as &[jiff_sqlx::Timestamp],
        &columns.dues as &[jiff_sqlx::Timestamp],
        &columns.traces as &[Option<&str>],
        &columns.homes as &[Option<Uuid>],
        &columns.urgencies as &[&str],
        &columns.item_promises as &[Option<&str>],
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Clocks that start, a list for each column.
#[derive(Default)]
struct Columns<'c> {
    ids: Vec<Uuid>,
    kinds: Vec<&'static str>,
    situations: Vec<Uuid>,
    about: Vec<Option<Uuid>>,
    organisations: Vec<Option<&'c str>>,
    zones: Vec<&'c str>,
    starts: Vec<jiff_sqlx::Timestamp>,
    dues: Vec<jiff_sqlx::Timestamp>,
    traces: Vec<Option<&'c str>>,
    homes: Vec<Option<Uuid>>,
    urgencies: Vec<&'static str>,
    item_promises: Vec<Option<&'static str>>,
}

impl<'c> Columns<'c> {
    fn of(clocks: &[&'c NewClock]) -> Self {
        let mut columns = Self::default();
        for clock in clocks {
            columns.ids.push(clock.id.uuid());
            columns.kinds.push(clock.kind.code());
            columns.situations.push(clock.situation.uuid());
            columns.about.push(Some(clock.about.uuid()));
            columns
                .organisations
                .push(clock.organisation.as_ref().map(OrganisationId::as_str));
            columns.zones.push(clock.zone.as_str());
            columns.starts.push(clock.started_at.to_sqlx());
            columns.dues.push(clock.due_at.to_sqlx());
            columns.traces.push(clock.traceparent.as_deref());
            columns.homes.push(clock.home.map(SituationId::uuid));
            columns.urgencies.push(clock.urgency.code());
            let item_promise = clock.about.item_promise();
            columns
                .item_promises
                .push(item_promise.map(ClockKind::code));
        }
        columns
    }
}

/// Stops the clocks of these kinds of referrals that are settled. Gives those that lay with a
/// coordinator. Relies on `clock_open`.
pub(crate) async fn stop_kinds(
    connection: &mut PgConnection,
    kinds: &[ClockKind],
    settled: &[Settled],
) -> Result<Vec<SettledClock>, FollowupError> {
    if settled.is_empty() {
        return Ok(Vec::new());
    }
    let kinds: Vec<&str> = kinds.iter().map(|kind| kind.code()).collect();
    let referrals: Vec<Uuid> = settled.iter().map(|one| one.referral.uuid()).collect();
    let ats: Vec<jiff_sqlx::Timestamp> = settled.iter().map(|one| one.at.to_sqlx()).collect();
    let rows = sqlx::query_as!(
        StoppedRow,
        r#"update clock set stopped_at = settled.at
           from unnest($1::uuid[], $2::timestamptz[]) as settled(referral_id, at)
           where clock.referral_id = settled.referral_id and kind = any($3) and stopped_at is null
           returning clock_id, kind, situation_id, clock.referral_id as "referral_id!", zone,
                     breached_at is not null as "breached!""#,
        &referrals,
        &ats as &[jiff_sqlx::Timestamp],
        &kinds as &[&str],
    )
    .fetch_all(connection)
    .await?;
    lay_with_a_coordinator(rows)
}

/// Stops every clock of these referrals. Gives those that lay with a coordinator. Relies on
/// `clock_open`.
pub(crate) async fn stop(
    connection: &mut PgConnection,
    now: Timestamp,
    referrals: &[ReferralId],
) -> Result<Vec<SettledClock>, FollowupError> {
    let referrals: Vec<Uuid> = referrals.iter().map(|one| one.uuid()).collect();
    let rows = sqlx::query_as!(
        StoppedRow,
        r#"update clock set stopped_at = $2 where referral_id = any($1) and stopped_at is null
           returning clock_id, kind, situation_id, referral_id as "referral_id!", zone,
                     breached_at is not null as "breached!""#,
        &referrals,
        now.to_sqlx() as jiff_sqlx::Timestamp,
    )
    .fetch_all(connection)
    .await?;
    lay_with_a_coordinator(rows)
}

/// Stops the clocks of items that were dealt with. Relies on `clock_open_of_item`.
pub(crate) async fn stop_items(
    connection: &mut PgConnection,
    closed: &[(ItemId, Timestamp)],
) -> Result<(), sqlx::Error> {
    if closed.is_empty() {
        return Ok(());
    }
    let items: Vec<Uuid> = closed.iter().map(|(item, _)| item.uuid()).collect();
    let ats: Vec<jiff_sqlx::Timestamp> = closed.iter().map(|(_, at)| at.to_sqlx()).collect();
    sqlx::query!(
        "update clock set stopped_at = closed.at
         from unnest($1::uuid[], $2::timestamptz[]) as closed(item_id, at)
         where clock.item_id = closed.item_id and stopped_at is null",
        &items,
        &ats as &[jiff_sqlx::Timestamp],
    )
    .execute(connection)
    .await?;
    Ok(())
}

struct StoppedRow {
    clock_id: Uuid,
    kind: String,
    situation_id: Uuid,
    referral_id: Uuid,
    zone: String,
    breached: bool,
}

/// Silence about a request went to the next candidate; what else was broken went to a coordinator.
fn lay_with_a_coordinator(rows: Vec<StoppedRow>) -> Result<Vec<SettledClock>, FollowupError> {
    for row in rows.iter().filter(|row| !row.breached) {
        count_ended(cell("kind", row.clock_id).parse(&row.kind)?, "kept");
    }
    let mut settled = Vec::new();
    for row in rows.into_iter().filter(|row| row.breached) {
        let kind = cell("kind", row.clock_id).parse(&row.kind)?;
        if kind != ClockKind::Accept {
            settled.push(SettledClock {
                id: row.clock_id.into(),
                kind,
                situation: row.situation_id.into(),
                referral: row.referral_id.into(),
                zone: cell("zone", row.clock_id).parse(&row.zone)?,
            });
        }
    }
    Ok(settled)
}

/// A promise ended: `kept` in time, or `broken` when it ran out.
pub(crate) fn count_ended(promise: ClockKind, outcome: &'static str) {
    PROMISES.add(1, &[("promise", promise.code()), ("outcome", outcome)]);
}

/// When the promise that a referral waits on is, or was, due; nothing while it rests. Relies on
/// `clock_open`.
pub(crate) async fn open_due(
    connection: &mut PgConnection,
    referral: ReferralId,
) -> Result<Option<Timestamp>, sqlx::Error> {
    let due = sqlx::query_scalar!(
        r#"select min(due_at) as "due_at: jiff_sqlx::Timestamp"
           from clock where referral_id = $1 and stopped_at is null and paused_at is null"#,
        referral.uuid(),
    )
    .fetch_one(connection)
    .await?;
    Ok(due.map(jiff_sqlx::Timestamp::to_jiff))
}

/// The trace that the promise was made in which a referral waits on. Relies on `clock_open`.
pub(crate) async fn trace_of(
    connection: &mut PgConnection,
    referral: ReferralId,
) -> Result<Option<String>, sqlx::Error> {
    let trace = sqlx::query_scalar!(
        r#"select traceparent as "traceparent!" from clock
           where referral_id = $1 and stopped_at is null and traceparent is not null
           order by started_at limit 1"#,
        referral.uuid(),
    )
    .fetch_optional(connection)
    .await?;
    Ok(trace)
}

/// Marks clocks that have run out as breached, at most `limit`, and leaves those that another
/// instance is at and those that this one cannot read. What was due first comes first. Relies on
/// `clock_running` and the primary key.
pub(crate) async fn breach(
    connection: &mut PgConnection,
    now: Timestamp,
    limit: i64,
    unreadable: &Unreadable,
) -> Result<Vec<Breach>, sqlx::Error> {
    let rows = sqlx::query!(
        "select clock_id, kind, situation_id, referral_id, item_id, item_promise, zone, due_at,
                urgency, traceparent
         from clock
         where due_at <= $1 and breached_at is null and stopped_at is null and paused_at is null
           and clock_id <> all($3)
         order by due_at limit $2
         for update skip locked",
        now.to_sqlx() as jiff_sqlx::Timestamp,
        limit,
        &unreadable.ids(),
    )
    .fetch_all(&mut *connection)
    .await?;
    let read = rows.into_iter().filter_map(|row| {
        let id = row.clock_id;
        let breach = || {
            Ok(Breach {
                clock: OpenClock::from_row(id, &row.kind, row.due_at, true)?,
                situation: row.situation_id.into(),
                about: About::from_row(
                    id,
                    row.referral_id,
                    row.item_id,
                    row.item_promise.as_deref(),
                )?,
                zone: cell("zone", id).parse(&row.zone)?,
                urgency: row
                    .urgency
                    .map(|urgency| cell("urgency", id).parse(&urgency))
                    .transpose()?,
                traceparent: row.traceparent,
            })
        };
        unreadable.read(id, breach())
    });
    let breaches: Vec<Breach> = read.collect();
    if breaches.is_empty() {
        return Ok(breaches);
    }
    let ids: Vec<Uuid> = breaches.iter().map(|one| one.clock.id.uuid()).collect();
    sqlx::query!(
        "update clock set breached_at = $2 where clock_id = any($1)",
        &ids,
        now.to_sqlx() as jiff_sqlx::Timestamp,
    )
    .execute(connection)
    .await?;
    Ok(breaches)
}

/// The situations of clocks that are due at `at` and did not fire yet. Relies on `clock_running`.
pub(crate) async fn overdue(
    connection: &mut PgConnection,
    at: Timestamp,
) -> Result<Vec<SituationId>, sqlx::Error> {
    let situations = sqlx::query_scalar!(
        "select distinct situation_id from clock
         where due_at <= $1 and breached_at is null and stopped_at is null and paused_at is null",
        at.to_sqlx() as jiff_sqlx::Timestamp,
    )
    .fetch_all(connection)
    .await?;
    Ok(situations.into_iter().map(SituationId::from).collect())
}

/// When the next running clock is due, of those that this process can read. Relies on
/// `clock_running`.
pub(crate) async fn next_due(
    connection: &mut PgConnection,
    unreadable: &Unreadable,
) -> Result<Option<Timestamp>, sqlx::Error> {
    // `min(due_at)` would say the same, and under row-level security reads every running clock.
    let due = sqlx::query_scalar!(
        r#"select due_at as "due_at: jiff_sqlx::Timestamp"
           from clock
           where breached_at is null and stopped_at is null and paused_at is null
             and clock_id <> all($1)
           order by due_at limit 1"#,
        &unreadable.ids(),
    )
    .fetch_optional(connection)
    .await?;
    Ok(due.map(jiff_sqlx::Timestamp::to_jiff))
}

/// The promises that run for these referrals, as far as the caller sees them, what is due first before.
/// Relies on `clock_open`.
pub(crate) async fn of_referrals(
    connection: &mut PgConnection,
    referrals: &[ReferralId],
) -> Result<Vec<RunningPromise>, FollowupError> {
    let referrals: Vec<Uuid> = referrals.iter().map(|id| id.uuid()).collect();
    let rows = sqlx::query!(
        r#"select clock_id, kind, referral_id as "referral_id!", due_at,
                  breached_at is not null as "breached!"
           from clock where referral_id = any($1) and stopped_at is null and paused_at is null
           order by due_at"#,
        &referrals,
    )
    .fetch_all(connection)
    .await?;
    let promises = rows.into_iter().map(|row| {
        Ok(RunningPromise {
            referral: row.referral_id.into(),
            clock: OpenClock::from_row(row.clock_id, &row.kind, row.due_at, row.breached)?,
        })
    });
    promises.collect()
}

/// Loops of these zones that are not closed, what is due first before. What only waits for the
/// carer's answer comes after everything that waits for somebody to act: a carer may never answer.
/// Where a partner lets a referral wait, it is how long it may. Relies on `clock_open_by_zone`.
pub(crate) async fn open_loops(
    connection: &mut PgConnection,
    zones: &[String],
) -> Result<Vec<OpenLoop>, FollowupError> {
    let rows = sqlx::query!(
        r#"select clock_id, kind, situation_id, referral_id, item_id, item_promise, zone, due_at,
                  breached_at is not null as "breached!"
           from clock where zone = any($1) and stopped_at is null and paused_at is null
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
            about: About::from_row(
                row.clock_id,
                row.referral_id,
                row.item_id,
                row.item_promise.as_deref(),
            )?,
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
