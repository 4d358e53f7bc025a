//! What routing says of what it changed.

use knipperlicht_contracts::{event::EventBody, events::v1 as body};
use knipperlicht_eventing::Said;
use knipperlicht_vocabulary::{Actor, ClockKind, Environment, EventId, Need};

use crate::model::{
    change::{Change, Plan},
    referral::{Referral, State, Waiting},
};

/// The events of a plan that follows from a rule, in its order.
pub(crate) fn said<'p>(
    plan: &'p Plan<'_>,
    traceparent: Option<&'p str>,
    environment: &'p Environment,
) -> impl Iterator<Item = Said> + 'p {
    said_by(Actor::System, plan, traceparent, environment)
}

/// The events of a plan that somebody brought about, in its order. Who is asked after a partner
/// declined is a rule's choice.
pub(crate) fn said_by<'p>(
    actor: Actor,
    plan: &'p Plan<'_>,
    traceparent: Option<&'p str>,
    environment: &'p Environment,
) -> impl Iterator<Item = Said> + 'p {
    let declined = plan.changes.iter().any(|change| {
        matches!(change, Change::Moved { referral, .. } if matches!(referral.state, State::Declined(_)))
    });
    let by = if declined { Actor::System } else { actor };
    plan.changes
        .iter()
        .filter_map(move |change| body_of(change, by.number()))
        .map(move |body| Said {
            id: EventId::new(environment),
            situation: plan.situation,
            zone: plan.zone.clone(),
            body,
            traceparent: traceparent.map(ToOwned::to_owned),
        })
}

fn body_of(change: &Change<'_>, by: i32) -> Option<EventBody> {
    let body = match change {
        Change::Moved {
            referral,
            next: Some(next),
            ..
        } => body::ReferralRedirected {
            referral_id: referral.id.to_string(),
            next_referral_id: next.to_string(),
            by,
        }
        .into(),
        Change::Referred(referral) => standing(referral, None, by)?,
        Change::Moved { from, referral, .. } => standing(referral, Some(*from), by)?,
        Change::TookOver {
            referral,
            giver,
            leaving,
            ..
        } => body::ReferralAccepted {
            took_over_referral_id: giver.to_string(),
            leaving_organisation_id: leaving
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
            ..accepted(referral)
        }
        .into(),
        Change::Raised(referral) => body::ReferralRaised {
            referral_id: referral.id.to_string(),
            urgency: referral.urgency.number(),
        }
        .into(),
        Change::Opened(item) | Change::CameBack(item) => body::ReferralUnroutable {
            item_id: item.id.to_string(),
            kind: item.kind.number(),
            needs: numbers(&item.needs),
            urgency: item.urgency.number(),
            promise: item.promise.map_or(0, ClockKind::number),
        }
        .into(),
        Change::Closed(item) | Change::GaveWay(item) => body::ItemClosed {
            item_id: item.to_string(),
            by,
        }
        .into(),
        Change::Withheld(withheld) => body::ReferralWithheld {
            consent: withheld.consent.number(),
        }
        .into(),
        Change::Learned(_)
        | Change::Decided(_)
        | Change::Lifted
        // Said by whoever watches the clocks.
        | Change::Escalated(_)
        | Change::TakenBack(_)
        | Change::FollowedUp(..) => return None,
    };
    Some(body)
}

/// What is said of a referral that has come to stand as it does, from where it stood.
fn standing(referral: &Referral, from: Option<State>, by: i32) -> Option<EventBody> {
    let referral_id = referral.id.to_string();
    let body = match referral.state {
        // Also when it is taken out of waiting: from now on the partner is asked.
        State::Requested => body::ReferralRequested {
            referral_id,
            previous_referral_id: referral
                .previous
                .map(|previous| previous.to_string())
                .unwrap_or_default(),
            organisation_id: referral.organisation.to_string(),
            service_id: referral.service.to_string(),
            needs: numbers(&referral.needs),
            urgency: referral.urgency.number(),
            by,
            waited: matches!(from, Some(State::Held(_))),
            takes_over_referral_id: takes_over(referral),
        }
        .into(),
        State::Held(waiting) => body::ReferralHeld {
            referral_id,
            awaiting_consent: waiting == Waiting::ForConsent,
            urgency: referral.urgency.number(),
        }
        .into(),
        State::Accepted => accepted(referral).into(),
        State::Declined(reason) => body::ReferralDeclined {
            referral_id,
            reason: reason.number(),
            takes_over_referral_id: takes_over(referral),
        }
        .into(),
        State::Expired => body::ReferralExpired { referral_id }.into(),
        State::Cancelled => body::ReferralCancelled {
            referral_id,
            merged: false,
            by,
        }
        .into(),
        State::Merged(_) => body::ReferralCancelled {
            referral_id,
            merged: true,
            by,
        }
        .into(),
        // Said with the referral that takes its place.
        State::Redirected => return None,
    };
    Some(body)
}

fn accepted(referral: &Referral) -> body::ReferralAccepted {
    body::ReferralAccepted {
        referral_id: referral.id.to_string(),
        organisation_id: referral.organisation.to_string(),
        service_id: referral.service.to_string(),
        urgency: referral.urgency.number(),
        ..body::ReferralAccepted::default()
    }
}

fn takes_over(referral: &Referral) -> String {
    referral
        .takes_over
        .map(|giver| giver.to_string())
        .unwrap_or_default()
}

fn numbers(needs: &[Need]) -> Vec<i32> {
    needs.iter().map(|need| need.number()).collect()
}
