//! What becomes of referrals to services that have ended: they are moved on, as if the partner had
//! declined them for that reason.

use knipperlicht_vocabulary::{DeclineReason, ItemKind};

use super::{
    case::Case,
    change::Change,
    planner::{Ground, Planner},
    referral::{Move, State, Waiting},
};

/// Moves on whatever the situation still asks of services that are over: to the next candidate,
/// or to a coordinator. Nothing where nothing is asked of any; so doing it twice is doing it once.
#[must_use]
pub fn move_on<'d>(case: &Case, ground: &Ground<'d>) -> Vec<Change<'d>> {
    let Some(situation) = &case.situation else {
        return Vec::new();
    };
    let mut changes = Vec::new();
    let is_over = |id| {
        let service = ground.tables.directory.service(id);
        service.is_some_and(|service| service.has_ended_before(ground.today))
    };
    let stranded = case
        .referrals
        .iter()
        .filter(|referral| referral.state.is_open() && is_over(&referral.service));
    for referral in stranded {
        let mut planner = Planner::new(ground, referral.id.uuid());
        let step = match referral.state {
            // The partner was never asked, so there is nothing it could have declined.
            State::Held(Waiting::ForConsent) => Move::Cancel,
            _ => Move::Decline(DeclineReason::ServiceEnded),
        };
        if let Ok(ended) = planner.step(referral.clone(), step)
            && case.giver(referral).is_none()
        {
            planner.go_on(situation, &ended, case.history(), ItemKind::NoCandidate);
        }
        changes.append(&mut planner.changes);
    }
    changes
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use knipperlicht_vocabulary::{Consent, Need};

    use super::*;
    use crate::model::{
        directory::Directory,
        tests::{after, case, ground, referral, service, told},
    };

    /// `broad` ended yesterday; `other` goes on.
    fn directory(with_other: bool) -> Directory {
        let mut broad = service("broad", &[Need::Financial]);
        broad.valid_to = Some(date(2026, 11, 20));
        let other = service("other", &[Need::Financial]);
        let others = with_other.then_some(other);
        Directory::new(4, others.into_iter().chain([broad]).collect())
    }

    #[test]
    fn the_next_is_asked_and_the_reason_is_told() {
        let directory = directory(true);
        let ground = ground(&directory);
        for open in [State::Requested, State::Held(Waiting::ForPartner)] {
            let before = case(Consent::Given, vec![referral(1, "broad", open)]);
            let changes = move_on(&before, &ground);
            assert_eq!(told(&changes), ["now declined broad", "requested other"]);
            let then = after(before, changes);
            assert_eq!(
                then.referrals[0].state,
                State::Declined(DeclineReason::ServiceEnded)
            );
            assert_eq!(then.referrals[1].previous, Some(then.referrals[0].id));
            assert!(move_on(&then, &ground).is_empty(), "once is enough");
        }
    }

    #[test]
    fn one_that_waits_for_consent_waits_at_the_next() {
        let directory = directory(true);
        let waiting = referral(1, "broad", State::Held(Waiting::ForConsent));
        let changes = move_on(&case(Consent::NotAsked, vec![waiting]), &ground(&directory));
        assert_eq!(
            told(&changes),
            [
                "now cancelled broad",
                "waiting for the carer's consent other"
            ]
        );
    }

    #[test]
    fn without_another_a_coordinator_decides() {
        let directory = directory(false);
        let open = referral(1, "broad", State::Requested);
        let changes = move_on(&case(Consent::Given, vec![open]), &ground(&directory));
        assert_eq!(told(&changes), ["now declined broad", "item no_candidate"]);
    }

    #[test]
    fn what_was_answered_and_what_goes_on_stays() {
        let directory = directory(true);
        let referrals = vec![
            referral(1, "broad", State::Accepted),
            referral(2, "other", State::Requested),
            referral(3, "unheard-of", State::Requested),
        ];
        assert!(move_on(&case(Consent::Given, referrals), &ground(&directory)).is_empty());
    }
}
