//! Whether an instrument can score every form that can be filled in.

use std::collections::{BTreeMap, BTreeSet};

use super::{EntryWay, Instrument, InstrumentFault, Item, Test};
use crate::model::{Score, score::NoScore};

/// What is wrong in an instrument's file.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Wrong {
    /// It is another resource.
    #[error("this is a `{0}`, not a `Questionnaire`")]
    ResourceType(String),
    /// The id is none.
    #[error("`{0}` is not an id: small letters, digits and `-`, at most 60")]
    Id(String),
    /// The version is none.
    #[error("`{0}` is not a version: letters, digits, `.` and `-`, at most 40")]
    Version(String),
    /// It is empty.
    #[error("this is empty: fill it in")]
    Empty,
    /// Two items have the same linkId.
    #[error("another item has the linkId `{0}` too")]
    DuplicateLinkId(String),
    /// Two answers or two bands have the same code.
    #[error("`{0}` stands here twice")]
    DuplicateCode(String),
    /// An item of a type that cannot be scored.
    #[error(
        "an item of type `{0}` cannot be scored: use group, display, choice, coding, integer or decimal"
    )]
    Type(String),
    /// An answer adds nothing that we know of.
    #[error(
        "the answer `{0}` has no score: give it the extension ordinalValue or itemWeight with a valueDecimal"
    )]
    NoScore(String),
    /// A number that is no score.
    #[error("{0}")]
    Score(NoScore),
    /// A score between two steps.
    #[error("{score} is not a multiple of the step {step}")]
    OffStep {
        /// The score.
        score: Score,
        /// The step.
        step: Score,
    },
    /// A condition on a group.
    #[error("a condition on a group or display is not read: put it on the items themselves")]
    ConditionOfGroup,
    /// A condition that is not understood.
    #[error(
        "`{0}` with this answer is not read: use = or != with answerCoding, or exists with answerBoolean"
    )]
    Operator(String),
    /// An item that is not there.
    #[error("there is no item `{0}`")]
    UnknownItem(String),
    /// An answer that is not there.
    #[error("the item `{item}` has no answer `{answer}`")]
    UnknownAnswer {
        /// The item.
        item: String,
        /// The answer.
        answer: String,
    },
    /// Items that wait for each other.
    #[error("these items wait for each other: {0}")]
    Cycle(String),
    /// An item that is answered has no answers.
    #[error("this item is handed in by its answers and has none: give it answerOption")]
    NoAnswers,
    /// No way to hand it in.
    #[error("say how it is handed in: answers, total or both")]
    NoEntry,
    /// The range is empty, or its step is not above 0.
    #[error("the range must rise from `from` to `to` in steps above 0")]
    Range,
    /// What answers add up to leaves the range.
    #[error(
        "answers can add up to {low} at least and {high} at most: that is not within {from} to {to}"
    )]
    Beyond {
        /// The lowest sum.
        low: Score,
        /// The highest sum.
        high: Score,
        /// The lowest score.
        from: Score,
        /// The highest score.
        to: Score,
    },
    /// It lies outside the range.
    #[error("{score} lies outside the range of {from} to {to}")]
    Outside {
        /// What lies there.
        score: Score,
        /// The lowest score.
        from: Score,
        /// The highest score.
        to: Score,
    },
    /// A band ends before it begins.
    #[error("this band ends before it begins")]
    Backwards,
    /// A band begins too late.
    #[error("there is a gap before this band: it begins at {found} and should begin at {expected}")]
    Gap {
        /// Where it begins.
        found: Score,
        /// Where it should.
        expected: Score,
    },
    /// A band begins too early.
    #[error(
        "this band overlaps the one before: it begins at {found} and should begin at {expected}"
    )]
    Overlap {
        /// Where it begins.
        found: Score,
        /// Where it should.
        expected: Score,
    },
    /// The last band ends too early.
    #[error("there is a gap after this band: it ends at {found} and the range at {expected}")]
    GapAtEnd {
        /// Where it ends.
        found: Score,
        /// Where it should.
        expected: Score,
    },
    /// A change of nothing would count.
    #[error("the smallest change that counts must be above 0")]
    SmallestChange,
}

type Checked = Result<(), InstrumentFault>;

/// Checks an instrument whose items stand at these places.
pub(super) fn check(instrument: &Instrument, places: &[String]) -> Checked {
    check_names(instrument)?;
    check_items(instrument, places)?;
    check_conditions(instrument, places)?;
    check_range(instrument, places)?;
    check_bands(instrument)?;
    check_thresholds(instrument)
}

fn refuse(path: impl Into<String>, wrong: Wrong) -> Checked {
    Err(InstrumentFault::at(path, wrong))
}

fn check_names(instrument: &Instrument) -> Checked {
    let fits = |text: &str, most: usize, more: fn(char) -> bool| {
        (1..=most).contains(&text.len()) && text.chars().all(more)
    };
    let small = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if !fits(&instrument.id, 60, small) {
        let wrong = Wrong::Id(instrument.id.clone());
        return refuse("questionnaire.id", wrong);
    }
    let version = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '-';
    if !fits(&instrument.version, 40, version) {
        let wrong = Wrong::Version(instrument.version.clone());
        return refuse("questionnaire.version", wrong);
    }
    let scoring = &instrument.scoring;
    for (path, text) in [
        ("questionnaire.url", &instrument.url),
        ("questionnaire.title", &instrument.title.nl),
        ("scoring.credit", &scoring.credit),
        ("scoring.range.source", &scoring.range.source),
        (
            "scoring.smallest_change.source",
            &scoring.smallest_change.source,
        ),
    ] {
        if text.trim().is_empty() {
            return refuse(path, Wrong::Empty);
        }
    }
    if scoring.entry.is_empty() {
        return refuse("scoring.entry", Wrong::NoEntry);
    }
    Ok(())
}

fn check_items(instrument: &Instrument, places: &[String]) -> Checked {
    let answered = instrument.takes(EntryWay::Answers);
    if answered && instrument.items.is_empty() {
        return refuse("questionnaire.item", Wrong::Empty);
    }
    for (item, path) in instrument.items.iter().zip(places) {
        if answered && item.choices.is_empty() {
            return refuse(path, Wrong::NoAnswers);
        }
        let codes = item.choices.iter().map(|choice| choice.code.as_str());
        if let Some((index, code)) = first_repeated(codes) {
            let path = format!("{path}.answerOption[{index}]");
            return refuse(path, Wrong::DuplicateCode(code.to_owned()));
        }
    }
    for (index, link_id) in instrument.scoring.may_be_missing.iter().enumerate() {
        if !instrument.items.iter().any(|item| item.link_id == *link_id) {
            let path = format!("scoring.may_be_missing[{index}]");
            return refuse(path, Wrong::UnknownItem(link_id.clone()));
        }
    }
    Ok(())
}

/// The first code that stood there before, and where it stands again.
fn first_repeated<'a>(codes: impl Iterator<Item = &'a str>) -> Option<(usize, &'a str)> {
    let mut seen = BTreeSet::new();
    codes.enumerate().find(|(_, code)| !seen.insert(*code))
}

fn check_conditions(instrument: &Instrument, places: &[String]) -> Checked {
    let by_id: BTreeMap<&str, &Item> = instrument
        .items
        .iter()
        .map(|item| (item.link_id.as_str(), item))
        .collect();
    for (item, path) in instrument.items.iter().zip(places) {
        let terms = item
            .asked_when
            .iter()
            .flat_map(|condition| &condition.terms);
        for (index, term) in terms.enumerate() {
            let path = format!("{path}.enableWhen[{index}].question");
            let Some(other) = by_id.get(term.item.as_str()) else {
                return refuse(path, Wrong::UnknownItem(term.item.clone()));
            };
            if let Test::Is(code) | Test::IsNot(code) = &term.test
                && !other.choices.iter().any(|choice| choice.code == *code)
            {
                let wrong = Wrong::UnknownAnswer {
                    item: term.item.clone(),
                    answer: code.clone(),
                };
                return refuse(path, wrong);
            }
        }
        if let Some(cycle) = cycle_from(item, &by_id) {
            return refuse(format!("{path}.enableWhen"), Wrong::Cycle(cycle));
        }
    }
    Ok(())
}

/// The way back to an item along what it waits for, where there is one.
fn cycle_from(start: &Item, by_id: &BTreeMap<&str, &Item>) -> Option<String> {
    let waits_for = |item: &Item| -> Vec<String> {
        let terms = item
            .asked_when
            .iter()
            .flat_map(|condition| &condition.terms);
        terms.map(|term| term.item.clone()).collect()
    };
    let mut seen = BTreeSet::new();
    let mut ways: Vec<Vec<String>> = vec![vec![start.link_id.clone()]];
    while let Some(way) = ways.pop() {
        let here = way.last().and_then(|link_id| by_id.get(link_id.as_str()));
        for next in here.map(|item| waits_for(item)).unwrap_or_default() {
            let mut further = way.clone();
            further.push(next.clone());
            if next == start.link_id {
                return Some(further.join(" > "));
            }
            if seen.insert(next) {
                ways.push(further);
            }
        }
    }
    None
}

fn check_range(instrument: &Instrument, places: &[String]) -> Checked {
    let range = &instrument.scoring.range;
    if range.step <= Score::ZERO || range.from >= range.to {
        return refuse("scoring.range", Wrong::Range);
    }
    let off_step = |score: Score| Wrong::OffStep {
        score,
        step: range.step,
    };
    for (path, score) in [("from", range.from), ("to", range.to)] {
        if !score.is_multiple_of(range.step) {
            return refuse(format!("scoring.range.{path}"), off_step(score));
        }
    }
    let (mut low, mut high) = (Score::ZERO, Score::ZERO);
    for (item, path) in instrument.items.iter().zip(places) {
        for (index, choice) in item.choices.iter().enumerate() {
            if !choice.score.is_multiple_of(range.step) {
                let path = format!("{path}.answerOption[{index}]");
                return refuse(path, off_step(choice.score));
            }
        }
        let scores = item.choices.iter().map(|choice| choice.score);
        // What is not asked, or not answered, adds nothing.
        let left_out = item.asked_when.is_some() || !instrument.requires(item);
        let scores = scores.chain(left_out.then_some(Score::ZERO));
        low = low.plus(scores.clone().min().unwrap_or_default());
        high = high.plus(scores.max().unwrap_or_default());
    }
    if instrument.takes(EntryWay::Answers) && (low < range.from || high > range.to) {
        let (from, to) = (range.from, range.to);
        let wrong = Wrong::Beyond {
            low,
            high,
            from,
            to,
        };
        return refuse("scoring.range", wrong);
    }
    Ok(())
}

fn check_bands(instrument: &Instrument) -> Checked {
    let (range, bands) = (&instrument.scoring.range, &instrument.scoring.bands);
    let path = |index: usize| format!("scoring.bands[{index}]");
    let codes = bands.iter().map(|band| band.code.as_str());
    if let Some((index, code)) = first_repeated(codes) {
        return refuse(path(index), Wrong::DuplicateCode(code.to_owned()));
    }
    let mut expected = range.from;
    for (index, band) in bands.iter().enumerate() {
        if band.code.trim().is_empty() || band.source.trim().is_empty() {
            return refuse(path(index), Wrong::Empty);
        }
        for score in [band.from, band.to] {
            within(instrument, path(index), score)?;
        }
        let found = band.from;
        if band.to < band.from {
            return refuse(path(index), Wrong::Backwards);
        }
        if found > expected {
            return refuse(path(index), Wrong::Gap { found, expected });
        }
        if found < expected {
            return refuse(path(index), Wrong::Overlap { found, expected });
        }
        expected = band.to.plus(range.step);
    }
    match bands.last() {
        Some(last) if last.to < range.to => {
            let wrong = Wrong::GapAtEnd {
                found: last.to,
                expected: range.to,
            };
            refuse(path(bands.len() - 1), wrong)
        }
        _ => Ok(()),
    }
}

fn check_thresholds(instrument: &Instrument) -> Checked {
    let scoring = &instrument.scoring;
    if let Some(overload) = &scoring.overload {
        within(
            instrument,
            "scoring.overload.from".to_owned(),
            overload.from,
        )?;
        if overload.source.trim().is_empty() {
            return refuse("scoring.overload.source", Wrong::Empty);
        }
    }
    if scoring.smallest_change.points <= Score::ZERO {
        return refuse("scoring.smallest_change.points", Wrong::SmallestChange);
    }
    Ok(())
}

/// A score of the range.
fn within(instrument: &Instrument, path: String, score: Score) -> Checked {
    let range = &instrument.scoring.range;
    if !(range.from..=range.to).contains(&score) {
        let (from, to) = (range.from, range.to);
        return refuse(path, Wrong::Outside { score, from, to });
    }
    if !score.is_multiple_of(range.step) {
        let step = range.step;
        return refuse(path, Wrong::OffStep { score, step });
    }
    Ok(())
}
