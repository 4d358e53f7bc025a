//! Lists of referrals, as whoever the transaction belongs to may see them.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use knipperlicht_vocabulary::{OrganisationId, ReferralId, ZoneId};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{referrals::ReferralRow, word};
use crate::RoutingError;

/// Whose referrals: what row-level security lets through anyway, said once more so that an index
/// is used.
#[derive(Debug, Clone)]
pub(crate) enum Filter {
    /// A partner's.
    Organisation(OrganisationId),
    /// A coordinator's.
    Zones(Vec<String>),
}

/// Which of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    /// Those that wait for an answer.
    Open,
    /// All.
    All,
}

/// The last referral of the page before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct After {
    /// 1 for an emergency to 4 for routine.
    pub(crate) urgency_order: i16,
    /// When it was made.
    pub(crate) created_at: Timestamp,
    /// The referral.
    pub(crate) id: Uuid,
}

impl After {
    /// Before every referral.
    pub(crate) const START: Self = Self {
        urgency_order: 0,
        created_at: Timestamp::UNIX_EPOCH,
        id: Uuid::nil(),
    };
}

/// The same page for another scope: the text stays one and is checked for each. Of each of those
/// asked for the index gives so many in order, however many there are.
macro_rules! page {
    ($scope:literal, $states:literal, $connection:ident, $whose:ident, $after:ident, $limit:ident) => {
        sqlx::query_as!(
            ReferralRow,
            "select referral_id, situation_id, previous_id, service_id, organisation_id, zone, postal_code,
                    language, age_band, needs, urgency, state, waits_for, decline_reason, state_since,
                    created_at, requested_at, followed_up, takes_over_id, changed_in
             from unnest($1::text[]) as asked(whose) cross join lateral (
                 select * from referral where " + $scope + " = asked.whose and state " + $states + "
                 and (urgency_order, created_at, referral_id) > ($2, $3, $4)
                 order by urgency_order, created_at, referral_id limit $5
             ) as referral
             order by urgency_order, created_at, referral_id limit $5",
            $whose,
            $after.urgency_order,
            $after.created_at.to_sqlx() as jiff_sqlx::Timestamp,
            $after.id,
            $limit,
        )
        .fetch_all(&mut *$connection)
        .await?
    };
}

/// The same page of a partner or of zones.
macro_rules! pages {
    ($states:literal, $connection:ident, $filter:ident, $after:ident, $limit:ident) => {
        match $filter {
            Filter::Organisation(id) => {
                let whose = &[id.to_string()];
                page!(
                    "organisation_id",
                    $states,
                    $connection,
                    whose,
                    $after,
                    $limit
                )
            }
            Filter::Zones(zones) => {
                page!("zone", $states, $connection, zones, $after, $limit)
            }
        }
    };
}

/// A page: the most urgent, then longest waiting first. Relies on `referral_by_open_organisation`
/// and the three like it.
pub(crate) async fn list(
    connection: &mut PgConnection,
    filter: &Filter,
    which: Which,
    after: After,
    limit: i64,
) -> Result<Vec<ReferralRow>, RoutingError> {
    let mut rows = pages!("in ('requested', 'held')", connection, filter, after, limit);
    if which == Which::All {
        let answered = pages!(
            "not in ('requested', 'held')",
            connection,
            filter,
            after,
            limit
        );
        // One that was answered between the two look-ups is in both.
        rows.extend(answered);
        rows.sort_by_key(ReferralRow::place);
        rows.dedup_by_key(|row| row.place());
        rows.truncate(usize::try_from(limit).unwrap_or_default());
    }
    Ok(rows)
}

/// These referrals, in the order of a page. Relies on the primary key.
pub(crate) async fn named(
    connection: &mut PgConnection,
    ids: &[ReferralId],
) -> Result<Vec<ReferralRow>, RoutingError> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    let rows = sqlx::query_as!(
        ReferralRow,
        "select referral_id, situation_id, previous_id, service_id, organisation_id, zone, postal_code,
                language, age_band, needs, urgency, state, waits_for, decline_reason, state_since,
                created_at, requested_at, followed_up, takes_over_id, changed_in
         from referral where referral_id = any($1)
         order by urgency_order, created_at, referral_id",
        &ids,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows)
}

/// The oldest transaction still under way: whatever is not visible now was, or will be, changed
/// in it or a later one.
pub(crate) async fn horizon(connection: &mut PgConnection) -> Result<i64, RoutingError> {
    let horizon = sqlx::query_scalar!(
        r#"select pg_snapshot_xmin(pg_current_snapshot())::text::bigint as "horizon!""#
    )
    .fetch_one(connection)
    .await?;
    Ok(horizon)
}

/// The oldest transaction still under way; and of what changed in this transaction or a later one
/// whose it is, and the transaction; not what was restored from a server whose transactions had come
/// further. Without a transaction nothing is looked for. Relies on `referral_by_change`.
pub(crate) async fn whose_changed_since(
    connection: &mut PgConnection,
    horizon: Option<i64>,
) -> Result<(i64, Vec<(OrganisationId, ZoneId, i64)>), RoutingError> {
    // A row for the oldest transaction comes, whatever changed.
    let rows = sqlx::query!(
        r#"select pg_snapshot_xmin(pg_current_snapshot())::text::bigint as "horizon!",
                  organisation_id as "organisation_id?", zone as "zone?", changed_in as "changed_in?"
           from (values (true)) as one
           left join (
               select distinct organisation_id, zone, changed_in from referral
               where changed_in >= $1 and changed_in < pg_snapshot_xmax(pg_current_snapshot())::text::bigint
           ) as changed on true"#,
        horizon,
    )
    .fetch_all(connection)
    .await?;
    let mut oldest = 0;
    let mut changed = Vec::new();
    for row in rows {
        oldest = row.horizon;
        if let (Some(organisation), Some(zone), Some(at)) =
            (row.organisation_id, row.zone, row.changed_in)
        {
            let organisation = word("referral", "organisation_id", &organisation)?;
            changed.push((organisation, word("referral", "zone", &zone)?, at));
        }
    }
    Ok((oldest, changed))
}

/// What changed in this transaction or a later one, the earliest change first; not what was restored
/// from a server whose transactions had come further than those of this one. Relies on
/// `referral_by_change`.
pub(crate) async fn changed_since(
    connection: &mut PgConnection,
    horizon: i64,
) -> Result<Vec<ReferralRow>, RoutingError> {
    let rows = sqlx::query_as!(
        ReferralRow,
        "select referral_id, situation_id, previous_id, service_id, organisation_id, zone, postal_code,
                language, age_band, needs, urgency, state, waits_for, decline_reason, state_since,
                created_at, requested_at, followed_up, takes_over_id, changed_in
         from referral
         where changed_in >= $1 and changed_in < pg_snapshot_xmax(pg_current_snapshot())::text::bigint
         order by changed_in, created_at, referral_id",
        horizon,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows)
}
