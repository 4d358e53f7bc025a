//! Follow-ups that go over to another partner, with everything in them.

use jiff_sqlx::ToSqlx;
use knipperlicht_vocabulary::{ClockKind, FollowUpState};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    clocks::{self, Settled, SettledClock},
    tasks::HandedOver,
};
use crate::{error::FollowupError, model::State};

/// What runs for a follow-up with work to do.
const WORK: [ClockKind; 2] = [ClockKind::FirstContact, ClockKind::Outcome];

/// Lets follow-ups that are not closed go over: the other partner begins where nobody was reached
/// yet, with what was tried and told so far, and is there for the carer, unless the first one is for
/// something else. What the first one
/// promised has not to be kept any more. One that was closed meanwhile stays: the other partner
/// gets a new one. Relies on the unique referral of `task` and the primary key of `contact_person`.
pub(crate) async fn hand_over(
    connection: &mut PgConnection,
    handed_over: &[HandedOver],
) -> Result<Vec<SettledClock>, FollowupError> {
    if handed_over.is_empty() {
        return Ok(Vec::new());
    }
    let to = || handed_over.iter().map(|one| &one.to);
    let from: Vec<Uuid> = handed_over
        .iter()
        .map(|one| one.from.referral.uuid())
        .collect();
    let referrals: Vec<Uuid> = to().map(|task| task.referral.uuid()).collect();
    let organisations: Vec<&str> = to().map(|task| task.organisation.as_str()).collect();
    let zones: Vec<&str> = to().map(|task| task.zone.as_str()).collect();
    let ats: Vec<jiff_sqlx::Timestamp> = handed_over
        .iter()
        .map(|one| one.from.at.to_sqlx())
        .collect();
    let open = State::open_codes().map(FollowUpState::code);
    sqlx::query!(
        "with handed_over as (
             select task.task_id, task.situation_id, task.organisation_id as giver, told.*
             from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::timestamptz[])
                  as told(from_id, to_id, organisation_id, zone, at)
             join task on task.referral_id = told.from_id
             where task.state = any($6)
             for update of task
         ), persons as (
             update contact_person set organisation_id = handed_over.organisation_id,
                    worker = null, name = null, phone = null, since = handed_over.at
             from handed_over
             where contact_person.situation_id = handed_over.situation_id
               and contact_person.organisation_id = handed_over.giver
               and not exists (
                   select from task as other
                   where other.situation_id = handed_over.situation_id
                     and other.organisation_id = handed_over.giver
                     and other.task_id <> handed_over.task_id and other.state = any($6)
               )
         )
         update task set referral_id = to_id, organisation_id = handed_over.organisation_id,
                zone = handed_over.zone, state = 'open', visit_at = null, held_at = null,
                changed_at = handed_over.at
         from handed_over where task.task_id = handed_over.task_id",
        &from,
        &referrals,
        &organisations as &[&str],
        &zones as &[&str],
        &ats as &[jiff_sqlx::Timestamp],
        &open as &[&str],
    )
    .execute(&mut *connection)
    .await?;
    let ended: Vec<Settled> = handed_over.iter().map(|one| one.from).collect();
    clocks::stop_kinds(connection, &WORK, &ended).await
}
