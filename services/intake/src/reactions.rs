//! What intake does when it hears what became of a situation: it notes the step for the reporter,
//! and who may ask for the carer's contact, which it tells the others.

use jiff::Timestamp;
use knipperlicht_contracts::{event::EventBody, events::v1 as events, from_proto};
use knipperlicht_eventing::{Event, Forgets, Kit, ReactionError, Reactions, Said, say};
use knipperlicht_runtime::metrics::LINE_DURATION;
use knipperlicht_vocabulary::{
    ClockKind, ContactResult, EventId, ItemKind, OutcomeResult, Rung, Step,
};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::store::{self, Grant, NewStep, Purpose};

pub(crate) struct IntakeReactions {
    kit: Kit,
}

impl IntakeReactions {
    pub(crate) const fn new(kit: Kit) -> Self {
        Self { kit }
    }

    /// That a partner may know of the situation from now on, and perhaps another one no longer. Said of
    /// the one that was accepted, whatever it is part of by now: whoever hears it finds its place among
    /// the merges and splits of that one.
    fn shared(&self, event: &Event, accepted: &events::ReferralAccepted) -> Said {
        let body = events::SituationShared {
            organisation_id: accepted.organisation_id.clone(),
            instead_of_organisation_id: accepted.leaving_organisation_id.clone(),
        };
        Said {
            id: EventId::new(&self.kit.environment),
            situation: event.said_of,
            zone: event.zone.clone(),
            body: body.into(),
            traceparent: event.onward_traceparent(),
        }
    }
}

impl IntakeReactions {
    /// The links that follow-up made open "my situation" too, until they are taken back.
    async fn links(
        &self,
        connection: &mut PgConnection,
        event: &Event,
    ) -> Result<(), ReactionError> {
        match &event.body {
            EventBody::CarerLinkMade(made) => {
                let nonsense = |what: &str| ReactionError::Nonsense(what.to_owned());
                let expires_at = made
                    .expires_at
                    .ok_or_else(|| nonsense("`expires_at` is missing"))?;
                let expires_at =
                    from_proto(expires_at).map_err(|error| nonsense(&error.to_string()))?;
                let hash = &made.my_situation_hash;
                if hash.len() != 32 {
                    return Err(nonsense("`my_situation_hash` is no hash"));
                }
                // The carer's own situation, whatever it is part of: once they are two again, the
                // link is still theirs.
                let own = match made.home_situation_id.as_str() {
                    "" => event.said_of,
                    home => home
                        .parse()
                        .map_err(|_| nonsense("`home_situation_id` is not an id"))?,
                };
                let purpose = Purpose::MySituation(own);
                let made_at = event.occurred_at;
                store::insert_link(connection, hash, &purpose, made_at, expires_at).await?;
            }
            EventBody::CarerLinksTakenBack(taken) => {
                let hashes = &taken.my_situation_hashes;
                store::revoke_links(connection, hashes, event.occurred_at).await?;
            }
            _ => {}
        }
        Ok(())
    }
}

impl Forgets for IntakeReactions {
    async fn forget(
        &self,
        connection: &mut PgConnection,
        situations: &[Uuid],
        at: Timestamp,
    ) -> Result<(), sqlx::Error> {
        store::forget(connection, situations, at).await
    }
}

impl Reactions for IntakeReactions {
    async fn react(
        &self,
        connection: &mut PgConnection,
        wave: &[&Event],
    ) -> Result<(), ReactionError> {
        let mut steps = Vec::new();
        let mut grants = Vec::new();
        let mut ended = Vec::new();
        let mut said = Vec::new();
        for event in wave {
            if let Some((step, outcome)) = step_of(&event.body) {
                let (situation, at) = (event.situation(), event.occurred_at);
                steps.push(NewStep {
                    event: event.id,
                    situation,
                    said_of: event.said_of,
                    step,
                    outcome,
                    at,
                });
            }
            if let EventBody::ReferralAccepted(accepted) = &event.body {
                said.push(self.shared(event, accepted));
                grants.push(grant(event, &accepted.organisation_id)?);
                if !accepted.leaving_organisation_id.is_empty() {
                    ended.push(grant(event, &accepted.leaving_organisation_id)?);
                }
            }
        }
        for event in wave {
            self.links(&mut *connection, event).await?;
        }
        store::add_steps(&mut *connection, &steps).await?;
        measure_line(&mut *connection, wave).await?;
        store::add_grants(connection, &grants).await?;
        store::end_grants(connection, &ended).await?;
        say(connection, self.kit.environment.now(), &said).await?;
        Ok(())
    }

    fn committed(&self, wave: &[&Event]) {
        let is_accepted = |event: &&Event| matches!(event.body, EventBody::ReferralAccepted(_));
        if wave.iter().any(is_accepted) {
            self.kit.waker.wake();
        }
        self.kit.bell.ring();
    }
}

/// How long it took from the tap until somebody was asked. What was asked for later, after a refusal or
/// a silence, says nothing of the line.
async fn measure_line(connection: &mut PgConnection, wave: &[&Event]) -> Result<(), sqlx::Error> {
    let asked: Vec<(Uuid, Timestamp)> = wave
        .iter()
        .filter(|event| is_first_request(&event.body))
        .map(|event| (event.situation().uuid(), event.occurred_at))
        .collect();
    for took in store::since_received(connection, &asked).await? {
        LINE_DURATION.record(took, &[]);
    }
    Ok(())
}

fn is_first_request(body: &EventBody) -> bool {
    matches!(body, EventBody::ReferralRequested(asked)
        if asked.previous_referral_id.is_empty()
            && asked.takes_over_referral_id.is_empty()
            && !asked.waited)
}

/// What an organisation may know from this event on, or may know no longer.
fn grant(event: &Event, organisation: &str) -> Result<Grant, ReactionError> {
    let organisation = organisation
        .parse()
        .map_err(|error| ReactionError::Nonsense(format!("organisation: {error}")))?;
    Ok(Grant {
        said_of: event.said_of,
        organisation,
        at: event.occurred_at,
    })
}

/// The step that an event means for the reporter. A reporter learns the step, never health
/// detail.
fn step_of(body: &EventBody) -> Option<(Step, Option<OutcomeResult>)> {
    let step = match body {
        EventBody::AssessmentCompleted(_) => Step::Assessed,
        // While it is handed over, the carer is in the hands of whoever accepted.
        EventBody::ReferralRequested(asked) if !asked.takes_over_referral_id.is_empty() => {
            return None;
        }
        EventBody::ReferralRequested(_) => Step::Referred,
        EventBody::ReferralHeld(held) if held.awaiting_consent => Step::WaitingForConsent,
        EventBody::ReferralUnroutable(item) if is_of_silence(item.promise) => return None,
        // A coordinator takes note of it: what the carer needs is on its way besides.
        EventBody::ReferralUnroutable(item) if item.kind == ItemKind::VitalInterest.number() => {
            return None;
        }
        EventBody::ReferralUnroutable(_) => Step::WithCoordinator,
        EventBody::ReferralWithheld(_) => Step::NotReferred,
        EventBody::ReferralAccepted(_) => Step::Accepted,
        EventBody::ContactRecorded(contact)
            if contact.result == ContactResult::Reached.number() =>
        {
            Step::Contacted
        }
        EventBody::FollowUpCompleted(completed) => {
            return Some((Step::Closed, OutcomeResult::try_from(completed.result).ok()));
        }
        EventBody::ClockBreached(breached) => return Some((waiting(breached)?, None)),
        EventBody::OutcomeConfirmed(_) => Step::Confirmed,
        EventBody::SituationReopened(_) => Step::Reopened,
        _ => return None,
    };
    Some((step, None))
}

/// Whether it is about a carer who has not answered yet. That is the carer's own, and so is all that
/// follows from it: for the reporter it stays closed.
fn is_of_silence(promise: i32) -> bool {
    promise == ClockKind::Confirmation.number()
}

/// What a broken promise means for the reporter.
fn waiting(breached: &events::ClockBreached) -> Option<Step> {
    if is_of_silence(breached.kind) || is_of_silence(breached.item_promise) {
        return None;
    }
    match Rung::try_from(breached.rung) {
        Ok(Rung::Council) => Some(Step::Escalated),
        // Of before there were rungs, too.
        Ok(Rung::NextCandidate | Rung::Coordinator) | Err(_) => Some(Step::WaitingLonger),
    }
}
