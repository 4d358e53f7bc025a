//! The warm hand-over: a partner that follows up asks another one to take over, and goes on until
//! that one has said yes. Whatever the answer, the carer is in somebody's hands.

use knipperlicht_vocabulary::{ReferralId, ServiceId};
use uuid::Uuid;

use super::{Answer, Refusal, find, in_directory};
use crate::model::{
    case::Case,
    change::Change,
    planner::{Ground, Planner, forbids},
    referral::{Move, Referral, State},
};

/// The service `target` is asked to take over the follow-up of a referral. Asking it twice asks
/// once; asking another one takes the question to the first back.
pub fn hand_over<'d>(
    case: Case,
    id: ReferralId,
    target: &ServiceId,
    ground: &Ground<'d>,
) -> Result<Answer<'d>, Refusal> {
    let service = in_directory(ground, target)?;
    let asked = case.asked_to_take_over(id).cloned();
    // What follows has an id of its own however often somebody is asked.
    let so_far = case.referrals.len().to_string();
    let (giver, situation) = find(case, id)?;
    giver.state.after(Move::HandOver)?;
    if giver.followed_up {
        return Err(Refusal::FollowUpEnded);
    }
    if giver.service == *target {
        return Err(Refusal::SameService(target.clone()));
    }
    if forbids(situation.agreement.consent) {
        return Err(Refusal::Consent(situation.agreement.consent));
    }
    let mut planner = Planner::new(ground, Uuid::new_v5(&id.uuid(), so_far.as_bytes()));
    if let Some(asked) = asked {
        if asked.service == *target {
            return Ok(Answer {
                changes: Vec::new(),
                referral: asked,
            });
        }
        planner.cancel(&asked);
    }
    let (needs, urgency) = (giver.needs, giver.urgency);
    let mut referral = planner.referral(&situation, service, needs, urgency, Some(id));
    referral.takes_over = Some(id);
    planner
        .changes
        .push(Change::Referred(Box::new(referral.clone())));
    Ok(Answer {
        changes: planner.changes,
        referral,
    })
}

/// The partner takes it, and with it the follow-up that it was asked to take over.
pub fn accept<'d>(case: Case, id: ReferralId, ground: &Ground<'d>) -> Result<Answer<'d>, Refusal> {
    let asked = case
        .referral(id)
        .filter(|asked| asked.state != State::Accepted);
    let taking_over = asked.and_then(|asked| case.giver(asked)).map(|giver| {
        let of_the_giver = |one: &Referral| {
            one.organisation == giver.organisation && (one.state == State::Accepted || one.id == id)
        };
        let mut besides = case.referrals.iter().filter(|one| one.id != giver.id);
        (giver.clone(), besides.any(of_the_giver))
    });
    let (mut referral, _) = find(case, id)?;
    let Some((mut giver, stays)) = taking_over else {
        let mut planner = Planner::new(ground, id.uuid());
        let referral = planner.step(referral, Move::Accept)?;
        return Ok(Answer {
            changes: planner.changes,
            referral,
        });
    };
    let (asked_from, given_from) = (referral.state, giver.state);
    referral.step(Move::Accept, ground.at)?;
    giver.step(Move::HandOver, ground.at)?;
    let took_over = Change::TookOver {
        from: asked_from,
        referral: Box::new(referral.clone()),
        giver: giver.id,
        leaving: (!stays).then(|| giver.organisation.clone()),
    };
    let gave = Change::Moved {
        from: given_from,
        referral: Box::new(giver),
        next: Some(id),
    };
    Ok(Answer {
        changes: vec![took_over, gave],
        referral,
    })
}

#[cfg(test)]
mod tests;
