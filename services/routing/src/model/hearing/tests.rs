use knipperlicht_vocabulary::{Consent, DeclineReason, ItemKind};
use proptest::prelude::*;

use super::*;
use crate::model::{
    calls::{self, Answer},
    referral::{Actor, Referral, State, Waiting},
    tests::{
        after, agreement, assessed, case, circumstances, directory, ground, referral, situation_id,
        told,
    },
};

/// Lets one thing after the other be heard; says what was told at the last.
fn hear_all(mut case: Case, heard: Vec<Heard>) -> (Case, Vec<String>) {
    let directory = directory();
    let ground = ground(&directory);
    let mut last = Vec::new();
    for (number, what) in heard.into_iter().enumerate() {
        let event = Uuid::from_u128(1_000 + number as u128);
        let changes = hear(situation_id(), case.clone(), what, event, &ground);
        last = told(&changes);
        case = after(case, changes);
    }
    (case, last)
}

fn judged(consent: Consent, needs: &[Need]) -> Heard {
    Heard::Assessed(assessed(consent, Urgency::Soon, needs))
}

fn judged_urgently(consent: Consent, needs: &[Need]) -> Heard {
    Heard::Assessed(assessed(consent, Urgency::Emergency, needs))
}

fn agreed(consent: Consent, sequence: i64) -> Heard {
    Heard::Agreed(circumstances(), agreement(consent, sequence))
}

fn taken_back() -> Heard {
    Heard::TakenBack(Uuid::from_u128(0x516).into())
}

/// What happens, event by event, and what is told after the last.
type Story = (&'static str, Vec<Heard>, Vec<&'static str>);

fn tell(stories: Vec<Story>) {
    for (story, heard, expected) in stories {
        assert_eq!(hear_all(Case::default(), heard).1, expected, "{story}");
    }
}

#[test]
fn a_vital_interest_is_looked_at_each_time_that_it_comes_to_hold() {
    use Consent::{NotAsked, VitalInterest, Withdrawn};
    use Need::Respite;
    let stories: Vec<Story> = vec![
        (
            "vital interest: told once, however often it is judged",
            vec![
                judged(VitalInterest, &[Respite]),
                judged(VitalInterest, &[Respite]),
            ],
            vec![],
        ),
        (
            "vital interest since: the one who waited is asked",
            vec![judged(NotAsked, &[Respite]), agreed(VitalInterest, 2)],
            vec!["now requested respite", "item vital_interest"],
        ),
        (
            "vital interest of somebody not yet judged",
            vec![agreed(VitalInterest, 2)],
            vec!["item vital_interest"],
        ),
        (
            "vital interest, then withdrawn: it was shared, and is to be looked at",
            vec![judged(VitalInterest, &[Respite]), agreed(Withdrawn, 2)],
            vec!["now cancelled respite", "withheld withdrawn"],
        ),
        (
            "vital interest again: looked at again",
            vec![
                judged(VitalInterest, &[Respite]),
                Heard::Acknowledged,
                agreed(Withdrawn, 2),
                agreed(VitalInterest, 3),
            ],
            vec!["lifted", "item vital_interest", "requested respite"],
        ),
        (
            "vital interest, looked at",
            vec![judged(VitalInterest, &[Respite]), Heard::Acknowledged],
            vec!["item closed"],
        ),
        (
            "vital interest is no path: no need follows, and somebody decides",
            vec![judged(VitalInterest, &[])],
            vec!["item vital_interest", "item no_candidate"],
        ),
    ];
    tell(stories);
}

#[test]
fn consent_decides_who_is_asked() {
    use Consent::{Given, NotAsked, Refused, VitalInterest, Withdrawn};
    use Need::{Administration, Respite, Safety};
    let stories: Vec<Story> = vec![
        (
            "consent given",
            vec![judged(Given, &[Administration, Respite])],
            vec!["requested broad", "requested respite"],
        ),
        (
            "vital interest",
            vec![judged(VitalInterest, &[Respite])],
            vec!["item vital_interest", "requested respite"],
        ),
        (
            "not asked: decided, shown to nobody",
            vec![judged(NotAsked, &[Respite])],
            vec!["waiting for the carer's consent respite"],
        ),
        (
            "given later: goes out by itself",
            vec![judged(NotAsked, &[Respite]), agreed(Given, 2)],
            vec!["now requested respite"],
        ),
        (
            "refused",
            vec![judged(Refused, &[Respite])],
            vec!["withheld refused"],
        ),
        (
            "refused, then given: decided anew",
            vec![judged(Refused, &[Respite]), agreed(Given, 2)],
            vec!["lifted", "requested respite"],
        ),
        (
            "given, then withdrawn",
            vec![judged(Given, &[Respite, Safety]), agreed(Withdrawn, 2)],
            vec!["now cancelled respite", "item closed", "withheld withdrawn"],
        ),
        (
            "the same refusal again",
            vec![judged(Refused, &[Respite]), agreed(Refused, 2)],
            vec![],
        ),
        (
            "an older word, late",
            vec![judged(Given, &[Respite]), agreed(Refused, 0)],
            vec![],
        ),
        (
            "consent before the assessment: the later word holds",
            vec![agreed(Given, 2), judged(NotAsked, &[Respite])],
            vec!["requested respite"],
        ),
        (
            "consent of somebody not yet judged",
            vec![agreed(Refused, 2)],
            vec![],
        ),
    ];
    tell(stories);
}

#[test]
fn a_signal_ends_somewhere_and_its_needs_are_asked_for_once() {
    use Consent::{Given, Refused};
    use Need::{Administration, Financial, Respite, Safety};
    let stories: Vec<Story> = vec![
        (
            "nobody offers it",
            vec![judged(Given, &[Safety])],
            vec!["item no_candidate"],
        ),
        (
            "no need follows",
            vec![judged(Given, &[])],
            vec!["item no_candidate"],
        ),
        (
            "emergency",
            vec![judged_urgently(Given, &[Respite])],
            vec!["requested respite", "item emergency"],
        ),
        (
            "emergency, refused: a coordinator learns of it",
            vec![judged_urgently(Refused, &[Safety])],
            vec!["item emergency", "withheld refused"],
        ),
        (
            "the same needs again",
            vec![
                judged(Given, &[Respite, Safety]),
                judged(Given, &[Safety, Respite]),
            ],
            vec![],
        ),
        (
            "one need more",
            vec![
                judged(Given, &[Respite]),
                judged(Given, &[Respite, Administration]),
            ],
            vec!["requested broad"],
        ),
        (
            "taken back",
            vec![judged(Given, &[Respite, Safety]), taken_back()],
            vec!["now cancelled respite", "item closed"],
        ),
        (
            "taken back while withheld",
            vec![judged(Refused, &[Respite]), taken_back()],
            vec!["lifted"],
        ),
        (
            "taken back before it was judged",
            vec![taken_back(), judged(Given, &[Financial])],
            vec![],
        ),
    ];
    tell(stories);
}

#[test]
fn silence_asks_the_next_and_then_the_coordinator() {
    let before = case(Consent::Given, vec![referral(1, "broad", State::Requested)]);
    let first = before.referrals[0].id;
    let (then, told) = hear_all(before, vec![Heard::Silence(first)]);
    assert_eq!(told, ["now expired broad", "requested other"]);
    let second = &then.referrals[1];
    assert_eq!(second.previous, Some(first));
    let (then, told) = hear_all(then.clone(), vec![Heard::Silence(second.id)]);
    assert_eq!(told, ["now expired other", "item clock_breached"]);
    assert_eq!(
        (then.items[0].kind, then.items[0].referral),
        (ItemKind::ClockBreached, Some(second.id))
    );
    assert_eq!(then.items[0].needs, [Need::Financial]);
}

/// What is told when this is heard as well.
fn told_next(case: &Case, what: Heard) -> Vec<String> {
    hear_all(case.clone(), vec![what]).1
}

#[test]
fn two_who_were_silent_are_enough() {
    let silent = referral(1, "respite", State::Expired);
    let asked = Referral {
        previous: Some(silent.id),
        ..referral(2, "broad", State::Requested)
    };
    let id = asked.id;
    let before = case(Consent::Given, vec![silent, asked.clone()]);
    let (then, told) = hear_all(before, vec![Heard::Silence(id)]);
    assert_eq!(
        told,
        ["now expired broad", "item clock_breached"],
        "though `other` could be asked"
    );
    assert_eq!(then.items[0].needs, asked.needs);
    let declined = Referral {
        previous: Some(ReferralId::from(Uuid::from_u128(1))),
        ..asked
    };
    let first = referral(1, "respite", State::Declined(DeclineReason::NoCapacity));
    let (_, told) = hear_all(
        case(Consent::Given, vec![first, declined]),
        vec![Heard::Silence(id)],
    );
    assert_eq!(told, ["now expired broad", "requested other"]);
}

#[test]
fn who_is_late_brings_it_to_the_coordinator_and_then_to_the_council() {
    let late = referral(1, "broad", State::Accepted);
    let id = late.id;
    let before = case(Consent::Given, vec![late]);
    let late = Heard::Late(id, ClockKind::Outcome);
    let (then, told) = hear_all(before.clone(), vec![late.clone()]);
    assert_eq!(told, ["item late"]);
    assert!(told_next(&then, late.clone()).is_empty(), "once");
    let item = then.items[0].clone();
    assert_eq!((item.referral, item.needs.as_slice()), (Some(id), &[][..]));
    assert_eq!(item.promise, Some(ClockKind::Outcome));

    let (then, told) = hear_all(then, vec![Heard::Neglected(item.id)]);
    assert_eq!(told, ["escalated"]);
    assert!(told_next(&then, Heard::Neglected(item.id)).is_empty());
    let (then, told) = hear_all(then, vec![Heard::Settled(id)]);
    assert_eq!(told, ["item closed"]);
    assert!(told_next(&then, Heard::Settled(id)).is_empty());

    let withdrawn = case(Consent::Withdrawn, before.referrals);
    let (_, told) = hear_all(withdrawn, vec![late]);
    assert!(told.is_empty(), "nothing has to be kept then");
}

#[test]
fn what_becomes_more_urgent_is_told_to_whoever_is_asked_or_at_work() {
    let accepted = Referral {
        needs: vec![Need::Respite],
        ..referral(1, "respite", State::Accepted)
    };
    let asked = referral(2, "broad", State::Requested);
    let over = referral(3, "other", State::Expired);
    let before = case(Consent::Given, vec![accepted, asked, over]);
    let worse = |urgency| {
        let needs = [Need::Respite, Need::Financial];
        Heard::Assessed(assessed(Consent::Given, urgency, &needs))
    };
    let (then, told) = hear_all(before, vec![worse(Urgency::Urgent)]);
    assert_eq!(told, ["urgent respite", "urgent broad"]);
    for urgency in [Urgency::Urgent, Urgency::Routine] {
        let told = told_next(&then, worse(urgency));
        assert!(told.is_empty(), "nothing becomes less urgent by itself");
    }
}

#[test]
fn a_clock_that_comes_late_does_nothing() {
    for state in [
        State::Accepted,
        State::Held(Waiting::ForPartner),
        State::Cancelled,
    ] {
        let before = case(Consent::Given, vec![referral(1, "broad", state)]);
        let id = before.referrals[0].id;
        let (then, told) = hear_all(before.clone(), vec![Heard::Silence(id)]);
        assert_eq!((then, told), (before, Vec::new()));
    }
}

#[test]
fn accepted_referrals_outlive_consent_but_not_their_follow_up() {
    let accepted = referral(1, "broad", State::Accepted);
    let (then, told) = hear_all(
        case(Consent::Given, vec![accepted.clone()]),
        vec![agreed(Consent::Withdrawn, 2)],
    );
    assert_eq!(
        (then.referrals[0].state, told),
        (State::Accepted, Vec::new())
    );

    let again = judged(Consent::Given, &[Need::Financial]);
    let (_, told) = hear_all(
        case(Consent::Given, vec![accepted.clone()]),
        vec![again.clone()],
    );
    assert!(told.is_empty(), "asked for what somebody sees to");
    let ended = Referral {
        followed_up: true,
        ..accepted
    };
    let (_, told) = hear_all(case(Consent::Given, vec![ended]), vec![again]);
    assert_eq!(told.len(), 1, "a new sign after the follow-up asks anew");
}

/// What can happen to a case, as a number to choose the referral or item with.
#[derive(Debug, Clone, Copy)]
enum Step {
    Judged(Consent, Urgency, u8),
    Agreed(Consent),
    Silence(usize),
    Late(usize),
    Settled(usize),
    Neglected(usize),
    Accept(usize),
    Decline(usize),
    Redirect(usize, usize, Actor),
    Hold(usize),
    Cancel(usize),
    Assign(usize, usize),
}

fn any_step() -> impl Strategy<Value = Step> {
    let consent = || {
        prop::sample::select(vec![
            Consent::Given,
            Consent::VitalInterest,
            Consent::Refused,
            Consent::Withdrawn,
        ])
    };
    let actor = prop::sample::select(vec![Actor::Partner, Actor::Coordinator]);
    prop_oneof![
        (
            prop::sample::select(Consent::ALL),
            prop::sample::select(Urgency::ALL),
            any::<u8>()
        )
            .prop_map(|(consent, urgency, needs)| Step::Judged(consent, urgency, needs)),
        consent().prop_map(Step::Agreed),
        (0..4_usize).prop_map(Step::Silence),
        (0..4_usize).prop_map(Step::Late),
        (0..4_usize).prop_map(Step::Settled),
        (0..3_usize).prop_map(Step::Neglected),
        (0..4_usize).prop_map(Step::Accept),
        (0..4_usize).prop_map(Step::Decline),
        ((0..4_usize), (0..3_usize), actor)
            .prop_map(|(one, to, actor)| Step::Redirect(one, to, actor)),
        (0..4_usize).prop_map(Step::Hold),
        (0..4_usize).prop_map(Step::Cancel),
        ((0..3_usize), (0..3_usize)).prop_map(|(one, to)| Step::Assign(one, to)),
    ]
}

const SERVICES: [&str; 3] = ["broad", "other", "respite"];

/// Takes a step; calls that are refused change nothing.
fn take<'d>(case: &Case, number: usize, step: Step, ground: &Ground<'d>) -> Vec<Change<'d>> {
    let event = Uuid::from_u128(9_000 + number as u128);
    let sequence = i64::try_from(number).unwrap() + 2;
    let heard = |what| hear(situation_id(), case.clone(), what, event, ground);
    let referral = |one: usize| {
        case.referrals
            .get(one)
            .map_or_else(|| event.into(), |referral| referral.id)
    };
    let answer: Result<Answer<'d>, _> = match step {
        Step::Judged(consent, urgency, bits) => {
            let needs: Vec<Need> = Need::ALL
                .iter()
                .copied()
                .filter(|need| bits & (1 << (need.number() % 8)) != 0)
                .collect();
            // A word of its own each time: it is the latest.
            let agreement = agreement(consent, sequence);
            return heard(Heard::Assessed(Assessed {
                agreement,
                ..assessed(consent, urgency, &needs)
            }));
        }
        Step::Agreed(consent) => return heard(agreed(consent, sequence)),
        Step::Silence(one) => return heard(Heard::Silence(referral(one))),
        Step::Late(one) => return heard(Heard::Late(referral(one), ClockKind::FirstContact)),
        Step::Settled(one) => return heard(Heard::Settled(referral(one))),
        Step::Neglected(one) => {
            let item = case.items.get(one);
            return heard(Heard::Neglected(
                item.map_or_else(|| event.into(), |item| item.id),
            ));
        }
        Step::Accept(one) => calls::step(case.clone(), referral(one), Move::Accept, ground),
        Step::Decline(one) => calls::decline(
            case.clone(),
            referral(one),
            DeclineReason::NoCapacity,
            ground,
        ),
        Step::Redirect(one, to, actor) => {
            let target = SERVICES[to].parse().unwrap();
            calls::redirect(
                case.clone(),
                referral(one),
                &target,
                DeclineReason::Other,
                actor,
                ground,
            )
        }
        Step::Hold(one) => calls::step(case.clone(), referral(one), Move::Hold, ground),
        Step::Cancel(one) => calls::cancel(case.clone(), referral(one), ground),
        Step::Assign(one, to) => {
            let item = case
                .items
                .get(one)
                .map_or_else(|| event.into(), |item| item.id);
            calls::assign(case.clone(), item, &SERVICES[to].parse().unwrap(), ground)
        }
    };
    answer.map(|answer| answer.changes).unwrap_or_default()
}

proptest! {
    /// Rule 1: whatever happens, every need that was judged has a live path; rule 3: no partner
    /// is shown anything that the carer does not want shown.
    #[test]
    fn there_is_no_dead_end(steps in prop::collection::vec(any_step(), 1..14)) {
        let directory = directory();
        let ground = ground(&directory);
        let mut case = Case::default();
        for (number, step) in steps.into_iter().enumerate() {
            let changes = take(&case, number, step, &ground);
            prop_assert_eq!(&changes, &take(&case, number, step, &ground), "the same again is the same");
            case = after(case, changes);
            let Some(situation) = &case.situation else { continue };
            if situation.urgency.is_none() {
                continue;
            }
            let refused = forbids(situation.agreement.consent);
            let withheld: NeedSet = case.withheld.iter().flat_map(|withheld| withheld.needs.clone()).collect();
            let paths = case.covered().or(withheld);
            let judged = NeedSet::from(situation.needs.as_slice());
            prop_assert!(judged.without(paths).is_empty(), "a need without a path: {:?}", case);
            prop_assert!(case.is_live() || case.withheld.is_some(), "nothing under way: {:?}", case);
            for referral in &case.referrals {
                let waits_for_consent = referral.state == State::Held(Waiting::ForConsent);
                prop_assert!(!(refused && referral.state.is_open()), "asked against the carer's will");
                prop_assert_eq!(waits_for_consent, referral.requested_at.is_none() && referral.state.is_open());
            }
        }
    }
}
