//! Triage: from what was noticed to how soon someone must act and what is needed.
//!
//! The table is data, versioned; every line names its source. Red flags override weights.

use std::collections::BTreeMap;

use knipperlicht_vocabulary::{Need, Observation, Urgency};
use serde::{Deserialize, Serialize};

/// What one observation means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// The observation.
    pub observation: Observation,
    /// How heavy it weighs.
    pub weight: u16,
    /// The urgency it calls for by itself, whatever the weights say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<Urgency>,
    /// The needs it points to, the most pressing first.
    pub needs: Vec<Need>,
    /// Where the line comes from, or that it is an own default.
    pub source: String,
}

/// From this total weight on, this urgency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Band {
    from_weight: u16,
    urgency: Urgency,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TableFile {
    version: String,
    #[serde(rename = "note")]
    _note: String,
    bands: Vec<Band>,
    lines: Vec<Line>,
}

/// A triage table that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TableFault {
    /// It is not of the form it should have.
    #[error("triage table: {0}")]
    Unreadable(#[from] serde_json::Error),
    /// An observation has no line, or two.
    #[error("triage table: `{0}` needs exactly one line")]
    Lines(Observation),
    /// The bands do not start at 0 or do not rise.
    #[error("triage table: the bands must start at weight 0 and rise in weight and urgency")]
    Bands,
}

/// The triage table of one version.
#[derive(Debug, Clone)]
pub struct TriageTable {
    version: String,
    bands: Vec<Band>,
    lines: BTreeMap<Observation, Line>,
}

/// What the table makes of some observations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// How soon someone must act.
    pub urgency: Urgency,
    /// What is needed, the most pressing first.
    pub needs: Vec<Need>,
    /// Sum of the weights.
    pub weight: u16,
    /// The lines that led to it.
    pub reasons: Vec<Line>,
}

impl TriageTable {
    /// The table that comes with this version.
    pub fn builtin() -> Result<Self, TableFault> {
        Self::parse(include_str!("../../data/triage.json"))
    }

    /// Reads a table: every observation has one line, and the bands rise from 0.
    pub fn parse(text: &str) -> Result<Self, TableFault> {
        let TableFile {
            version,
            bands,
            lines,
            ..
        } = serde_json::from_str(text)?;
        for observation in Observation::ALL {
            if lines
                .iter()
                .filter(|line| line.observation == *observation)
                .count()
                != 1
            {
                return Err(TableFault::Lines(*observation));
            }
        }
        let rises = bands.windows(2).all(|pair| {
            pair[0].from_weight < pair[1].from_weight && pair[0].urgency < pair[1].urgency
        });
        if !rises || bands.first().is_none_or(|band| band.from_weight != 0) {
            return Err(TableFault::Bands);
        }
        let lines = lines
            .into_iter()
            .map(|line| (line.observation, line))
            .collect();
        Ok(Self {
            version,
            bands,
            lines,
        })
    }

    /// Its version, stored with every judgement.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Judges what was noticed. The same observations, in any order and however often repeated,
    /// give the same judgement.
    #[must_use]
    pub fn judge(&self, observations: &[Observation]) -> Judgement {
        let mut noticed = observations.to_vec();
        noticed.sort_unstable();
        noticed.dedup();
        let reasons: Vec<Line> = noticed
            .iter()
            .filter_map(|seen| self.lines.get(seen))
            .cloned()
            .collect();
        let weight = reasons
            .iter()
            .map(|line| line.weight)
            .fold(0, u16::saturating_add);
        let by_weight = self
            .bands
            .iter()
            .rev()
            .find(|band| band.from_weight <= weight)
            .map_or(Urgency::Routine, |band| band.urgency);
        let by_line = reasons
            .iter()
            .filter_map(|line| line.at_least)
            .max()
            .unwrap_or(Urgency::Routine);
        Judgement {
            urgency: by_weight.max(by_line),
            needs: needs_in_order(&reasons),
            weight,
            reasons,
        }
    }
}

/// Safety first; then by the weight of the lines that point to a need, a line's first need
/// counting more than its next; then in the order of the list.
fn needs_in_order(reasons: &[Line]) -> Vec<Need> {
    let mut scores: BTreeMap<Need, u32> = BTreeMap::new();
    for line in reasons {
        for (rank, need) in line.needs.iter().enumerate() {
            let share = u32::from(line.weight) * 12 / (u32::try_from(rank).unwrap_or(u32::MAX) + 1);
            *scores.entry(*need).or_default() += share;
        }
    }
    let mut needs: Vec<(Need, u32)> = scores.into_iter().collect();
    needs.sort_by_key(|(need, score)| (*need != Need::Safety, std::cmp::Reverse(*score), *need));
    needs.into_iter().map(|(need, _)| need).collect()
}

#[cfg(test)]
mod tests {
    use proptest::{prelude::*, sample::subsequence};

    use super::*;

    #[test]
    fn examples() {
        use Observation as O;
        let table = TriageTable::builtin().unwrap();
        let cases: &[(&[Observation], Urgency, Need)] = &[
            (&[O::UnawareOfSupport], Urgency::Routine, Need::Information),
            (&[O::Exhausted], Urgency::Soon, Need::Respite),
            (
                &[O::Exhausted, O::SleepsBadly, O::NoBackup],
                Urgency::Urgent,
                Need::Respite,
            ),
            (&[O::SaysCannotGoOn], Urgency::Urgent, Need::Respite),
            (
                &[O::UnawareOfSupport, O::SuicidalTalk],
                Urgency::Emergency,
                Need::Safety,
            ),
            (&[O::YoungCarer], Urgency::Soon, Need::PeerSupport),
        ];
        for (observations, urgency, first_need) in cases {
            let judgement = table.judge(observations);
            assert_eq!(judgement.urgency, *urgency, "{observations:?}");
            assert_eq!(
                judgement.needs.first(),
                Some(first_need),
                "{observations:?}"
            );
        }
    }

    #[test]
    fn a_table_that_cannot_be_used_says_why() {
        let good = include_str!("../../data/triage.json");
        let fault = |text: &str| TriageTable::parse(text).unwrap_err().to_string();
        assert!(fault("{").starts_with("triage table: EOF"));
        assert_eq!(
            fault(&good.replace(
                "\"observation\": \"isolated\"",
                "\"observation\": \"exhausted\""
            )),
            "triage table: `exhausted` needs exactly one line"
        );
        assert!(fault(&good.replace("\"from_weight\": 0", "\"from_weight\": 1")).contains("bands"));
    }

    proptest! {
        #[test]
        fn more_observations_never_make_it_less_urgent_nor_need_less(
            all in subsequence(Observation::ALL.to_vec(), 1..=27).prop_shuffle(),
            keep in 0..27_usize,
        ) {
            let table = TriageTable::builtin().unwrap();
            let fewer = table.judge(&all[..keep.min(all.len())]);
            let more = table.judge(&all);
            prop_assert!(fewer.urgency <= more.urgency);
            prop_assert!(fewer.needs.iter().all(|need| more.needs.contains(need)));
            prop_assert!(!more.needs.is_empty());
        }

        #[test]
        fn order_and_repetition_change_nothing(all in subsequence(Observation::ALL.to_vec(), 1..=27).prop_shuffle()) {
            let table = TriageTable::builtin().unwrap();
            let mut sorted = all.clone();
            sorted.sort_unstable();
            sorted.extend(all.iter().copied());
            prop_assert_eq!(table.judge(&all), table.judge(&sorted));
        }
    }
}
