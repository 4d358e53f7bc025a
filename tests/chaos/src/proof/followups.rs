//! What follow-up must have made of what it heard: a task for each acceptance, a clock for each
//! request, an entry for each event; and what intake must have made of it: access for whoever
//! accepted.

use std::collections::{HashMap, HashSet};

use knipperlicht_vocabulary::ReferralState;

use super::{Fault, Findings, counted};
use crate::books::Books;

pub(super) fn check(books: &Books, findings: &mut Findings) {
    tasks(books, findings);
    clocks(books, findings);
    timeline(books, findings);
    grants(books, findings);
}

fn tasks(books: &Books, findings: &mut Findings) {
    let tasks = counted(books.tasks.iter().map(|task| task.referral));
    let mut accepted = HashSet::new();
    for referral in books
        .referrals
        .iter()
        .filter(|referral| referral.state == ReferralState::Accepted)
    {
        accepted.insert(referral.id);
        let times = tasks.get(&referral.id).copied().unwrap_or_default();
        findings.exactly_one(times, || {
            format!("accepted referral {} has {times} follow-ups", referral.id)
        });
    }
    for referral in tasks.keys().filter(|referral| !accepted.contains(referral)) {
        findings.add(
            Fault::Doubled,
            format!("referral {referral} is followed up though nobody accepted it"),
        );
    }
}

/// Whoever is asked has a clock running; whoever has answered has none.
fn clocks(books: &Books, findings: &mut Findings) {
    let mut clocks: HashMap<_, (usize, usize)> = HashMap::new();
    for clock in &books.accept_clocks {
        let (all, running) = clocks.entry(clock.referral).or_default();
        *all += 1;
        *running += usize::from(clock.runs);
    }
    for referral in books
        .referrals
        .iter()
        .filter(|referral| referral.was_requested)
    {
        let (all, running) = clocks.get(&referral.id).copied().unwrap_or_default();
        findings.exactly_one(all, || {
            format!("referral {} has {all} clocks for accepting", referral.id)
        });
        let is_asked = referral.state == ReferralState::Requested;
        if is_asked && all > 0 && running == 0 {
            findings.add(
                Fault::Lost,
                format!("no clock runs for requested referral {}", referral.id),
            );
        }
        if !is_asked && running > 0 {
            findings.add(
                Fault::Doubled,
                format!(
                    "a clock runs for {} referral {}",
                    referral.state, referral.id
                ),
            );
        }
    }
}

/// Every event of any service is told once.
fn timeline(books: &Books, findings: &mut Findings) {
    let told = counted(
        books
            .timeline
            .iter()
            .map(|told| (told.situation, told.kind.as_str(), told.at)),
    );
    let said = counted(
        books
            .said
            .iter()
            .map(|said| (said.situation, said.kind.as_str(), said.at)),
    );
    for (event, times) in &said {
        let found = told.get(event).copied().unwrap_or_default();
        let (situation, kind, at) = event;
        for _ in found..*times {
            findings.add(
                Fault::Lost,
                format!("{kind} of {situation} at {at} is not in the timeline"),
            );
        }
    }
    for (event, found) in &told {
        let times = said.get(event).copied().unwrap_or_default();
        let (situation, kind, at) = event;
        for _ in times..*found {
            findings.add(
                Fault::Doubled,
                format!("{kind} of {situation} at {at} is told more often than said"),
            );
        }
    }
}

fn grants(books: &Books, findings: &mut Findings) {
    let granted: HashSet<_> = books
        .grants
        .iter()
        .map(|grant| (grant.situation, grant.organisation.as_str()))
        .collect();
    for referral in books
        .referrals
        .iter()
        .filter(|referral| referral.state == ReferralState::Accepted)
    {
        if !granted.contains(&(referral.situation, referral.organisation.as_str())) {
            findings.add(
                Fault::Lost,
                format!("whoever accepted referral {} has no access", referral.id),
            );
        }
    }
}
