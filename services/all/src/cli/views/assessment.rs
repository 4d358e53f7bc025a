//! Assessments and their reasons; questionnaires and what they came to.

use jiff::tz::TimeZone;
use knipperlicht_contracts::assessment::v1 as proto;
use knipperlicht_vocabulary::{CarerAsk, Need, Observation, Urgency};
use serde::Serialize;

use super::{Moment, View, Word, words};

/// One text in each language.
#[derive(Debug, Default, Serialize)]
struct TextsView {
    nl: String,
    fr: String,
    en: String,
}

impl From<proto::Texts> for TextsView {
    fn from(texts: proto::Texts) -> Self {
        Self {
            nl: texts.nl,
            fr: texts.fr,
            en: texts.en,
        }
    }
}

/// The client speaks English, like its help.
fn english(texts: Option<&TextsView>) -> String {
    texts.map(|texts| texts.en.clone()).unwrap_or_default()
}

/// One dated judgement.
#[derive(Debug, Serialize)]
pub(crate) struct AssessmentView {
    assessment_id: String,
    situation_id: String,
    signal_id: String,
    response_id: String,
    cause: Option<Word>,
    assessed_at: Option<Moment>,
    urgency: Option<Word>,
    needs: Vec<Word>,
    asks: Vec<Word>,
    weight: i32,
    weight_because: Option<TextsView>,
    weight_source: String,
    pub(crate) reasons: Vec<ReasonView>,
    triage_version: String,
}

impl From<proto::Assessment> for AssessmentView {
    fn from(assessment: proto::Assessment) -> Self {
        Self {
            cause: named(assessment.cause().as_str_name(), "CAUSE_"),
            assessment_id: assessment.assessment_id,
            situation_id: assessment.situation_id,
            signal_id: assessment.signal_id,
            response_id: assessment.response_id,
            assessed_at: Moment::of(assessment.assessed_at),
            urgency: Word::of::<Urgency>(assessment.urgency),
            needs: Word::all::<Need>(&assessment.needs),
            asks: Word::all::<CarerAsk>(&assessment.asks),
            weight: assessment.weight,
            weight_because: assessment.weight_because.map(TextsView::from),
            weight_source: assessment.weight_source,
            reasons: assessment
                .reasons
                .into_iter()
                .map(ReasonView::from)
                .collect(),
            triage_version: assessment.triage_version,
        }
    }
}

/// A code that only the protos have; nothing where nothing was said.
fn named(name: &str, prefix: &str) -> Option<Word> {
    let code = name.strip_prefix(prefix).unwrap_or(name).to_lowercase();
    (code != "unspecified").then(|| Word::named(code))
}

impl View for AssessmentView {
    fn cells(&self, local: &TimeZone) -> Vec<(&'static str, String)> {
        vec![
            (
                "assessed",
                self.assessed_at
                    .map(|at| at.text(local))
                    .unwrap_or_default(),
            ),
            ("assessment", self.assessment_id.clone()),
            ("upon", words(&self.cause)),
            ("urgency", words(&self.urgency)),
            ("weight", self.weight.to_string()),
            ("needs", words(&self.needs)),
            ("asks for", words(&self.asks)),
            ("signal", self.signal_id.clone()),
            ("triage", self.triage_version.clone()),
        ]
    }
}

/// One line of the triage table that counted.
#[derive(Debug, Serialize)]
pub(crate) struct ReasonView {
    line: String,
    observation: Option<Word>,
    weight: i32,
    at_least: Option<Word>,
    red_flag: bool,
    needs: Vec<Word>,
    asks: Vec<Word>,
    because: Option<TextsView>,
    source: String,
}

impl From<proto::Reason> for ReasonView {
    fn from(reason: proto::Reason) -> Self {
        Self {
            line: reason.line,
            observation: Word::of::<Observation>(reason.observation),
            weight: reason.weight,
            at_least: Word::of::<Urgency>(reason.at_least),
            red_flag: reason.red_flag,
            needs: Word::all::<Need>(&reason.needs),
            asks: Word::all::<CarerAsk>(&reason.asks),
            because: reason.because.map(TextsView::from),
            source: reason.source,
        }
    }
}

impl View for ReasonView {
    fn cells(&self, _local: &TimeZone) -> Vec<(&'static str, String)> {
        let flag = if self.red_flag { "yes" } else { "no" };
        vec![
            ("line", self.line.replace('_', " ")),
            ("weight", self.weight.to_string()),
            ("at least", words(&self.at_least)),
            ("red flag", flag.to_owned()),
            ("needs", words(&self.needs)),
            ("because", english(self.because.as_ref())),
            ("source", self.source.clone()),
        ]
    }
}

/// A questionnaire.
#[derive(Debug, Serialize)]
pub(crate) struct InstrumentView {
    instrument_id: String,
    version: String,
    url: String,
    title: String,
    measures: String,
    direction: Option<Word>,
    direction_words: String,
    range_from: f64,
    range_to: f64,
    step: f64,
    bands: Vec<BandView>,
    overload_from: Option<f64>,
    overload_source: String,
    smallest_change: f64,
    smallest_change_source: String,
    takes_answers: bool,
    takes_total: bool,
    pub(crate) items: Vec<ItemView>,
    wording: Option<Word>,
    credit: String,
}

/// A range of scores with a name.
#[derive(Debug, Serialize)]
struct BandView {
    code: String,
    label: String,
    from: f64,
    to: f64,
    source: String,
}

/// A question.
#[derive(Debug, Serialize)]
pub(crate) struct ItemView {
    link_id: String,
    text: String,
    required: bool,
    conditional: bool,
    choices: Vec<ChoiceView>,
}

/// An answer to it.
#[derive(Debug, Serialize)]
struct ChoiceView {
    code: String,
    text: String,
    score: f64,
}

impl From<proto::Instrument> for InstrumentView {
    fn from(instrument: proto::Instrument) -> Self {
        let band = |band: proto::Band| BandView {
            code: band.code,
            label: band.label,
            from: band.from,
            to: band.to,
            source: band.source,
        };
        let choice = |choice: proto::Choice| ChoiceView {
            code: choice.code,
            text: choice.text,
            score: choice.score,
        };
        let item = |item: proto::Item| ItemView {
            link_id: item.link_id,
            text: item.text,
            required: item.required,
            conditional: item.conditional,
            choices: item.choices.into_iter().map(choice).collect(),
        };
        Self {
            direction: named(instrument.direction().as_str_name(), "DIRECTION_"),
            wording: named(instrument.wording().as_str_name(), "WORDING_"),
            instrument_id: instrument.instrument_id,
            version: instrument.version,
            url: instrument.url,
            title: instrument.title,
            measures: instrument.measures,
            direction_words: instrument.direction_words,
            range_from: instrument.range_from,
            range_to: instrument.range_to,
            step: instrument.step,
            bands: instrument.bands.into_iter().map(band).collect(),
            overload_from: instrument.overload_from,
            overload_source: instrument.overload_source,
            smallest_change: instrument.smallest_change,
            smallest_change_source: instrument.smallest_change_source,
            takes_answers: instrument.takes_answers,
            takes_total: instrument.takes_total,
            items: instrument.items.into_iter().map(item).collect(),
            credit: instrument.credit,
        }
    }
}

impl View for InstrumentView {
    fn cells(&self, _local: &TimeZone) -> Vec<(&'static str, String)> {
        let ways = [(self.takes_answers, "answers"), (self.takes_total, "total")];
        let ways: Vec<&str> = ways
            .into_iter()
            .filter_map(|(takes, way)| takes.then_some(way))
            .collect();
        let wording = match self.wording.as_ref().map(Word::text).as_deref() {
            Some("own") => "own plain wording, not the official one".to_owned(),
            Some("none") => "none: enter what the form came to".to_owned(),
            Some(other) => other.to_owned(),
            None => String::new(),
        };
        let overload = self.overload_from.map(|from| format!("from {from}"));
        vec![
            ("instrument", self.instrument_id.clone()),
            ("version", self.version.clone()),
            ("title", self.title.clone()),
            ("measures", self.measures.clone()),
            (
                "scores",
                format!("{} to {}", self.range_from, self.range_to),
            ),
            ("direction", self.direction_words.clone()),
            ("too much", overload.unwrap_or_default()),
            ("hand in", ways.join(" or ")),
            ("wording", wording),
            ("credit", self.credit.clone()),
        ]
    }
}

impl View for ItemView {
    fn cells(&self, _local: &TimeZone) -> Vec<(&'static str, String)> {
        let codes = self.choices.iter().map(|choice| choice.code.as_str());
        vec![
            ("item", self.link_id.clone()),
            ("question", self.text.clone()),
            ("answers", codes.collect::<Vec<_>>().join(", ")),
        ]
    }
}

/// What a form came to.
#[derive(Debug, Serialize)]
pub(crate) struct ResultView {
    response_id: String,
    situation_id: String,
    instrument_id: String,
    instrument_version: String,
    answered_at: Option<Moment>,
    recorded_at: Option<Moment>,
    score: f64,
    band: String,
    band_label: Option<TextsView>,
    overloaded: bool,
}

impl From<proto::Result> for ResultView {
    fn from(result: proto::Result) -> Self {
        Self {
            response_id: result.response_id,
            situation_id: result.situation_id,
            instrument_id: result.instrument_id,
            instrument_version: result.instrument_version,
            answered_at: Moment::of(result.answered_at),
            recorded_at: Moment::of(result.recorded_at),
            score: result.score,
            band: result.band,
            band_label: result.band_label.map(TextsView::from),
            overloaded: result.overloaded,
        }
    }
}

impl View for ResultView {
    fn cells(&self, local: &TimeZone) -> Vec<(&'static str, String)> {
        let overload = if self.overloaded { "reached" } else { "" };
        vec![
            (
                "filled in",
                self.answered_at
                    .map(|at| at.text(local))
                    .unwrap_or_default(),
            ),
            ("instrument", self.instrument_id.clone()),
            ("score", self.score.to_string()),
            ("band", english(self.band_label.as_ref())),
            ("too much", overload.to_owned()),
            ("form", self.response_id.clone()),
        ]
    }
}

/// The results of one instrument in one situation.
#[derive(Debug, Serialize)]
pub(crate) struct SeriesView {
    instrument_id: String,
    instrument_version: String,
    title: Option<TextsView>,
    measures: Option<TextsView>,
    direction: Option<Word>,
    direction_words: Option<TextsView>,
    smallest_change: f64,
    smallest_change_source: String,
    trend: Option<Word>,
    trend_since_first: Option<Word>,
    trend_words: Option<TextsView>,
    pub(crate) results: Vec<ResultView>,
}

impl From<proto::Series> for SeriesView {
    fn from(series: proto::Series) -> Self {
        Self {
            direction: named(series.direction().as_str_name(), "DIRECTION_"),
            trend: named(series.trend().as_str_name(), "TREND_"),
            trend_since_first: named(series.trend_since_first().as_str_name(), "TREND_"),
            instrument_id: series.instrument_id,
            instrument_version: series.instrument_version,
            title: series.title.map(TextsView::from),
            measures: series.measures.map(TextsView::from),
            direction_words: series.direction_words.map(TextsView::from),
            smallest_change: series.smallest_change,
            smallest_change_source: series.smallest_change_source,
            trend_words: series.trend_words.map(TextsView::from),
            results: series.results.into_iter().map(ResultView::from).collect(),
        }
    }
}

impl SeriesView {
    /// What the series says, and by which measure.
    pub(crate) fn sentence(&self) -> String {
        let id = &self.instrument_id;
        if self.trend.is_none() {
            return format!(
                "{id} is no longer in the catalogue: its scores are shown as they are."
            );
        }
        format!(
            "{id}, {}. {} {} A change of {} counts ({}); since the first: {}.",
            english(self.measures.as_ref()),
            english(self.direction_words.as_ref()),
            english(self.trend_words.as_ref()),
            self.smallest_change,
            self.smallest_change_source,
            words(&self.trend_since_first),
        )
    }
}
