use super::*;
use crate::model::tests::{now, referral};

const STATES: [State; 8] = [
    State::Requested,
    State::Held(Waiting::ForConsent),
    State::Held(Waiting::ForPartner),
    State::Accepted,
    State::Declined(DeclineReason::NoCapacity),
    State::Redirected,
    State::Expired,
    State::Cancelled,
];

const MOVES: [Move; 9] = [
    Move::Accept,
    Move::Decline(DeclineReason::Language),
    Move::Redirect,
    Move::HandOver,
    Move::Hold,
    Move::Release,
    Move::Consent,
    Move::Expire,
    Move::Cancel,
];

/// DESIGN.md, section 3: `requested -> accepted | declined | redirected | held | expired |
/// cancelled`; `held -> requested | accepted | declined | cancelled`. What waits for consent no
/// partner has seen, so only consent or its end moves it. What is accepted goes on to another
/// service when that one takes the follow-up over.
fn designed(state: State, step: Move) -> Option<State> {
    use State::{Accepted, Cancelled, Declined, Expired, Held, Redirected, Requested};
    use Waiting::{ForConsent, ForPartner};
    let table = [
        (Requested, Move::Accept, Accepted),
        (
            Requested,
            Move::Decline(DeclineReason::Language),
            Declined(DeclineReason::Language),
        ),
        (Requested, Move::Redirect, Redirected),
        (Requested, Move::Hold, Held(ForPartner)),
        (Requested, Move::Expire, Expired),
        (Requested, Move::Cancel, Cancelled),
        (Held(ForPartner), Move::Release, Requested),
        (Held(ForPartner), Move::Accept, Accepted),
        (
            Held(ForPartner),
            Move::Decline(DeclineReason::Language),
            Declined(DeclineReason::Language),
        ),
        (Held(ForPartner), Move::Cancel, Cancelled),
        (Held(ForConsent), Move::Consent, Requested),
        (Held(ForConsent), Move::Cancel, Cancelled),
        (Accepted, Move::Accept, Accepted),
        (Accepted, Move::HandOver, Redirected),
    ];
    table
        .into_iter()
        .find(|(from, by, _)| *from == state && *by == step)
        .map(|(_, _, to)| to)
}

#[test]
fn every_state_moves_as_designed_or_refuses() {
    for state in STATES {
        for step in MOVES {
            assert_eq!(
                state.after(step).ok(),
                designed(state, step),
                "{state:?} {step:?}"
            );
        }
    }
}

#[test]
fn nobody_is_offered_what_is_refused() {
    for state in STATES {
        for actor in [Actor::Partner, Actor::Coordinator] {
            for step in state.moves(actor) {
                assert!(state.after(step).is_ok(), "{actor:?} {state:?} {step:?}");
            }
        }
    }
    assert_eq!(
        State::Held(Waiting::ForConsent)
            .moves(Actor::Partner)
            .count(),
        0
    );
    for actor in [Actor::Partner, Actor::Coordinator] {
        let mut accepted = referral(1, "broad", State::Accepted);
        let offered: Vec<Move> = accepted.moves(actor).collect();
        assert_eq!(offered, [Move::HandOver], "{actor:?}");
        accepted.followed_up = true;
        assert_eq!(accepted.moves(actor).count(), 0, "{actor:?}: it has ended");
    }
}

#[test]
fn a_refusal_says_where_it_stands_and_what_can_be_done() {
    let refused = |state: State, step| state.after(step).unwrap_err().to_string();
    assert_eq!(
        refused(State::Expired, Move::Accept),
        "the referral is expired and cannot be accepted; what can be done now: nothing"
    );
    assert_eq!(
        refused(State::Held(Waiting::ForPartner), Move::Redirect),
        "the referral is held and cannot be redirected; what can be done now: accept, decline, release, \
         cancel (a coordinator)"
    );
    assert_eq!(
        refused(State::Requested, Move::Release),
        "the referral is requested and cannot be released; what can be done now: accept, decline, redirect, \
         hold, cancel (a coordinator)"
    );
}

#[test]
fn accepting_twice_leaves_the_first_moment() {
    let mut referral = referral(1, "broad", State::Requested);
    let later = now() + jiff::SignedDuration::from_secs(60);
    referral.step(Move::Accept, now()).unwrap();
    referral.step(Move::Accept, later).unwrap();
    assert_eq!(
        (referral.state, referral.state_since),
        (State::Accepted, now())
    );
}

#[test]
fn a_referral_is_requested_from_the_moment_of_consent() {
    let mut referral = referral(1, "broad", State::Held(Waiting::ForConsent));
    referral.requested_at = None;
    referral.step(Move::Consent, now()).unwrap();
    assert_eq!(
        (referral.state, referral.requested_at),
        (State::Requested, Some(now()))
    );
}
