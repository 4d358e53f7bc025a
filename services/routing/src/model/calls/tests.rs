use knipperlicht_vocabulary::{Need, Urgency};

use super::*;
use crate::model::{
    case::Item,
    referral::State,
    tests::{after, case, circumstances, directory, ground, now, referral, told},
};

fn requested() -> Case {
    case(Consent::Given, vec![referral(1, "broad", State::Requested)])
}

fn id(case: &Case, position: usize) -> ReferralId {
    case.referrals[position].id
}

fn named(service: &str) -> ServiceId {
    service.parse().unwrap()
}

fn item(case: Case, needs: &[Need]) -> Case {
    let item = Item {
        id: uuid::Uuid::from_u128(7).into(),
        kind: ItemKind::Emergency,
        referral: None,
        promise: None,
        circumstances: circumstances(),
        needs: needs.to_vec(),
        urgency: Urgency::Emergency,
        opened_at: now(),
        escalated_at: None,
    };
    Case {
        items: vec![item],
        ..case
    }
}

#[test]
fn accepting_twice_changes_nothing_more() {
    let directory = directory();
    let ground = ground(&directory);
    let before = requested();
    let one = id(&before, 0);
    let first = accept(before.clone(), one, &ground).unwrap();
    assert_eq!(told(&first.changes), ["now accepted broad"]);
    let second = accept(after(before, first.changes), one, &ground).unwrap();
    assert!(second.changes.is_empty());
    assert_eq!(second.referral, first.referral);
}

#[test]
fn a_decline_asks_the_next_and_the_last_decline_a_coordinator() {
    let directory = directory();
    let ground = ground(&directory);
    let before = requested();
    let declined = decline(
        before.clone(),
        id(&before, 0),
        DeclineReason::NoCapacity,
        &ground,
    )
    .unwrap();
    assert_eq!(
        told(&declined.changes),
        ["now declined broad", "requested other"]
    );
    assert_eq!(
        declined.referral.state,
        State::Declined(DeclineReason::NoCapacity)
    );
    let then = after(before, declined.changes);
    let last = decline(
        then.clone(),
        id(&then, 1),
        DeclineReason::NoCapacity,
        &ground,
    )
    .unwrap();
    assert_eq!(
        told(&last.changes),
        ["now declined other", "item all_declined"]
    );
}

#[test]
fn a_redirect_says_what_takes_its_place() {
    let directory = directory();
    let before = requested();
    let to = |service: &str| {
        let service = named(service);
        redirect(
            before.clone(),
            id(&before, 0),
            &service,
            DeclineReason::Other,
            Actor::Partner,
            &ground(&directory),
        )
    };
    let sent = to("respite").unwrap();
    assert_eq!(
        told(&sent.changes),
        ["now redirected broad", "requested respite"]
    );
    assert_eq!(sent.referral.previous, Some(id(&before, 0)));
    assert!(
        matches!(&sent.changes[0], Change::Moved { next, .. } if *next == Some(sent.referral.id))
    );
    assert_eq!(to("broad"), Err(Refusal::SameService(named("broad"))));
    assert_eq!(to("nobody"), Err(Refusal::NoService(named("nobody"))));
}

#[test]
fn a_redirect_in_a_circle_ends_with_a_coordinator() {
    let directory = directory();
    let ground = ground(&directory);
    let before = requested();
    let there = redirect(
        before.clone(),
        id(&before, 0),
        &named("other"),
        DeclineReason::Other,
        Actor::Partner,
        &ground,
    );
    let then = after(before, there.unwrap().changes);
    let back = |actor| {
        redirect(
            then.clone(),
            id(&then, 1),
            &named("broad"),
            DeclineReason::Other,
            actor,
            &ground,
        )
    };
    let by_partner = back(Actor::Partner).unwrap();
    assert_eq!(
        told(&by_partner.changes),
        ["now declined other", "item all_declined"]
    );
    let by_coordinator = back(Actor::Coordinator).unwrap();
    assert_eq!(
        told(&by_coordinator.changes),
        ["now redirected other", "requested broad"]
    );
}

#[test]
fn what_a_coordinator_cancels_comes_back_as_an_item() {
    let directory = directory();
    let before = requested();
    let cancelled = cancel(before.clone(), id(&before, 0), &ground(&directory)).unwrap();
    assert_eq!(
        told(&cancelled.changes),
        ["now cancelled broad", "item cancelled"]
    );
    let again = cancel(
        after(before, cancelled.changes),
        cancelled.referral.id,
        &ground(&directory),
    );
    assert!(matches!(again, Err(Refusal::Transition(_))));
}

#[test]
fn where_somebody_is_late_another_is_asked_besides() {
    let directory = directory();
    let ground = ground(&directory);
    let late = referral(1, "broad", State::Accepted);
    let mut before = item(case(Consent::Given, vec![late.clone()]), &[]);
    before.items[0].kind = ItemKind::Late;
    before.items[0].referral = Some(late.id);
    let open = before.items[0].id;
    let same = assign(before.clone(), open, &named("broad"), &ground);
    assert_eq!(same, Err(Refusal::SameService(named("broad"))));

    let other = assign(before.clone(), open, &named("other"), &ground).unwrap();
    assert_eq!(told(&other.changes), ["requested other"], "the item stays");
    assert_eq!(other.referral.needs, late.needs);
    assert_eq!(other.referral.previous, Some(late.id));
    let then = after(before, other.changes);
    let third = assign(then, open, &named("respite"), &ground).unwrap();
    assert_ne!(third.referral.id, other.referral.id);
}

#[test]
fn an_item_goes_to_a_service_as_far_as_consent_allows() {
    let directory = directory();
    let assigned = |consent, needs: &[Need]| {
        let before = item(case(consent, Vec::new()), needs);
        assign(
            before.clone(),
            before.items[0].id,
            &named("respite"),
            &ground(&directory),
        )
    };
    let given = assigned(Consent::Given, &[Need::Safety]).unwrap();
    assert_eq!(told(&given.changes), ["item closed", "requested respite"]);
    assert_eq!(
        (given.referral.needs, given.referral.urgency),
        (vec![Need::Safety], Urgency::Emergency)
    );
    let not_asked = assigned(Consent::NotAsked, &[Need::Safety]).unwrap();
    assert_eq!(
        told(&not_asked.changes),
        ["item closed", "waiting for the carer's consent respite"]
    );
    assert_eq!(
        assigned(Consent::Refused, &[Need::Safety]),
        Err(Refusal::Consent(Consent::Refused))
    );
    let about_all = assigned(Consent::Given, &[]).unwrap();
    assert_eq!(
        about_all.referral.needs,
        [Need::Financial],
        "the needs of the situation"
    );
}

#[test]
fn what_is_not_there_is_said_so() {
    let directory = directory();
    let nowhere = uuid::Uuid::from_u128(99);
    let ground = ground(&directory);
    assert_eq!(
        step(requested(), nowhere.into(), Move::Accept, &ground),
        Err(Refusal::NoReferral)
    );
    assert_eq!(
        assign(requested(), nowhere.into(), &named("broad"), &ground),
        Err(Refusal::NoItem)
    );
}
