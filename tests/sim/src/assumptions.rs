//! What the simulation takes for given: every figure with its source, or the word that it is invented.

use knipperlicht_vocabulary::{AgeBand, Consent, Language, Observation, ZoneId};
use serde::Deserialize;

const FILE: &str = include_str!("../data/assumptions.json");

/// How much somebody carries, as EDIZ-plus divides it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Burden {
    /// No burden.
    None,
    /// Light.
    Light,
    /// Moderate.
    Moderate,
    /// Heavy.
    Heavy,
}

/// One figure.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Figure {
    /// How much.
    pub value: f64,
    /// Where it comes from, or that it is invented.
    pub source: String,
}

/// A figure for each of several things.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shares<T> {
    /// Which, and how much of it.
    pub of: Vec<(T, f64)>,
    /// Where they come from, or that they are invented.
    pub source: String,
}

impl<T: PartialEq> Shares<T> {
    /// How much of this.
    #[must_use]
    pub fn get(&self, which: &T) -> Option<f64> {
        let mut all = self.of.iter();
        all.find(|(one, _)| one == which).map(|(_, share)| *share)
    }
}

/// All of it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assumptions {
    /// What to know of it.
    pub note: String,
    /// Who there is.
    pub people: People,
    /// Who is flagged, how often and for what.
    pub flagging: Flagging,
    /// How partners and coordinators work.
    pub partners: Partners,
    /// What carers say of it.
    pub carers: Carers,
    /// How many live where.
    pub regions: Regions,
}

/// Who there is.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each says in the file what it is")]
pub struct People {
    pub carers: Figure,
    pub burden: Shares<Burden>,
    pub age: Shares<AgeBand>,
    pub language: Shares<Language>,
    pub language_in_brussels: Shares<Language>,
    pub inhabitants_where_unknown: Shares<ZoneId>,
}

/// Who is flagged, how often and for what.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each says in the file what it is")]
pub struct Flagging {
    pub signals_a_year: Shares<Burden>,
    pub flagged_again: Figure,
    pub days_until_again: Figure,
    pub things_seen: Shares<Burden>,
    pub seen: Shares<Observation>,
    pub cannot_go_on: Figure,
    pub red_flag: Figure,
    pub red_flags: Shares<Observation>,
    pub consent: Shares<Consent>,
    pub agrees_later: Figure,
    pub days_until_agreed: Figure,
    /// 1 for January.
    pub month: Shares<String>,
    /// 1 for Monday.
    pub weekday: Shares<String>,
    pub hour: Shares<String>,
}

/// How partners and coordinators work.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each says in the file what it is")]
pub struct Partners {
    pub never_answers: Figure,
    pub declines_for_another_reason: Figure,
    pub lets_wait_from_weeks: Figure,
    pub declines_from_weeks: Figure,
    pub refuses_a_coordinator_from_weeks: Figure,
    pub hours_until_a_request_is_read: Figure,
    pub hours_of_a_call_in_vain: Figure,
    pub hours_of_a_first_contact: Figure,
    pub hours_of_a_session: Figure,
    pub reached: Figure,
    pub sessions: Shares<Burden>,
    pub days_between_sessions: Figure,
    pub states_capacity_every_days: Figure,
    pub hours_until_a_coordinator_decides: Figure,
}

/// What carers say of it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each says in the file what it is")]
pub struct Carers {
    pub helped: Shares<Burden>,
    pub partly_helped: Figure,
    pub answers_when_asked: Figure,
    pub days_until_the_answer: Figure,
    pub says_that_it_helped: Figure,
    pub asks_again: Figure,
}

/// How many live where.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each says in the file what it is")]
pub struct Regions {
    pub flanders: Figure,
    pub belgium: Figure,
    pub europe: Figure,
    pub regional_care_zones: Figure,
}

/// One line of the file, for people to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// What part of it.
    pub part: String,
    /// What it is called.
    pub name: String,
    /// How much.
    pub value: String,
    /// Where it comes from, or that it is invented.
    pub source: String,
}

impl Assumptions {
    /// Those of the simulation.
    pub fn builtin() -> Result<Self, serde_json::Error> {
        serde_json::from_str(FILE)
    }

    /// Every figure as a line to read.
    pub fn lines() -> Result<Vec<Line>, serde_json::Error> {
        let file: serde_json::Map<String, serde_json::Value> = serde_json::from_str(FILE)?;
        let mut lines = Vec::new();
        for (part, figures) in &file {
            let figures = figures.as_object().into_iter().flatten();
            lines.extend(figures.map(|(name, figure)| Line {
                part: part.clone(),
                name: name.clone(),
                value: shown(figure),
                source: figure["source"].as_str().unwrap_or_default().to_owned(),
            }));
        }
        Ok(lines)
    }
}

fn shown(figure: &serde_json::Value) -> String {
    let pairs = figure["of"].as_array();
    pairs.map_or_else(
        || figure["value"].to_string(),
        |pairs| {
            let pairs = pairs.iter().map(|pair| {
                let which = pair[0].as_str().unwrap_or_default();
                format!("{which} {}", pair[1])
            });
            pairs.collect::<Vec<_>>().join(", ")
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_figure_has_a_source_and_none_is_left_out() {
        let assumptions = Assumptions::builtin().unwrap();
        let lines = Assumptions::lines().unwrap();
        assert!(
            lines
                .iter()
                .all(|line| !line.source.is_empty() && line.value != "null")
        );
        assert!(lines.len() > 30);
        let of = |burden| assumptions.people.burden.get(&burden);
        let all: f64 = [Burden::None, Burden::Light, Burden::Moderate, Burden::Heavy]
            .into_iter()
            .filter_map(of)
            .sum();
        assert!((all - 1.0).abs() < 1e-9, "{all}");
    }
}
