//! What a desk was told of its decision holds.

use knipperlicht_vocabulary::ReferralState;

use super::{Fault, Findings, grouped};
use crate::{
    books::Books,
    load::{Decision, Promises},
};

pub(super) fn check(books: &Books, promises: &Promises, findings: &mut Findings) {
    let referrals = grouped(&books.referrals, |referral| referral.id);
    for (id, decision) in &promises.decisions {
        let state = referrals
            .get(id)
            .and_then(|found| found.first())
            .map(|referral| referral.state);
        let holds = match decision {
            Decision::Accepted => state == Some(ReferralState::Accepted),
            Decision::PassedOn => matches!(
                state,
                Some(ReferralState::Declined | ReferralState::Redirected)
            ),
        };
        if !holds {
            let stands = state.map_or("gone", ReferralState::code);
            findings.add(
                Fault::Lost,
                format!("referral {id}: its desk was told {decision:?}, and it is {stands}"),
            );
        }
    }
    let tasks = grouped(&books.tasks, |task| task.referral);
    for referral in &promises.completed {
        let state = tasks
            .get(referral)
            .and_then(|found| found.first())
            .map(|task| task.state.as_str());
        if !matches!(state, Some("completed" | "confirmed")) {
            findings.add(
                Fault::Lost,
                format!("the follow-up of referral {referral} was completed, and is {state:?}"),
            );
        }
    }
}
