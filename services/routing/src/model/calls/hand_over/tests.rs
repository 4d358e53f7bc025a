use knipperlicht_vocabulary::{Consent, DeclineReason, OrganisationId};

use super::*;
use crate::model::{
    calls::{cancel, decline, redirect},
    change::FollowUp,
    directory::Directory,
    hearing::{Heard, hear},
    referral::Actor,
    tests::{after, case, directory, ground, referral, situation_id, told},
};

fn accepted() -> Case {
    case(Consent::Given, vec![referral(1, "broad", State::Accepted)])
}

fn named(service: &str) -> ServiceId {
    service.parse().unwrap()
}

fn asks(case: Case, service: &str, directory: &Directory) -> Result<Case, Refusal> {
    let giver = case.referrals[0].id;
    let asked = hand_over(case.clone(), giver, &named(service), &ground(directory))?;
    Ok(after(case, asked.changes))
}

#[test]
fn the_other_is_asked_and_all_stays() {
    let directory = directory();
    let then = asks(accepted(), "other", &directory).unwrap();
    let [giver, asked] = then.referrals.as_slice() else {
        panic!("{:?}", then.referrals)
    };
    assert_eq!(
        (giver.state, asked.state),
        (State::Accepted, State::Requested)
    );
    assert_eq!(asked.takes_over, Some(giver.id));
    assert_eq!((&asked.needs, asked.urgency), (&giver.needs, giver.urgency));
    assert!(then.is_in_hand(asked.id));
}

#[test]
fn who_accepts_takes_over_and_who_gave_leaves() {
    let directory = directory();
    let then = asks(accepted(), "other", &directory).unwrap();
    let (giver, asked) = (then.referrals[0].id, then.referrals[1].id);
    let done = accept(then.clone(), asked, &ground(&directory)).unwrap();
    assert_eq!(
        told(&done.changes),
        ["now accepted other", "now redirected broad"]
    );
    let Change::TookOver {
        giver: whose,
        leaving,
        ..
    } = &done.changes[0]
    else {
        panic!("{:?}", done.changes)
    };
    assert_eq!(*whose, giver);
    assert_eq!(
        leaving.as_ref().map(OrganisationId::as_str),
        Some("of-broad")
    );
    assert!(matches!(&done.changes[1], Change::Moved { next, .. } if *next == Some(asked)));
    let again = accept(after(then, done.changes), asked, &ground(&directory)).unwrap();
    assert!(again.changes.is_empty(), "accepting twice is harmless");
}

#[test]
fn who_follows_up_something_else_stays() {
    let directory = directory();
    let mut more = accepted();
    let mut besides = referral(2, "broad", State::Accepted);
    besides.followed_up = true;
    more.referrals.push(besides);
    let then = asks(more, "other", &directory).unwrap();
    let done = accept(then.clone(), then.referrals[2].id, &ground(&directory)).unwrap();
    assert!(matches!(
        &done.changes[0],
        Change::TookOver { leaving: None, .. }
    ));
}

#[test]
fn whatever_the_answer_somebody_goes_on() {
    let directory = directory();
    let ground = ground(&directory);
    let then = asks(accepted(), "other", &directory).unwrap();
    let asked = then.referrals[1].id;
    let declined = decline(then.clone(), asked, DeclineReason::NoCapacity, &ground).unwrap();
    assert_eq!(told(&declined.changes), ["now declined other"]);
    let cancelled = cancel(then.clone(), asked, &ground).unwrap();
    assert_eq!(told(&cancelled.changes), ["now cancelled other"]);
    let reason = DeclineReason::Other;
    let back = redirect(
        then.clone(),
        asked,
        &named("broad"),
        reason,
        Actor::Partner,
        &ground,
    );
    assert_eq!(
        told(&back.unwrap().changes),
        ["now declined other"],
        "in a circle"
    );
    let on = redirect(
        then,
        asked,
        &named("respite"),
        reason,
        Actor::Partner,
        &ground,
    )
    .unwrap();
    assert_eq!(
        told(&on.changes),
        ["now redirected other", "requested respite"]
    );
    assert!(on.referral.takes_over.is_some(), "the question goes on");
}

#[test]
fn one_is_asked_at_a_time() {
    let directory = directory();
    let ground = ground(&directory);
    let then = asks(accepted(), "other", &directory).unwrap();
    let giver = then.referrals[0].id;
    let again = hand_over(then.clone(), giver, &named("other"), &ground).unwrap();
    assert_eq!(again.referral.id, then.referrals[1].id);
    assert!(again.changes.is_empty());
    let instead = hand_over(then, giver, &named("respite"), &ground).unwrap();
    assert_eq!(
        told(&instead.changes),
        ["now cancelled other", "requested respite"]
    );
}

#[test]
fn what_has_ended_is_nothing_to_hand_over() {
    let directory = directory();
    let ground = ground(&directory);
    let then = asks(accepted(), "other", &directory).unwrap();
    let ended = Heard::FollowUp(then.referrals[0].id, FollowUp::Ended);
    let changes = hear(
        situation_id(),
        then.clone(),
        ended,
        Uuid::from_u128(9),
        &ground,
    );
    assert_eq!(told(&changes), ["now cancelled other"]);

    let mut over = accepted();
    over.referrals[0].followed_up = true;
    assert_eq!(asks(over, "other", &directory), Err(Refusal::FollowUpEnded));
}

#[test]
fn refuses_what_cannot_be() {
    let directory = directory();
    assert_eq!(
        asks(accepted(), "broad", &directory),
        Err(Refusal::SameService(named("broad")))
    );
    assert_eq!(
        asks(accepted(), "nobody", &directory),
        Err(Refusal::NoService(named("nobody")))
    );
    let refused = case(
        Consent::Withdrawn,
        vec![referral(1, "broad", State::Accepted)],
    );
    assert_eq!(
        asks(refused, "other", &directory),
        Err(Refusal::Consent(Consent::Withdrawn))
    );
    let asked = case(Consent::Given, vec![referral(1, "broad", State::Requested)]);
    assert!(matches!(
        asks(asked, "other", &directory),
        Err(Refusal::Transition(_))
    ));
}
