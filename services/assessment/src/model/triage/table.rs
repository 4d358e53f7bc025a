//! The table: what each thing that can be noticed or measured means.

use std::{collections::BTreeMap, fmt, sync::Arc};

use knipperlicht_vocabulary::{CarerAsk, Need, Observation, Urgency};
use serde::Deserialize;

use crate::model::Texts;

/// What a line speaks of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trigger {
    /// Something that was noticed.
    Observation(Observation),
    /// A band of an instrument.
    Band {
        /// The instrument.
        instrument: String,
        /// The band.
        band: String,
    },
    /// An answer to an item of an instrument.
    Answer {
        /// The instrument.
        instrument: String,
        /// The item.
        item: String,
        /// The answer.
        answer: String,
    },
    /// The threshold of any instrument that has one of its own.
    Overload,
}

/// The line's name, under which judgements remember it.
impl fmt::Display for Trigger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Observation(observation) => observation.fmt(f),
            Self::Band { instrument, band } => write!(f, "{instrument}/{band}"),
            Self::Answer {
                instrument,
                item,
                answer,
            } => write!(f, "{instrument}/{item}/{answer}"),
            Self::Overload => f.write_str("overload"),
        }
    }
}

/// What one thing means.
#[derive(Debug, PartialEq, Eq)]
pub struct Line {
    /// What it speaks of.
    pub trigger: Trigger,
    /// How heavy it weighs.
    pub weight: u16,
    /// The urgency it calls for by itself, whatever the weights say.
    pub at_least: Option<Urgency>,
    /// The needs it points to, the most pressing first.
    pub needs: Vec<Need>,
    /// What the carer may ask for that it speaks to.
    pub asks: Vec<CarerAsk>,
    /// Where the line comes from, or that it is an own default.
    pub source: String,
    /// The reason in plain words; tables before 2026-11-22.1 have none.
    pub because: Option<Texts>,
}

impl Line {
    /// Whether it never waits.
    #[must_use]
    pub const fn is_red_flag(&self) -> bool {
        matches!(self.trigger, Trigger::Observation(seen) if seen.is_red_flag())
    }
}

/// From this total weight on, this urgency.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// The least weight.
    pub from_weight: u16,
    /// The urgency.
    pub urgency: Urgency,
    /// Where it comes from, or that it is an own default.
    #[serde(default)]
    pub source: String,
    /// What it means in plain words; tables before 2026-11-22.1 have none.
    #[serde(default)]
    pub because: Option<Texts>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TableFile {
    version: String,
    #[serde(rename = "note")]
    _note: String,
    bands: Vec<Limit>,
    lines: Vec<LineFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LineFile {
    observation: Option<Observation>,
    instrument: Option<String>,
    band: Option<String>,
    item: Option<String>,
    answer: Option<String>,
    #[serde(default)]
    overload: bool,
    weight: u16,
    at_least: Option<Urgency>,
    needs: Vec<Need>,
    #[serde(default)]
    asks: Vec<CarerAsk>,
    source: String,
    because: Option<Texts>,
}

/// A triage table that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TableFault {
    /// It is not of the form it should have.
    #[error("triage table: {0}")]
    Unreadable(#[from] serde_json::Error),
    /// An observation has no line.
    #[error("triage table {version}: `{observation}` needs exactly one line")]
    Missing {
        /// The table.
        version: String,
        /// The observation.
        observation: Observation,
    },
    /// Two lines speak of the same.
    #[error("triage table {version}: `{line}` needs exactly one line")]
    Twice {
        /// The table.
        version: String,
        /// The line's name.
        line: String,
    },
    /// A line speaks of nothing, or of several things.
    #[error(
        "triage table {version}: line {number} must speak of one thing: an `observation`, an `instrument` with its \
         `band` or its `item` and `answer`, or `overload`"
    )]
    Trigger {
        /// The table.
        version: String,
        /// Its number, from 1.
        number: usize,
    },
    /// The bands do not start at 0 or do not rise.
    #[error(
        "triage table {version}: the bands must start at weight 0 and rise in weight and urgency"
    )]
    Bands {
        /// The table.
        version: String,
    },
    /// Two tables say that they are the same version.
    #[error("triage table {version}: there are two tables of this version")]
    SameVersion {
        /// The version.
        version: String,
    },
}

/// The triage table of one version.
#[derive(Debug, Clone)]
pub struct TriageTable {
    version: String,
    limits: Vec<Limit>,
    observations: BTreeMap<Observation, Arc<Line>>,
    measured: BTreeMap<Trigger, Arc<Line>>,
    by_name: BTreeMap<String, Arc<Line>>,
}

impl TriageTable {
    /// Reads a table: every observation has one line, nothing has two, and the bands rise from 0.
    pub fn parse(text: &str) -> Result<Self, TableFault> {
        let TableFile {
            version,
            bands: limits,
            lines,
            ..
        } = serde_json::from_str(text)?;
        let rises = limits.windows(2).all(|pair| {
            pair[0].from_weight < pair[1].from_weight && pair[0].urgency < pair[1].urgency
        });
        if !rises || limits.first().is_none_or(|limit| limit.from_weight != 0) {
            return Err(TableFault::Bands { version });
        }
        let mut table = Self {
            version,
            limits,
            observations: BTreeMap::new(),
            measured: BTreeMap::new(),
            by_name: BTreeMap::new(),
        };
        for (index, line) in lines.into_iter().enumerate() {
            table.add(index + 1, line)?;
        }
        let missing = Observation::ALL
            .iter()
            .find(|seen| !table.observations.contains_key(seen));
        match missing {
            Some(observation) => Err(TableFault::Missing {
                version: table.version,
                observation: *observation,
            }),
            None => Ok(table),
        }
    }

    fn add(&mut self, number: usize, line: LineFile) -> Result<(), TableFault> {
        let parts = (
            line.observation,
            line.instrument,
            line.band,
            line.item.zip(line.answer),
            line.overload,
        );
        let trigger = match parts {
            (Some(observation), None, None, None, false) => Trigger::Observation(observation),
            (None, Some(instrument), Some(band), None, false) => Trigger::Band { instrument, band },
            (None, Some(instrument), None, Some((item, answer)), false) => Trigger::Answer {
                instrument,
                item,
                answer,
            },
            (None, None, None, None, true) => Trigger::Overload,
            _ => {
                let version = self.version.clone();
                return Err(TableFault::Trigger { version, number });
            }
        };
        let line = Arc::new(Line {
            trigger: trigger.clone(),
            weight: line.weight,
            at_least: line.at_least,
            needs: line.needs,
            asks: line.asks,
            source: line.source,
            because: line.because,
        });
        let name = trigger.to_string();
        if self.by_name.insert(name, Arc::clone(&line)).is_some() {
            return Err(TableFault::Twice {
                version: self.version.clone(),
                line: trigger.to_string(),
            });
        }
        match trigger {
            Trigger::Observation(seen) => self.observations.insert(seen, line),
            other => self.measured.insert(other, line),
        };
        Ok(())
    }

    /// Its version, stored with every judgement.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The line of this name.
    #[must_use]
    pub fn line(&self, name: &str) -> Option<&Arc<Line>> {
        self.by_name.get(name)
    }

    /// Every line, by name.
    pub fn lines(&self) -> impl Iterator<Item = &Arc<Line>> {
        self.by_name.values()
    }

    /// The line that speaks of this, where there is one.
    pub(super) fn line_of(&self, trigger: &Trigger) -> Option<&Arc<Line>> {
        match trigger {
            Trigger::Observation(seen) => self.observations.get(seen),
            other => self.measured.get(other),
        }
    }

    /// The limit that a total weight reaches.
    #[must_use]
    pub fn limit(&self, weight: u16) -> Option<&Limit> {
        self.limits
            .iter()
            .rev()
            .find(|limit| limit.from_weight <= weight)
    }
}
