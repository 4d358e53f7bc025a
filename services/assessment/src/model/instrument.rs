//! Instruments: questionnaires, and how they are scored. Each is data: a file in the shape of a
//! FHIR Questionnaire with its scoring beside it.

mod check;
mod file;
mod scoring;
mod trend;

use serde::Deserialize;

pub use check::Wrong;
pub use file::InstrumentFault;
pub use scoring::{AnswerFault, Entry, Scored};
pub use trend::{Trend, Trends};

use super::{Score, Texts};

/// A questionnaire and how it is scored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instrument {
    /// Its name, such as `carerqol-7d`.
    pub id: String,
    /// The canonical address of its questionnaire.
    pub url: String,
    /// Its version: results are kept with it.
    pub version: String,
    /// Its title.
    pub title: Texts,
    /// Its questions, groups opened up.
    pub items: Vec<Item>,
    /// How it is scored.
    pub scoring: Scoring,
}

/// One question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Its name within the instrument.
    pub link_id: String,
    /// The question.
    pub text: Texts,
    /// The answers there are.
    pub choices: Vec<Choice>,
    /// When it is asked; always, where nothing is said.
    pub asked_when: Option<Condition>,
}

/// One answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// Its code within the item.
    pub code: String,
    /// In words.
    pub text: Texts,
    /// What it adds.
    pub score: Score,
}

/// When an item is asked (FHIR `enableWhen`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// Whether all must hold, rather than any.
    pub all: bool,
    /// What must hold.
    pub terms: Vec<Term>,
}

/// Something that may hold of another item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// The other item.
    pub item: String,
    /// What must hold of it.
    pub test: Test,
}

/// What may hold of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Test {
    /// It was answered so.
    Is(String),
    /// It was answered otherwise.
    IsNot(String),
    /// It was answered at all, or was not.
    Exists(bool),
}

/// How an instrument is scored.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scoring {
    /// How answers become a score.
    pub kind: Kind,
    /// In which ways it may be handed in.
    pub entry: Vec<EntryWay>,
    /// Whom it speaks of.
    pub about: About,
    /// Whose words it is asked in.
    pub wording: Wording,
    /// What it measures.
    pub measures: Texts,
    /// Who made it, and on what terms it can be used.
    pub credit: String,
    /// The scores there are.
    pub range: Range,
    /// Which way they point.
    pub direction: Direction,
    /// Named parts of the range, from low to high; none where none were published.
    pub bands: Vec<Band>,
    /// From where on it is too much, where that was published.
    pub overload: Option<Overload>,
    /// The items that need not be answered: they add nothing then.
    pub may_be_missing: Vec<String>,
    /// The smallest change that counts as one.
    pub smallest_change: SmallestChange,
}

/// How answers become a score.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The sum of what the answers add.
    Sum,
}

/// In which way a form may be handed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryWay {
    /// Item by item.
    Answers,
    /// As a total.
    Total,
}

/// Whom an instrument speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum About {
    /// The carer.
    Carer,
    /// The person cared for.
    CaredForPerson,
}

/// Whose words an instrument is asked in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wording {
    /// This project's own.
    Own,
    /// Nobody's: the professional holds the form.
    None,
    /// The official one, by an organisation's licence.
    Licensed,
}

/// Which way a score points.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Higher is better.
    HigherIsBetter,
    /// Higher is worse.
    HigherIsWorse,
}

/// The scores there are.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Range {
    /// The lowest.
    pub from: Score,
    /// The highest.
    pub to: Score,
    /// How far apart they lie.
    pub step: Score,
    /// Where that comes from.
    pub source: String,
}

/// A named part of the range.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Band {
    /// Its name within the instrument.
    pub code: String,
    /// The lowest score in it.
    pub from: Score,
    /// The highest score in it.
    pub to: Score,
    /// In words.
    pub label: Texts,
    /// Where it comes from.
    pub source: String,
}

/// From where on it is too much.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Overload {
    /// From this score on: upwards where higher is worse, downwards where higher is better.
    pub from: Score,
    /// Where that comes from.
    pub source: String,
}

/// The smallest change that counts as one.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmallestChange {
    /// So much.
    pub points: Score,
    /// Where that comes from, or that it is an own default.
    pub source: String,
}

impl Instrument {
    /// Reads an instrument from its file and checks it: what comes out can score every form.
    pub fn parse(text: &str) -> Result<Self, InstrumentFault> {
        let (instrument, places) = file::read(text)?;
        check::check(&instrument, &places)?;
        Ok(instrument)
    }

    /// The band that a score lies in.
    #[must_use]
    pub fn band(&self, score: Score) -> Option<&Band> {
        let mut bands = self.scoring.bands.iter();
        bands.find(|band| (band.from..=band.to).contains(&score))
    }

    /// The band of this code.
    #[must_use]
    pub fn band_named(&self, code: &str) -> Option<&Band> {
        self.scoring.bands.iter().find(|band| band.code == code)
    }

    /// Whether it may be handed in this way.
    #[must_use]
    pub fn takes(&self, way: EntryWay) -> bool {
        self.scoring.entry.contains(&way)
    }

    /// Whether a form cannot be scored without this item, where it is asked.
    #[must_use]
    pub fn requires(&self, item: &Item) -> bool {
        !item.choices.is_empty() && !self.scoring.may_be_missing.contains(&item.link_id)
    }
}

impl Direction {
    /// In words.
    #[must_use]
    pub fn words(self) -> Texts {
        let [nl, fr, en] = match self {
            Self::HigherIsBetter => [
                "Een hogere score is beter.",
                "Un score plus élevé est meilleur.",
                "A higher score is better.",
            ],
            Self::HigherIsWorse => [
                "Een hogere score is zwaarder.",
                "Un score plus élevé est plus lourd.",
                "A higher score is heavier.",
            ],
        };
        Texts {
            nl: nl.to_owned(),
            fr: fr.to_owned(),
            en: en.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests;
