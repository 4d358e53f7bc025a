//! From a form that was filled in to its score.

use std::collections::BTreeMap;

use super::{Condition, Direction, EntryWay, Instrument, Item, Test};
use crate::model::Score;

/// What was handed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// The code of each answer, by item.
    Answers(BTreeMap<String, String>),
    /// The total.
    Total(Score),
}

/// What a form came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scored {
    /// The score.
    pub score: Score,
    /// The code of the band it lies in, where the instrument has bands.
    pub band: Option<String>,
    /// Whether it reaches the instrument's own threshold of too much.
    pub overloaded: bool,
}

/// Why a form cannot be scored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AnswerFault {
    /// The instrument is not handed in so.
    #[error("this instrument takes {takes}")]
    Way {
        /// How it is handed in.
        takes: &'static str,
    },
    /// There is no such item.
    #[error("there is no item `{item}`; there are: {known}")]
    Item {
        /// What was said.
        item: String,
        /// The items there are.
        known: String,
    },
    /// There is no such answer.
    #[error("`{item}` has no answer `{answer}`; there are: {known}")]
    Answer {
        /// The item.
        item: String,
        /// What was said.
        answer: String,
        /// The answers there are.
        known: String,
    },
    /// An item was answered that is not asked after these answers.
    #[error("`{item}` is not asked after these answers: leave it out")]
    NotAsked {
        /// The item.
        item: String,
    },
    /// Items were not answered that must be.
    #[error("the form cannot be scored without: {items}")]
    Missing {
        /// The items.
        items: String,
    },
    /// The total is not one of the scores there are.
    #[error("a total of {total} cannot be: it lies between {from} and {to}, in steps of {step}")]
    Total {
        /// What was said.
        total: Score,
        /// The lowest.
        from: Score,
        /// The highest.
        to: Score,
        /// How far apart they lie.
        step: Score,
    },
}

impl Instrument {
    /// What a form comes to.
    pub fn score(&self, entry: &Entry) -> Result<Scored, AnswerFault> {
        let score = match entry {
            Entry::Answers(answers) if self.takes(EntryWay::Answers) => self.sum(answers)?,
            Entry::Total(total) if self.takes(EntryWay::Total) => self.total(*total)?,
            Entry::Answers(_) => return Err(AnswerFault::Way { takes: "a total" }),
            Entry::Total(_) => {
                return Err(AnswerFault::Way {
                    takes: "answers, item by item",
                });
            }
        };
        let overloaded =
            self.scoring
                .overload
                .as_ref()
                .is_some_and(|overload| match self.scoring.direction {
                    Direction::HigherIsWorse => score >= overload.from,
                    Direction::HigherIsBetter => score <= overload.from,
                });
        Ok(Scored {
            score,
            band: self.band(score).map(|band| band.code.clone()),
            overloaded,
        })
    }

    fn total(&self, total: Score) -> Result<Score, AnswerFault> {
        let range = &self.scoring.range;
        let fits = (range.from..=range.to).contains(&total)
            && total.minus(range.from).is_multiple_of(range.step);
        if fits {
            Ok(total)
        } else {
            Err(AnswerFault::Total {
                total,
                from: range.from,
                to: range.to,
                step: range.step,
            })
        }
    }

    fn sum(&self, answers: &BTreeMap<String, String>) -> Result<Score, AnswerFault> {
        for (link_id, answer) in answers {
            let item = self.items.iter().find(|item| item.link_id == *link_id);
            let item = item.ok_or_else(|| AnswerFault::Item {
                item: cut(link_id),
                known: listed(self.items.iter().map(|item| item.link_id.as_str())),
            })?;
            if item.choice(answer).is_none() {
                return Err(AnswerFault::Answer {
                    item: link_id.clone(),
                    answer: cut(answer),
                    known: listed(item.choices.iter().map(|choice| choice.code.as_str())),
                });
            }
            if !is_asked(item, answers) {
                return Err(AnswerFault::NotAsked {
                    item: link_id.clone(),
                });
            }
        }
        let missing: Vec<&str> = self
            .items
            .iter()
            .filter(|item| self.requires(item) && is_asked(item, answers))
            .map(|item| item.link_id.as_str())
            .filter(|link_id| !answers.contains_key(*link_id))
            .collect();
        // A form with nothing on it says nothing, whatever may be missing.
        if !missing.is_empty() || answers.is_empty() {
            let items = if missing.is_empty() {
                "any answer".to_owned()
            } else {
                listed(missing.into_iter())
            };
            return Err(AnswerFault::Missing { items });
        }
        let chosen = self
            .items
            .iter()
            .filter_map(|item| item.choice(answers.get(&item.link_id)?));
        Ok(chosen.fold(Score::ZERO, |sum, choice| sum.plus(choice.score)))
    }
}

impl Item {
    fn choice(&self, code: &str) -> Option<&super::Choice> {
        self.choices.iter().find(|choice| choice.code == code)
    }
}

/// Whether an item is asked after these answers.
fn is_asked(item: &Item, answers: &BTreeMap<String, String>) -> bool {
    item.asked_when
        .as_ref()
        .is_none_or(|condition| condition.holds(answers))
}

impl Condition {
    fn holds(&self, answers: &BTreeMap<String, String>) -> bool {
        let mut held = self.terms.iter().map(|term| {
            let answer = answers.get(&term.item);
            match &term.test {
                Test::Is(code) => answer == Some(code),
                Test::IsNot(code) => answer.is_some_and(|answer| answer != code),
                Test::Exists(exists) => answer.is_some() == *exists,
            }
        });
        if self.all {
            held.all(|held| held)
        } else {
            held.any(|held| held)
        }
    }
}

fn listed<'a>(codes: impl Iterator<Item = &'a str>) -> String {
    codes.collect::<Vec<_>>().join(", ")
}

/// What somebody sent is repeated to them, but not all of a novel.
fn cut(text: &str) -> String {
    text.chars().take(40).collect()
}
