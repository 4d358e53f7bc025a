//! Writing plans: each kind of change in one statement, however many plans there are.

use jiff::Timestamp;
use sqlx::PgConnection;

use super::{
    decisions::insert_decisions,
    items::{close_items, escalate_items, insert_items, reopen_items},
    referrals::{insert_referrals, move_referrals, note_follow_ups, raise_referrals},
    situations::{insert_taken_back, lift_withheld, upsert_situations, upsert_withheld},
};
use crate::{
    RoutingError,
    model::change::{Change, Plan},
};

/// Writes all that changes.
pub(crate) async fn write(
    connection: &mut PgConnection,
    plans: &[Plan<'_>],
    now: Timestamp,
) -> Result<(), RoutingError> {
    let mut learned = Vec::new();
    let mut decided = Vec::new();
    let mut referred = Vec::new();
    let mut moved = Vec::new();
    let mut raised = Vec::new();
    let mut opened = Vec::new();
    let mut closed = Vec::new();
    let mut came_back = Vec::new();
    let mut escalated = Vec::new();
    let mut withheld = Vec::new();
    let mut lifted = Vec::new();
    let mut taken_back = Vec::new();
    let mut follow_ups = Vec::new();
    for plan in plans {
        let id = plan.situation;
        for change in &plan.changes {
            match change {
                Change::Learned(situation) => learned.push(&**situation),
                Change::Decided(record) => decided.push(&**record),
                Change::Referred(referral) => referred.push((id, &**referral)),
                Change::Moved { from, referral, .. } | Change::TookOver { from, referral, .. } => {
                    moved.push((*from, &**referral));
                }
                Change::Raised(referral) => raised.push(&**referral),
                Change::Escalated(item) => escalated.push(item.uuid()),
                Change::Opened(item) => opened.push((id, &**item)),
                Change::Closed(item) | Change::GaveWay(item) => closed.push(item.uuid()),
                Change::CameBack(item) => came_back.push(item.id.uuid()),
                Change::Withheld(reason) => withheld.push((id, &plan.zone, reason)),
                Change::Lifted => lifted.push(id.uuid()),
                Change::TakenBack(signal) => taken_back.push((id, *signal)),
                Change::FollowedUp(referral, follow_up) => follow_ups.push((*referral, *follow_up)),
            }
        }
    }
    upsert_situations(connection, &learned, now).await?;
    insert_taken_back(connection, &taken_back, now).await?;
    move_referrals(connection, &moved).await?;
    raise_referrals(connection, &raised).await?;
    insert_referrals(connection, &referred).await?;
    close_items(connection, &closed, now).await?;
    insert_items(connection, &opened).await?;
    reopen_items(connection, &came_back).await?;
    escalate_items(connection, &escalated, now).await?;
    // Lifted first: what is withheld anew stays so.
    lift_withheld(connection, &lifted, now).await?;
    upsert_withheld(connection, &withheld, now).await?;
    note_follow_ups(connection, &follow_ups).await?;
    insert_decisions(connection, &decided).await
}
