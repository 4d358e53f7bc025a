//! Rule 1, second half: every need is on exactly one live path, and no referral is a dead end.

use std::collections::{BTreeMap, HashMap, HashSet};

use knipperlicht_vocabulary::{Need, ReferralState};
use uuid::Uuid;

use super::{Fault, Findings, counted, grouped};
use crate::books::{Books, Referral};

pub(super) fn check(books: &Books, findings: &mut Findings) {
    live_paths(books, findings);
    successors(books, findings);
    for (id, times) in counted(books.referrals.iter().map(|referral| referral.id)) {
        if times > 1 {
            findings.add(
                Fault::Doubled,
                format!("referral {id} is there {times} times"),
            );
        }
    }
}

const fn is_live(state: ReferralState) -> bool {
    matches!(
        state,
        ReferralState::Requested | ReferralState::Held | ReferralState::Accepted
    )
}

const fn went_on(state: ReferralState) -> bool {
    matches!(
        state,
        ReferralState::Declined | ReferralState::Redirected | ReferralState::Expired
    )
}

/// Each need of each situation lies with one partner or coordinator, or there is a reason why
/// not.
fn live_paths(books: &Books, findings: &mut Findings) {
    let referrals = grouped(&books.referrals, |referral| referral.situation);
    let items = grouped(&books.items, |item| item.situation);
    let withheld = grouped(&books.withheld, |withheld| withheld.situation);
    for (situation, assessments) in grouped(&books.assessments, |assessment| assessment.situation) {
        let live = referrals
            .get(&situation)
            .into_iter()
            .flatten()
            .filter(|referral| is_live(referral.state));
        let open = items
            .get(&situation)
            .into_iter()
            .flatten()
            .filter(|item| item.is_open);
        let paths: Vec<&[Need]> = live
            .map(|referral| &referral.needs[..])
            .chain(open.map(|item| &item.needs[..]))
            .collect();
        let reasons: Vec<_> = withheld.get(&situation).into_iter().flatten().collect();
        if paths.is_empty() && reasons.is_empty() {
            findings.add(
                Fault::Lost,
                format!("situation {situation} has no path and no reason for none"),
            );
            continue;
        }
        let needs: HashSet<Need> = assessments
            .iter()
            .flat_map(|assessment| &assessment.needs)
            .copied()
            .collect();
        for need in needs {
            let covered = paths.iter().filter(|needs| needs.contains(&need)).count();
            let explained = reasons.iter().any(|reason| reason.needs.contains(&need));
            if covered == 0 && explained {
                continue;
            }
            findings.exactly_one(covered, || {
                format!("need {need} of situation {situation} is on {covered} live paths")
            });
        }
    }
}

/// What ended without success goes on: each of its needs is taken over exactly once.
fn successors(books: &Books, findings: &mut Findings) {
    let mut after: HashMap<Uuid, BTreeMap<Need, usize>> = HashMap::new();
    let mut note = |previous: Option<Uuid>, needs: &[Need]| {
        if let Some(previous) = previous {
            for need in needs {
                *after.entry(previous).or_default().entry(*need).or_insert(0) += 1;
            }
        }
    };
    for referral in &books.referrals {
        note(referral.previous, &referral.needs);
    }
    // A closed item was given to a service: that referral then names the same predecessor.
    for item in books.items.iter().filter(|item| item.is_open) {
        note(item.referral, &item.needs);
    }
    let ended = |referral: &&Referral| went_on(referral.state);
    for referral in books.referrals.iter().filter(ended) {
        for need in &referral.needs {
            let taken_over = after
                .get(&referral.id)
                .and_then(|needs| needs.get(need))
                .copied()
                .unwrap_or_default();
            findings.exactly_one(taken_over, || {
                format!(
                    "need {need} of {} referral {} is taken over {taken_over} times",
                    referral.state, referral.id
                )
            });
        }
    }
}
