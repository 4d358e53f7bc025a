//! What becomes of a promise: to whom it goes when it is broken, how it waits and goes on, and how
//! it moves when things become more urgent.
//!
//! The ladder: the next candidate, the coordinator, the zone's council (DESIGN, section 5). A
//! coordinator's item is a promise too, so that silence there climbs on.

use std::cmp;

use jiff::{SignedDuration, Timestamp};
use knipperlicht_vocabulary::{ClockKind, ReferralState, Rung, Urgency, Within, WorkingCalendar};

use super::{due, promised};

/// What is left at least of a promise that goes on, or that is due sooner from now on: nobody can
/// keep one that is due as they learn of it. Our own default, not validated.
pub const LEAST_LEFT: SignedDuration = SignedDuration::from_hours(1);

/// To whom a promise goes that was not kept in time.
///
/// Silence of a partner who was asked goes to the next candidate; routing turns to the coordinator
/// where there is none, or where that one was silent too.
#[must_use]
pub const fn rung(kind: ClockKind) -> Rung {
    match kind {
        ClockKind::Accept => Rung::NextCandidate,
        ClockKind::FirstContact
        | ClockKind::Outcome
        | ClockKind::Held
        | ClockKind::Confirmation => Rung::Coordinator,
        ClockKind::Coordinator => Rung::Council,
    }
}

/// What is promised about a referral that stands so, until somebody follows it up.
#[must_use]
pub const fn promised_while(state: ReferralState) -> Option<ClockKind> {
    match state {
        ReferralState::Requested => Some(ClockKind::Accept),
        ReferralState::Held => Some(ClockKind::Held),
        ReferralState::Accepted
        | ReferralState::Declined
        | ReferralState::Redirected
        | ReferralState::Expired
        | ReferralState::Cancelled
        | ReferralState::Merged => None,
    }
}

/// When a promise falls due that waited from `paused_at` until `at`: what was left of it is left
/// still. It counts on in working time, or by the clock on the wall, as it was promised.
#[must_use]
pub fn resumed(
    calendar: &WorkingCalendar,
    kind: ClockKind,
    urgency: Urgency,
    was_due: Timestamp,
    paused_at: Timestamp,
    at: Timestamp,
) -> Timestamp {
    match promised(kind, urgency).within {
        Within::WorkingDays(_) | Within::WorkingHours(_) => {
            let left = cmp::max(calendar.open_between(paused_at, was_due), LEAST_LEFT);
            calendar.add_opening_time(at, left)
        }
        Within::ClockHours(_) | Within::SameDay => {
            let left = cmp::max(was_due.duration_since(paused_at), LEAST_LEFT);
            at.saturating_add(left).unwrap_or(Timestamp::MAX)
        }
    }
}

/// Whether a promise depends on how urgent things are, and so moves with that.
#[must_use]
pub const fn hastens(kind: ClockKind) -> bool {
    matches!(
        kind,
        ClockKind::Accept | ClockKind::FirstContact | ClockKind::Held
    )
}

/// When a promise that was made at `started_at` falls due once it is known, at `at`, to be as
/// urgent as this: counted from when it was made, never later than it was due, and with a moment
/// left to keep it.
#[must_use]
pub fn raised(
    calendar: &WorkingCalendar,
    kind: ClockKind,
    urgency: Urgency,
    was_due: Timestamp,
    started_at: Timestamp,
    at: Timestamp,
) -> Timestamp {
    let sooner = due(calendar, kind, urgency, started_at);
    let least = at.saturating_add(LEAST_LEFT).unwrap_or(Timestamp::MAX);
    cmp::min(was_due, cmp::max(sooner, least))
}

#[cfg(test)]
mod tests {
    use jiff::civil::DateTime;
    use proptest::prelude::*;

    use super::*;

    /// A moment by the clock on the wall in Belgium.
    fn at(local: &str) -> Timestamp {
        let local: DateTime = local.parse().unwrap();
        local.in_tz("Europe/Brussels").unwrap().timestamp()
    }

    #[test]
    fn every_promise_climbs_and_ends_with_the_council() {
        for kind in ClockKind::ALL {
            match rung(*kind) {
                // Routing asks the next, whose promise it is then, or opens an item.
                Rung::NextCandidate => assert_eq!(*kind, ClockKind::Accept),
                // An item is opened, which is a promise of its own.
                Rung::Coordinator => assert_eq!(rung(ClockKind::Coordinator), Rung::Council),
                Rung::Council => assert_eq!(*kind, ClockKind::Coordinator),
            }
        }
    }

    #[test]
    fn what_waited_has_left_what_was_left() {
        let calendar = WorkingCalendar::office_hours().unwrap();
        // Promised on Friday until Tuesday 17:00, held on Monday at 9:00: two working days left.
        let was_due = at("2026-11-24T17:00");
        let due = |paused: &str, resumed_at: &str| {
            resumed(
                &calendar,
                ClockKind::Accept,
                Urgency::Routine,
                was_due,
                at(paused),
                at(resumed_at),
            )
        };
        assert_eq!(
            due("2026-11-23T09:00", "2026-12-01T09:00"),
            at("2026-12-02T17:00")
        );
        // Over a weekend in between, nothing is lost.
        assert_eq!(
            due("2026-11-24T16:00", "2026-12-05T12:00"),
            at("2026-12-07T10:00")
        );
        // Held a minute before it was due: an hour at least.
        assert_eq!(
            due("2026-11-24T16:59", "2026-12-01T09:00"),
            at("2026-12-01T10:00")
        );
    }

    #[test]
    fn an_emergency_waits_by_the_clock() {
        let calendar = WorkingCalendar::office_hours().unwrap();
        let due = resumed(
            &calendar,
            ClockKind::Held,
            Urgency::Emergency,
            at("2026-11-21T05:00"),
            at("2026-11-21T03:00"),
            at("2026-11-22T03:00"),
        );
        assert_eq!(due, at("2026-11-22T05:00"));
    }

    #[test]
    fn what_becomes_more_urgent_counts_from_when_it_was_promised() {
        let calendar = WorkingCalendar::office_hours().unwrap();
        let (started, was_due) = (at("2026-11-20T10:00"), at("2026-12-04T17:00"));
        let due = |urgency, now: &str| {
            raised(
                &calendar,
                ClockKind::FirstContact,
                urgency,
                was_due,
                started,
                at(now),
            )
        };
        assert_eq!(
            due(Urgency::Soon, "2026-11-23T10:00"),
            at("2026-11-27T17:00")
        );
        // It should have been on Monday: an hour from now.
        assert_eq!(
            due(Urgency::Urgent, "2026-11-25T10:00"),
            at("2026-11-25T11:00")
        );
        // Never later than it was due.
        assert_eq!(due(Urgency::Soon, "2026-12-04T16:30"), was_due);
    }

    proptest! {
        /// Waiting for no time changes nothing of a promise in working hours that has more than an
        /// hour left; and whatever waits, is due after it goes on.
        #[test]
        fn waiting_loses_and_wins_nothing(
            seconds in 1_767_225_600_i64..1_830_000_000,
            after in 0..30_000_i64,
            waited in 0..5_000_000_i64,
        ) {
            let calendar = WorkingCalendar::office_hours().unwrap();
            let from = Timestamp::from_second(seconds).unwrap();
            for (kind, urgency) in [
                (ClockKind::Accept, Urgency::Routine),
                (ClockKind::Accept, Urgency::Urgent),
                (ClockKind::Held, Urgency::Soon),
            ] {
                let was_due = due(&calendar, kind, urgency, from);
                let paused = from + SignedDuration::from_secs(after);
                let left = calendar.open_between(paused, was_due);
                if left > LEAST_LEFT {
                    prop_assert_eq!(
                        resumed(&calendar, kind, urgency, was_due, paused, paused),
                        was_due
                    );
                }
                let at = paused + SignedDuration::from_secs(waited);
                let then = resumed(&calendar, kind, urgency, was_due, paused, at);
                prop_assert!(then > at);
                prop_assert!(calendar.open_between(at, then) == left.max(LEAST_LEFT));
            }
        }

        /// What becomes more urgent is due sooner or when it was, and never at once.
        #[test]
        fn more_urgent_is_not_later(
            seconds in 1_767_225_600_i64..1_830_000_000,
            after in 0..3_000_000_i64,
        ) {
            let calendar = WorkingCalendar::office_hours().unwrap();
            let from = Timestamp::from_second(seconds).unwrap();
            let at = from + SignedDuration::from_secs(after);
            for kind in [ClockKind::Accept, ClockKind::FirstContact, ClockKind::Held] {
                for pair in Urgency::ALL.windows(2) {
                    let [less, more] = pair else { continue };
                    let was_due = due(&calendar, kind, *less, from);
                    let then = raised(&calendar, kind, *more, was_due, from, at);
                    prop_assert!(then <= was_due);
                    prop_assert!(then == was_due || then >= at + LEAST_LEFT);
                }
            }
        }
    }
}
