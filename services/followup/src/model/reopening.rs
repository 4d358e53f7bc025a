//! Which follow-up opens again when a reporter says that it is not better.

use jiff::Timestamp;

use super::Task;

/// A follow-up of the situation, and since when it stands as it does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Followed {
    /// The follow-up.
    pub task: Task,
    /// Since when it stands so.
    pub changed_at: Timestamp,
    /// When it was opened again, if it ever was.
    pub reopened_at: Option<Timestamp>,
}

/// What was closed last, also while another partner is at work: that it is not better is about what
/// ended. Nothing where something was opened again since; then it was heard already.
#[must_use]
pub fn to_reopen(followed: Vec<Followed>) -> Option<Task> {
    let (open, closed): (Vec<_>, Vec<_>) = followed
        .into_iter()
        .partition(|one| one.task.state.is_open());
    let last = closed.into_iter().max_by_key(|one| one.changed_at)?;
    let heard = open.iter().filter_map(|one| one.reopened_at).max();
    (heard < Some(last.changed_at)).then_some(last.task)
}

#[cfg(test)]
mod tests {
    use knipperlicht_vocabulary::{OutcomeResult, Urgency};
    use uuid::Uuid;

    use super::*;
    use crate::model::{Outcome, State, Timeliness};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn followed(id: u128, state: State, changed: i64) -> Followed {
        let id = Uuid::from_u128(id);
        Followed {
            task: Task {
                id: id.into(),
                situation: Uuid::from_u128(9).into(),
                referral: id.into(),
                organisation: "ocmw-gent".parse().unwrap(),
                zone: "gent".parse().unwrap(),
                urgency: Urgency::Soon,
                state,
            },
            changed_at: at(changed),
            reopened_at: (state == State::Reopened).then_some(at(changed)),
        }
    }

    fn closed(id: u128, changed: i64) -> Followed {
        let outcome = Outcome::new(OutcomeResult::Helped, None).unwrap();
        let timeliness = Timeliness::InTime;
        let state = State::Completed {
            outcome,
            timeliness,
        };
        followed(id, state, changed)
    }

    #[test]
    fn what_was_closed_last_opens_unless_that_happened_already() {
        let cases = [
            (vec![], None),
            (vec![followed(1, State::Open, 1)], None),
            (vec![closed(1, 1)], Some(1)),
            (vec![closed(1, 1), closed(2, 2)], Some(2)),
            // Another partner began later, or goes on.
            (vec![closed(1, 1), followed(2, State::Open, 2)], Some(1)),
            // Said twice, or by two reporters.
            (vec![closed(1, 1), followed(2, State::Reopened, 2)], None),
            // Opened again before the other one was closed.
            (vec![followed(1, State::Reopened, 1), closed(2, 2)], Some(2)),
        ];
        for (followed, expected) in cases {
            let opens = to_reopen(followed.clone()).map(|task| task.id.uuid().as_u128());
            assert_eq!(opens, expected, "{followed:?}");
        }
        // Work that began anew counts as well.
        let at_work = Followed {
            reopened_at: Some(at(2)),
            ..followed(2, State::Contacted, 3)
        };
        assert_eq!(to_reopen(vec![closed(1, 1), at_work]), None);
    }
}
