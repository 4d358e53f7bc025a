//! What a situation is judged by: every signal that stands, and the latest form of each
//! instrument. Kept with each judgement, so that it can be repeated.

use std::collections::BTreeMap;

use jiff::Timestamp;
use knipperlicht_vocabulary::{Observation, ReporterRole, ResponseId, SignalId};
use serde::{Deserialize, Serialize};

use super::{Score, triage::Trigger};

/// A signal, as far as it counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignalInput {
    /// Which.
    pub signal: SignalId,
    /// When it was noticed.
    pub at: Timestamp,
    /// In which role; judgements before 2026-11-22 did not keep it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<ReporterRole>,
    /// What was noticed.
    pub observations: Vec<Observation>,
}

/// A form that was filled in, as far as it counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResultInput {
    /// Which.
    pub response: ResponseId,
    /// When it was filled in.
    pub at: Timestamp,
    /// The instrument.
    pub instrument: String,
    /// Its version.
    pub version: String,
    /// What it came to.
    pub score: Score,
    /// The band that lies in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub band: Option<String>,
    /// Whether it reaches the instrument's own threshold of too much.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub overloaded: bool,
    /// What was answered, by item; nothing where a total was entered.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub answers: BTreeMap<String, String>,
}

/// All that a situation is judged by.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inputs {
    /// The signals that stand, by their ids.
    pub signals: Vec<SignalInput>,
    /// The latest form of each instrument, by the instruments' ids.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub results: Vec<ResultInput>,
}

impl Inputs {
    /// One signal and nothing else: how most situations begin.
    #[must_use]
    pub fn of(signal: SignalInput) -> Self {
        Self {
            signals: vec![signal],
            results: Vec::new(),
        }
    }

    /// With one more signal. In whatever order they come, the same remains.
    #[must_use]
    pub fn with_signal(mut self, new: SignalInput) -> Self {
        self.signals.retain(|known| known.signal != new.signal);
        self.signals.push(new);
        self.signals.sort_by_key(|known| known.signal);
        self
    }

    /// Without a signal that was taken back.
    #[must_use]
    pub fn without_signal(mut self, signal: SignalId) -> Self {
        self.signals.retain(|known| known.signal != signal);
        self
    }

    /// With all that another situation was judged by: both are one now.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        let signals = other.signals.into_iter();
        let all = signals.fold(self, Self::with_signal);
        other.results.into_iter().fold(all, Self::with_result)
    }

    /// Without the signals of another situation and without any form: what is left of what both
    /// were judged by together, before the forms of its own are looked at again.
    #[must_use]
    pub fn without_signals_of(mut self, other: &Self) -> Self {
        let is_of_other = |signal: SignalId| other.signals.iter().any(|one| one.signal == signal);
        self.signals.retain(|known| !is_of_other(known.signal));
        self.results.clear();
        self
    }

    /// With one more form: of each instrument the one that was filled in last counts, whenever it
    /// was entered.
    #[must_use]
    pub fn with_result(mut self, new: ResultInput) -> Self {
        let known = self
            .results
            .iter_mut()
            .find(|known| known.instrument == new.instrument);
        match known {
            Some(known) if (known.at, known.response) < (new.at, new.response) => *known = new,
            Some(_) => {}
            None => self.results.push(new),
        }
        self.results
            .sort_by(|one, other| one.instrument.cmp(&other.instrument));
        self
    }

    /// These of its signals, and nothing else.
    #[must_use]
    pub fn only(mut self, signals: &[SignalId]) -> Self {
        self.signals.retain(|known| signals.contains(&known.signal));
        self.results.clear();
        self
    }

    /// The signal that was noticed last.
    #[must_use]
    pub fn newest_signal(&self) -> Option<&SignalInput> {
        self.signals
            .iter()
            .max_by_key(|known| (known.at, known.signal))
    }

    /// The observations that never wait, each once.
    #[must_use]
    pub fn red_flags(&self) -> Vec<Observation> {
        let seen = self.signals.iter().flat_map(|known| &known.observations);
        let mut flags: Vec<Observation> = seen.copied().filter(|seen| seen.is_red_flag()).collect();
        flags.sort_unstable();
        flags.dedup();
        flags
    }

    /// What lines of a table may speak of, with the age of its source: 0 for the newest.
    pub(super) fn triggers(&self) -> Vec<(usize, Trigger)> {
        let signals = self.signals.iter().map(|known| {
            let triggers: Vec<Trigger> = known
                .observations
                .iter()
                .map(|seen| Trigger::Observation(*seen))
                .collect();
            (known.at, known.signal.uuid(), triggers)
        });
        let results = self
            .results
            .iter()
            .map(|known| (known.at, known.response.uuid(), known.triggers()));
        let mut sources: Vec<_> = signals.chain(results).collect();
        sources.sort_by_key(|(at, id, _)| std::cmp::Reverse((*at, *id)));
        let aged = sources.into_iter().enumerate();
        aged.flat_map(|(age, (_, _, triggers))| {
            triggers.into_iter().map(move |trigger| (age, trigger))
        })
        .collect()
    }
}

impl ResultInput {
    fn triggers(&self) -> Vec<Trigger> {
        let band = self.band.as_ref().map(|band| Trigger::Band {
            instrument: self.instrument.clone(),
            band: band.clone(),
        });
        let overload = self.overloaded.then_some(Trigger::Overload);
        let answers = self.answers.iter().map(|(item, answer)| Trigger::Answer {
            instrument: self.instrument.clone(),
            item: item.clone(),
            answer: answer.clone(),
        });
        band.into_iter().chain(overload).chain(answers).collect()
    }
}

#[cfg(test)]
mod tests {
    use knipperlicht_vocabulary::Observation as O;
    use uuid::Uuid;

    use super::*;

    fn form(id: u128, at: &str, score: i32) -> ResultInput {
        ResultInput {
            response: Uuid::from_u128(id).into(),
            at: at.parse().unwrap(),
            instrument: "csi".to_owned(),
            version: "1.0.0".to_owned(),
            score: Score::from_tenths(score),
            band: None,
            overloaded: false,
            answers: BTreeMap::new(),
        }
    }

    #[test]
    fn the_form_filled_in_last_counts_whenever_it_was_entered() {
        let (old, new) = (
            form(2, "2026-11-01T09:00:00Z", 40),
            form(1, "2026-11-20T09:00:00Z", 90),
        );
        let one = Inputs::default().with_result(old.clone());
        let both = one.with_result(new.clone());
        let other_way = Inputs::default().with_result(new.clone()).with_result(old);
        assert_eq!(both, other_way);
        assert_eq!(both.results, [new]);
    }

    #[test]
    fn a_signal_taken_back_leaves_and_a_repeated_one_is_one() {
        let signal = |id: u128, at: &str, seen: &[O]| SignalInput {
            signal: Uuid::from_u128(id).into(),
            at: at.parse().unwrap(),
            role: None,
            observations: seen.to_vec(),
        };
        let early = signal(2, "2026-11-01T09:00:00Z", &[O::SuicidalTalk]);
        let late = signal(1, "2026-11-02T09:00:00Z", &[O::Isolated]);
        let inputs = Inputs::of(early.clone())
            .with_signal(late.clone())
            .with_signal(early.clone());
        assert_eq!(inputs.signals.len(), 2);
        assert_eq!(inputs.newest_signal(), Some(&late));
        assert_eq!(inputs.red_flags(), [O::SuicidalTalk]);
        let left = inputs.without_signal(early.signal);
        assert_eq!(left, Inputs::of(late));
        assert!(left.red_flags().is_empty());
    }
}
