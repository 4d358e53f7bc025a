//! What follows when somebody calls.

mod hand_over;

use knipperlicht_vocabulary::{Consent, DeclineReason, ItemId, ItemKind, ReferralId, ServiceId};

use uuid::Uuid;

pub use self::hand_over::{accept, hand_over};
use super::{
    case::{Case, Situation},
    change::Change,
    directory::Service,
    planner::{Ground, Planner, forbids},
    referral::{Actor, InvalidTransition, Move, Referral},
};

/// Why a call cannot take effect.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The referral's state does not allow it.
    #[error(transparent)]
    Transition(#[from] InvalidTransition),
    /// There is no such referral.
    #[error("there is no such referral, or it is not yours to see")]
    NoReferral,
    /// There is no such item, or it was dealt with.
    #[error("there is no such open item: perhaps somebody dealt with it; load the list again")]
    NoItem,
    /// There is no such service.
    #[error("the directory has no service `{0}`: choose one from ListServices")]
    NoService(ServiceId),
    /// There is nothing to hand over.
    #[error("its follow-up has ended: there is nothing to hand over; open it again first")]
    FollowUpEnded,
    /// It would be sent to where it is.
    #[error("the referral is with `{0}` already: choose another service")]
    SameService(ServiceId),
    /// The carer does not want it.
    #[error("the carer's consent is {0}: nobody may be asked until it is given")]
    Consent(Consent),
}

/// What changes, and the referral to answer with.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer<'d> {
    /// What changes.
    pub changes: Vec<Change<'d>>,
    /// The referral to answer with.
    pub referral: Referral,
}

/// The partner holds it or releases it.
pub fn step<'d>(
    case: Case,
    id: ReferralId,
    step: Move,
    ground: &Ground<'d>,
) -> Result<Answer<'d>, Refusal> {
    let (referral, _) = find(case, id)?;
    let mut planner = Planner::new(ground, id.uuid());
    let referral = planner.step(referral, step)?;
    Ok(Answer {
        changes: planner.changes,
        referral,
    })
}

/// The partner does not take it: the next candidate is asked, or a coordinator. If it was asked to
/// take a follow-up over, that stays where it is.
pub fn decline<'d>(
    case: Case,
    id: ReferralId,
    reason: DeclineReason,
    ground: &Ground<'d>,
) -> Result<Answer<'d>, Refusal> {
    let history = case.history();
    let in_hand = case.is_in_hand(id);
    let (referral, situation) = find(case, id)?;
    let mut planner = Planner::new(ground, id.uuid());
    let declined = planner.step(referral, Move::Decline(reason))?;
    if !in_hand {
        planner.go_on(&situation, &declined, history, ItemKind::AllDeclined);
    }
    Ok(Answer {
        changes: planner.changes,
        referral: declined,
    })
}

/// Somebody sends it on to `target`. A partner who would send it back on its own way declines it
/// instead, and a coordinator decides; a coordinator is free to send it anywhere.
pub fn redirect<'d>(
    case: Case,
    id: ReferralId,
    target: &ServiceId,
    reason: DeclineReason,
    actor: Actor,
    ground: &Ground<'d>,
) -> Result<Answer<'d>, Refusal> {
    let service = in_directory(ground, target)?;
    let known = case
        .referrals
        .iter()
        .find(|referral| referral.id == id)
        .ok_or(Refusal::NoReferral)?;
    let (same, in_a_circle) = (known.service == *target, case.came_by(known, target));
    let in_hand = case.is_in_hand(id);
    let (referral, mut situation) = find(case, id)?;
    let mut planner = Planner::new(ground, id.uuid());
    if actor == Actor::Partner && in_a_circle && !same {
        let declined = planner.step(referral, Move::Decline(reason))?;
        if !in_hand {
            planner.open(
                &situation,
                ItemKind::AllDeclined,
                declined.needs.clone(),
                declined.urgency,
                Some(id),
            );
        }
        return Ok(Answer {
            changes: planner.changes,
            referral: declined,
        });
    }
    let mut redirected = referral;
    let from = redirected.state;
    redirected.step(Move::Redirect, ground.at)?;
    if same {
        return Err(Refusal::SameService(target.clone()));
    }
    move_to_zone_of(service, &mut situation, &mut planner);
    let mut next = planner.referral(
        &situation,
        service,
        redirected.needs.clone(),
        redirected.urgency,
        Some(id),
    );
    next.takes_over = redirected.takes_over;
    let moved = Change::Moved {
        from,
        referral: Box::new(redirected),
        next: Some(next.id),
    };
    planner
        .changes
        .extend([moved, Change::Referred(Box::new(next.clone()))]);
    Ok(Answer {
        changes: planner.changes,
        referral: next,
    })
}

/// A coordinator ends it: its needs come back as an item, if nobody has them in hand.
pub fn cancel<'d>(case: Case, id: ReferralId, ground: &Ground<'d>) -> Result<Answer<'d>, Refusal> {
    let in_hand = case.is_in_hand(id);
    let (referral, situation) = find(case, id)?;
    let mut planner = Planner::new(ground, id.uuid());
    let cancelled = planner.step(referral, Move::Cancel)?;
    if !in_hand {
        planner.open(
            &situation,
            ItemKind::Cancelled,
            cancelled.needs.clone(),
            cancelled.urgency,
            Some(id),
        );
    }
    Ok(Answer {
        changes: planner.changes,
        referral: cancelled,
    })
}

/// A coordinator gives an item to a service.
///
/// Where somebody who took it in hand is late, another one is asked besides: what the first one
/// promised is broken still, so the item stays until that is settled.
pub fn assign<'d>(
    mut case: Case,
    id: ItemId,
    target: &ServiceId,
    ground: &Ground<'d>,
) -> Result<Answer<'d>, Refusal> {
    let service = in_directory(ground, target)?;
    let position = case
        .items
        .iter()
        .position(|item| item.id == id)
        .ok_or(Refusal::NoItem)?;
    let item = case.items.swap_remove(position);
    let mut situation = case.situation.ok_or(Refusal::NoItem)?;
    if forbids(situation.agreement.consent) {
        return Err(Refusal::Consent(situation.agreement.consent));
    }
    // A vital interest is taken note of by reading why, and by nothing else.
    let is_late = matches!(item.kind, ItemKind::Late | ItemKind::VitalInterest);
    let is_asked = |one: &Referral| one.covers() && one.service == *target;
    if is_late && case.referrals.iter().any(is_asked) {
        return Err(Refusal::SameService(target.clone()));
    }
    // What stays may be given to several, one after the other.
    let so_far = case.referrals.len().to_string();
    let root = if is_late {
        Uuid::new_v5(&id.uuid(), so_far.as_bytes())
    } else {
        id.uuid()
    };
    let mut planner = Planner::new(ground, root);
    move_to_zone_of(service, &mut situation, &mut planner);
    // An item may be about nothing in particular: then about what the referral was for that is
    // late, or about all that is needed.
    let late = item.referral.filter(|_| is_late);
    let needs = match late.and_then(|late| case.referrals.iter().find(|one| one.id == late)) {
        _ if !item.needs.is_empty() => item.needs,
        Some(late) => late.needs.clone(),
        None => situation.needs.clone(),
    };
    let referral = planner.referral(&situation, service, needs, item.urgency, item.referral);
    if !is_late {
        planner.changes.push(Change::Closed(id));
    }
    planner
        .changes
        .push(Change::Referred(Box::new(referral.clone())));
    Ok(Answer {
        changes: planner.changes,
        referral,
    })
}

/// A doubtful postal code was taken for a zone, and a person now chooses a service of another zone
/// that it may belong to: the situation lies there from now on, where that zone's coordinator
/// sees it.
fn move_to_zone_of(service: &Service, situation: &mut Situation, planner: &mut Planner<'_, '_>) {
    let circumstances = &mut situation.circumstances;
    if service.area.covers(&circumstances.zone) {
        return;
    }
    let other = planner.other_zone(circumstances, |zone| service.area.covers(zone));
    if let Some(zone) = other {
        circumstances.zone = zone;
        planner
            .changes
            .push(Change::Learned(Box::new(situation.clone())));
    }
}

fn find(mut case: Case, id: ReferralId) -> Result<(Referral, Situation), Refusal> {
    let position = case.referrals.iter().position(|referral| referral.id == id);
    let referral = position
        .map(|position| case.referrals.swap_remove(position))
        .ok_or(Refusal::NoReferral)?;
    Ok((referral, case.situation.ok_or(Refusal::NoReferral)?))
}

/// A service that is over can no longer be chosen.
fn in_directory<'d>(ground: &Ground<'d>, id: &ServiceId) -> Result<&'d Service, Refusal> {
    let service = ground.tables.directory.service(id);
    service
        .filter(|service| !service.has_ended_before(ground.today))
        .ok_or_else(|| Refusal::NoService(id.clone()))
}

#[cfg(test)]
mod tests;
