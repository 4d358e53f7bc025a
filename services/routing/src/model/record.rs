//! A decision as it is kept: with everything that explains it, and from which it replays.

use knipperlicht_vocabulary::{Need, ServiceId};
use serde::{Deserialize, Serialize};

use super::{
    behaviour::{Behaviour, Behaviours},
    decision::{Decision, Question, Tables, Verdict, decide},
    planner::Ground,
};

/// A decision that was just taken.
#[derive(Debug, Clone, PartialEq)]
pub struct Record<'d> {
    /// What was asked.
    pub question: Question,
    /// What was decided.
    pub decision: Decision<'d>,
    /// By which tables.
    pub versions: Versions,
}

/// The tables of a decision, by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Versions {
    /// The directory's.
    pub directory: i64,
    /// The zone table's.
    pub zones: String,
    /// Of rules and weights.
    pub points: String,
}

impl Versions {
    /// Of what is decided from now.
    #[must_use]
    pub fn of(ground: &Ground<'_>) -> Self {
        Self {
            directory: ground.tables.directory.version(),
            zones: ground.zones.version().to_owned(),
            points: ground.tables.points.version.clone(),
        }
    }
}

/// A decision as it is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StoredDecision {
    /// What was asked.
    pub question: Question,
    /// By which tables it was decided.
    pub versions: Versions,
    /// Everyone who was considered, by service id.
    pub candidates: Vec<StoredCandidate>,
    /// Who is asked for what.
    pub chosen: Vec<StoredChoice>,
    /// The needs that no service covers.
    pub uncovered: Vec<Need>,
    /// The best of those who are not asked but could have been.
    pub runner_up: Option<ServiceId>,
}

/// A candidate as it is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StoredCandidate {
    /// The service.
    pub service: ServiceId,
    /// How it had behaved by then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub behaved: Option<Behaviour>,
    /// Its points, or the rule that excluded it.
    #[serde(flatten)]
    pub verdict: Verdict,
}

/// A choice as it is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StoredChoice {
    /// The service.
    pub service: ServiceId,
    /// For which needs.
    pub needs: Vec<Need>,
}

impl Record<'_> {
    /// As it is kept.
    #[must_use]
    pub fn stored(&self) -> StoredDecision {
        stored(&self.question, &self.decision, self.versions.clone())
    }
}

impl StoredDecision {
    /// How its candidates had behaved by then.
    #[must_use]
    pub fn behaviours(&self) -> Behaviours {
        self.candidates
            .iter()
            .filter_map(|one| Some((one.service.clone(), one.behaved?)))
            .collect()
    }

    /// Whether the same question, put to the tables it names, is decided the same again (rule 4).
    #[must_use]
    pub fn replays(&self, tables: &Tables<'_>) -> bool {
        let decision = decide(tables, &self.question);
        stored(&self.question, &decision, self.versions.clone()) == *self
    }
}

fn stored(question: &Question, decision: &Decision<'_>, versions: Versions) -> StoredDecision {
    let candidates = decision.candidates.iter().map(|one| StoredCandidate {
        service: one.service.id.clone(),
        behaved: one.behaved,
        verdict: one.verdict,
    });
    let chosen = decision.chosen.iter().map(|choice| StoredChoice {
        service: choice.service.id.clone(),
        needs: choice.needs.clone(),
    });
    StoredDecision {
        question: question.clone(),
        versions,
        candidates: candidates.collect(),
        chosen: chosen.collect(),
        uncovered: decision.uncovered.clone(),
        runner_up: decision.runner_up.map(|service| service.id.clone()),
    }
}
