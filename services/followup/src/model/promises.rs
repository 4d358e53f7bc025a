//! What is promised, and when it falls due.

use std::cmp;

use jiff::Timestamp;
use knipperlicht_vocabulary::{ClockKind, Urgency, Within, WorkingCalendar};

/// How soon something is promised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Promise {
    /// Due within this.
    pub within: Within,
    /// But never before this: nobody can keep a promise that is due as it is made.
    pub not_before: Within,
}

impl Promise {
    const fn within(within: Within) -> Self {
        Self {
            within,
            not_before: Within::ClockHours(0),
        }
    }

    const fn not_before(self, not_before: Within) -> Self {
        Self { not_before, ..self }
    }
}

/// The table of promises. Every line of it is our own default (DESIGN, section 5), not validated.
#[must_use]
#[allow(clippy::match_same_arms, reason = "a table: a line for every promise")]
pub const fn promised(kind: ClockKind, urgency: Urgency) -> Promise {
    use ClockKind::{Accept, Confirmation, Coordinator, FirstContact, Held, Outcome};
    use Urgency::{Emergency, Routine, Soon, Urgent};
    use Within::{ClockHours, SameDay, WorkingDays, WorkingHours};

    match (kind, urgency) {
        (Accept, Routine) => Promise::within(WorkingDays(2)),
        (Accept, Soon) => Promise::within(WorkingDays(1)),
        (Accept, Urgent) => Promise::within(WorkingHours(4)),
        (Accept, Emergency) => Promise::within(ClockHours(1)),

        (FirstContact, Routine) => Promise::within(WorkingDays(10)),
        (FirstContact, Soon) => Promise::within(WorkingDays(5)),
        (FirstContact, Urgent) => Promise::within(WorkingDays(1)),
        // Accepted at 23:50, the day is over in ten minutes.
        (FirstContact, Emergency) => Promise::within(SameDay).not_before(ClockHours(1)),

        (Outcome, _) => Promise::within(WorkingDays(20)),
        // Four weeks after it was closed the carer is asked, once more after two, and given two
        // to answer. Where these are set otherwise, `AskingRule` counts instead.
        (Confirmation, _) => Promise::within(ClockHours(56 * 24)),

        // A coordinator deals with an item as soon as a partner answers.
        (Coordinator, Routine) => Promise::within(WorkingDays(2)),
        (Coordinator, Soon) => Promise::within(WorkingDays(1)),
        (Coordinator, Urgent) => Promise::within(WorkingHours(4)),
        (Coordinator, Emergency) => Promise::within(ClockHours(1)),

        // What waits, on a partner's list or for consent, does not wait for ever.
        (Held, Routine) => Promise::within(WorkingDays(20)),
        (Held, Soon) => Promise::within(WorkingDays(10)),
        (Held, Urgent) => Promise::within(WorkingDays(1)),
        (Held, Emergency) => Promise::within(ClockHours(2)),
    }
}

/// When a promise made at `from` falls due.
#[must_use]
pub fn due(
    calendar: &WorkingCalendar,
    kind: ClockKind,
    urgency: Urgency,
    from: Timestamp,
) -> Timestamp {
    let Promise { within, not_before } = promised(kind, urgency);
    cmp::max(calendar.due(from, within), calendar.due(from, not_before))
}

/// Whether something came by the day it was promised for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timeliness {
    /// By that day, or nothing was promised.
    InTime,
    /// Later.
    Late,
}

impl Timeliness {
    /// Of something done at `at` that was promised for `due`.
    #[must_use]
    pub fn of(at: Timestamp, due: Option<Timestamp>) -> Self {
        match due {
            Some(due) if at > due => Self::Late,
            _ => Self::InTime,
        }
    }

    /// Whether it is late.
    #[must_use]
    pub const fn is_late(self) -> bool {
        matches!(self, Self::Late)
    }
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, civil::DateTime};
    use proptest::prelude::*;

    use super::*;

    /// A moment by the clock on the wall in Belgium.
    fn at(local: &str) -> Timestamp {
        let local: DateTime = local.parse().unwrap();
        local.in_tz("Europe/Brussels").unwrap().timestamp()
    }

    #[track_caller]
    fn check(kind: ClockKind, urgency: Urgency, from: &str, expected: &str) {
        let calendar = WorkingCalendar::office_hours().unwrap();
        assert_eq!(
            due(&calendar, kind, urgency, at(from)),
            at(expected),
            "{kind} {urgency} from {from}"
        );
    }

    #[test]
    fn accepting_over_a_weekend() {
        use ClockKind::Accept;
        // 20 November 2026 is a Friday.
        check(
            Accept,
            Urgency::Routine,
            "2026-11-20T16:00",
            "2026-11-24T17:00",
        );
        check(
            Accept,
            Urgency::Soon,
            "2026-11-20T16:00",
            "2026-11-23T17:00",
        );
        check(
            Accept,
            Urgency::Urgent,
            "2026-11-20T16:00",
            "2026-11-23T12:00",
        );
        check(
            Accept,
            Urgency::Emergency,
            "2026-11-20T16:00",
            "2026-11-20T17:00",
        );
        check(
            Accept,
            Urgency::Emergency,
            "2026-11-21T03:00",
            "2026-11-21T04:00",
        );
    }

    #[test]
    fn accepting_over_all_saints() {
        use ClockKind::Accept;
        // 1 November 2027 is a Monday: Friday's working day goes on on Tuesday.
        check(
            Accept,
            Urgency::Soon,
            "2027-10-29T16:00",
            "2027-11-02T17:00",
        );
        check(
            Accept,
            Urgency::Routine,
            "2027-10-29T16:00",
            "2027-11-03T17:00",
        );
        check(
            Accept,
            Urgency::Urgent,
            "2027-10-29T16:00",
            "2027-11-02T12:00",
        );
    }

    #[test]
    fn first_contact() {
        use ClockKind::FirstContact;
        check(
            FirstContact,
            Urgency::Routine,
            "2026-11-20T10:00",
            "2026-12-04T17:00",
        );
        check(
            FirstContact,
            Urgency::Soon,
            "2026-11-20T10:00",
            "2026-11-27T17:00",
        );
        check(
            FirstContact,
            Urgency::Urgent,
            "2026-11-20T10:00",
            "2026-11-23T17:00",
        );
        check(
            FirstContact,
            Urgency::Emergency,
            "2026-11-20T10:00",
            "2026-11-20T23:59:59",
        );
        check(
            FirstContact,
            Urgency::Emergency,
            "2026-11-20T23:50",
            "2026-11-21T00:50",
        );
    }

    #[test]
    fn the_carer_is_heard_within_eight_weeks() {
        check(
            ClockKind::Confirmation,
            Urgency::Soon,
            "2026-11-20T10:00",
            "2027-01-15T10:00",
        );
    }

    proptest! {
        /// The more urgent, the sooner; and no promise is broken as it is made.
        #[test]
        fn urgency_shortens_every_promise(seconds in 1_767_225_600_i64..2_000_000_000) {
            let calendar = WorkingCalendar::office_hours().unwrap();
            let from = Timestamp::from_second(seconds).unwrap();
            for kind in ClockKind::ALL {
                let dues: Vec<_> =
                    Urgency::ALL.iter().map(|urgency| due(&calendar, *kind, *urgency, from)).collect();
                prop_assert!(dues.iter().all(|due| *due > from));
                prop_assert!(dues.is_sorted_by(|sooner, later| sooner >= later), "{kind}: {dues:?}");
            }
        }
    }

    #[test]
    fn late_is_after_the_promised_moment() {
        let due = at("2026-11-20T17:00");
        let after = due + SignedDuration::from_secs(1);
        assert_eq!(Timeliness::of(due, Some(due)), Timeliness::InTime);
        assert_eq!(Timeliness::of(after, Some(due)), Timeliness::Late);
        assert_eq!(Timeliness::of(after, None), Timeliness::InTime);
    }
}
