use knipperlicht_vocabulary::{Consent, ItemId};
use proptest::{prelude::*, sample::subsequence};

use super::*;
use crate::model::{
    directory::Directory,
    referral::{Open, Waiting},
    tests::{agreement, circumstances, directory, ground, now, referral, situation, situation_id},
};

fn absorbed_id() -> SituationId {
    Uuid::from_u128(0x52).into()
}

fn holds(situation: SituationId, consent: Consent, sequence: i64) -> Holds {
    Holds {
        situation,
        circumstances: circumstances(),
        agreement: agreement(consent, sequence),
    }
}

/// What the database would hold of two situations: everything with whose it is.
#[derive(Debug, Clone, PartialEq)]
struct Books {
    survivor: Case,
    absorbed: Case,
}

/// What gave way, as the store notes it.
#[derive(Default)]
struct GaveWay {
    referrals: Vec<ReferralId>,
    items: Vec<(ItemId, Item)>,
}

fn apply(case: &mut Case, changes: Vec<Change<'_>>, gone: &mut GaveWay) {
    for change in changes {
        match change {
            Change::Learned(known) => case.situation = Some(*known),
            Change::Referred(made) => case.referrals.push(*made),
            Change::Moved { from, referral, .. } => {
                if referral.state.gave_way() {
                    gone.referrals.push(referral.id);
                }
                let held = case.referrals.iter_mut().find(|one| one.id == referral.id);
                let held = held.unwrap();
                assert_eq!(held.state, from);
                *held = *referral;
            }
            Change::Opened(item) | Change::CameBack(item) => case.items.push(*item),
            Change::Closed(id) => case.items.retain(|item| item.id != id),
            Change::GaveWay(id) => {
                let place = case.items.iter().position(|item| item.id == id).unwrap();
                gone.items.push((id, case.items.remove(place)));
            }
            Change::Withheld(withheld) => case.withheld = Some(withheld),
            Change::Lifted => assert!(case.withheld.take().is_some()),
            // None of these comes of a merge or a split.
            Change::Raised(_) | Change::Escalated(_) | Change::TookOver { .. } => {
                unreachable!("none of them moves a situation")
            }
            Change::Decided(_) | Change::TakenBack(_) | Change::FollowedUp(..) => {}
        }
    }
}

/// Both as they stand while they are one, and after they are split.
fn there_and_back(books: &Books, consent: Consent, directory: &Directory) -> (Case, Books) {
    let ground = ground(directory);
    let mut gone = GaveWay::default();
    let merge = merge(
        holds(situation_id(), consent, 9),
        books.survivor.clone(),
        books.absorbed.clone(),
        Uuid::from_u128(1),
        &ground,
    );
    let mut one = books.survivor.clone();
    one.referrals.extend(books.absorbed.referrals.clone());
    one.items.extend(books.absorbed.items.clone());
    apply(&mut one, merge, &mut gone);
    let merged = one.clone();

    // What was made since goes with what it followed on.
    let mut own: Vec<ReferralId> = books.absorbed.referrals.iter().map(|one| one.id).collect();
    for made in &one.referrals {
        if made
            .previous
            .is_some_and(|previous| own.contains(&previous))
        {
            own.push(made.id);
        }
    }
    let goes = |id: ReferralId| own.contains(&id);
    let own_items: Vec<ItemId> = books.absorbed.items.iter().map(|one| one.id).collect();
    let item_goes = |item: &Item| own_items.contains(&item.id) || item.referral.is_some_and(goes);
    let mut absorbed = books.absorbed.clone();
    absorbed.referrals = one.referrals.extract_if(.., |one| goes(one.id)).collect();
    absorbed.items = one.items.extract_if(.., |item| item_goes(item)).collect();

    let consent_of = |case: &Case| case.situation.as_ref().unwrap().agreement.consent;
    let mut parts = [
        (situation_id(), &books.survivor, one),
        (absorbed_id(), &books.absorbed, absorbed),
    ]
    .into_iter()
    .map(|(id, before, mut case)| {
        let items = gone.items.iter().map(|(_, item)| item.clone());
        let part = Part {
            case: case.clone(),
            gave_way: gone.referrals.clone(),
            items: items
                .filter(|item| item_goes(item) == (id == absorbed_id()))
                .collect(),
            homes: Homes::new(),
            made_since: Vec::new(),
            items_made_since: Vec::new(),
        };
        let holds = holds(id, consent_of(before), 10);
        let root = Uuid::from_u128(2 + id.uuid().as_u128());
        let changes = split(holds, Needed::of(before), part, root, &ground);
        apply(&mut case, changes, &mut GaveWay::default());
        case
    });
    let (survivor, absorbed) = (parts.next().unwrap(), parts.next().unwrap());
    (merged, Books { survivor, absorbed })
}

/// What somebody would notice: not the numbers of words, nor since when, nor what is over.
fn noticed(case: &Case) -> impl PartialEq + std::fmt::Debug + use<> {
    let known = case.situation.clone().unwrap();
    let mut referrals: Vec<_> = case
        .referrals
        .iter()
        .filter(|one| one.covers())
        .map(|one| {
            (
                one.id,
                one.state,
                one.needs.clone(),
                one.requested_at.is_some(),
            )
        })
        .collect();
    referrals.sort_by_key(|one| one.0);
    let mut items: Vec<_> = case
        .items
        .iter()
        .map(|item| (item.id, item.needs.clone()))
        .collect();
    items.sort_by_key(|one| one.0);
    (
        known.agreement.consent,
        known.urgency,
        known.needs,
        referrals,
        items,
        case.withheld.clone(),
    )
}

fn known(id: SituationId, consent: Consent, needs: &[Need]) -> Case {
    Case {
        situation: Some(Situation {
            id,
            needs: needs.to_vec(),
            ..situation(consent)
        }),
        ..Case::default()
    }
}

fn asked(number: u128, age: i64, needs: &[Need], state: State) -> Referral {
    Referral {
        created_at: now() + jiff::SignedDuration::from_mins(age),
        needs: needs.to_vec(),
        ..referral(number, "other", state)
    }
}

#[test]
fn of_two_for_the_same_the_younger_gives_way() {
    let directory = directory();
    let books = Books {
        survivor: Case {
            referrals: vec![asked(1, 0, &[Need::Financial], State::Requested)],
            ..known(situation_id(), Consent::Given, &[Need::Financial])
        },
        absorbed: Case {
            referrals: vec![asked(
                2,
                1,
                &[Need::Financial, Need::Respite],
                State::Held(Waiting::ForPartner),
            )],
            ..known(
                absorbed_id(),
                Consent::Given,
                &[Need::Financial, Need::Respite],
            )
        },
    };
    let (merged, split) = there_and_back(&books, Consent::Given, &directory);
    let live: Vec<(&str, &[Need])> = merged
        .referrals
        .iter()
        .filter(|one| one.covers())
        .map(|one| (one.service.as_str(), one.needs.as_slice()))
        .collect();
    // What the younger one was asked besides is asked anew.
    let expected = [
        ("other", &[Need::Financial][..]),
        ("respite", &[Need::Respite][..]),
    ];
    assert_eq!(live, expected);
    assert_eq!(noticed(&split.survivor), noticed(&books.survivor));
    assert_eq!(noticed(&split.absorbed), noticed(&books.absorbed));
    let replacement = split
        .absorbed
        .referrals
        .iter()
        .find(|one| one.previous.is_some());
    assert_eq!(replacement.unwrap().state, State::Cancelled);
}

#[test]
fn who_accepted_stays_though_asked_later() {
    let directory = directory();
    let books = Books {
        survivor: Case {
            referrals: vec![asked(1, 0, &[Need::Financial], State::Requested)],
            ..known(situation_id(), Consent::Given, &[Need::Financial])
        },
        absorbed: Case {
            referrals: vec![asked(2, 1, &[Need::Financial], State::Accepted)],
            ..known(absorbed_id(), Consent::Given, &[Need::Financial])
        },
    };
    let (merged, split) = there_and_back(&books, Consent::Given, &directory);
    let states: Vec<State> = merged.referrals.iter().map(|one| one.state).collect();
    assert_eq!(states, [State::Merged(Open::Requested), State::Accepted]);
    assert_eq!(noticed(&split.survivor), noticed(&books.survivor));
}

#[test]
fn a_refusal_ends_what_is_open_until_they_are_split() {
    let directory = directory();
    let refused = Withheld {
        consent: Consent::Refused,
        needs: vec![Need::Respite],
        urgency: Urgency::Soon,
    };
    let books = Books {
        survivor: Case {
            referrals: vec![asked(1, 0, &[Need::Financial], State::Requested)],
            ..known(situation_id(), Consent::Given, &[Need::Financial])
        },
        absorbed: Case {
            withheld: Some(refused),
            ..known(absorbed_id(), Consent::Refused, &[Need::Respite])
        },
    };
    let (merged, split) = there_and_back(&books, Consent::Refused, &directory);
    assert!(!merged.is_live());
    let withheld = merged.withheld.unwrap();
    assert_eq!(withheld.needs, [Need::Respite, Need::Financial]);
    assert_eq!(noticed(&split.survivor), noticed(&books.survivor));
    assert_eq!(noticed(&split.absorbed), noticed(&books.absorbed));
}

/// Of three that were one: the first goes on with the second in it, and the third stands alone.
#[test]
fn of_three_only_what_nobody_stands_in_the_way_of_comes_back() {
    let directory = directory();
    let ground = ground(&directory);
    let gave_way = State::Merged(Open::Requested);
    let come_back = |id: SituationId, referrals: Vec<Referral>, homes: Homes| {
        let part = Part {
            gave_way: referrals
                .iter()
                .filter(|one| one.state.gave_way())
                .map(|one| one.id)
                .collect(),
            case: Case {
                referrals,
                ..known(id, Consent::Given, &[Need::Financial])
            },
            homes,
            ..Part::default()
        };
        let needed = Needed::of(&part.case);
        let holds = holds(id, Consent::Given, 10);
        let mut case = part.case.clone();
        let changes = split(holds, needed, part, Uuid::from_u128(3), &ground);
        apply(&mut case, changes, &mut GaveWay::default());
        let states: Vec<State> = case.referrals.iter().map(|one| one.state).collect();
        states
    };
    let second: SituationId = Uuid::from_u128(0x53).into();

    // What the second was asked for gave way to the third's: now it gives way to the first's.
    let first = vec![
        asked(1, 0, &[Need::Financial], State::Requested),
        asked(2, 2, &[Need::Financial], gave_way),
    ];
    let homes = Homes::from([(Uuid::from_u128(2), second)]);
    assert_eq!(
        come_back(situation_id(), first, homes.clone()),
        [State::Requested, gave_way]
    );
    // The third's gave way to the first's, when the second became part of that.
    let third = vec![asked(3, 1, &[Need::Financial], gave_way)];
    let homes_of_third = Homes::from([(Uuid::from_u128(3), absorbed_id())]);
    assert_eq!(
        come_back(absorbed_id(), third, homes_of_third),
        [State::Requested]
    );
    // Alone, the second has its own back.
    let alone = vec![asked(2, 2, &[Need::Financial], gave_way)];
    assert_eq!(come_back(second, alone, homes), [State::Requested]);
}

const NEEDS: [Need; 4] = [
    Need::Information,
    Need::Financial,
    Need::Administration,
    Need::Respite,
];

fn some_needs() -> impl Strategy<Value = Vec<Need>> {
    subsequence(NEEDS.to_vec(), 1..=4)
}

fn some_case(id: SituationId, first: u128) -> impl Strategy<Value = Case> {
    let states = prop::sample::select(vec![
        State::Requested,
        State::Held(Waiting::ForPartner),
        State::Accepted,
        State::Expired,
    ]);
    let referrals = prop::collection::vec((states, some_needs(), 0..9_i64), 0..4);
    let items = prop::collection::vec(some_needs(), 0..2);
    (referrals, items, some_needs()).prop_map(move |(referrals, items, needs)| {
        let mut case = known(id, Consent::Given, &needs);
        for (number, (state, needs, age)) in (first..).zip(referrals) {
            case.referrals.push(asked(number, age, &needs, state));
        }
        for (number, needs) in (first..).zip(items) {
            case.items.push(Item {
                id: ItemId::from(Uuid::from_u128(number)),
                kind: ItemKind::NoCandidate,
                referral: None,
                promise: None,
                circumstances: circumstances(),
                needs,
                urgency: Urgency::Soon,
                opened_at: now(),
                escalated_at: None,
            });
        }
        case
    })
}

proptest! {
    #[test]
    fn merge_then_split_restores(
        survivor in some_case(situation_id(), 100),
        absorbed in some_case(absorbed_id(), 200),
    ) {
        let directory = directory();
        let books = Books { survivor, absorbed };
        let (merged, split) = there_and_back(&books, Consent::Given, &directory);
        prop_assert_eq!(noticed(&split.survivor), noticed(&books.survivor));
        prop_assert_eq!(noticed(&split.absorbed), noticed(&books.absorbed));

        // Nothing that somebody saw to is left alone, and nobody is asked for what the other
        // situation's partner is asked already.
        let covered = merged.covered();
        for need in NEEDS {
            let was_covered = books.survivor.covered().contains(need) || books.absorbed.covered().contains(need);
            prop_assert!(!was_covered || covered.contains(need), "{need} lost its path");
        }
        let open = |of: &Case| -> Vec<ReferralId> { of.referrals.iter().map(|one| one.id).collect() };
        let (ours, theirs) = (open(&books.survivor), open(&books.absorbed));
        for one in merged.referrals.iter().filter(|one| ours.contains(&one.id) && one.state.is_open()) {
            for other in merged.referrals.iter().filter(|other| theirs.contains(&other.id) && other.covers()) {
                let both = NeedSet::from(one.needs.as_slice()).and(NeedSet::from(other.needs.as_slice()));
                prop_assert!(both.is_empty(), "{} and {} are asked for the same", one.id, other.id);
            }
        }
    }
}
