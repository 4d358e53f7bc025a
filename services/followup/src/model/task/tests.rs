use jiff::SignedDuration;
use knipperlicht_vocabulary::{OutcomeReason, OutcomeResult};
use proptest::prelude::*;

use super::*;

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

fn outcome(result: OutcomeResult) -> Outcome {
    Outcome::new(result, Some(OutcomeReason::Other)).unwrap()
}

fn visit() -> PlannedVisit {
    PlannedVisit::new(NOW + SignedDuration::from_hours(24), NOW).unwrap()
}

fn silence() -> Silence {
    Silence::of(2, Timeliness::Late).unwrap()
}

/// Everything that anybody can do.
fn actions() -> Vec<Action> {
    let contacts = ContactResult::ALL.iter().copied().map(Action::Contact);
    let visits = [VisitResult::Seen, VisitResult::Missed].map(Action::Visit);
    let completions = OutcomeResult::ALL
        .iter()
        .map(|result| Action::Complete(outcome(*result), Timeliness::InTime));
    let others = [
        Action::Schedule(visit()),
        Action::AskCarer,
        Action::Confirm,
        Action::Reopen,
        Action::LetRest(silence()),
    ];
    contacts
        .chain(visits)
        .chain(completions)
        .chain(others)
        .collect()
}

const REACHED: Action = Action::Contact(ContactResult::Reached);
const NO_ANSWER: Action = Action::Contact(ContactResult::NoAnswer);

fn run(actions: &[Action]) -> Result<State, InvalidTransition> {
    actions
        .iter()
        .try_fold(State::Open, |state, action| state.after(*action))
}

#[test]
fn goes_the_whole_way() {
    let helped = Action::Complete(outcome(OutcomeResult::Helped), Timeliness::Late);
    let (plan, missed, seen) = (
        Action::Schedule(visit()),
        Action::Visit(VisitResult::Missed),
        Action::Visit(VisitResult::Seen),
    );
    let way = [
        (NO_ANSWER, FollowUpState::ContactAttempted),
        (NO_ANSWER, FollowUpState::ContactAttempted),
        (REACHED, FollowUpState::Contacted),
        (plan, FollowUpState::Scheduled),
        (missed, FollowUpState::Missed),
        (plan, FollowUpState::Scheduled),
        (seen, FollowUpState::Seen),
        (helped, FollowUpState::Completed),
        (Action::Reopen, FollowUpState::Reopened),
        (REACHED, FollowUpState::Contacted),
        (helped, FollowUpState::Completed),
        (Action::Confirm, FollowUpState::Confirmed),
    ];
    let mut state = State::Open;
    for (action, expected) in way {
        state = state.after(action).unwrap();
        assert_eq!(state.code(), expected);
    }
    let (ending, timeliness) = state.ending().unwrap();
    assert_eq!(ending.result(), OutcomeResult::Helped);
    assert!(timeliness.is_late());
}

#[test]
fn completing_again_is_harmless_only_with_the_same_outcome() {
    let helped = Action::Complete(outcome(OutcomeResult::Helped), Timeliness::InTime);
    let helped_later = Action::Complete(outcome(OutcomeResult::Helped), Timeliness::Late);
    let not_helped = Action::Complete(outcome(OutcomeResult::NotHelped), Timeliness::InTime);
    let completed = run(&[REACHED, helped]).unwrap();
    assert_eq!(completed.after(helped_later), Ok(completed));
    assert!(completed.after(not_helped).is_err());
    let confirmed = completed.after(Action::Confirm).unwrap();
    assert_eq!(confirmed.after(helped), Ok(confirmed));
    assert_eq!(confirmed.after(Action::Confirm), Ok(confirmed));
}

#[test]
fn what_rests_is_closed_and_opens_again() {
    let helped = Action::Complete(outcome(OutcomeResult::Helped), Timeliness::InTime);
    let rest = Action::LetRest(silence());
    let resting = run(&[helped, rest]).unwrap();
    assert_eq!(resting.code(), FollowUpState::Completed);
    assert_eq!(
        resting.after(rest),
        Ok(resting),
        "done twice it is done once"
    );
    assert_eq!(resting.after(Action::Reopen), Ok(State::Reopened));
    let confirmed = resting.after(Action::Confirm).unwrap();
    assert!(
        confirmed.after(rest).is_err(),
        "who was heard is not silent"
    );
    assert!(run(&[REACHED, rest]).is_err());
}

#[test]
fn a_refusal_says_what_is_possible() {
    let error = State::Open.after(Action::Schedule(visit())).unwrap_err();
    assert_eq!(
        error.to_string(),
        "a follow-up that is `open` does not allow to plan a visit; it allows to record a contact, \
         complete it"
    );
}

#[test]
fn an_unanswered_call_does_not_undo_a_contact() {
    let contacted = run(&[REACHED]).unwrap();
    assert_eq!(contacted.after(NO_ANSWER), Ok(State::Contacted));
}

/// Any state that can be reached in up to 12 moves.
fn reachable() -> impl Strategy<Value = State> {
    prop::collection::vec(prop::sample::select(actions()), 0..12).prop_map(|actions| {
        actions.into_iter().fold(State::Open, |state, action| {
            state.after(action).unwrap_or(state)
        })
    })
}

proptest! {
    /// There is no dead end: an open follow-up can be completed, a closed one opened and completed.
    #[test]
    fn every_state_leads_to_completed(state in reachable()) {
        let complete = Action::Complete(outcome(OutcomeResult::PartlyHelped), Timeliness::InTime);
        let open = if state.ending().is_some() { state.after(Action::Reopen).unwrap() } else { state };
        prop_assert_eq!(open.after(complete).unwrap().code(), FollowUpState::Completed);
    }

    /// What a refusal names as possible is possible, and nothing else is, except to say again
    /// what was said.
    #[test]
    fn what_is_allowed_is_what_works(state in reachable(), action in prop::sample::select(actions())) {
        let allowed = state.allowed().contains(&action.kind());
        match state.after(action) {
            Ok(after) => prop_assert!(allowed || after == state),
            Err(refused) => {
                prop_assert!(!allowed);
                prop_assert_eq!(refused.state, state.code());
                prop_assert_eq!(refused.action, action.kind());
            }
        }
    }

    /// A promise runs until the carer says that it helped, or was asked in vain, and no longer.
    #[test]
    fn something_is_promised_until_the_carer_was_heard(state in reachable()) {
        let was_heard = matches!(state, State::Confirmed { .. } | State::AtRest { .. });
        prop_assert_eq!(state.promise().is_none(), was_heard);
        let open = State::open_codes().contains(&state.code());
        prop_assert_eq!(open, state.ending().is_none());
    }
}
