//! Which event may take effect now: the rule that keeps rule 5 ("the same event handled twice
//! changes nothing the second time; events of one situation take effect in order").

use std::collections::{HashMap, HashSet};

use knipperlicht_contracts::event::Service;
use knipperlicht_vocabulary::SituationId;

/// Where an event belongs: who said it, of what, and in which place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Place {
    /// Who said it.
    pub source: Service,
    /// What it is about.
    pub situation: SituationId,
    /// Its place in the line, from 1.
    pub sequence: i64,
}

/// What to do with an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is next: let it take effect.
    Apply,
    /// It took effect before: leave it.
    Duplicate,
    /// One that comes before it is still missing: let it wait.
    Wait,
    /// Its situation is parked: queue behind.
    QueueBehind,
}

/// What is known of the situations of a batch, and what follows for each event.
#[derive(Debug, Default)]
pub struct Admission {
    handled: HashMap<(Service, SituationId), i64>,
    stuck: HashSet<SituationId>,
}

impl Admission {
    /// From what the inbox holds (last handled place per source and situation) and which
    /// situations are parked after a failure.
    #[must_use]
    pub fn new(handled: HashMap<(Service, SituationId), i64>, stuck: HashSet<SituationId>) -> Self {
        Self { handled, stuck }
    }

    /// The verdict on the next event. Counts it as handled when it may take effect.
    pub fn judge(&mut self, place: Place) -> Verdict {
        let handled = self
            .handled
            .entry((place.source, place.situation))
            .or_insert(0);
        if place.sequence <= *handled {
            Verdict::Duplicate
        } else if self.stuck.contains(&place.situation) {
            Verdict::QueueBehind
        } else if place.sequence > *handled + 1 {
            Verdict::Wait
        } else {
            *handled = place.sequence;
            Verdict::Apply
        }
    }
}

/// Cuts events, in order, into waves that each hold a situation at most once: a wave can be
/// handled as a set, and the waves one after the other keep every situation's order.
#[must_use]
pub fn waves<T>(events: Vec<T>, situation: impl Fn(&T) -> SituationId) -> Vec<Vec<T>> {
    let mut seen: HashMap<SituationId, usize> = HashMap::new();
    let mut waves: Vec<Vec<T>> = Vec::new();
    for event in events {
        let wave = seen.entry(situation(&event)).or_insert(0);
        if waves.len() == *wave {
            waves.push(Vec::new());
        }
        if let Some(events) = waves.get_mut(*wave) {
            events.push(event);
        }
        *wave += 1;
    }
    waves
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn place(situation: u8, sequence: i64) -> Place {
        Place {
            source: Service::Intake,
            situation: Uuid::from_u128(u128::from(situation) + 1).into(),
            sequence,
        }
    }

    #[test]
    fn judges_by_what_was_handled() {
        use Verdict::{Apply, Duplicate, Wait};

        let situation = place(0, 1).situation;
        let mut admission = Admission::new(
            HashMap::from([((Service::Intake, situation), 2)]),
            HashSet::new(),
        );
        let verdicts = [2, 3, 5, 3, 4, 5].map(|sequence| admission.judge(place(0, sequence)));
        assert_eq!(verdicts, [Duplicate, Apply, Wait, Duplicate, Apply, Apply]);
    }

    #[test]
    fn nothing_passes_a_parked_situation_but_others_flow() {
        let mut admission = Admission::new(HashMap::new(), HashSet::from([place(0, 1).situation]));
        assert_eq!(admission.judge(place(0, 1)), Verdict::QueueBehind);
        assert_eq!(admission.judge(place(1, 1)), Verdict::Apply);
    }

    proptest! {
        /// However events are repeated and shuffled, what takes effect is each once, in order.
        #[test]
        fn effects_are_once_and_in_order(deliveries in prop::collection::vec((0..3_u8, 1..8_i64), 0..200)) {
            let mut admission = Admission::default();
            let mut applied: HashMap<SituationId, Vec<i64>> = HashMap::new();
            for (situation, sequence) in deliveries {
                let place = place(situation, sequence);
                if admission.judge(place) == Verdict::Apply {
                    applied.entry(place.situation).or_default().push(sequence);
                }
            }
            for sequences in applied.values() {
                let expected: Vec<i64> = (1..=i64::try_from(sequences.len()).unwrap()).collect();
                prop_assert_eq!(sequences, &expected);
            }
        }

        #[test]
        fn waves_keep_everything_in_each_situations_order(events in prop::collection::vec(0..4_u8, 0..50)) {
            let numbered: Vec<(usize, u8)> = events.iter().copied().enumerate().collect();
            let waves = waves(numbered.clone(), |(_, situation)| place(*situation, 1).situation);
            for wave in &waves {
                let distinct: HashSet<u8> = wave.iter().map(|(_, situation)| *situation).collect();
                prop_assert_eq!(distinct.len(), wave.len());
            }
            for situation in 0..4 {
                let before: Vec<usize> = numbered.iter().filter(|(_, s)| *s == situation).map(|(n, _)| *n).collect();
                let after: Vec<usize> = waves.iter().flatten().filter(|(_, s)| *s == situation).map(|(n, _)| *n).collect();
                prop_assert_eq!(before, after);
            }
        }
    }
}
